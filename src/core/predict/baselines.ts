import { distributionOf, type RuntimeDistribution } from './distribution.ts';
import type { Past } from './past.ts';
import { CLOSE_TO_WIDE, type Runs } from './runs.ts';

/**
 * Predictors that need no training: `request` the user's limit; `last2` the mean of the creator's two latest runs, at
 * most the limit (after Tsafrir et al. 2007); `med5`, `med20` the median of the last 5, 20 ended runs of the closest
 * group that has any; `hist20` the quantiles of that group's last 20. "Last" is the order of the ends.
 */
export const BASELINES = ['request', 'last2', 'med5', 'med20', 'hist20'] as const;

export type Baseline = (typeof BASELINES)[number];

/** What the baselines say of one run at its submit, in seconds and within [1, limit]. */
export type BaselineForecast = {
  readonly points: Readonly<Record<Baseline, number>>;
  /** The last 20 runtimes of the group they stand on, in seconds, ascending. */
  readonly sample: readonly number[];
  /** Index into `GROUPINGS` of that group; undefined when the creator has no ended run. */
  readonly grouping: number | undefined;
};

const [SAME_TASK, , SAME_CREATOR] = CLOSE_TO_WIDE;
/** Runs of all over which the typical runtime is taken for those of whom nothing is known. */
const TYPICAL_RUNS = 100;

/**
 * What every baseline says of a run, from what has ended before it: of the closest group that has an ended run. All are
 * at most the limit; where nothing is known they are the limit, or everyone's typical runtime without one.
 */
export function baselineForecast(runs: Runs, row: number, past: Past): BaselineForecast {
  const ended = (grouping: number) => past.endedIn(grouping, runs.groups[grouping]![row]!);
  const limit = runs.request[row]!;
  const grouping = CLOSE_TO_WIDE.find((each) => ended(each).length > 0);
  const last20 = grouping === undefined ? [] : lastRuntimes(runs, ended(grouping), 20);
  const sample = last20.toSorted((a, b) => a - b);
  const lastTwo = lastRuntimes(runs, ended(SAME_CREATOR), 2);
  const unknown = Number.isNaN(limit) ? typicalRuntime(runs, past) : limit;
  const point = (seconds: number | undefined) => within(seconds ?? unknown, limit);
  const med20 = point(sampleQuantile(sample, 0.5));
  return {
    points: {
      request: point(unknown),
      last2: point(lastTwo.length > 0 ? lastTwo.reduce((sum, each) => sum + each, 0) / lastTwo.length : undefined),
      med5: point(
        sampleQuantile(
          last20.slice(-5).sort((a, b) => a - b),
          0.5,
        ),
      ),
      med20,
      hist20: med20,
    },
    sample,
    grouping,
  };
}

/**
 * Runtimes of a run's own group, (creator, name, size, limit), as a distribution: what a running task's remaining time
 * is read from. The spread of everyone's errors around a point does not know how long runs of this kind last at most.
 * @returns undefined where fewer than 20 have ended
 */
export function ownRuntimes(runs: Runs, row: number, past: Past): RuntimeDistribution | undefined {
  const ended = past.endedIn(SAME_TASK, runs.groups[SAME_TASK]![row]!);
  return ended.length < LEAST_OWN ? undefined : distributionOf(lastRuntimes(runs, ended, OWN));
}

const [LEAST_OWN, OWN] = [20, 100];

/** Clamps seconds to [1, limit]; a limit of NaN is none. */
export function within(seconds: number, limit: number): number {
  const atLeast = Math.max(1, seconds);
  return atLeast > limit ? Math.max(1, limit) : atLeast;
}

/**
 * The observation at rank floor(level × n) of an ascending sample: a real runtime, never a mean of two, so that exact
 * repeats stay exact; undefined of an empty one.
 */
export function sampleQuantile(ascending: readonly number[], level: number): number | undefined {
  return ascending[Math.min(ascending.length - 1, Math.floor(level * ascending.length))];
}

/** Where nothing at all is known. */
const UNKNOWN_SECONDS = 3600;

/** Median of the latest ended runs of everyone, in seconds; an hour when none has ended. */
export function typicalRuntime(runs: Runs, past: Past): number {
  const latest = lastRuntimes(runs, past.ended, TYPICAL_RUNS).sort((a, b) => a - b);
  return sampleQuantile(latest, 0.5) ?? UNKNOWN_SECONDS;
}

function lastRuntimes(runs: Runs, ended: readonly number[], count: number): number[] {
  return ended.slice(-count).map((row) => runs.runtime[row]!);
}
