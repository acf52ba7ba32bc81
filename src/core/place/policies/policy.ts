import type { TaskClass } from '../../fragment/mix.ts';
import type { Fleet } from './fleet.ts';
import { fits, refreshStates, tightestGpu } from './fleet.ts';
import type { StateRoom } from './states.ts';

/** What a policy is asked: where should this task go? */
export type Ask = {
  /** `classNumber` of the task in the fleet. */
  readonly classNumber: number;
  readonly memoryBytes: number;
  readonly nowSeconds: number;
  /** When the task is expected to end, should it start now; absent: nothing is known. */
  readonly endSeconds?: number;
};

/** Why a node has its score: the parts that add up or decide, and the same in a sentence. */
export type Explanation = {
  readonly score: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly sentence: string;
};

/** A way to choose a node, bound to a fleet. Higher scores win; the lowest node number wins ties. */
export type Policy = {
  readonly name: string;
  /** −Infinity where the task does not fit. */
  score(node: number, ask: Ask): number;
  /** The best node that fits, −1 where there is none (or where the policy refuses). Changes nothing. */
  choose(ask: Ask): number;
  /** Free share of the GPU a share would take on that node. */
  gpuFree(node: number, ask: Ask): number;
  explain(node: number, ask: Ask): Explanation;
  /** Told of every task that arrives, before it is placed. */
  arrived?(ask: Ask): void;
  /** Told after `hold`. */
  placed?(node: number, ask: Ask): void;
  /** Told after `release`. */
  ended?(node: number, classNumber: number, nowSeconds: number): void;
};

/** The best node by a score: one pass in node order, strictly better wins. */
export function bestNode(fleet: Fleet, score: (node: number) => number): number {
  let chosen = -1;
  let best = Number.NEGATIVE_INFINITY;
  for (let node = 0; node < fleet.nodes.length; node += 1) {
    const value = score(node);
    if (value > best) {
      best = value;
      chosen = node;
    }
  }
  return chosen;
}

/** A policy whose score needs the node itself. */
export function nodePolicy(
  fleet: Fleet,
  parts: Pick<Policy, 'name' | 'explain'> & Partial<Policy> & { scoreNode(node: number, ask: Ask): number },
): Policy {
  const { scoreNode, ...rest } = parts;
  const score = (node: number, ask: Ask) =>
    fits(fleet, node, ask.classNumber, ask.memoryBytes) ? scoreNode(node, ask) : Number.NEGATIVE_INFINITY;
  return {
    score,
    choose: (ask) => bestNode(fleet, (node) => score(node, ask)),
    gpuFree: (node, ask) => tightestGpu(fleet, node, ask.classNumber),
    ...rest,
  };
}

/** A policy whose score needs only the node's state and the task's class: each pair is computed once. */
export function statePolicy(
  fleet: Fleet,
  parts: Pick<Policy, 'name'> &
    Partial<Policy> & {
      scoreState(room: StateRoom, taskClass: TaskClass): number;
      explainState(room: StateRoom, taskClass: TaskClass, score: number): Omit<Explanation, 'score'>;
    },
): Policy {
  const { scoreState, explainState, ...rest } = parts;
  const scores = stateScores(fleet, scoreState);
  const score = (node: number, { classNumber, memoryBytes }: Ask) => {
    refreshStates(fleet);
    if (fleet.freeMemoryBytes[node]! < memoryBytes) return Number.NEGATIVE_INFINITY;
    return scores(classNumber)[fleet.state[node]!]!;
  };
  return {
    score,
    choose({ classNumber, memoryBytes }) {
      const table = scores(classNumber);
      const { state, freeMemoryBytes } = fleet;
      let chosen = -1;
      let best = Number.NEGATIVE_INFINITY;
      for (let node = 0; node < state.length; node += 1) {
        const value = table[state[node]!]!;
        if (value > best && freeMemoryBytes[node]! >= memoryBytes) {
          best = value;
          chosen = node;
        }
      }
      return chosen;
    },
    gpuFree: (node, ask) => tightestGpu(fleet, node, ask.classNumber),
    explain(node, ask) {
      const value = score(node, ask);
      const room = fleet.states.rooms[fleet.state[node]!]!;
      return { score: value, ...explainState(room, fleet.classes.classes[ask.classNumber]!, value) };
    },
    ...rest,
  };
}

/**
 * Scores by state, one table a class, filled for every state a node is in now; −Infinity where the class does not fit
 * (memory is not part of a state).
 * @returns the table of a class, valid until the fleet changes
 */
export function stateScores(
  fleet: Fleet,
  scoreState: (room: StateRoom, taskClass: TaskClass) => number,
): (classNumber: number) => Float64Array {
  const tables: Float64Array[] = [];
  let generation = fleet.states.generation;
  return (classNumber) => {
    refreshStates(fleet);
    if (generation !== fleet.states.generation) {
      generation = fleet.states.generation;
      tables.length = 0;
    }
    const { rooms } = fleet.states;
    let table = tables[classNumber];
    if (!table || table.length < rooms.length) {
      table = grown(table, Math.max(1024, rooms.length * 2));
      tables[classNumber] = table;
    }
    const taskClass = fleet.classes.classes[classNumber]!;
    const { state } = fleet;
    for (let node = 0; node < state.length; node += 1) {
      const number = state[node]!;
      if (!Number.isNaN(table[number]!)) continue;
      const room = rooms[number]!;
      table[number] = fitsState(room, taskClass) ? scoreState(room, taskClass) : Number.NEGATIVE_INFINITY;
    }
    return table;
  };
}

/** True when a class fits a state; as `fits`, without memory. */
export function fitsState(room: StateRoom, { milliCpu, gpuMilli, gpuCount, gpuModels }: TaskClass): boolean {
  if (room.milliCpu < milliCpu) return false;
  if (gpuCount === 0) return true;
  // Shares ascend: the k-th largest decides.
  if (!(room.gpuMilli[room.gpuMilli.length - gpuCount]! >= gpuMilli)) return false;
  return gpuModels.length === 0 || (room.gpuModel !== undefined && gpuModels.includes(room.gpuModel));
}

function grown(table: Float64Array | undefined, length: number): Float64Array {
  const larger = new Float64Array(length).fill(Number.NaN);
  if (table) larger.set(table);
  return larger;
}
