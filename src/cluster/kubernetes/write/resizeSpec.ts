import type { Resources } from '../../../core/model/resources.ts';
import { type Resized, type StatedAmounts, type StatedPart, sameParts } from '../../../core/model/stated.ts';
import type { ContainerAmounts } from '../../../core/model/usage.ts';
import { type Refused, refuse, resizing, type WhyRefused } from '../../refused.ts';
import { type Container, idOf, type Pod, type ResourceList } from '../api/objects.ts';
import { milliValue, parseQuantity, type Quantity, wholeValue } from '../api/quantity.ts';
import { qosClassOf } from '../model/pod.ts';
import { isSidecar, podRequests, toResources } from '../model/requests.ts';
import { type Part, shareOut } from './shareOut.ts';

/** The `spec` of a strategic merge patch on `pods/resize`: containers by name, sidecars too, and the pod's own level. */
export type ResizeSpec = {
  readonly containers?: readonly ContainerSpec[];
  readonly initContainers?: readonly ContainerSpec[];
  readonly resources?: ResourceList;
};

type ContainerSpec = { readonly name: string; readonly resources: ResourceList };

/** What no container is shrunk below, by its name; absent: not known. */
type Needs = Readonly<Record<string, ContainerAmounts>>;

/**
 * What to write so that the pod's effective request becomes `to`: a shrink takes of each container and sidecar an equal
 * share of what it can spare, an expand gives to each by what it needs. A limit keeps its ratio to its request, so that
 * the QoS class stays. Nothing is stated that was not stated before, since the API never lets it go again.
 * @returns undefined when nothing has to change; a refusal where the pod's shape does not allow it
 */
export function resizeSpec(pod: Pod, to: Resources, needs: Needs = {}): ResizeSpec | Refused | undefined {
  const invalid = (why: WhyRefused) => refuse('invalid', resizing(idOf(pod)), why);
  const from = effective(pod);
  const axes = AXES.filter(({ amount }) => to[amount] !== from[amount]);
  if (to.gpuMilli !== from.gpuMilli) return invalid({ code: 'fixedResource', resource: 'gpuMilli' });
  if (axes.length === 0) return undefined;
  if (qosClassOf(pod) === 'BestEffort') return invalid({ code: 'bestEffort' });
  let resized = pod;
  for (const axis of axes) {
    const { amount: resource } = axis;
    const container = restartingContainer(pod, axis);
    if (container) return invalid({ code: 'restarts', resource, container });
    if (to[resource] <= 0) return invalid({ code: 'notPositive', resource });
    const after = resizedAlong(axis, resized, to[resource], needs);
    if ('code' in after) return invalid(after);
    resized = after;
  }
  return specBetween(pod, resized);
}

/** What to write so that each part of a resized pod is again as it was; only parts that the resize changed. */
export function restoringSpec({ spec = {} }: Pod, { before, after }: Resized): ResizeSpec {
  const changed = before.filter((part, index) => !sameParts([part], after.slice(index, index + 1)));
  const inits = new Set((spec.initContainers ?? []).map(({ name }) => name));
  const own = changed.find(({ name }) => name === undefined);
  const containers = changed.filter(({ name }) => name !== undefined && !inits.has(name));
  const initContainers = changed.filter(({ name }) => inits.has(name));
  return {
    ...(containers.length > 0 && { containers: containers.map(partSpec) }),
    ...(initContainers.length > 0 && { initContainers: initContainers.map(partSpec) }),
    ...(own && { resources: partSpec(own).resources }),
  };
}

function partSpec({ name = '', requests, limits }: StatedPart): ContainerSpec {
  return { name, resources: { ...(requests && { requests }), ...(limits && { limits }) } };
}

type Axis = {
  readonly name: keyof StatedAmounts;
  readonly amount: 'milliCpu' | 'memoryBytes';
  readonly read: (quantity: Quantity) => number;
  readonly format: (amount: number) => string;
};

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

/**
 * The pod with another effective request of one resource, or why its shape does not allow that. Where the pod states
 * its own level (KEP-5419), that is what counts, and its containers shrink only as far as they must to stay within it.
 */
function resizedAlong(axis: Axis, pod: Pod, to: number, needs: Needs): Pod | WhyRefused {
  const resource = axis.amount;
  const total = to - (amount(axis, pod.spec?.overhead) ?? 0);
  const level = amount(axis, pod.spec?.resources?.requests);
  if (level === 0) return { code: 'notRequested', resource };
  const within = level === undefined || containersAsk(axis, pod) > total;
  const shared = within ? withShares(axis, pod, total, needs) : pod;
  if ('code' in shared) return shared;
  const resized = level === undefined ? shared : withLevel(axis, shared, level, total);
  const least = effective(resized)[resource];
  if (least !== to || containersAsk(axis, resized) > total) {
    return { code: 'belowFloor', resource, least: Math.max(least, containersAsk(axis, resized) + to - total) };
  }
  return level === undefined ? resized : (limitAbove(axis, resized) ?? resized);
}

/** What containers, sidecars and the moments of the init containers ask for, without the pod's own level. */
function containersAsk(axis: Axis, { spec, ...pod }: Pod): number {
  const { overhead: _, resources: __, ...containers } = spec ?? {};
  return effective({ ...pod, spec: containers })[axis.amount];
}

function effective(pod: Pod): Resources {
  return toResources(podRequests(pod, 'spec')).resources;
}

