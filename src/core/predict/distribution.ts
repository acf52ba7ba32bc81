/**
 * A runtime as a distribution: its quantiles in seconds at `QUANTILE_LEVELS`, ascending. Between two levels the
 * quantile function is linear in ln seconds; beyond the last one the tail is a Pareto of exponent 2 (Lindy: a task that
 * outlived all we know is expected to run as long again, docs/algorithms.md#remaining-time).
 */
export type RuntimeDistribution = { readonly seconds: readonly number[] };

/** Levels of the table: dense at both ends so that 95 % bands and late remaining times are read, not guessed. */
export const QUANTILE_LEVELS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8,
  0.85, 0.9, 0.925, 0.95, 0.975, 0.99, 0.995,
];

const LAST = QUANTILE_LEVELS.length - 1;

/**
 * Runtime at a level.
 * @param level in 0..1; below the first level the first value, above the last one the Pareto tail
 * @returns seconds; `Infinity` at level 1
 * @throws RangeError when the table is not one of `QUANTILE_LEVELS`
 */
export function quantile(distribution: RuntimeDistribution, level: number): number {
  const { seconds } = distribution;
  if (seconds.length !== QUANTILE_LEVELS.length) {
    throw new RangeError(`A runtime table has ${QUANTILE_LEVELS.length} quantiles, not ${seconds.length}`);
  }
  return quantileOfRow(seconds, 0, level);
}

/** Runtime at a level, of a table that lies in `rows` from `first` on: many distributions in one array. */
export function quantileOfRow(rows: ArrayLike<number>, first: number, level: number): number {
  if (level <= QUANTILE_LEVELS[0]!) return rows[first]!;
  if (level >= QUANTILE_LEVELS[LAST]!) {
    return rows[first + LAST]! * Math.sqrt((1 - QUANTILE_LEVELS[LAST]!) / Math.max(0, 1 - level));
  }
  let low = 0;
  let high = LAST;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (QUANTILE_LEVELS[middle]! <= level) low = middle;
    else high = middle;
  }
  const share = (level - QUANTILE_LEVELS[low]!) / (QUANTILE_LEVELS[high]! - QUANTILE_LEVELS[low]!);
  return interpolate(rows[first + low]!, rows[first + high]!, share);
}

/** P(runtime ≤ `seconds`), in 0..1. */
export function probabilityEndedBy(distribution: RuntimeDistribution, atSeconds: number): number {
  const { seconds } = distribution;
  if (!(atSeconds >= seconds[0]!)) return 0;
  if (atSeconds >= seconds[LAST]!) {
    return 1 - (1 - QUANTILE_LEVELS[LAST]!) * (seconds[LAST]! / atSeconds) ** 2;
  }
  let low = 0;
  let high = LAST;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (seconds[middle]! <= atSeconds) low = middle;
    else high = middle;
  }
  const span = Math.log(seconds[high]! + 1) - Math.log(seconds[low]! + 1);
  const share = span > 0 ? (Math.log(atSeconds + 1) - Math.log(seconds[low]! + 1)) / span : 1;
  return QUANTILE_LEVELS[low]! + share * (QUANTILE_LEVELS[high]! - QUANTILE_LEVELS[low]!);
}

/** Whether an age lies past the last quantile of the table: all that is said of it comes from the Pareto tail. */
export function isOutlived({ seconds }: RuntimeDistribution, elapsedSeconds: number): boolean {
  return elapsedSeconds >= seconds[LAST]!;
}

/**
 * One quantile of the remaining runtime of a task that still runs after `elapsedSeconds`, in seconds from now: the same
 * distribution, conditioned on having outlived that age (repredictions; Barbalho et al. 2023 and LAVA, arXiv 2412.09840).
 */
export function remainingQuantile(distribution: RuntimeDistribution, elapsedSeconds: number, level: number): number {
  const ended = probabilityEndedBy(distribution, elapsedSeconds);
  return Math.max(0, quantile(distribution, ended + level * (1 - ended)) - elapsedSeconds);
}

/** Several quantiles of the remaining runtime, in seconds from now. */
export function remainingQuantiles(
  distribution: RuntimeDistribution,
  elapsedSeconds: number,
  levels: readonly number[],
): number[] {
  const ended = probabilityEndedBy(distribution, elapsedSeconds);
  return levels.map((level) => Math.max(0, quantile(distribution, ended + level * (1 - ended)) - elapsedSeconds));
}

/** P(the task ends within `withinSeconds` from now | it still runs at `elapsedSeconds`), in 0..1. */
export function probabilityEndsWithin(
  distribution: RuntimeDistribution,
  elapsedSeconds: number,
  withinSeconds: number,
): number {
  const survived = 1 - probabilityEndedBy(distribution, elapsedSeconds);
  if (survived <= 0) return 1;
  return Math.min(
    1,
    Math.max(0, 1 - (1 - probabilityEndedBy(distribution, elapsedSeconds + withinSeconds)) / survived),
  );
}

/**
 * A table from a sample of runtimes (R-7 quantiles). One run gives that runtime at every level.
 * @throws RangeError when there is no run
 */
export function distributionOf(runtimes: readonly number[]): RuntimeDistribution {
  if (runtimes.length === 0) throw new RangeError('A runtime distribution needs at least one run');
  const sorted = Float64Array.from(runtimes).sort();
  return {
    seconds: QUANTILE_LEVELS.map((level) => {
      const position = level * (sorted.length - 1);
      const below = Math.floor(position);
      const left = sorted[below]!;
      const right = sorted[Math.min(below + 1, sorted.length - 1)]!;
      return left + (position - below) * (right - left);
    }),
  };
}

function interpolate(low: number, high: number, share: number): number {
  return Math.exp(Math.log(low + 1) + share * (Math.log(high + 1) - Math.log(low + 1))) - 1;
}
