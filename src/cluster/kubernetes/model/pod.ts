import type { Constraints } from '../../../core/model/constraints.ts';
import type { Problem } from '../../../core/model/problem.ts';
import type { Resources } from '../../../core/model/resources.ts';
import { sameResources } from '../../../core/model/resources.ts';
import type { ResizeState, Task } from '../../../core/model/task.ts';
import type { ParameterKeys } from '../../port.ts';
import {
  type Affinity,
  type ContainerStatus,
  controllerOf,
  idOf,
  type OwnerReference,
  type Pod,
  secondsOf,
} from '../api/objects.ts';
import { parseQuantity } from '../api/quantity.ts';
import { podConstraints } from './constraints.ts';
import { endsByItself, type OwnerIndex, ownershipOf } from './owner.ts';
import { checkpointOf, taskParameters } from './parameters.ts';
import { pinOn, unpinned } from './pin.ts';
import { podRequests, toResources } from './requests.ts';

/** Gate under which users create pods that we shall place. */
export const PLACEMENT_GATE = 'stowage.dev/placement';
/** The request before the first resize, as JSON of integers (S307's 100 %). */
export const ORIGINAL_REQUEST = 'stowage.dev/original-request';
/** When we last shrank it (S308), as an API time; it stays when the record of the resize is taken off. */
export const LAST_SHRINK = 'stowage.dev/last-shrink';

