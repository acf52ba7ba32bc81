import type { Node } from '../model/node.ts';
import { amountOf, NO_RESOURCES, type Resources } from '../model/resources.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import { freeGpus } from './freeGpus.ts';

/**
 * What every node has free and holds, indexed from a snapshot in one pass. A value: placing, moving or resizing a task
 * gives a new capacity that shares all nodes but the touched one (the copy is one array of node pointers).
 */
export type ClusterCapacity = {
  /** In the order of their names, whatever the snapshot's order was. */
  readonly nodes: readonly NodeCapacity[];
  /** Position in `nodes` by node name. */
  readonly indexOf: ReadonlyMap<string, number>;
  /** Labels of a namespace, by its name; a namespace that is not there has its name's label only. */
  readonly namespaceLabels: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

/** One node: what it has free by the scheduler's rules (S203's d), and the tasks that hold the rest. */
export type NodeCapacity = {
  readonly node: Node;
  /**
   * Allocatable less what all bound tasks hold, those that are ending included; negative where more is held than there
   * is.
   */
  readonly free: Resources;
  /** Free milli of each GPU, by its index; a shared task must fit inside one. */
  readonly gpuFree: readonly number[];
  /** All tasks bound to it, in the order of their ids when built from a snapshot, later ones behind. */
  readonly tasks: readonly Task[];
  /** Those of `tasks` that keep others away by required anti-affinity. */
  readonly guarded: readonly Task[];
  /** Those of `tasks` that hold host ports. */
  readonly listening: readonly Task[];
};

/** Capacity of every node of a snapshot. Tasks bound to a node that is not in it are left out. */
export function clusterCapacity(snapshot: Snapshot): ClusterCapacity {
  const byNode = new Map<string, Task[]>(snapshot.nodes.map((node) => [node.name, []]));
  for (const task of snapshot.tasks) {
    if (task.node !== undefined) byNode.get(task.node)?.push(task);
  }
  const nodes = snapshot.nodes
    .map((node) => nodeCapacity(node, byNode.get(node.name) ?? []))
    .sort((left, right) => compareNames(left.node.name, right.node.name));
  return { nodes, indexOf: positions(nodes), namespaceLabels: snapshot.namespaceLabels ?? {} };
}

/**
 * The capacity with a task bound to a node (S205). A share of a GPU takes the smallest free part that holds it.
 * @throws RangeError when the node is not there
 */
export function withTask(capacity: ClusterCapacity, task: Task, node: string): ClusterCapacity {
  return changeNode(capacity, node, (held) => {
    const bound = { ...task, node, ...placeOnGpu(held.gpuFree, task) };
    return nodeCapacity(held.node, [...held.tasks, bound]);
  });
}

/** The capacity without a task on the node it is bound to; the capacity itself when that is none, or gone. */
export function withoutTask(capacity: ClusterCapacity, task: Task): ClusterCapacity {
  if (!isHeld(task, capacity)) return capacity;
  return changeNode(capacity, task.node, (held) =>
    nodeCapacity(
      held.node,
      held.tasks.filter(({ id }) => id !== task.id),
    ),
  );
}

/** The capacity with a running task's allocation changed in place (S308); the capacity itself when its node is gone. */
export function withAllocation(capacity: ClusterCapacity, task: Task, allocation: Resources): ClusterCapacity {
  if (!isHeld(task, capacity)) return capacity;
  return changeNode(capacity, task.node, (held) =>
    nodeCapacity(
      held.node,
      held.tasks.map((other) => (other.id === task.id ? { ...other, allocation, desired: allocation } : other)),
    ),
  );
}

/**
 * Whether the capacity has the node that a task is bound to. A node that is deleted leaves its tasks listed for a while
 * (up to some minutes, until the garbage collector of pods takes them).
 */
export function isHeld(task: Task, { indexOf }: ClusterCapacity): task is Task & { readonly node: string } {
  return task.node !== undefined && indexOf.has(task.node);
}

/** The capacity without a node and all it holds ("what if this node goes?"). */
export function withoutNode(capacity: ClusterCapacity, name: string): ClusterCapacity {
  const nodes = capacity.nodes.filter(({ node }) => node.name !== name);
  return { ...capacity, nodes, indexOf: positions(nodes) };
}

/** The capacity with an empty node more. */
export function withNode(capacity: ClusterCapacity, node: Node): ClusterCapacity {
  const nodes = [...capacity.nodes, nodeCapacity(node, [])].sort((left, right) =>
    compareNames(left.node.name, right.node.name),
  );
  return { ...capacity, nodes, indexOf: positions(nodes) };
}

/** Milli that one of a task's GPUs must have free; 0 for a task without GPUs. */
export function gpuShareOf(request: Resources, gpuCount: number): number {
  return request.gpuMilli === 0 ? 0 : Math.ceil(request.gpuMilli / Math.max(1, gpuCount));
}

/** The capacity of one node that holds `tasks`. */
export function nodeCapacity(node: Node, tasks: readonly Task[]): NodeCapacity {
  return {
    node,
    free: freeOf(node, tasks),
    gpuFree: freeGpus(node.allocatable.gpuMilli, tasks),
    tasks,
    guarded: pick(tasks, ({ constraints }) => (constraints.podAntiAffinity?.length ?? 0) > 0),
    listening: pick(tasks, ({ constraints }) => (constraints.hostPorts?.length ?? 0) > 0),
  };
}

const NO_TASKS: readonly Task[] = [];

function pick(tasks: readonly Task[], wanted: (task: Task) => boolean): readonly Task[] {
  return tasks.some(wanted) ? tasks.filter(wanted) : NO_TASKS;
}

function freeOf(node: Node, tasks: readonly Task[]): Resources {
  let { milliCpu, memoryBytes, gpuMilli } = node.allocatable;
  const extended = { ...node.allocatable.extended };
  for (const task of tasks) {
    const held = task.allocation;
    milliCpu -= held.milliCpu;
    memoryBytes -= held.memoryBytes;
    gpuMilli -= held.gpuMilli;
    for (const name of Object.keys(held.extended)) extended[name] = (extended[name] ?? 0) - amountOf(held, name);
  }
  return { milliCpu, memoryBytes, gpuMilli, extended: Object.keys(extended).length ? extended : NO_RESOURCES.extended };
}

function shareHeld(task: Task): number {
  return gpuShareOf(task.allocation, task.gpuCount);
}

function placeOnGpu(gpuFree: readonly number[], task: Task): { readonly gpuIndex?: number } {
  const share = shareHeld(task);
  if (share === 0 || share >= 1000 || task.gpuCount > 1) return {};
  const gpu = smallestThatHolds(gpuFree, share);
  return gpu === undefined ? {} : { gpuIndex: gpu };
}

function smallestThatHolds(free: readonly number[], share: number): number | undefined {
  let best: number | undefined;
  for (let gpu = 0; gpu < free.length; gpu++) {
    if (free[gpu]! >= share && (best === undefined || free[gpu]! < free[best]!)) best = gpu;
  }
  return best;
}

function changeNode(
  capacity: ClusterCapacity,
  name: string,
  change: (held: NodeCapacity) => NodeCapacity,
): ClusterCapacity {
  const index = capacity.indexOf.get(name);
  if (index === undefined) throw new RangeError(`There is no node ${name} in this capacity`);
  const nodes = capacity.nodes.slice();
  nodes[index] = change(nodes[index]!);
  return { ...capacity, nodes };
}

function positions(nodes: readonly NodeCapacity[]): ReadonlyMap<string, number> {
  return new Map(nodes.map(({ node }, index) => [node.name, index]));
}

function compareNames(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
