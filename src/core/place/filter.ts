import { admitsModel } from '../fragment/mix.ts';
import type { PodAffinityTerm, Taint, TopologySpread } from '../model/constraints.ts';
import type { Node } from '../model/node.ts';
import { amountOf, type ResourceName, type Resources, resourceNames } from '../model/resources.ts';
import type { Task } from '../model/task.ts';
import { type ClusterCapacity, gpuShareOf, type NodeCapacity } from './capacity.ts';
import { isEmptySelector, labelOf, matchesTerms, selects, untoleratedTaint } from './selectors.ts';

/** Why a node cannot take a task (S203): the first rule that fails, in kube-scheduler's order, with its numbers. */
export type Refusal =
  | { readonly code: 'notReady' }
  | { readonly code: 'unschedulable' }
  | { readonly code: 'nodeName'; readonly wanted: string }
  | { readonly code: 'taint'; readonly taint: Taint }
  | { readonly code: 'nodeSelector'; readonly key: string; readonly wanted: string; readonly found: string | undefined }
  | { readonly code: 'nodeAffinity' }
  | { readonly code: 'hostPort'; readonly port: number; readonly protocol: string; readonly heldBy: string }
  | { readonly code: 'taskCount'; readonly maxTasks: number }
  | { readonly code: 'resource'; readonly resource: ResourceName; readonly requested: number; readonly free: number }
  | { readonly code: 'gpuResource'; readonly wanted: string; readonly offered: string }
  | { readonly code: 'gpuModel'; readonly wanted: readonly string[]; readonly found: string | undefined }
  | {
      readonly code: 'gpuShare';
      readonly shareMilli: number;
      readonly gpus: number;
      readonly fitting: number;
      readonly largestFreeMilli: number;
    }
  | { readonly code: 'volume'; readonly volumes: number }
  | { readonly code: 'topologyLabel'; readonly key: string }
  | {
      readonly code: 'spread';
      readonly key: string;
      readonly value: string;
      readonly tasks: number;
      readonly minimum: number;
      readonly maxSkew: number;
    }
  | { readonly code: 'podAffinity'; readonly key: string }
  | { readonly code: 'podAntiAffinity'; readonly key: string; readonly heldBy: string }
  | { readonly code: 'keptAway'; readonly key: string; readonly heldBy: string };

/** Says of a node why it refuses the task; undefined when it fits. */
export type NodeFilter = (held: NodeCapacity) => Refusal | undefined;

/**
 * Filters a capacity for one task. From kube-scheduler 1.36: NodeUnschedulable, NodeName, TaintToleration,
 * NodeAffinity, NodePorts, NodeResourcesFit, VolumeBinding's node affinity, PodTopologySpread, InterPodAffinity. Ours:
 * a node that is not ready, the GPU's model and resource name, and a share that must sit inside one GPU.
 * @param capacity without the task; for rules between tasks, the whole cluster
 */
export function nodeFilter(task: Task, capacity: ClusterCapacity): NodeFilter {
  const { constraints } = task;
  const request = task.allocation;
  const demands = devicesFirst(resourceNames(request)).map((resource) => ({
    resource,
    requested: amountOf(request, resource),
  }));
  const selector = Object.entries(constraints.nodeSelector ?? {});
  const spread = spreadFilter(task, capacity);
  const affinity = affinityFilter(task, capacity);
  return (held) => {
    const { node } = held;
    if (!node.ready) return { code: 'notReady' };
    if (node.unschedulable && untoleratedTaint([UNSCHEDULABLE], constraints.tolerations)) {
      return { code: 'unschedulable' };
    }
    if (constraints.nodeName !== undefined && constraints.nodeName !== node.name) {
      return { code: 'nodeName', wanted: constraints.nodeName };
    }
    if (node.taints.length > 0) {
      const taint = untoleratedTaint(node.taints, constraints.tolerations);
      if (taint) return { code: 'taint', taint };
    }
    for (const [key, wanted] of selector) {
      const found = labelOf(node.labels, key);
      if (found !== wanted) return { code: 'nodeSelector', key, wanted, found };
    }
    if (constraints.nodeAffinity && !matchesTerms(constraints.nodeAffinity, node)) return { code: 'nodeAffinity' };
    const taken = constraints.hostPorts && takenPort(constraints.hostPorts, held);
    if (taken) return taken;
    if (held.tasks.length + 1 > node.maxTasks) return { code: 'taskCount', maxTasks: node.maxTasks };
    const short = shortageOf(demands, held.free);
    if (short) return short;
    const gpu = request.gpuMilli > 0 ? gpuRefusal(task, request.gpuMilli, held) : undefined;
    if (gpu) return gpu;
    if (constraints.volumeAffinity && !constraints.volumeAffinity.every((terms) => matchesTerms(terms, node))) {
      return { code: 'volume', volumes: constraints.volumeAffinity.length };
    }
    return spread?.(held) ?? affinity?.(held);
  };
}

