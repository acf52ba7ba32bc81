import type { Band } from '../model/band.ts';
import { isLease, type NodeDeadline } from '../model/node.ts';
import type { Settings } from '../model/settings.ts';
import type { Task } from '../model/task.ts';
import { probabilityEndsWithin, quantile } from '../predict/distribution.ts';
import type { RuntimePrediction } from '../predict/prediction.ts';
import type { AvailableTime } from './availableTime.ts';
import type { NodeCapacity } from './capacity.ts';

/**
 * How a task's predicted runtime t1 fits a node's available time t (S204).
 * - `outlives`: the node is in use and t ≥ t1; X = 1 − (t − t1)/T, best when t is closest to t1.
 * - `prolongs`: the node is in use and t < t1; X = 1 − (t1 − t)/T, best when it falls least short.
 * - `empty`: nothing but infrastructure on it; it could stay empty, so it comes last, the smallest first.
 */
export type TimeFit = {
  readonly rank: 'outlives' | 'prolongs' | 'empty';
  readonly x: number;
  /** X with runtime and exits at their 10th percentile, and at their 90th. */
  readonly xAtP10: number;
  readonly xAtP90: number;
  /** t1 at the median, 0…T. */
  readonly runtimeSeconds: number;
  readonly available: AvailableTime;
};

/** The node would end before the task, with more than the risk that is allowed. */
export type DeadlineRefusal = {
  readonly code: 'deadline';
  readonly source: NodeDeadline['source'];
  readonly inSeconds: number;
  /** P(the task still runs when the node ends), 0..1. */
  readonly probability: number;
  readonly allowed: number;
};

/**
 * Runtime of a task from its start; never beyond its hard limit, `Infinity` where it never ends or nothing is known.
 */
export function expectedRuntime(task: Task, prediction: RuntimePrediction | undefined): Band {
  const limit = task.runtimeLimitSeconds ?? Number.POSITIVE_INFINITY;
  if (task.endless || prediction === undefined) return { p10: limit, p50: limit, p90: limit };
  const at = (level: number) => Math.min(limit, quantile(prediction.runtime, level));
  return { p10: at(0.1), p50: at(0.5), p90: at(0.9) };
}

/** S204's X and rank of one node. Both t and t1 are clamped to 0…T. */
export function timeFit(runtime: Band, available: AvailableTime): TimeFit {
  const { totalSeconds } = available;
  return {
    rank: rankOf(runtime, available),
    x: closeness(available.seconds, runtime.p50, totalSeconds),
    xAtP10: closeness(available.secondsAtP10, runtime.p10, totalSeconds),
    xAtP90: closeness(available.secondsAtP90, runtime.p90, totalSeconds),
    runtimeSeconds: Math.min(runtime.p50, totalSeconds),
    available,
  };
}

/** Which of S204's three ranks a node is in. */
export function rankOf(runtime: Band, { inUse, seconds, totalSeconds }: AvailableTime): TimeFit['rank'] {
  if (!inUse) return 'empty';
  return seconds >= Math.min(runtime.p50, totalSeconds) ? 'outlives' : 'prolongs';
}

/** 1 − |t − t1|/T with t1 at most T, in 0…1; 0 where T is 0. */
export function closeness(t: number, t1: number, total: number): number {
  return total > 0 ? 1 - Math.abs(t - Math.min(t1, total)) / total : 0;
}

/**
 * Refuses nodes that end before the task with more than `settings.deadlineRiskFraction`. An endless task, or one of
 * which nothing is known, outlives every lease; only an announced end (spot notice, maintenance, termination) refuses
 * it.
 */
export function deadlineFilter(
  task: Task,
  prediction: RuntimePrediction | undefined,
  settings: Settings,
  nowSeconds: number,
): (held: NodeCapacity) => DeadlineRefusal | undefined {
  const allowed = settings.deadlineRiskFraction;
  const limit = task.runtimeLimitSeconds ?? Number.POSITIVE_INFINITY;
  const known = !task.endless && prediction !== undefined;
  const needed = known ? Math.min(limit, quantile(prediction.runtime, 1 - allowed)) : limit;
  return ({ node: { deadline } }) => {
    if (!deadline) return undefined;
    const inSeconds = deadline.atSeconds - nowSeconds;
    if (inSeconds >= needed) return undefined;
    if (needed === Number.POSITIVE_INFINITY && isLease(deadline) && inSeconds > 0) return undefined;
    const probability = known ? 1 - probabilityEndsWithin(prediction.runtime, 0, Math.max(0, inSeconds)) : 1;
    return { code: 'deadline', source: deadline.source, inSeconds, probability, allowed };
  };
}
