import { simulationStart } from '../fleet/fromSnapshot.ts';
import { classOfRequest } from '../fragment/mix.ts';
import type { SolveProgram } from '../model/program.ts';
import type { Task } from '../model/task.ts';
import { type ClusterCapacity, type NodeCapacity, withoutTask, withTask } from '../place/capacity.ts';
import { nodeFilter } from '../place/filter.ts';
import { unbound } from './findTarget.ts';
import type { Group } from './movable.ts';
import type { Repack } from './repack.ts';
import { repackWindow } from './repack.ts';
import type { Window, WindowTask } from './window.ts';

/** Nodes of one window, and windows tried for one task. */
const WINDOW_NODES = 3;
const MOST_WINDOWS = 4;
/** What a move must let in at least, in milli-GPU. */
const MOVE_COST_MILLI = 10;

/** A repack that lets a waiting task in: moves in an order in which each fits when its turn comes. */
export type NodesRepack = {
  /** Where the waiting task starts. */
  readonly node: string;
  readonly moves: readonly { readonly group: Group; readonly to: string }[];
  readonly capacity: ClusterCapacity;
  readonly facts: RepackFacts;
};

/**
 * How good a repack is: what it lets in, what no packing of its nodes exceeds, and who is waited for instead of moved.
 */
export type RepackFacts = Pick<Repack, 'admittedMilli' | 'boundMilli' | 'gap' | 'waits'> & {
  readonly nodes: readonly string[];
};

export type RepackInputs = {
  readonly takenAtSeconds: number;
  readonly capacity: ClusterCapacity;
  /** Nodes that would admit the task if they were empty. */
  readonly able: readonly NodeCapacity[];
  /** The node as it would be with nothing but infrastructure on it. */
  readonly emptied: (node: string) => NodeCapacity;
  /** The group of a task that may be moved; undefined for one that stays. */
  readonly movable: (task: Task) => Group | undefined;
  /** A task that ends sooner is left to end. */
  readonly payoffSeconds: number;
  readonly solve: SolveProgram;
};

/**
 * Repacks a few nodes at a time, those with the most free GPU first, until a waiting task fits: each window exactly
 * (`repackWindow`). A repack is given only when every move, and the start after them, passes the whole filter in turn.
 * @returns undefined for a task without GPUs, and where no window helps
 */
export function repackFor(task: Task, inputs: RepackInputs): NodesRepack | undefined {
  if (task.allocation.gpuMilli === 0) return undefined;
  const emptiest = [...inputs.able].sort((left, right) => right.free.gpuMilli - left.free.gpuMilli);
  for (let first = 0; first < MOST_WINDOWS; first += 1) {
    const nodes = emptiest.slice(first, first + WINDOW_NODES);
    if (nodes.length < 2) return undefined;
    const found = repackSome(task, nodes, inputs);
    if (found) return found;
  }
  return undefined;
}

function repackSome(task: Task, nodes: readonly NodeCapacity[], inputs: RepackInputs): NodesRepack | undefined {
  const { window, byId } = windowOf(task, nodes, inputs);
  const repack = repackWindow(window, inputs.solve, { ...inputs, moveCostMilli: MOVE_COST_MILLI });
  if ('kind' in repack) return undefined;
  const names = nodes.map(({ node }) => node.name);
  let { capacity } = inputs;
  const moves: { group: Group; to: string }[] = [];
  for (const { id, to } of repack.moves) {
    const moved = byId.get(id)!;
    const target = names[to]!;
    // From one GPU to another of its node: nothing that can be asked of Kubernetes.
    if (moved.node === target) return undefined;
    const left = withoutTask(capacity, moved);
    if (nodeFilter(unbound(moved), left)(nodeOf(left, target))) return undefined;
    capacity = withTask(left, unbound(moved), target);
    moves.push({ group: inputs.movable(moved)!, to: target });
  }
  const filter = nodeFilter(task, capacity);
  const node = names.find((name) => !filter(nodeOf(capacity, name)));
  if (node === undefined) return undefined;
  const { admittedMilli, boundMilli, gap, waits } = repack;
  return { node, moves, capacity, facts: { nodes: names, admittedMilli, boundMilli, gap, waits } };
}

/**
 * The nodes with their movable tasks lifted out. A task moves alone, with at most one GPU, and may go to each of them.
 */
function windowOf(
  waiting: Task,
  nodes: readonly NodeCapacity[],
  { takenAtSeconds, capacity, movable, emptied }: RepackInputs,
) {
  const tasks = nodes.flatMap((held) => held.tasks);
  const { fleet, bound } = simulationStart({ takenAtSeconds, nodes: nodes.map(({ node }) => node), tasks });
  const goesAnywhere = (task: Task) => {
    const filter = nodeFilter(unbound(task), withoutTask(capacity, task));
    return nodes.every(({ node }) => !filter(emptied(node.name)));
  };
  const windowTasks: WindowTask[] = bound.flatMap((each) => {
    const task = tasks[each.task.id]!;
    const group = movable(task);
    if (!group || group.tasks.length > 1 || task.gpuCount > 1 || !goesAnywhere(task)) return [];
    const gpu = each.gpus === 0 ? -1 : 31 - Math.clz32(each.gpus);
    return { ...kindOf(task), node: each.node, gpu, remainingSeconds: group.remaining.p50 };
  });
  const window: Window = {
    nodes: nodes.map(({ node }, index) => {
      const own = windowTasks.filter((each) => each.node === index);
      const first = index * fleet.gpuStride;
      return {
        name: node.name,
        milliCpu: fleet.freeMilliCpu[index]! + own.reduce((sum, { taskClass }) => sum + taskClass.milliCpu, 0),
        memoryBytes: fleet.freeMemoryBytes[index]! + own.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
        gpuMilli: [...fleet.freeGpuMilli.subarray(first, first + fleet.nodes[index]!.gpuCount)].map(
          (free, gpu) => free + own.reduce((sum, each) => sum + (each.gpu === gpu ? each.taskClass.gpuMilli : 0), 0),
        ),
        gpuModel: node.gpuModel,
      };
    }),
    tasks: windowTasks,
    waiting: [kindOf(waiting)],
  };
  return { window, byId: new Map(tasks.map((task) => [task.id, task])) };
}

function kindOf(task: Task) {
  const held = task.allocation;
  const taskClass = classOfRequest(held, task.gpuCount, task.constraints);
  return { id: task.id, taskClass, memoryBytes: held.memoryBytes };
}

function nodeOf(capacity: ClusterCapacity, name: string): NodeCapacity {
  return capacity.nodes[capacity.indexOf.get(name)!]!;
}