const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' };

/** A node without the device is no node for the task, whatever CPU it has: that is the reason to name. */
function devicesFirst(names: readonly ResourceName[]): ResourceName[] {
  const common = names.filter((name) => name === 'milliCpu' || name === 'memoryBytes');
  return [...names.filter((name) => !common.includes(name)), ...common];
}

type Demand = { readonly resource: ResourceName; readonly requested: number };

function shortageOf(demands: readonly Demand[], available: Resources): Refusal | undefined {
  for (const { resource, requested } of demands) {
    const free = amountOf(available, resource);
    if (requested > 0 && requested > free) return { code: 'resource', resource, requested, free };
  }
  return undefined;
}

type HostPort = NonNullable<Task['constraints']['hostPorts']>[number];

function takenPort(wanted: readonly HostPort[], { listening }: NodeCapacity): Refusal | undefined {
  for (const task of listening) {
    for (const held of task.constraints.hostPorts ?? []) {
      const clash = wanted.find((port) => portsClash(port, held));
      if (clash) return { code: 'hostPort', port: clash.port, protocol: clash.protocol || 'TCP', heldBy: task.id };
    }
  }
  return undefined;
}

function portsClash(left: HostPort, right: HostPort): boolean {
  return (
    left.port > 0 &&
    left.port === right.port &&
    (left.protocol || 'TCP') === (right.protocol || 'TCP') &&
    (anyAddress(left.ip) || anyAddress(right.ip) || left.ip === right.ip)
  );
}

function anyAddress(ip: string): boolean {
  return ip === '' || ip === '0.0.0.0';
}

function gpuRefusal(task: Task, gpuMilli: number, { node, gpuFree }: NodeCapacity): Refusal | undefined {
  const models = task.constraints.gpuModels ?? [];
  if (task.gpuResource !== undefined && node.gpuResource !== undefined && task.gpuResource !== node.gpuResource) {
    return { code: 'gpuResource', wanted: task.gpuResource, offered: node.gpuResource };
  }
  if (!admitsModel({ gpuModels: models }, node.gpuModel)) {
    return { code: 'gpuModel', wanted: models, found: node.gpuModel };
  }
  const gpus = Math.max(1, task.gpuCount);
  const shareMilli = gpuShareOf({ ...task.request, gpuMilli }, task.gpuCount);
  let fitting = 0;
  let largestFreeMilli = 0;
  for (const free of gpuFree) {
    if (free >= shareMilli) fitting++;
    if (free > largestFreeMilli) largestFreeMilli = free;
  }
  return fitting >= gpus ? undefined : { code: 'gpuShare', shareMilli, gpus, fitting, largestFreeMilli };
}

/**
 * PodTopologySpread: in each domain of the key, matching tasks + this one − the smallest domain's ≤ maxSkew. Domains
 * are those of nodes that hold every key and pass the constraint's inclusion policies; fewer than `minDomains` of them
 * make the minimum 0. Tasks that are ending are not counted.
 */
function spreadFilter(task: Task, capacity: ClusterCapacity): NodeFilter | undefined {
  const constraints = (task.constraints.topologySpread ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
  );
  if (constraints.length === 0) return undefined;
  const nodes = capacity.nodes.filter(({ node }) =>
    constraints.every(({ topologyKey }) => labelOf(node.labels, topologyKey) !== undefined),
  );
  const rules = constraints.map((constraint) => {
    const counts = new Map<string, number>();
    for (const held of nodes) {
      if (!includes(constraint, task, held.node)) continue;
      const domain = labelOf(held.node.labels, constraint.topologyKey)!;
      counts.set(domain, (counts.get(domain) ?? 0) + countMatching(held, constraint, task.namespace));
    }
    return {
      constraint,
      counts,
      minimum: counts.size < (constraint.minDomains ?? 1) ? 0 : smallest(counts.values()),
      self: selects(constraint.selector, task.labels) ? 1 : 0,
    };
  });
  return ({ node }) => {
    for (const { constraint, counts, minimum, self } of rules) {
      const key = constraint.topologyKey;
      const value = labelOf(node.labels, key);
      if (value === undefined) return { code: 'topologyLabel', key };
      const tasks = counts.get(value) ?? 0;
      if (tasks + self - minimum > constraint.maxSkew) {
        return { code: 'spread', key, value, tasks, minimum, maxSkew: constraint.maxSkew };
      }
    }
    return undefined;
  };
}

function smallest(counts: Iterable<number>): number {
  let least = Number.POSITIVE_INFINITY;
  for (const count of counts) least = Math.min(least, count);
  return least;
}

