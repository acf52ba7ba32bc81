import { demandMilli } from '../fragment/mix.ts';
import type { SolveProgram } from '../model/program.ts';
import { repackProgram } from './repackProgram.ts';
import type { Assignment, Window, WindowTask } from './window.ts';

export type RepackOptions = {
  /** A task that ends sooner is not moved: waiting is better (what a move costs: restart and lost work). */
  readonly payoffSeconds: number;
  /** What a move must gain at least, in milli-GPU that are admitted. */
  readonly moveCostMilli: number;
};

export type RepackMove = { readonly id: string; readonly from: number; readonly to: number; readonly toGpu: number };

/**
 * A better packing of a window. Moves are in an order in which each fits when its turn comes; then the admitted fit.
 */
export type Repack = {
  readonly moves: readonly RepackMove[];
  readonly admitted: readonly string[];
  readonly admittedMilli: number;
  /** No packing of the window admits more than this (linear relaxation); the gap is what is left of it, 0 … 1. */
  readonly boundMilli: number;
  readonly gap: number;
  /** Tasks that were left where they are because they end before a move would pay off. */
  readonly waits: readonly string[];
};

export type RepackRefusal = {
  readonly kind: 'nothingGained' | 'noOrder';
  /** `noOrder`: a better packing exists, but not in steps that each fit; how much it would admit. */
  readonly admittedMilli: number;
};

/**
 * Repacks a few nodes exactly, so that the most GPU demand of the waiting tasks is let in, at the least moves (the
 * type-count program of docs/algorithms.md#repack: alike tasks are counted, not told apart). Moves go longest remaining
 * runtime first among those that fit (LARS), so that short tasks may end on their own before their turn.
 */
export function repackWindow(window: Window, solve: SolveProgram, options: RepackOptions): Repack | RepackRefusal {
  const waits = window.tasks.filter(({ remainingSeconds }) => remainingSeconds < options.payoffSeconds);
  const movable = { ...withHeld(window, waits), tasks: window.tasks.filter((task) => !waits.includes(task)) };
  const program = repackProgram(movable, options.moveCostMilli);
  const answer = solve(program.exact);
  const targets = answer.status === 'infeasible' ? [] : program.targets(answer.values);
  const admittedMilli = targets
    .filter(({ task }) => !('node' in task))
    .reduce((sum, { task }) => sum + demandMilli(task.taskClass), 0);
  if (admittedMilli === 0) return { kind: 'nothingGained', admittedMilli: 0 };
  const moves = orderMoves(movable, targets);
  if (!moves) return { kind: 'noOrder', admittedMilli };
  const boundMilli = Math.max(admittedMilli, Math.floor(solve(program.relaxed).objective));
  return {
    moves,
    admitted: targets.filter(({ task }) => !('node' in task)).map(({ task }) => task.id),
    admittedMilli,
    boundMilli,
    gap: 1 - admittedMilli / boundMilli,
    waits: waits.map(({ id }) => id),
  };
}

/** The window without some tasks, and its nodes without what these hold. */
function withHeld(window: Window, held: readonly WindowTask[]): Window {
  const nodes = window.nodes.map((node, index) => {
    const own = held.filter((task) => task.node === index);
    const sum = (amount: (task: WindowTask) => number) => own.reduce((total, task) => total + amount(task), 0);
    return {
      ...node,
      milliCpu: node.milliCpu - sum(({ taskClass }) => taskClass.milliCpu),
      memoryBytes: node.memoryBytes - sum(({ memoryBytes }) => memoryBytes),
      gpuMilli: node.gpuMilli.map(
        (free, gpu) => free - sum((task) => (task.gpu === gpu ? task.taskClass.gpuMilli : 0)),
      ),
    };
  });
  return { ...window, nodes };
}

/** The moves in an order in which each fits; undefined when there is none. */
function orderMoves({ nodes, tasks }: Window, targets: readonly Assignment[]): RepackMove[] | undefined {
  const free = nodes.map(({ milliCpu, memoryBytes, gpuMilli }) => ({ milliCpu, memoryBytes, gpuMilli: [...gpuMilli] }));
  const take = ({ taskClass, memoryBytes }: WindowTask, node: number, gpu: number, sign: 1 | -1) => {
    free[node]!.milliCpu -= sign * taskClass.milliCpu;
    free[node]!.memoryBytes -= sign * memoryBytes;
    if (gpu >= 0) free[node]!.gpuMilli[gpu]! -= sign * taskClass.gpuMilli;
  };
  for (const task of tasks) take(task, task.node, task.gpu, 1);
  const fits = ({ taskClass, memoryBytes }: WindowTask, node: number, gpu: number) =>
    free[node]!.milliCpu >= taskClass.milliCpu &&
    free[node]!.memoryBytes >= memoryBytes &&
    (gpu < 0 || free[node]!.gpuMilli[gpu]! >= taskClass.gpuMilli);
  const left = targets
    .flatMap(({ task, node, gpu }) =>
      'node' in task && (task.node !== node || task.gpu !== gpu) ? [{ task, node, gpu }] : [],
    )
    .sort((one, other) => other.task.remainingSeconds - one.task.remainingSeconds);
  const ordered: RepackMove[] = [];
  while (left.length > 0) {
    const next = left.findIndex(({ task, node, gpu }) => fits(task, node, gpu));
    if (next < 0) return undefined;
    const [{ task, node, gpu }] = left.splice(next, 1) as [(typeof left)[number]];
    take(task, task.node, task.gpu, -1);
    take(task, node, gpu, 1);
    ordered.push({ id: task.id, from: task.node, to: node, toGpu: gpu });
  }
  return ordered;
}
