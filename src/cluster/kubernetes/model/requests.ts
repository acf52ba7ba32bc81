import type { Resources } from '../../../core/model/resources.ts';
import type { Container, ContainerStatus, Pod, Quantities } from '../api/objects.ts';
import { milliValue, parseQuantity, type Quantity, wholeValue } from '../api/quantity.ts';

/** Amounts by the API's resource name, exact. */
export type Amounts = ReadonlyMap<string, Quantity>;

/**
 * Which of a pod's figures count: its spec, or what the scheduler holds for it: the largest of spec, allocated and
 * actual.
 */
export type Figures = 'spec' | 'held';

/**
 * What a pod requests in all, by the rules of Kubernetes' `component-helpers/resource.PodRequests`: containers,
 * sidecars, the largest moment of the init containers, pod-level requests, overhead (KEP-753, KEP-1287, KEP-2837,
 * KEP-5419).
 */
export function podRequests(pod: Pod, figures: Figures): Amounts {
  const total = containerRequests(pod, figures);
  for (const [name, amount] of podLevelRequests(pod, figures)) total.set(name, amount);
  add(total, amountsOf(pod.spec?.overhead));
  return total;
}

/** A pod's or a node's amounts in the planner's units, and the name under which its GPUs go. */
export function toResources(amounts: Amounts): { resources: Resources; gpuResource?: string } {
  const gpuResource = GPU_RESOURCES.find((name) => (amounts.get(name) ?? 0n) > 0n);
  const extended: Record<string, number> = {};
  for (const [name, amount] of amounts) {
    if (name === 'cpu' || name === 'memory' || name === 'pods' || name === gpuResource) continue;
    const whole = wholeValue(amount);
    if (whole > 0) extended[name] = whole;
  }
  const resources = {
    milliCpu: milliValue(amounts.get('cpu') ?? 0n),
    memoryBytes: wholeValue(amounts.get('memory') ?? 0n),
    gpuMilli: gpuResource === undefined ? 0 : wholeValue(amounts.get(gpuResource)!) * 1000,
    extended,
  };
  return gpuResource === undefined ? { resources } : { resources, gpuResource };
}

/**
 * Names under which device plugins offer whole GPUs; the first that is there becomes `gpuMilli`, others stay extended.
 */
const GPU_RESOURCES: readonly string[] = ['nvidia.com/gpu', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe'];

/** The API's amounts, exact. What is not a quantity counts as 0. */
export function amountsOf(quantities: Quantities | undefined): Map<string, Quantity> {
  const amounts = new Map<string, Quantity>();
  for (const name in quantities) amounts.set(name, parseQuantity(quantities[name]) ?? 0n);
  return amounts;
}

function containerRequests(pod: Pod, figures: Figures): Map<string, Quantity> {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const statuses = new Map([...containerStatuses, ...initContainerStatuses].map((status) => [status.name, status]));
  const request = (container: Container) =>
    figures === 'spec' ? amountsOf(container.resources?.requests) : held(pod, container, statuses.get(container.name));

  const total = new Map<string, Quantity>();
  for (const container of containers) add(total, request(container));
  const sidecars = new Map<string, Quantity>();
  const starting = new Map<string, Quantity>(); // the most that is held at once while the init containers run in turn
  for (const container of initContainers) {
    if (isSidecar(container)) {
      const requested = request(container);
      add(total, requested);
      add(sidecars, requested);
      raise(starting, sidecars);
    } else {
      const requested = amountsOf(container.resources?.requests);
      add(requested, sidecars);
      raise(starting, requested);
    }
  }
  raise(total, starting);
  return total;
}

/** A container that starts before the others and runs beside them (KEP-753). */
export function isSidecar(initContainer: Container): boolean {
  return initContainer.restartPolicy === 'Always';
}

function held(pod: Pod, container: Container, status: ContainerStatus | undefined): Map<string, Quantity> {
  const spec = amountsOf(container.resources?.requests);
  if (!status?.resources) return spec;
  return heldOf(pod, spec, status.resources.requests, status.allocatedResources);
}

function heldOf(
  pod: Pod,
  spec: Map<string, Quantity>,
  actuated: Quantities | undefined,
  allocated: Quantities | undefined,
): Map<string, Quantity> {
  const most = isInfeasible(pod) ? new Map<string, Quantity>() : spec;
  raise(most, amountsOf(actuated));
  raise(most, amountsOf(allocated));
  return most;
}

function isInfeasible(pod: Pod): boolean {
  const pending = pod.status?.conditions?.find((condition) => condition.type === 'PodResizePending');
  return pending?.reason === 'Infeasible';
}

function podLevelRequests(pod: Pod, figures: Figures): Amounts {
  const spec = amountsOf(pod.spec?.resources?.requests);
  const status = pod.status?.resources;
  const effective =
    figures === 'held' && status ? heldOf(pod, new Map(spec), status.requests, pod.status?.allocatedResources) : spec;
  const levels = new Map<string, Quantity>();
  for (const name of spec.keys()) if (isPodLevel(name)) levels.set(name, effective.get(name) ?? 0n);
  return levels;
}

function isPodLevel(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}

function add(total: Map<string, Quantity>, more: Amounts): void {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? 0n) + amount);
}

function raise(total: Map<string, Quantity>, floor: Amounts): void {
  for (const [name, amount] of floor) {
    const present = total.get(name);
    if (present === undefined || amount > present) total.set(name, amount);
  }
}