function includes(constraint: TopologySpread, { constraints }: Task, node: Node): boolean {
  if (constraint.nodeAffinityPolicy !== 'Ignore') {
    const selected = Object.entries(constraints.nodeSelector ?? {}).every(
      ([key, value]) => labelOf(node.labels, key) === value,
    );
    if (!selected || (constraints.nodeAffinity && !matchesTerms(constraints.nodeAffinity, node))) return false;
  }
  return constraint.nodeTaintsPolicy !== 'Honor' || !untoleratedTaint(node.taints, constraints.tolerations);
}

function countMatching({ tasks }: NodeCapacity, { selector }: TopologySpread, namespace: string): number {
  // The scheduler counts nothing for an empty selector, though it does match the task itself.
  if (isEmptySelector(selector)) return 0;
  let count = 0;
  for (const task of tasks) {
    if (task.phase !== 'ending' && task.namespace === namespace && selects(selector, task.labels)) count++;
  }
  return count;
}

/** InterPodAffinity: required affinity, required anti-affinity, and the anti-affinity of tasks that already run. */
function affinityFilter(task: Task, capacity: ClusterCapacity): NodeFilter | undefined {
  const wanted = task.constraints.podAffinity ?? [];
  const shunned = task.constraints.podAntiAffinity ?? [];
  const near = new Set<string>();
  const far = new Map<string, string>();
  const keptAway = new Map<string, string>();
  for (const { node, tasks, guarded } of capacity.nodes) {
    for (const other of guarded) {
      for (const term of other.constraints.podAntiAffinity ?? []) {
        if (!matchesTask(term, other.namespace, task, capacity)) continue;
        const domain = domainOf(node, term.topologyKey);
        if (domain !== undefined) keptAway.set(domain, other.id);
      }
    }
    if (wanted.length + shunned.length === 0) continue;
    for (const other of tasks) {
      if (wanted.length > 0 && matchesAll(wanted, task.namespace, other, capacity)) {
        for (const { topologyKey } of wanted) {
          const domain = domainOf(node, topologyKey);
          if (domain !== undefined) near.add(domain);
        }
      }
      for (const term of shunned) {
        const domain = domainOf(node, term.topologyKey);
        if (domain !== undefined && matchesTask(term, task.namespace, other, capacity)) far.set(domain, other.id);
      }
    }
  }
  if (wanted.length === 0 && far.size === 0 && keptAway.size === 0) return undefined;
  // The first of a group that wants to be near itself may go anywhere its keys exist.
  const first = near.size === 0 && matchesAll(wanted, task.namespace, task, capacity);
  const guardedKeys = new Set([...keptAway.keys()].map((domain) => domain.slice(0, domain.indexOf('\0'))));
  return ({ node }) => {
    const missing = wanted.find(({ topologyKey }) => labelOf(node.labels, topologyKey) === undefined);
    if (missing) return { code: 'podAffinity', key: missing.topologyKey };
    const lonely = wanted.find(({ topologyKey }) => !near.has(domainOf(node, topologyKey)!));
    if (lonely && !first) return { code: 'podAffinity', key: lonely.topologyKey };
    for (const { topologyKey } of shunned) {
      const other = far.get(domainOf(node, topologyKey) ?? '');
      if (other !== undefined) return { code: 'podAntiAffinity', key: topologyKey, heldBy: other };
    }
    for (const key of guardedKeys) {
      const other = keptAway.get(domainOf(node, key) ?? '');
      if (other !== undefined) return { code: 'keptAway', key, heldBy: other };
    }
    return undefined;
  };
}

/** A topology domain as one key, `key NUL value`; undefined where the node has no such label. */
function domainOf(node: Node, topologyKey: string): string | undefined {
  const value = labelOf(node.labels, topologyKey);
  return value === undefined ? undefined : `${topologyKey}\0${value}`;
}

function matchesAll(
  terms: readonly PodAffinityTerm[],
  ownNamespace: string,
  other: Task,
  capacity: ClusterCapacity,
): boolean {
  return terms.length > 0 && terms.every((term) => matchesTask(term, ownNamespace, other, capacity));
}

function matchesTask(term: PodAffinityTerm, ownNamespace: string, other: Task, capacity: ClusterCapacity): boolean {
  const own = term.namespaces.length === 0 && term.namespaceSelector === undefined;
  const inside = own
    ? other.namespace === ownNamespace
    : term.namespaces.includes(other.namespace) ||
      selects(term.namespaceSelector, namespaceLabels(other.namespace, capacity));
  return inside && selects(term.selector, other.labels);
}

function namespaceLabels(name: string, capacity: ClusterCapacity): Readonly<Record<string, string>> {
  return Object.hasOwn(capacity.namespaceLabels, name)
    ? capacity.namespaceLabels[name]!
    : { 'kubernetes.io/metadata.name': name };
}
