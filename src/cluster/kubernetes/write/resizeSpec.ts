import type { Resources } from '../../../core/model/resources.ts';
import { type Refused, refuse, resizing, type WhyRefused } from '../../refused.ts';
import { type Container, idOf, type Pod, type ResourceList } from '../api/objects.ts';
import { milliValue, parseQuantity, type Quantity, wholeValue } from '../api/quantity.ts';
import { qosClassOf } from '../model/pod.ts';
import { isSidecar, podRequests, toResources } from '../model/requests.ts';

/** The `spec` of a strategic merge patch on `pods/resize`: containers by name, or the pod's own level. */
export type ResizeSpec = {
  readonly containers?: readonly { readonly name: string; readonly resources: ResourceList }[];
  readonly resources?: ResourceList;
};

/**
 * What to write so that the pod's effective request becomes `to`: the change is shared out over its containers in
 * proportion to what each asks for; a limit keeps its ratio to its request, so that the QoS class stays.
 * @returns undefined when nothing has to change; a refusal where the pod's shape does not allow it
 */
export function resizeSpec(pod: Pod, to: Resources): ResizeSpec | Refused | undefined {
  const invalid = (why: WhyRefused) => refuse('invalid', resizing(idOf(pod)), why);
  const from = toResources(podRequests(pod, 'spec')).resources;
  const changes = AXES.flatMap((axis) => {
    const delta = to[axis.amount] - from[axis.amount];
    return delta === 0 ? [] : [{ axis, delta }];
  });
  if (to.gpuMilli !== from.gpuMilli) return invalid({ code: 'fixedResource', resource: 'gpuMilli' });
  if (changes.length === 0) return undefined;
  if (qosClassOf(pod) === 'BestEffort') return invalid({ code: 'bestEffort' });
  for (const { axis, delta } of changes) {
    const resource = axis.amount;
    const container = restartingContainer(pod, axis);
    if (container) return invalid({ code: 'restarts', resource, container });
    if (to[resource] <= 0) return invalid({ code: 'notPositive', resource });
    const least = delta < 0 ? startingFloor(pod, axis) : 0;
    if (to[resource] < least) return invalid({ code: 'belowFloor', resource, least });
  }
  return pod.spec?.resources?.requests ? podLevelSpec(pod, changes) : containerSpec(pod, changes);
}

type Axis = {
  readonly name: 'cpu' | 'memory';
  readonly amount: 'milliCpu' | 'memoryBytes';
  readonly read: (quantity: Quantity) => number;
  readonly format: (amount: number) => string;
};

type Change = { readonly axis: Axis; readonly delta: number };

const AXES: readonly Axis[] = [
  { name: 'cpu', amount: 'milliCpu', read: milliValue, format: (amount) => `${amount}m` },
  { name: 'memory', amount: 'memoryBytes', read: wholeValue, format: formatBytes },
];

/** `4Gi` rather than `4294967296`, where it is that exactly: users read what we write. */
function formatBytes(bytes: number): string {
  const [unit, size] = BINARY_UNITS.find(([, one]) => bytes > 0 && bytes % one === 0) ?? ['', 1];
  return `${bytes / size}${unit}`;
}

const BINARY_UNITS: readonly (readonly [string, number])[] = [
  ['Gi', 2 ** 30],
  ['Mi', 2 ** 20],
  ['Ki', 2 ** 10],
];

