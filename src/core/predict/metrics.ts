/** Errors of point predictions over scored runs (bench/notes/predict.md, "Protocol"). Times in seconds. */
export type PointMetrics = {
  /** Mean absolute error. */
  readonly mae: number;
  readonly medianAe: number;
  /** Mean of min(p/r, r/p). */
  readonly avgPred: number;
  /** Share of runs that took longer than predicted. */
  readonly underFraction: number;
  readonly r2: number;
  /** Mean of |ln(p/r)|. */
  readonly absLog: number;
};

/** Errors of bands and quantiles; widths and pinball losses in ln units. */
export type BandMetrics = {
  readonly coverage80: number;
  readonly width80: number;
  readonly pinball10: number;
  readonly pinball50: number;
  readonly pinball90: number;
};

/**
 * @param predicted seconds, one per run; `best` is judged by AVGpred and |ln(p/r)| where it is another point
 * @returns undefined when there is no run
 */
export function pointMetrics(
  actual: ArrayLike<number>,
  predicted: ArrayLike<number>,
  best: ArrayLike<number> = predicted,
): PointMetrics | undefined {
  const count = actual.length;
  if (count === 0) return undefined;
  const errors = new Float64Array(count);
  let [ratio, under, log, squares, total] = [0, 0, 0, 0, 0];
  for (let at = 0; at < count; at++) {
    const [r, p, b] = [actual[at]!, predicted[at]!, best[at]!];
    errors[at] = Math.abs(p - r);
    ratio += Math.min(b / r, r / b);
    log += Math.abs(Math.log(b / r));
    under += p < r ? 1 : 0;
    squares += (p - r) ** 2;
    total += r;
  }
  const mean = total / count;
  let spread = 0;
  for (let at = 0; at < count; at++) spread += (actual[at]! - mean) ** 2;
  const mae = errors.reduce((sum, error) => sum + error, 0) / count;
  errors.sort();
  return {
    mae,
    medianAe: (errors[(count - 1) >> 1]! + errors[count >> 1]!) / 2,
    avgPred: ratio / count,
    underFraction: under / count,
    r2: spread > 0 ? 1 - squares / spread : 0,
    absLog: log / count,
  };
}

/**
 * @param actual runtimes in seconds
 * @param p10, p50, p90 quantiles at 10, 50 and 90 %, in seconds
 * @returns undefined when there is no run
 */
export function bandMetrics(
  actual: ArrayLike<number>,
  low: ArrayLike<number>,
  middle: ArrayLike<number>,
  high: ArrayLike<number>,
): BandMetrics | undefined {
  const count = actual.length;
  if (count === 0) return undefined;
  const sums = [0, 0, 0, 0, 0] as [number, number, number, number, number];
  for (let at = 0; at < count; at++) {
    const r = actual[at]!;
    sums[0] += inBand(r, low[at]!, high[at]!) ? 1 : 0;
    sums[1] += Math.log(high[at]!) - Math.log(low[at]!);
    sums[2] += pinball(r, low[at]!, 0.1);
    sums[3] += pinball(r, middle[at]!, 0.5);
    sums[4] += pinball(r, high[at]!, 0.9);
  }
  const [coverage80, width80, pinball10, pinball50, pinball90] = sums.map((sum) => sum / count) as typeof sums;
  return { coverage80, width80, pinball10, pinball50, pinball90 };
}

/** True when a runtime lies in its band, edges included (to a part in a million, for rounding). */
export function inBand(runtime: number, low: number, high: number): boolean {
  return runtime >= low * (1 - 1e-6) && runtime <= high * (1 + 1e-6);
}

function pinball(actual: number, quantile: number, level: number): number {
  const gap = Math.log(actual) - Math.log(quantile);
  return Math.max(level * gap, (level - 1) * gap);
}
