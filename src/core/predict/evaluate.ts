import type { FinishedTask } from '../model/finished.ts';
import { type Baseline, type BaselineForecast, baselineForecast, sampleQuantile, within } from './baselines.ts';
import { QUANTILE_LEVELS, remainingQuantile } from './distribution.ts';
import { type Learner, type Outlook, startLearner } from './learner.ts';
import { type BandMetrics, bandMetrics, inBand, type PointMetrics, pointMetrics } from './metrics.ts';
import { type Network, newNetwork } from './network.ts';
import { type Past, replayRuns } from './past.ts';
import { type Runs, runsOf } from './runs.ts';
import { blockSteps, type Engine, makeTrainer, warmUpSteps } from './training.ts';

/** How every predictor did on the scored part of a log. */
export type Evaluation = {
  readonly jobs: number;
  readonly scored: number;
  readonly predictors: Readonly<Record<Baseline, PointMetrics & Partial<BandMetrics>>> & {
    readonly stowage: StowageMetrics;
  };
};

export type StowageMetrics = PointMetrics &
  BandMetrics & {
    /** Coverage of the 80 % band in each tenth of the scored part, in submit order. */
    readonly coverageByTenth: readonly number[];
    readonly coverage95: number;
    /** Median width of the 80 % band, in ln units. */
    readonly medianWidth80: number;
    readonly remaining: Readonly<Record<AgeName, RemainingError>>;
  };

export type AgeName = keyof typeof AGES;

/**
 * Mean absolute error of the remaining time in seconds over the tasks that reached an age. `oneShot`: the median told at
 * submit less the age, at least 0; `repredicted`: the median given that the task still runs at that age.
 */
export type RemainingError = { readonly tasks: number; readonly oneShot: number; readonly repredicted: number };

export type EvaluationOptions = {
  readonly tf: Engine;
  readonly random: () => number;
  /** Weights to start from; absent: random ones. They are not changed. */
  readonly network?: Network;
  /** False: no training on this log. */
  readonly learns: boolean;
  /** Steps of the first training (absent: by the rows there are) and parts of the scored rows (absent: 40). */
  readonly schedule?: { readonly steps: number; readonly blocks: number };
  readonly onProgress?: (fraction: number, text: string) => void;
};

const WARM_UP_FRACTION = 0.2;
const BLOCKS = 40;
/** The half of a batch that is drawn from the newest runs reaches back so many blocks, or runs. */
const [NEWEST_BLOCKS, NEWEST_RUNS] = [4, 4000];
/** Ages at which remaining time is judged: quantiles of the group's last 20 runs. */
const AGES = { age0: undefined, q25: 0.25, q50: 0.5, q90: 0.9 } as const;
/** A group with fewer ended runs has no quantiles to speak of. */
const LEAST_SAMPLE = 5;
const LEVELS = QUANTILE_LEVELS.length;
const [LOW95, LOW, MIDDLE, HIGH, HIGH95] = [0.025, 0.1, 0.5, 0.9, 0.975].map((level) =>
  QUANTILE_LEVELS.indexOf(level),
) as [number, number, number, number, number];

/**
 * Prequential evaluation: in submit order, each run is predicted from what had ended by then, and learned from when it
 * ends. The first fifth only warms up; the network learns before the scored part and then in 40 blocks, on runs that had
 * started: ended ones by their runtime, running ones by their age.
 * @throws RangeError when there is no task
 */
export function evaluatePredictors(tasks: readonly FinishedTask[], options: EvaluationOptions): Evaluation {
  if (tasks.length === 0) throw new RangeError('There is no task to evaluate on');
  const runs = runsOf(tasks);
  const first = Math.floor(runs.count * WARM_UP_FRACTION);
  const network = structuredClone(options.network) ?? newNetwork(options.random);
  const learner = startLearner(runs, network);
  const train = options.learns ? blockTraining(runs, first, network, learner, options) : () => {};
  const scores = startScores(runs, first);
  replayRuns(runs, ({ kind, row }, past) => {
    if (kind === 'ended') return learner.ended(row, past);
    if (row >= first) train(row, past);
    learner.submitted(row, past);
    if (row < first) return;
    scores.add(row, baselineForecast(runs, row, past), learner.predict(row, past));
    if ((row - first) % 1000 === 0) {
      const done = (row - first) / (runs.count - first);
      options.onProgress?.(0.4 + 0.6 * done, `run ${row} of ${runs.count}`);
    }
  });
  return { jobs: runs.count, scored: runs.count - first, predictors: scores.metrics() };
}

/** Trains before the first scored run, and before each of 40 equal parts of the rest. */
function blockTraining(
  runs: Runs,
  first: number,
  network: Network,
  learner: Learner,
  { tf, random, schedule, onProgress }: EvaluationOptions,
): (row: number, past: Past) => void {
  const trainer = makeTrainer(tf, network, random);
  const blockRows = Math.max(1, Math.ceil((runs.count - first) / (schedule?.blocks ?? BLOCKS)));
  return (row, past) => {
    if ((row - first) % blockRows !== 0) return;
    if (row > first) {
      const newest = Math.max(NEWEST_BLOCKS * blockRows, NEWEST_RUNS);
      learner.train(row, past, { trainer, random, newest, ...blockSteps(blockRows) });
      return;
    }
    const plan = warmUpSteps(row, schedule?.steps);
    const onStep = (step: number) =>
      onProgress?.((0.4 * step) / plan.steps, `warming up: step ${step} of ${plan.steps}`);
    learner.train(row, past, { trainer, random, onStep, ...plan });
  };
}

