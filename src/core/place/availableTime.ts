import type { Band } from '../model/band.ts';
import { isLease, type Node } from '../model/node.ts';
import { amountOf } from '../model/resources.ts';
import type { Settings } from '../model/settings.ts';
import type { Task } from '../model/task.ts';
import { isOutlived, quantile, remainingQuantile } from '../predict/distribution.ts';
import type { Predictions, RuntimePrediction } from '../predict/prediction.ts';
import type { ClusterCapacity, NodeCapacity } from './capacity.ts';

/**
 * How long what is free on a node can run (S203's t), of the node's total time T. The smallest source decides and is
 * named; `horizon` means that nothing limits it below T. All in seconds from now, 0…T.
 */
export type AvailableTime = {
  readonly seconds: number;
  /** t with every exit at its 10th percentile, and at its 90th. */
  readonly secondsAtP10: number;
  readonly secondsAtP90: number;
  /** T: the node's own lifetime where known, what its amounts can run where metered, else the planning horizon. */
  readonly totalSeconds: number;
  readonly source: AvailableTimeSource;
  /** Every source that says something of this node, at the median. */
  readonly sources: Readonly<Partial<Record<AvailableTimeSource, number>>>;
  /** Some task that is not infrastructure holds a part of it. */
  readonly inUse: boolean;
  /** The task that leaves last, where the node is in use. */
  readonly lastTask?: string;
  /** What owns a task on it that never ends by itself, by its kind: `Deployment`, or `Pod` where nothing owns it. */
  readonly endless?: string;
};

export type AvailableTimeSource = 'exit' | 'deadline' | 'turnover' | 'derived' | 'horizon';

/**
 * Available time of one node (docs/method.md#time).
 * - exit: the longest predicted remaining runtime on it, repredicted at each task's age; an endless task counts as T.
 * - deadline: when the node itself ends.
 * - turnover: T less what its tasks hold in whole turnover periods; a period comes back with each that passes.
 * - derived: what its free amounts can run at `secondsPerUnit`.
 */
export function availableTime(
  { node, tasks, free }: NodeCapacity,
  predictions: Predictions,
  settings: Settings,
  nowSeconds: number,
): AvailableTime {
  const totalSeconds = totalTime(node, settings);
  const work = tasks.filter(({ infrastructure }) => !infrastructure);
  const exit = { p10: 0, p50: 0, p90: 0 };
  let lastTask: string | undefined;
  for (const task of work) {
    const remaining = remainingTime(task, predictions[task.id], totalSeconds, nowSeconds);
    if (lastTask === undefined || remaining.p50 > exit.p50) lastTask = task.id;
    exit.p10 = Math.max(exit.p10, remaining.p10);
    exit.p50 = Math.max(exit.p50, remaining.p50);
    exit.p90 = Math.max(exit.p90, remaining.p90);
  }
  const endless = work.find(neverEnds);
  const clamp = (seconds: number) => Math.min(totalSeconds, Math.max(0, seconds));
  const sources: Partial<Record<AvailableTimeSource, number>> = {};
  if (work.length > 0) sources.exit = clamp(exit.p50);
  if (node.deadline) sources.deadline = clamp(node.deadline.atSeconds - nowSeconds);
  if (settings.turnoverSeconds !== undefined) {
    sources.turnover = clamp(
      totalSeconds - longestHold(work, predictions, totalSeconds, settings.turnoverSeconds, nowSeconds),
    );
  }
  const derived = runOut(settings, (name) => amountOf(free, name), node);
  if (derived !== undefined) sources.derived = clamp(derived);
  const { source, seconds } = smallestOf(sources, totalSeconds);
  const rest = smallestOf({ ...sources, exit: totalSeconds }, totalSeconds).seconds;
  const atLevel = (exitSeconds: number) => (work.length > 0 ? Math.min(rest, clamp(exitSeconds)) : rest);
  return {
    seconds,
    secondsAtP10: atLevel(exit.p10),
    secondsAtP90: atLevel(exit.p90),
    totalSeconds,
    source,
    sources,
    inUse: work.length > 0,
    ...(lastTask !== undefined && { lastTask }),
    ...(endless && { endless: endless.owner?.kind ?? 'Pod' }),
  };
}

/** Whether a running task has no end of its own: nothing is predicted of it, and its T is the planning horizon. */
export function neverEnds({ endless, phase, runtimeLimitSeconds }: Task): boolean {
  return endless && phase !== 'ending' && runtimeLimitSeconds === undefined;
}

/**
 * Available time of every node of a capacity, in its order. Remembered per node as long as predictions, settings and
 * the moment stay, so that after a placement only the touched node is computed again.
 */
