import type { FinishedTask } from '../model/finished.ts';
import { type Baseline, type BaselineForecast, baselineForecast, sampleQuantile, within } from './baselines.ts';
import { QUANTILE_LEVELS, remainingQuantile } from './distribution.ts';
import { type Learner, type Outlook, startLearner } from './learner.ts';
import { type BandMetrics, bandMetrics, inBand, type PointMetrics, pointMetrics } from './metrics.ts';
import { type Network, newNetwork } from './network.ts';
import { type Past, type PastEvent, replayRuns } from './past.ts';
import { type Runs, runsOf } from './runs.ts';
import { blockSteps, type Engine, makeTrainer, warmUpSteps } from './training.ts';

/** How every predictor did on the scored part of a log. */
export type Evaluation = {
  readonly jobs: number;
  readonly scored: number;
  /** Where nothing is trained: how every predictor did on the tasks from 200 to 2,200, a cluster's first days. */
  readonly early?: Early;
  readonly predictors: Readonly<Record<Baseline, PointMetrics & Partial<BandMetrics>>> & {
    readonly stowage: StowageMetrics;
  };
};

export type Early = {
  readonly tasks: number;
  readonly predictors: Readonly<Record<Baseline | 'stowage', PointMetrics>>;
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
 * Mean absolute error of the remaining time in seconds over the tasks that reached an age, which is counted from the
 * start. All three read the median of the same network's table, which is at most the limit.
 */
export type RemainingError = {
  readonly tasks: number;
  /** Told at submit, less the age, at least 0. */
  readonly oneShot: number;
  /** The table told at submit, given that the task still runs at that age. */
  readonly conditioned: number;
  /** The table renewed at that age, from what had ended by then, given that the task still runs. */
  readonly repredicted: number;
};

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
const [LOW95, P10, P50, P90, HIGH95] = [0.025, 0.1, 0.5, 0.9, 0.975].map((level) => QUANTILE_LEVELS.indexOf(level)) as [
  number,
  number,
  number,
  number,
  number,
];

/**
 * Prequential evaluation: in submit order, each run is predicted from what had ended by then, and learned from when it
 * ends. The first fifth only warms up; the network learns before the scored part and then in 40 blocks, on runs that
 * had started: ended ones by their runtime, running ones by their age.
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
  const early = startEarly(runs, options.learns ? 0 : runs.count);
  replayRuns(runs, ({ kind, row }, past) => {
    if (kind === 'submitted' && row >= first) scores.hearBaselines(row, baselineForecast(runs, row, past));
  });
  const visit = (event: PastEvent, past: Past) => {
    const { kind, row } = event;
    if (kind === 'ended') return learner.ended(row, past);
    if (kind === 'reached') return scores.hearRenewed(row, event.moment, learner.renew(row, past));
    if (row >= first) train(row, past);
    learner.submitted(row, past);
    if (row < first && !early.covers(row)) return;
    const outlook = learner.predict(row, past);
    if (early.covers(row)) early.add(row, baselineForecast(runs, row, past), outlook);
    if (row < first) return;
    scores.add(row, outlook);
    if ((row - first) % 1000 === 0) {
      const done = (row - first) / (runs.count - first);
      options.onProgress?.(0.4 + 0.6 * done, `run ${row} of ${runs.count}`);
    }
  };
  replayRuns(runs, visit, scores.moments());
  const started = early.metrics();
  return {
    jobs: runs.count,
    scored: runs.count - first,
    ...(started ? { early: started } : {}),
    predictors: scores.metrics(),
  };
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
  const remaining = startRemaining(runs, first);
  const history = { rows: [] as number[], p10: [] as number[], p50: [] as number[], p90: [] as number[] };
  const tableColumn = (level: number) =>
    Float64Array.from({ length: count }, (_, at) => Math.exp(tables[at * LEVELS + level]!));
  return {
    hearBaselines(row: number, { points: told, sample, grouping }: BaselineForecast): void {
      const at = row - first;
      for (const name of Object.keys(points) as Baseline[]) points[name][at] = told[name];
      if (grouping === undefined || sample.length < LEAST_SAMPLE) return;
      const quantileOf = (level: number) => sampleQuantile(sample, level)!;
      history.rows.push(at);
      history.p10.push(quantileOf(0.1));
      history.p50.push(quantileOf(0.5));
      history.p90.push(quantileOf(0.9));
      remaining.hearAges(row, sample);
    },
    moments: () => remaining.moments,
    add(row: number, outlook: Outlook): void {
      const at = row - first;
      tables.set(outlook.logTable, at * LEVELS);
      best[at] = within(Math.exp(outlook.bestRatio), limits[at]!);
      remaining.add(row, outlook);
    },
    hearRenewed: remaining.hearRenewed,
    metrics(): Evaluation['predictors'] {
      const point = (predicted: Float64Array, ratio?: Float64Array) => pointMetrics(actual, predicted, ratio)!;
      const [p10, p50, p90] = [tableColumn(P10), tableColumn(P50), tableColumn(P90)];
      const inside = Float64Array.from(actual, (runtime, at) => (inBand(runtime, p10[at]!, p90[at]!) ? 1 : 0));
      const [low95, high95] = [tableColumn(LOW95), tableColumn(HIGH95)];
      const inside95 = Float64Array.from(actual, (runtime, at) => (inBand(runtime, low95[at]!, high95[at]!) ? 1 : 0));
      const widths = p10.map((value, at) => Math.log(p90[at]! / value)).sort();
      const past = Float64Array.from(history.rows, (at) => actual[at]!);
      const median = p50.map((value, at) => within(value, limits[at]!));
      return {
        request: point(points.request),
        last2: point(points.last2),
        med5: point(points.med5),
        med20: point(points.med20),
        hist20: { ...point(points.hist20), ...bandMetrics(past, history.p10, history.p50, history.p90) },
        stowage: {
          ...point(median, best),
          ...bandMetrics(actual, p10, p50, p90)!,
          coverageByTenth: Array.from({ length: Math.min(10, count) }, (_, tenth) => {
            const tenths = Math.min(10, count);
            return mean(
              inside.subarray(Math.floor((tenth * count) / tenths), Math.floor(((tenth + 1) * count) / tenths)),
            );
          }),
          coverage95: mean(inside95),
          medianWidth80: widths[widths.length >> 1]!,
          remaining: remaining.errors(),
        },
      };
    },
  };
}

/** Tasks of a cluster's first days; before them there is nearly no history, after them it is time to train. */
const [EARLY_FROM, EARLY_TO] = [200, 2200];

/** Collects what each predictor said of the early rows below `count`. */
function startEarly(runs: Runs, count: number) {
  const to = Math.min(EARLY_TO, count);
  const points: Record<Baseline | 'stowage', number[]> = {
    request: [],
    last2: [],
    med5: [],
    med20: [],
    hist20: [],
    stowage: [],
  };
  const best: number[] = [];
  return {
    covers: (row: number) => row >= EARLY_FROM && row < to,
    add(row: number, forecast: BaselineForecast, { logTable, bestRatio }: Outlook): void {
      for (const name of Object.keys(forecast.points) as Baseline[]) points[name].push(forecast.points[name]);
      points.stowage.push(within(Math.exp(logTable[P50]!), runs.request[row]!));
      best.push(within(Math.exp(bestRatio), runs.request[row]!));
    },
    metrics(): Early | undefined {
      const actual = runs.runtime.subarray(EARLY_FROM, Math.max(EARLY_FROM, to));
      if (actual.length === 0) return undefined;
      const metrics = Object.entries(points).map(([name, told]) => [
        name,
        pointMetrics(actual, told, name === 'stowage' ? best : told)!,
      ]);
      return { tasks: actual.length, predictors: Object.fromEntries(metrics) as Early['predictors'] };
    },
  };
}

/** Judges the remaining time at the ages of `AGES`, for rows from `first` on that reach them. */
function startRemaining(runs: Runs, first: number) {
  const names = Object.keys(AGES) as AgeName[];
  const count = (runs.count - first) * names.length;
  const rows = Int32Array.from({ length: count }, (_, moment) => first + Math.floor(moment / names.length));
  const seconds = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const sums = names.map(() => ({ tasks: 0, oneShot: 0, conditioned: 0, repredicted: 0 }));
  /** What is left by a table of a run that has reached an age, at most to its limit. */
  const left = (logTable: ArrayLike<number>, row: number, age: number) => {
    const table = { seconds: Array.from(logTable, Math.exp) };
    const ends = within(age + remainingQuantile(table, age, 0.5), runs.request[row]!);
    return Math.max(0, ends - age);
  };
  return {
    moments: { rows, seconds },
    hearAges(row: number, sample: readonly number[]): void {
      for (const [at, name] of names.entries()) {
        const level = AGES[name];
        const age = level === undefined ? 0 : sampleQuantile(sample, level)!;
        if (age < runs.runtime[row]!) seconds[(row - first) * names.length + at] = runs.start[row]! + age;
      }
    },
    add(row: number, { logTable }: Outlook): void {
      const median = within(Math.exp(logTable[P50]!), runs.request[row]!);
      for (const [at, sum] of sums.entries()) {
        const reached = seconds[(row - first) * names.length + at]!;
        if (reached === Number.POSITIVE_INFINITY) continue;
        const age = reached - runs.start[row]!;
        const actual = runs.runtime[row]! - age;
        sum.tasks += 1;
        sum.oneShot += Math.abs(Math.max(0, median - age) - actual);
        sum.conditioned += Math.abs(left(logTable, row, age) - actual);
      }
    },
    hearRenewed(row: number, moment: number, { logTable }: Outlook): void {
      const age = seconds[moment]! - runs.start[row]!;
      sums[moment % names.length]!.repredicted += Math.abs(left(logTable, row, age) - (runs.runtime[row]! - age));
    },
    errors(): StowageMetrics['remaining'] {
      const errors = sums.map(({ tasks, oneShot, conditioned, repredicted }, at) => {
        const share = Math.max(1, tasks);
        const means = { oneShot: oneShot / share, conditioned: conditioned / share, repredicted: repredicted / share };
        return [names[at]!, { tasks, ...means }];
      });
      return Object.fromEntries(errors) as StowageMetrics['remaining'];
    },
  };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
