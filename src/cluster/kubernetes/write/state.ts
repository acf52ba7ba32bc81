import type { OwnerState, TaskState } from '../../port.ts';
import {
  type Container,
  type ContainerStatus,
  idOf,
  type Job,
  type Pod,
  type Quantities,
  type ResourceList,
} from '../api/objects.ts';
import { parseQuantity } from '../api/quantity.ts';
import { jobOwnership } from '../model/owner.ts';
import { isOver, resizeStateOf } from '../model/pod.ts';
import { readRecord } from '../model/records.ts';
import { isSidecar, podRequests, toResources } from '../model/requests.ts';
import { statedParts } from '../model/stated.ts';
import { isFinished, isSuspensionKept } from './jobs.ts';

/**
 * A pod's state for whoever follows a move. A resize is done when the kubelet has seen this generation, has no resize
 * condition left and has allocated what the spec asks for; only then does `actual` equal `desired` (upstream's own
 * rule).
 */
export function taskState(pod: Pod): TaskState {
  const { metadata = {}, spec = {}, status = {} } = pod;
  const desired = toResources(podRequests(pod, 'spec')).resources;
  const resize = resizeStateOf(withoutOldConditions(pod));
  const settled = !spec.nodeName || isOver(pod) || (!resize && isActuated(pod));
  const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled');
  const message = resize?.message || (scheduled?.status === 'False' ? scheduled.message : undefined);
  return {
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    phase: phaseOf(pod),
    ...(spec.nodeName ? { node: spec.nodeName } : {}),
    desired,
    parts: statedParts(pod),
    actual: settled ? desired : toResources(podRequests(asActuated(pod), 'spec')).resources,
    resize: resize?.kind ?? (settled ? 'none' : 'inProgress'),
    ...(message ? { message } : {}),
  };
}

/** A condition of an earlier generation tells of an earlier resize; before Kubernetes 1.34 none says of which. */
function withoutOldConditions(pod: Pod): Pod {
  const { generation = 0 } = pod.metadata ?? {};
  const conditions = pod.status?.conditions?.filter(
    ({ observedGeneration = generation }) => observedGeneration >= generation,
  );
  return { ...pod, status: { ...pod.status, ...(conditions && { conditions }) } };
}

/** A Job's state. Its own counts lag behind its pods, and these behind its spec, so the larger of both counts. */
export function ownerState(job: Job, pods: readonly Pod[]): OwnerState {
  const living = pods.filter((pod) => !isOver(pod));
  const ending = living.filter((pod) => pod.metadata?.deletionTimestamp).length;
  const record = readRecord(job);
  const { steering } = jobOwnership(job);
  const suspended = job.spec?.suspend ?? false;
  return {
    uid: job.metadata?.uid ?? '',
    generation: job.metadata?.generation ?? 0,
    suspended,
    ...(suspended && { suspensionKept: isSuspensionKept(job) }),
    ...(steering && { steering }),
    active: Math.max(job.status?.active ?? 0, living.length - ending),
    terminating: Math.max(job.status?.terminating ?? 0, ending),
    finished: isFinished(job),
    ...(record ? { record } : {}),
    tasks: pods.map((pod) => ({
      id: idOf(pod),
      uid: pod.metadata?.uid ?? '',
      phase: phaseOf(pod),
      ...(pod.spec?.nodeName ? { node: pod.spec.nodeName } : {}),
    })),
  };
}

function phaseOf(pod: Pod): TaskState['phase'] {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded') return 'succeeded';
  if (phase === 'Failed') return 'failed';
  if (pod.metadata?.deletionTimestamp) return 'ending';
  return phase === 'Running' ? 'running' : 'pending';
}

function isActuated(pod: Pod): boolean {
  const { observedGeneration, phase, allocatedResources } = pod.status ?? {};
  if (observedGeneration !== undefined && observedGeneration < (pod.metadata?.generation ?? 0)) return false;
  if (phase !== 'Running') return true;
  const { containers = [], initContainers = [], resources } = pod.spec ?? {};
  const statuses = statusesOf(pod);
  const running = [...containers, ...initContainers.filter(isSidecar)];
  if (!running.every((each) => isGranted(each.resources, statuses.get(each.name)?.allocatedResources))) return false;
  return isGranted(resources, allocatedResources);
}

/** True where nothing is told of what was allocated, too. */
function isGranted(wanted: ResourceList = {}, allocated: Quantities | undefined): boolean {
  if (allocated === undefined) return true;
  return (['cpu', 'memory'] as const).every((resource) => {
    const request = wanted.requests?.[resource];
    return request === undefined || parseQuantity(allocated[resource]) === parseQuantity(request);
  });
}

/** The pod as if its spec said what it has really been given. */
function asActuated(pod: Pod): Pod {
  const statuses = statusesOf(pod);
  const actuated = (container: Container): Container => {
    const given = statuses.get(container.name)?.resources?.requests;
    return given
      ? { ...container, resources: { requests: { ...container.resources?.requests, ...given } } }
      : container;
  };
  const { containers = [], initContainers, resources } = pod.spec ?? {};
  const given = pod.status?.resources?.requests;
  const level = resources && given ? { requests: { ...resources.requests, ...given } } : resources;
  const inits = initContainers?.map((each) => (isSidecar(each) ? actuated(each) : each));
  const spec = { ...pod.spec, containers: containers.map(actuated) };
  return { ...pod, spec: { ...spec, ...(inits && { initContainers: inits }), ...(level && { resources: level }) } };
}

function statusesOf({ status = {} }: Pod): ReadonlyMap<string | undefined, ContainerStatus> {
  const { containerStatuses = [], initContainerStatuses = [] } = status;
  return new Map([...containerStatuses, ...initContainerStatuses].map((each) => [each.name, each]));
}