function withShares(axis: Axis, pod: Pod, total: number, needs: Needs): Pod | WhyRefused {
  const resource = axis.amount;
  const parts = runningContainers(pod).flatMap(({ name = '', resources }): Part[] => {
    const request = amount(axis, resources?.requests) ?? 0;
    const need = Object.hasOwn(needs, name) ? needs[name]![resource] : undefined;
    return request > 0 ? [{ name, request, ...(need !== undefined && { need }) }] : [];
  });
  if (parts.length === 0) return { code: 'notRequested', resource };
  const shares = shareOut(parts, total);
  if (shares.kind === 'needs') {
    const { container, needed, left } = shares;
    return { code: 'containerNeeds', resource, container, needed, left: Math.max(0, left) };
  }
  if (shares.kind === 'short') return { code: 'belowFloor', resource, least: leastTotal(axis, pod, parts) };
  const share = <T extends Container>(container: T): T => {
    const after = shares.amounts.get(container.name ?? '');
    return after === undefined ? container : { ...container, resources: moved(axis, container.resources, after) };
  };
  const { containers = [], initContainers } = pod.spec ?? {};
  const inits = initContainers?.map((init) => (isSidecar(init) ? share(init) : init));
  return { ...pod, spec: { ...pod.spec, containers: containers.map(share), ...(inits && { initContainers: inits }) } };
}

function withLevel(axis: Axis, pod: Pod, before: number, after: number): Pod {
  if (before === after) return pod;
  return { ...pod, spec: { ...pod.spec, resources: moved(axis, pod.spec?.resources, after) } };
}

/** A request that becomes `after`, and its limit in the old ratio; what stays is left in its own words. */
function moved(axis: Axis, resources: ResourceList = {}, after: number): ResourceList {
  const { requests, limits } = resources;
  const before = amount(axis, requests) ?? 0;
  if (before === after) return resources;
  const limit = amount(axis, limits);
  const newLimit = limit === undefined ? {} : { [axis.name]: axis.format(limitFor(limit, before, after)) };
  const newRequests = { ...requests, [axis.name]: axis.format(after) };
  return { ...resources, requests: newRequests, ...(limits && { limits: { ...limits, ...newLimit } }) };
}

/** The limit in its old ratio to the request, rounded up: equal stays equal, and larger stays larger. */
function limitFor(limit: number, before: number, after: number): number {
  return Number((BigInt(limit) * BigInt(after) + BigInt(before) - 1n) / BigInt(before));
}

/** The API lets no container have a higher limit than its pod. */
function limitAbove(axis: Axis, pod: Pod): WhyRefused | undefined {
  const most = amount(axis, pod.spec?.resources?.limits);
  if (most === undefined) return undefined;
  for (const { name: container = '', resources } of runningContainers(pod)) {
    const limit = amount(axis, resources?.limits) ?? 0;
    if (limit > most) return { code: 'limitAbove', resource: axis.amount, container, limit, most };
  }
  return undefined;
}

/** Below this the effective request would not follow: init containers, overhead, and 1 for each that shares. */
function leastTotal(axis: Axis, pod: Pod, parts: readonly Part[]): number {
  const names = new Set(parts.map(({ name }) => name));
  const bare = (container: Container): Container =>
    names.has(container.name ?? '') ? { ...container, resources: moved(axis, container.resources, 1) } : container;
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const inits = initContainers.map((init) => (isSidecar(init) ? bare(init) : init));
  const { resources: _, ...spec } = pod.spec ?? {};
  return effective({ ...pod, spec: { ...spec, containers: containers.map(bare), initContainers: inits } })[axis.amount];
}

/** The difference of two pods of one shape, as a patch. */
function specBetween(before: Pod, after: Pod): ResizeSpec {
  const changed = (kind: 'containers' | 'initContainers'): ContainerSpec[] =>
    (after.spec?.[kind] ?? []).flatMap(({ name = '', resources }, index) => {
      const patch = difference(before.spec?.[kind]?.[index]?.resources, resources);
      return patch ? [{ name, resources: patch }] : [];
    });
  const [containers, initContainers] = [changed('containers'), changed('initContainers')];
  const resources = difference(before.spec?.resources, after.spec?.resources);
  return {
    ...(containers.length > 0 && { containers }),
    ...(initContainers.length > 0 && { initContainers }),
    ...(resources && { resources }),
  };
}

function difference(before: ResourceList = {}, after: ResourceList = {}): ResourceList | undefined {
  const changed = (kind: 'requests' | 'limits') =>
    Object.entries(after[kind] ?? {}).filter(([name, quantity]) => before[kind]?.[name] !== quantity);
  const [requests, limits] = [changed('requests'), changed('limits')];
  if (requests.length + limits.length === 0) return undefined;
  return {
    ...(requests.length > 0 && { requests: Object.fromEntries(requests) }),
    ...(limits.length > 0 && { limits: Object.fromEntries(limits) }),
  };
}

/** What runs beside each other: containers and sidecars. */
function runningContainers({ spec = {} }: Pod): Container[] {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? []).filter(isSidecar)];
}

function restartingContainer(pod: Pod, axis: Axis): string | undefined {
  const restarts = ({ resizePolicy = [] }: Container) =>
    resizePolicy.some(
      ({ resourceName, restartPolicy }) => resourceName === axis.name && restartPolicy === 'RestartContainer',
    );
  return runningContainers(pod).find(restarts)?.name;
}

function amount(axis: Axis, quantities: ResourceList['requests']): number | undefined {
  const quantity = parseQuantity(quantities?.[axis.name]);
  return quantity === undefined ? undefined : axis.read(quantity);
}