/** Collects what each predictor said of the rows from `first` on, and makes the metrics of it. */
function startScores(runs: Runs, first: number) {
  const count = runs.count - first;
  const actual = runs.runtime.subarray(first);
  const limits = runs.request.subarray(first);
  const column = () => new Float64Array(count);
  const points: Record<Baseline, Float64Array> = {
    request: column(),
    last2: column(),
    med5: column(),
    med20: column(),
    hist20: column(),
  };
  const best = column();
  const tables = new Float32Array(count * LEVELS);
  const ages = new Float32Array(count * 3).fill(Number.NaN);
  const history = { rows: [] as number[], low: [] as number[], middle: [] as number[], high: [] as number[] };
  const tableColumn = (level: number) =>
    Float64Array.from({ length: count }, (_, at) => within(Math.exp(tables[at * LEVELS + level]!), limits[at]!));
  return {
    add(row: number, { points: told, sample, grouping }: BaselineForecast, outlook: Outlook): void {
      const at = row - first;
      for (const name of Object.keys(points) as Baseline[]) points[name][at] = told[name];
      tables.set(outlook.logTable, at * LEVELS);
      best[at] = within(Math.exp(outlook.bestRatio), limits[at]!);
      if (grouping === undefined || sample.length < LEAST_SAMPLE) return;
      const quantileOf = (level: number) => within(sampleQuantile(sample, level)!, limits[at]!);
      history.rows.push(at);
      history.low.push(quantileOf(0.1));
      history.middle.push(quantileOf(0.5));
      history.high.push(quantileOf(0.9));
      for (const [age, level] of [0.25, 0.5, 0.9].entries()) ages[at * 3 + age] = sampleQuantile(sample, level)!;
    },
    metrics(): Evaluation['predictors'] {
      const point = (predicted: Float64Array, ratio?: Float64Array) => pointMetrics(actual, predicted, ratio)!;
      const [low, middle, high] = [tableColumn(LOW), tableColumn(MIDDLE), tableColumn(HIGH)];
      const inside = Float64Array.from(actual, (runtime, at) => (inBand(runtime, low[at]!, high[at]!) ? 1 : 0));
      const [low95, high95] = [tableColumn(LOW95), tableColumn(HIGH95)];
      const inside95 = Float64Array.from(actual, (runtime, at) => (inBand(runtime, low95[at]!, high95[at]!) ? 1 : 0));
      const widths = low.map((value, at) => Math.log(high[at]! / value)).sort();
      const past = Float64Array.from(history.rows, (at) => actual[at]!);
      return {
        request: point(points.request),
        last2: point(points.last2),
        med5: point(points.med5),
        med20: point(points.med20),
        hist20: { ...point(points.hist20), ...bandMetrics(past, history.low, history.middle, history.high) },
        stowage: {
          ...point(middle, best),
          ...bandMetrics(actual, low, middle, high)!,
          coverageByTenth: Array.from({ length: Math.min(10, count) }, (_, tenth) => {
            const tenths = Math.min(10, count);
            return mean(
              inside.subarray(Math.floor((tenth * count) / tenths), Math.floor(((tenth + 1) * count) / tenths)),
            );
          }),
          coverage95: mean(inside95),
          medianWidth80: widths[widths.length >> 1]!,
          remaining: remainingErrors(actual, middle, ages, tables),
        },
      };
    },
  };
}

function remainingErrors(
  actual: ArrayLike<number>,
  median: Float64Array,
  ages: Float32Array,
  tables: Float32Array,
): StowageMetrics['remaining'] {
  const errors = Object.keys(AGES).map((name, which) => {
    const sum = { tasks: 0, oneShot: 0, repredicted: 0 };
    for (let at = 0; at < actual.length; at++) {
      const age = which === 0 ? (Number.isNaN(ages[at * 3]) ? Number.NaN : 0) : ages[at * 3 + which - 1]!;
      const remaining = actual[at]! - age;
      if (!(remaining > 0)) continue;
      const seconds = Array.from(tables.subarray(at * LEVELS, (at + 1) * LEVELS), Math.exp);
      sum.tasks += 1;
      sum.oneShot += Math.abs(Math.max(0, median[at]! - age) - remaining);
      sum.repredicted += Math.abs(remainingQuantile({ seconds }, age, 0.5) - remaining);
    }
    const share = Math.max(1, sum.tasks);
    return [name, { tasks: sum.tasks, oneShot: sum.oneShot / share, repredicted: sum.repredicted / share }];
  });
  return Object.fromEntries(errors) as StowageMetrics['remaining'];
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