/** True for a pod that no longer holds capacity: the scheduler does not count it. */
export function isOver(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** A pod as a task, with the owner it can be acted on through. */
export function taskOf(
  pod: Pod,
  index: OwnerIndex,
  keys: ParameterKeys,
  volumeAffinity: NonNullable<Constraints['volumeAffinity']> = [],
): Task {
  const { metadata = {}, spec = {}, status = {} } = pod;
  const { resources: desired, gpuResource } = requestOf(pod);
  const held = reportsResources(pod) ? toResources(podRequests(pod, 'held')).resources : desired;
  const ownership = ownershipOf(pod, index);
  const controller = controllerOf(pod);
  const limit = spec.activeDeadlineSeconds ?? jobLimitSeconds(controller, index);
  const gates = (spec.schedulingGates ?? []).map((gate) => gate.name ?? '');
  const checkpoint = checkpointOf(pod);
  const resizeState = resizeStateOf(pod);
  const startedAtSeconds = secondsOf(status.startTime);
  const unschedulableSinceSeconds = unschedulableSince(pod);
  const lastShrunkAtSeconds = secondsOf(metadata.annotations?.[LAST_SHRINK]);
  const constraints = constraintsOf(spec.nodeName ? withoutPin(pod, index) : pod);
  return {
    id: idOf(pod),
    uid: metadata.uid ?? '',
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    labels: metadata.labels ?? {},
    ...(ownership.owner ? { owner: ownership.owner } : {}),
    phase: metadata.deletionTimestamp ? 'ending' : spec.nodeName ? 'running' : 'pending',
    ...(spec.nodeName ? { node: spec.nodeName } : {}),
    gpuCount: Math.ceil(desired.gpuMilli / 1000),
    ...(gpuResource === undefined ? {} : { gpuResource }),
    request: originalRequest(pod, desired),
    allocation: sameResources(held, desired) ? desired : held,
    desired,
    qosClass: qosClassOf(pod),
    parameters: taskParameters(metadata, ownership, limit, keys),
    constraints: volumeAffinity.length > 0 ? { ...constraints, volumeAffinity } : constraints,
    priority: spec.priority ?? 0,
    createdAtSeconds: secondsOf(metadata.creationTimestamp) ?? 0,
    ...(startedAtSeconds === undefined ? {} : { startedAtSeconds }),
    ...(unschedulableSinceSeconds === undefined ? {} : { unschedulableSinceSeconds }),
    gated: gates.includes(PLACEMENT_GATE),
    endless: !endsByItself(pod, ownership),
    infrastructure: isInfrastructure(pod, controller),
    ...(checkpoint ? { checkpoint } : {}),
    ...(limit === undefined ? {} : { runtimeLimitSeconds: limit }),
    ...(resizeState ? { resizeState } : {}),
    ...(lastShrunkAtSeconds === undefined ? {} : { lastShrunkAtSeconds }),
    generation: metadata.generation ?? 0,
    problems: podProblems(pod, gates),
  };
}

/**
 * What the spec asks for. Pods of one template share their containers (`Transforms`), and so what these ask for; the
 * two caches spare a large cluster most of its time and memory.
 */
function requestOf(pod: Pod): ReturnType<typeof toResources> {
  const { containers, initContainers, overhead, resources } = pod.spec ?? {};
  if (!containers || initContainers || overhead || resources) return toResources(podRequests(pod, 'spec'));
  const known = requests.get(containers);
  if (known) return known;
  const request = toResources(podRequests(pod, 'spec'));
  requests.set(containers, request);
  return request;
}

const requests = new WeakMap<object, ReturnType<typeof toResources>>();

/** A pod's constraints; the most frequent kind, tolerations and nothing else, is made once for each list of them. */
function constraintsOf(pod: Pod): Constraints {
  const {
    tolerations,
    nodeSelector,
    affinity,
    topologySpreadConstraints,
    containers = [],
    initContainers,
  } = pod.spec ?? {};
  const more = nodeSelector || affinity || topologySpreadConstraints || initContainers;
  if (!tolerations || more || containers.some(({ ports }) => ports)) return podConstraints(pod);
  const known = constraints.get(tolerations);
  if (known) return known;
  const made = podConstraints(pod);
  constraints.set(tolerations, made);
  return made;
}

const constraints = new WeakMap<object, Constraints>();

/** The pod as its user wrote it: what has a node may be moved to another, and only a pending one is held by our pin. */
function withoutPin(pod: Pod, { jobs }: OwnerIndex): Pod {
  const job = jobs.get(controllerOf(pod)?.uid ?? '');
  const pins = [pinOn(pod), job && pinOn(job)];
  const { affinity, ...spec } = pod.spec ?? {};
  if (!affinity || pins.every((pin) => !pin)) return pod;
  const own = pins.reduce<Affinity | undefined>(unpinned, affinity);
  return { ...pod, spec: { ...spec, ...(own && { affinity: own }) } };
}

function reportsResources({ status, spec }: Pod): boolean {
  if (status?.resources || spec?.resources) return true;
  const reports = (statuses: readonly ContainerStatus[] = []) => statuses.some((one) => one.resources !== undefined);
  return reports(status?.containerStatuses) || reports(status?.initContainerStatuses);
}

/** What of a pod's own statement cannot be used. */
function podProblems(pod: Pod, gates: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  const foreign = gates.filter((gate) => gate !== PLACEMENT_GATE);
  if (foreign.length > 0) problems.push({ code: 'heldBack', gates: foreign });
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  for (const { name = '', resources } of [...containers, ...initContainers]) {
    for (const [resource, quantity] of Object.entries(resources?.requests ?? {})) {
      if ((parseQuantity(quantity) ?? -1n) >= 0n) continue;
      problems.push({ code: 'taskAmount', container: name, resource, quantity: String(quantity).slice(0, 40) });
    }
  }
  const original = pod.metadata?.annotations?.[ORIGINAL_REQUEST];
  if (original !== undefined && !parseOriginal(original)) {
    problems.push({ code: 'originalRequest', annotation: ORIGINAL_REQUEST });
  }
  return problems;
}

/** How the kubelet gets on with a resize; undefined when none is under way. */
export function resizeStateOf(pod: Pod): ResizeState | undefined {
  const conditions = pod.status?.conditions ?? [];
  const pending = conditions.find(({ type, status }) => type === 'PodResizePending' && status !== 'False');
  const going = conditions.find(({ type, status }) => type === 'PodResizeInProgress' && status !== 'False');
  const condition = pending ?? going;
  if (!condition) return undefined;
  const kind = !pending ? 'inProgress' : pending.reason === 'Infeasible' ? 'infeasible' : 'deferred';
  const sinceSeconds = secondsOf(condition.lastTransitionTime);
  return { kind, message: condition.message ?? '', ...(sinceSeconds === undefined ? {} : { sinceSeconds }) };
}

/** The quality of service by the API's rule; the server's own word where it has said one. */
export function qosClassOf(pod: Pod): Task['qosClass'] {
  const stated = pod.status?.qosClass;
  if (stated === 'Guaranteed' || stated === 'Burstable' || stated === 'BestEffort') return stated;
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const figures = containers.flatMap(({ resources }) =>
    (['cpu', 'memory'] as const).map((name) => [
      parseQuantity(resources?.requests?.[name]) ?? 0n,
      parseQuantity(resources?.limits?.[name]) ?? 0n,
    ]),
  );
  if (figures.every(([request, limit]) => request === 0n && limit === 0n)) return 'BestEffort';
  return figures.every(([request, limit]) => request === limit && limit !== 0n) ? 'Guaranteed' : 'Burstable';
}

/** The original request as its annotation states it: what a resize can change, nothing else. */
export function originalRequestText({ milliCpu, memoryBytes }: Resources): string {
  return JSON.stringify({ milliCpu, memoryBytes });
}

/** Only CPU and memory can have been resized; everything else is as the spec says now. */
function originalRequest(pod: Pod, desired: Resources): Resources {
  const original = parseOriginal(pod.metadata?.annotations?.[ORIGINAL_REQUEST]);
  return original ? { ...desired, ...original } : desired;
}

/** Undefined for what is none that we wrote. */
export function parseOriginal(text: string | undefined): Pick<Resources, 'milliCpu' | 'memoryBytes'> | undefined {
  if (text === undefined || text.length > 1000) return undefined;
  try {
    const { milliCpu, memoryBytes } = JSON.parse(text) as Record<string, unknown>;
    return isAmount(milliCpu) && isAmount(memoryBytes) ? { milliCpu, memoryBytes } : undefined;
  } catch {
    return undefined;
  }
}

function isAmount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function unschedulableSince(pod: Pod): number | undefined {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (condition?.status !== 'False' || condition.reason !== 'Unschedulable') return undefined;
  return secondsOf(condition.lastTransitionTime);
}

function jobLimitSeconds(controller: OwnerReference | undefined, index: OwnerIndex): number | undefined {
  if (controller?.kind !== 'Job') return undefined;
  return index.jobs.get(controller.uid ?? '')?.spec?.activeDeadlineSeconds;
}

function isInfrastructure(pod: Pod, controller: OwnerReference | undefined): boolean {
  const isStatic = pod.metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined;
  return isStatic || controller?.kind === 'DaemonSet' || controller?.kind === 'Node';
}
