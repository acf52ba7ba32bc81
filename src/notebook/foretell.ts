import type { FinishedTask } from '../core/model/finished.ts';
import { BASELINES, type Baseline, baselineForecast, sampleQuantile, within } from '../core/predict/baselines.ts';
import { probabilityEndedBy, quantile } from '../core/predict/distribution.ts';
import { startLearner } from '../core/predict/learner.ts';
import { bandMetrics, pointMetrics } from '../core/predict/metrics.ts';
import { replayRuns } from '../core/predict/past.ts';
import type { Predictor } from '../core/predict/predictor.ts';
import { runsOf } from '../core/predict/runs.ts';

/** What was said of one later task when it was submitted, and what happened; seconds. Baselines by their names. */
export type Foretold = {
  readonly id: string;
  readonly creator: string | null;
  readonly name: string | null;
  readonly submittedAt: string;
  readonly runtimeSeconds: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  /** The point with the best expected ratio to the truth. */
  readonly bestRatio: number;
  /** Where in the predicted distribution the truth fell, 0 to 1; evenly spread when the distribution is calibrated. */
  readonly level: number;
} & Readonly<Record<Baseline, number>> & { readonly histP10: number | null; readonly histP90: number | null };

/** Errors of one predictor over the foretold tasks, as `Evaluation` has them. */
export type ForetoldMetrics = Readonly<Record<string, string | number>>;

/**
 * Predicts tasks that the predictor has not learned from: each from what had ended when it was submitted, the later
 * ones before it included; the weights stay as they are.
 * @throws RangeError when the predictor has no network
 */
export function foretell({ network, calibration, tasks }: Predictor, later: readonly FinishedTask[]): Foretold[] {
  if (!network) throw new RangeError('This predictor has no network: it was given too few tasks');
  const all = [...tasks, ...later];
  const runs = runsOf(all);
  const learner = startLearner(runs, network, calibration);
  const foretold: Foretold[] = [];
  replayRuns(runs, ({ kind, row }, past) => {
    if (kind === 'ended') return learner.ended(row, past);
    learner.submitted(row, past);
    const at = runs.order[row]!;
    if (at < tasks.length) return;
    const { points, sample } = baselineForecast(runs, row, past);
    const { logTable, bestRatio } = learner.predict(row, past);
    const { id, parameters, submittedAtSeconds } = all[at]!;
    const limit = runs.request[row]!;
    const runtime = { seconds: Array.from(logTable, Math.exp) };
    const history = (level: number) => {
      const seconds = sampleQuantile(sample, level);
      return seconds === undefined ? null : within(seconds, limit);
    };
    foretold.push({
      id,
      creator: parameters.creator ?? null,
      name: parameters.name ?? null,
      submittedAt: new Date(submittedAtSeconds * 1000).toISOString(),
      runtimeSeconds: runs.runtime[row]!,
      p10: quantile(runtime, 0.1),
      p50: quantile(runtime, 0.5),
      p90: quantile(runtime, 0.9),
      bestRatio: within(Math.exp(bestRatio), limit),
      level: probabilityEndedBy(runtime, runs.runtime[row]!),
      ...points,
      histP10: history(0.1),
      histP90: history(0.9),
    });
  });
  return foretold;
}

/** Network and baselines side by side: errors of the points, and the share of truths inside the 80 % band. */
export function metricsOf(foretold: readonly Foretold[]): ForetoldMetrics[] {
  const actual = foretold.map(({ runtimeSeconds }) => runtimeSeconds);
  const column = (name: Baseline | 'p50' | 'p10' | 'p90' | 'bestRatio') => foretold.map((each) => each[name]);
  const network = {
    predictor: 'stowage',
    ...pointMetrics(actual, column('p50'), column('bestRatio')),
    ...bandMetrics(actual, column('p10'), column('p50'), column('p90')),
  };
  return [network, ...BASELINES.map((name) => ({ predictor: name, ...pointMetrics(actual, column(name)) }))];
}