export function availableTimes(
  capacity: ClusterCapacity,
  predictions: Predictions,
  settings: Settings,
  nowSeconds: number,
): readonly AvailableTime[] {
  let known = remembered.get(predictions);
  if (known?.settings !== settings || known.nowSeconds !== nowSeconds) {
    known = { settings, nowSeconds, byNode: new WeakMap(), byCapacity: new WeakMap() };
    remembered.set(predictions, known);
  }
  const { byNode, byCapacity } = known;
  const whole = byCapacity.get(capacity);
  if (whole) return whole;
  const times = capacity.nodes.map((held) => {
    const time = byNode.get(held) ?? availableTime(held, predictions, settings, nowSeconds);
    byNode.set(held, time);
    return time;
  });
  byCapacity.set(capacity, times);
  return times;
}

/** T: a node's own lifetime where it is known, else what its metered amounts can run, else the planning horizon. */
export function totalTime(node: Node, settings: Settings): number {
  const { deadline, createdAtSeconds } = node;
  if (deadline && isLease(deadline) && createdAtSeconds !== undefined && deadline.atSeconds > createdAtSeconds) {
    return deadline.atSeconds - createdAtSeconds;
  }
  return runOut(settings, (name) => amountOf(node.allocatable, name), node) ?? settings.planningHorizonSeconds;
}

/**
 * Remaining runtime of a task: its prediction at its age, never beyond its hard limit. A task that is ending has none
 * left; an endless one, or one of which nothing is known, has T.
 */
export function remainingTime(
  task: Task,
  prediction: RuntimePrediction | undefined,
  totalSeconds: number,
  nowSeconds: number,
): Band {
  if (task.phase === 'ending') return { p10: 0, p50: 0, p90: 0 };
  const elapsed = task.startedAtSeconds === undefined ? 0 : Math.max(0, nowSeconds - task.startedAtSeconds);
  const limit = task.runtimeLimitSeconds === undefined ? totalSeconds : Math.max(0, task.runtimeLimitSeconds - elapsed);
  if (task.endless || prediction === undefined) return { p10: limit, p50: limit, p90: limit };
  const at = (level: number) => Math.min(limitOf(task, limit), remainingQuantile(prediction.runtime, elapsed, level));
  return { p10: at(0.1), p50: at(0.5), p90: at(0.9) };
}

/** Whether a running task is older than every runtime its prediction knows: then what it has left is a guess. */
export function outlivesAll(task: Task, prediction: RuntimePrediction | undefined, nowSeconds: number): boolean {
  if (!prediction || task.endless || task.startedAtSeconds === undefined) return false;
  return isOutlived(prediction.runtime, nowSeconds - task.startedAtSeconds);
}

function limitOf(task: Task, limit: number): number {
  return task.runtimeLimitSeconds === undefined ? Number.POSITIVE_INFINITY : limit;
}

type Remembered = {
  readonly settings: Settings;
  readonly nowSeconds: number;
  readonly byNode: WeakMap<NodeCapacity, AvailableTime>;
  readonly byCapacity: WeakMap<ClusterCapacity, readonly AvailableTime[]>;
};

const remembered = new WeakMap<Predictions, Remembered>();

/** Seconds for which the longest hold still lasts when holds are counted in whole periods. */
function longestHold(
  work: readonly Task[],
  predictions: Predictions,
  totalSeconds: number,
  periodSeconds: number,
  nowSeconds: number,
): number {
  let longest = 0;
  for (const task of work) {
    const prediction = predictions[task.id];
    const runtime = task.endless || !prediction ? totalSeconds : quantile(prediction.runtime, 0.5);
    const elapsed = task.startedAtSeconds === undefined ? 0 : Math.max(0, nowSeconds - task.startedAtSeconds);
    const periods = Math.max(0, Math.ceil(runtime / periodSeconds) - Math.floor(elapsed / periodSeconds));
    longest = Math.max(longest, periods * periodSeconds);
  }
  return longest;
}

/**
 * How long amounts last at `secondsPerUnit`: the scarcest metered resource decides; undefined where none is metered.
 */
function runOut(settings: Settings, amount: (name: string) => number, node: Node): number | undefined {
  let least: number | undefined;
  for (const [name, seconds] of Object.entries(settings.secondsPerUnit ?? {})) {
    if (amountOf(node.allocatable, name) > 0)
      least = Math.min(least ?? Number.POSITIVE_INFINITY, amount(name) * seconds);
  }
  return least;
}

function smallestOf(
  sources: Readonly<Partial<Record<AvailableTimeSource, number>>>,
  totalSeconds: number,
): { readonly source: AvailableTimeSource; readonly seconds: number } {
  let source: AvailableTimeSource = 'horizon';
  let seconds = totalSeconds;
  for (const name of ['exit', 'deadline', 'turnover', 'derived'] as const) {
    const value = sources[name];
    if (value !== undefined && (value < seconds || (source === 'horizon' && value === seconds))) {
      source = name;
      seconds = value;
    }
  }
  return { source, seconds };
}
