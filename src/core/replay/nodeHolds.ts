import type { RuntimeDistribution } from '../predict/distribution.ts';
import { probabilityEndedBy } from '../predict/distribution.ts';

/**
 * A runtime as nodes' holds are reckoned with it: in steps that are about equal in ln seconds, fine below a minute's
 * length and up to half a year.
 */
export type Survival = {
  /** P(runtime > t) at `FINE` points an octave. */
  readonly beyond: Float64Array;
  /** Mean seconds that a task runs within each of the `STEPS`, from its start. */
  readonly stepSeconds: Float64Array;
};

/** A task that holds a node, from when on. */
export type Holding<T> = { readonly task: T; readonly startedAtSeconds: number };

/** For how long nodes are still held, as distributions. */
export type NodeHolds = {
  /** To be told when a task starts or ends on a node. */
  changed(node: number): void;
  /**
   * Mean seconds by which a task that starts now is expected to prolong a node's hold: for how long it will run while
   * all others have ended, ∫ P(it runs beyond t) Π P(other ended by t) dt. On an empty node its mean runtime.
   */
  prolonged(node: number, survival: Survival, nowSeconds: number): number;
};

/** Points in time are 60 (2^octaves − 1) seconds from now: 0, 11 s, 25 s, 41 s … 182 days for the steps. */
const UNIT_SECONDS = 60;
const OCTAVES = 18;
const FINE = 12;
const COARSE = 4;
const STEPS = OCTAVES * COARSE;
const FINE_SECONDS = points(OCTAVES * FINE + 1, (point) => point / FINE);
const STEP_MIDDLES = points(STEPS, (step) => (step + 0.5) / COARSE);

/**
 * A node's chances are reckoned again when they are older than this share of the time until it may be empty (1 in 10).
 */
const STALE_FRACTION = 0.05;
const STALE_SECONDS = 30;
const MAY_BE_EMPTY = 0.1;

/** What lies beyond the last step, half a year, is left out. */
export function survivalOf(runtime: RuntimeDistribution): Survival {
  // Never 0, so that a task older than can be is one that lives on.
  const beyond = FINE_SECONDS.map((seconds) => Math.max(Number.EPSILON, 1 - probabilityEndedBy(runtime, seconds)));
  const stepSeconds = new Float64Array(STEPS);
  for (let point = 0; point < OCTAVES * FINE; point += 1) {
    const width = FINE_SECONDS[point + 1]! - FINE_SECONDS[point]!;
    stepSeconds[Math.floor((point * COARSE) / FINE)]! += (width * (beyond[point]! + beyond[point + 1]!)) / 2;
  }
  return { beyond, stepSeconds };
}

/**
 * Tasks are taken to end independently of each other, each by its own runtime given its age.
 * @param onNode the tasks of each node, changed by whoever tells of it
 * @param survivalOfTask undefined where nothing is known: the task is then taken to end at once
 */
export function createNodeHolds<T>(
  onNode: readonly (readonly Holding<T>[])[],
  survivalOfTask: (task: T) => Survival | undefined,
): NodeHolds {
  /** P(all tasks of the node have ended by the middle of each step). */
  const emptied = new Float64Array(onNode.length * STEPS);
  const staleAt = new Float64Array(onNode.length).fill(Number.NEGATIVE_INFINITY);

  function reckon(node: number, nowSeconds: number): void {
    const first = node * STEPS;
    emptied.fill(1, first, first + STEPS);
    for (const { task, startedAtSeconds } of onNode[node]!) {
      const beyond = survivalOfTask(task)?.beyond;
      if (!beyond) continue;
      const age = nowSeconds - startedAtSeconds;
      const alive = probabilityBeyond(beyond, age);
      for (let step = 0; step < STEPS; step += 1) {
        emptied[first + step]! *= 1 - probabilityBeyond(beyond, age + STEP_MIDDLES[step]!) / alive;
      }
    }
    let step = 0;
    while (step < STEPS - 1 && emptied[first + step]! < MAY_BE_EMPTY) step += 1;
    staleAt[node] = nowSeconds + Math.max(STALE_SECONDS, STALE_FRACTION * STEP_MIDDLES[step]!);
  }

  return {
    changed(node) {
      staleAt[node] = Number.NEGATIVE_INFINITY;
    },
    prolonged(node, { stepSeconds }, nowSeconds) {
      if (!(nowSeconds < staleAt[node]!)) reckon(node, nowSeconds);
      const first = node * STEPS;
      let seconds = 0;
      for (let step = 0; step < STEPS; step += 1) seconds += stepSeconds[step]! * emptied[first + step]!;
      return seconds;
    },
  };
}

function points(count: number, octaves: (point: number) => number): Float64Array {
  return Float64Array.from({ length: count }, (_, point) => UNIT_SECONDS * (2 ** octaves(point) - 1));
}

/** Between two points linear; beyond the last one, half a year, what it is there. */
function probabilityBeyond(beyond: Float64Array, seconds: number): number {
  const at = Math.min(beyond.length - 1, FINE * Math.log2(1 + seconds / UNIT_SECONDS));
  const point = Math.min(beyond.length - 2, Math.floor(at));
  return beyond[point]! + (at - point) * (beyond[point + 1]! - beyond[point]!);
}
