import type { FinishedTask } from '../model/finished.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import { BASELINES, type Baseline, type BaselineForecast, baselineForecast, within } from './baselines.ts';
import { QUANTILE_LEVELS, type RuntimeDistribution } from './distribution.ts';
import { type Past, replayRuns } from './past.ts';
import type { Predictions, RuntimePrediction } from './prediction.ts';
import { GROUPINGS, type Run, type Runs, runsOf } from './runs.ts';

/** All that predicts runtimes, as plain data. */
export type Predictor = {
  /** The latest finished tasks it knows: what a prediction stands on. */
  readonly tasks: readonly FinishedTask[];
};

/** A predictor of the baselines alone: nothing to train, ready at once. An empty history is fine. */
export function fitPredictor(history: readonly FinishedTask[]): Predictor {
  return { tasks: history };
}

/**
 * Predicts every task of a snapshot that ends by itself: endless and infrastructure tasks are left out. A running task
 * is predicted as it was when it started, a pending one as of now.
 * @param history further finished tasks, of the cluster itself; one that the predictor knows by its id counts once
 */
export function predictSnapshot(
  predictor: Predictor,
  snapshot: Snapshot,
  history: readonly FinishedTask[] = [],
): Predictions {
  const tasks = snapshot.tasks.filter((task) => !task.endless && !task.infrastructure);
  const known = mergeTasks(predictor.tasks, history);
  const runs = runsOf([...known, ...tasks.map((task) => runOf(task, snapshot.takenAtSeconds))]);
  const predictions: Record<string, RuntimePrediction> = {};
  const record = startRecord();
  const forecasts = new Map<number, BaselineForecast>();
  replayRuns(runs, ({ kind, row }, past) => {
    const task = tasks[runs.order[row]! - known.length];
    if (kind === 'ended') {
      const forecast = forecasts.get(row);
      if (forecast) record.learn(Math.exp(runs.logRuntime[row]!), forecast);
      forecasts.delete(row);
    } else {
      const forecast = baselineForecast(runs, row, past);
      if (task) predictions[task.id] = record.predict(forecast, runs, row, past, task);
      else forecasts.set(row, forecast);
    }
  });
  return predictions;
}

function mergeTasks(left: readonly FinishedTask[], right: readonly FinishedTask[]): readonly FinishedTask[] {
  if (right.length === 0) return left;
  const key = (task: FinishedTask) => `${task.id} ${task.submittedAtSeconds} ${task.endedAtSeconds}`;
  const known = new Set(left.map(key));
  return [...left, ...right.filter((task) => !known.has(key(task)))];
}

function runOf(task: Task, nowSeconds: number): Run {
  const submitted = Math.min(nowSeconds, task.startedAtSeconds ?? nowSeconds);
  const gpus = task.request.gpuMilli / 1000;
  return {
    parameters: task.parameters,
    request: task.request,
    size: gpus > 0 ? gpus : Math.max(task.request.milliCpu / 1000, 0.001),
    submittedAtSeconds: submitted,
    ...(task.startedAtSeconds === undefined ? {} : { startedAtSeconds: task.startedAtSeconds }),
  };
}

/** Outcomes kept per baseline and class, for the spread around its point. */
const KEPT_OUTCOMES = 2000;
/** Spread in ln units where nothing has ended yet: a factor of e² either way at one standard deviation. */
const UNKNOWN_SPREAD = 2;

/** How each baseline has done so far: its errors as ln(runtime / point), by how many runs it stood on. */
function startRecord() {
  const errors = new Map<string, number[]>();
  const utility = new Map<string, { sum: number; count: number }>();
  const classOf = ({ sample }: BaselineForecast) => (sample.length === 0 ? 'none' : sample.length < 5 ? 'few' : 'many');
  return {
    learn(runtime: number, forecast: BaselineForecast): void {
      for (const name of BASELINES) {
        const point = forecast.points[name];
        const key = `${name} ${classOf(forecast)}`;
        const kept = errors.get(key) ?? [];
        errors.set(key, kept);
        kept.push(Math.log(runtime / point));
        if (kept.length > 2 * KEPT_OUTCOMES) kept.splice(0, KEPT_OUTCOMES);
        const score = utility.get(key) ?? { sum: 0, count: 0 };
        utility.set(key, score);
        score.sum += Math.min(runtime / point, point / runtime);
        score.count += 1;
      }
    },
    predict(forecast: BaselineForecast, runs: Runs, row: number, past: Past, task: Task): RuntimePrediction {
      const score = (name: Baseline) => {
        const found = utility.get(`${name} ${classOf(forecast)}`);
        return found ? found.sum / found.count : 0;
      };
      const name = (['med20', 'last2', 'request'] as const).reduce<Baseline>(
        (best, each) => (score(each) > score(best) ? each : best),
        'med5',
      );
      const point = forecast.points[name];
      const spread = (errors.get(`${name} ${classOf(forecast)}`) ?? []).slice(-KEPT_OUTCOMES).sort((a, b) => a - b);
      return {
        runtime: around(point, spread, Math.exp(runs.logRequest[row]!)),
        predictor: name,
        basis: basisOf(name, forecast, runs, row, past, task),
      };
    },
  };
}

/** A distribution of the point times its past errors; wide where fewer than 20 are known. */
function around(point: number, errors: readonly number[], limit: number): RuntimeDistribution {
  const seconds = QUANTILE_LEVELS.map((level) => {
    const error = errors.length >= 20 ? rank(errors, level) : UNKNOWN_SPREAD * normalQuantile(level);
    return within(point * Math.exp(error), limit);
  });
  return { seconds };
}

function rank(ascending: readonly number[], level: number): number {
  return ascending[Math.round(level * (ascending.length - 1))]!;
}

/** Quantile of the normal distribution, by the logistic approximation ln(p/(1−p))/1.702. */
function normalQuantile(level: number): number {
  return Math.log(level / (1 - level)) / 1.702;
}

function basisOf(
  name: Baseline,
  { sample, grouping }: BaselineForecast,
  runs: Runs,
  row: number,
  past: Past,
  task: Task,
): string {
  if (name === 'request' && !Number.isNaN(runs.logRequest[row]!)) return 'the runtime it asked for';
  if (grouping === undefined || sample.length === 0) {
    return past.ended.length === 0
      ? 'no past runs: a wide guess'
      : 'no past runs of its creator: recent tasks of everyone';
  }
  const count =
    name === 'med20' ? sample.length : name === 'med5' ? Math.min(5, sample.length) : Math.min(2, sample.length);
  const { name: label, creator } = task.parameters;
  const of = GROUPINGS[grouping]!.fields.includes('name') && label !== undefined ? ` of ${label}` : '';
  return `${count} latest ${count === 1 ? 'run' : 'runs'}${of}${creator === undefined ? '' : ` by ${creator}`}`;
}