function containerSpec(pod: Pod, changes: readonly Change[]): ResizeSpec {
  const containers = pod.spec?.containers ?? [];
  const patches = containers.map(() => ({
    requests: {} as Record<string, string>,
    limits: {} as Record<string, string>,
  }));
  for (const { axis, delta } of changes) {
    const present = containers.map((container) => amount(axis, container.resources?.requests));
    const total = present.reduce<number>((sum, value) => sum + (value ?? 0), 0);
    const shares = shareOut(
      total + delta,
      present.map((value) => value ?? 0),
    );
    containers.forEach((container, index) => {
      const before = present[index] ?? 0;
      const after = shares[index]!;
      if (after === before) return;
      patches[index]!.requests[axis.name] = axis.format(after);
      const limit = amount(axis, container.resources?.limits);
      if (limit !== undefined) patches[index]!.limits[axis.name] = axis.format(limitFor(limit, before, after));
    });
  }
  return {
    containers: containers.flatMap(({ name = '' }, index) => {
      const { requests, limits } = patches[index]!;
      if (Object.keys(requests).length === 0) return [];
      return [{ name, resources: Object.keys(limits).length === 0 ? { requests } : { requests, limits } }];
    }),
  };
}

/** Where the pod states its own level (KEP-5419), that is what counts, and containers share within it. */
function podLevelSpec(pod: Pod, changes: readonly Change[]): ResizeSpec {
  const requests: Record<string, string> = {};
  const limits: Record<string, string> = {};
  for (const { axis, delta } of changes) {
    const before = amount(axis, pod.spec?.resources?.requests) ?? 0;
    requests[axis.name] = axis.format(before + delta);
    const limit = amount(axis, pod.spec?.resources?.limits);
    if (limit !== undefined) limits[axis.name] = axis.format(limitFor(limit, before, before + delta));
  }
  return { resources: Object.keys(limits).length === 0 ? { requests } : { requests, limits } };
}

/** The limit in its old ratio to the request, rounded up: equal stays equal, and larger stays larger. */
function limitFor(limit: number, before: number, after: number): number {
  if (before === 0) return Math.max(limit, after);
  return Number((BigInt(limit) * BigInt(after) + BigInt(before) - 1n) / BigInt(before));
}

/**
 * Divides a total in the given proportions into integers that add up to it; whoever had something keeps at least 1.
 * With nothing to go by, the first takes all.
 */
function shareOut(total: number, proportions: readonly number[]): number[] {
  const sum = proportions.reduce((a, b) => a + b, 0);
  if (sum === 0) return proportions.map((_, index) => (index === 0 ? total : 0));
  const shares = proportions.map((part) =>
    part === 0 ? 0 : Math.max(1, Number((BigInt(total) * BigInt(part)) / BigInt(sum))),
  );
  let rest = total - shares.reduce((a, b) => a + b, 0);
  const bySize = proportions.map((_, index) => index).sort((a, b) => proportions[b]! - proportions[a]!);
  for (const index of bySize) {
    if (rest === 0) break;
    const step = rest > 0 ? rest : Math.max(rest, 1 - shares[index]!);
    if (proportions[index] === 0) continue;
    shares[index] = shares[index]! + step;
    rest -= step;
  }
  return shares;
}

/** Below this the effective request would not follow: init containers, sidecars, overhead, and 1 for each container. */
function startingFloor(pod: Pod, axis: Axis): number {
  if (pod.spec?.resources?.requests) return 1;
  const bare: Container[] = (pod.spec?.containers ?? []).map((container) => ({
    ...container,
    resources: {
      requests: amount(axis, container.resources?.requests) === undefined ? {} : { [axis.name]: axis.format(1) },
    },
  }));
  const amounts = podRequests({ ...pod, spec: { ...pod.spec, containers: bare } }, 'spec');
  return axis.read(amounts.get(axis.name) ?? 0n);
}

function restartingContainer(pod: Pod, axis: Axis): string | undefined {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []).filter(isSidecar)];
  const restarts = ({ resizePolicy = [] }: Container) =>
    resizePolicy.some(
      ({ resourceName, restartPolicy }) => resourceName === axis.name && restartPolicy === 'RestartContainer',
    );
  return containers.find(restarts)?.name;
}

function amount(axis: Axis, quantities: ResourceList['requests']): number | undefined {
  const quantity = parseQuantity(quantities?.[axis.name]);
  return quantity === undefined ? undefined : axis.read(quantity);
}
