import type { FinishedTask } from '../model/finished.ts';
import type { Task } from '../model/task.ts';
import { type Baseline, type BaselineForecast, baselineForecast, ownRuntimes } from './baselines.ts';
import { baselineBasis, networkBasis } from './basis.ts';
import type { RuntimeDistribution } from './distribution.ts';
import type { Learner, Outlook } from './learner.ts';
import type { Past } from './past.ts';
import type { RuntimePrediction } from './prediction.ts';
import { type Choice, choosePredictor, groupLabel, latestWeek, spreadAround, type TrackRecord } from './record.ts';
import type { Runs } from './runs.ts';

/** Where a task stands among all runs, and how the network predicts it there. */
export type Standing = {
  readonly known: readonly FinishedTask[];
  readonly runs: Runs;
  /** Its row of `runs`. */
  readonly row: number;
  readonly past: Past;
  readonly network?: TaskNetwork | undefined;
};

/** A network that predicts one task; `learner.shares` holds once `outlook` was asked. */
type TaskNetwork = { readonly learner: Learner; readonly outlook: () => Outlook };

/** What the chosen predictor says. */
type Said = Pick<RuntimePrediction, 'runtime' | 'bestRatioSeconds' | 'basis'>;

/**
 * Predicts one task: the track record chooses who predicts it, that predictor gives the distribution of its runtime and
 * what this stands on. The table of a running task is of its whole runtime.
 */
export function predictTask(record: TrackRecord, task: Task, standing: Standing): RuntimePrediction {
  const { network, runs, row, past } = standing;
  const choice = choosePredictor(record, groupLabel(task.parameters), network !== undefined);
  const forecast = baselineForecast(runs, row, past);
  const said =
    choice.name === 'stowage' && network
      ? saidByNetwork(task, standing, network)
      : saidByBaseline(task, standing, { record, choice, forecast });
  return { ...said, predictor: choice.name, ...coverageOf(record, choice), beside: forecast.points };
}

function saidByNetwork(task: Task, { known, runs, row }: Standing, { learner, outlook }: TaskNetwork): Said {
  const { logTable, bestRatio } = outlook();
  return {
    runtime: limited({ seconds: Array.from(logTable, Math.exp) }, task),
    bestRatioSeconds: Math.min(Math.exp(bestRatio), task.runtimeLimitSeconds ?? Number.POSITIVE_INFINITY),
    basis: networkBasis(learner.shares(row), known, runs, row),
  };
}

/**
 * A running task's distribution is of the runs like it that lasted; a waiting one's is the point with its past errors.
 */
function saidByBaseline(
  task: Task,
  { runs, row, past }: Standing,
  { record, choice, forecast }: { record: TrackRecord; choice: Choice; forecast: BaselineForecast },
): Said {
  const { name, instead } = choice;
  const baseline: Baseline = name === 'stowage' ? 'med5' : name;
  const own = task.startedAtSeconds === undefined ? undefined : ownRuntimes(runs, row, past);
  const basis = baselineBasis(baseline, forecast, task.parameters, past.ended.length);
  return {
    runtime: limited(own ?? spreadAround(record, baseline, forecast, runs.request[row]!), task),
    bestRatioSeconds: forecast.points[baseline],
    basis: instead ? { ...basis, instead } : basis,
  };
}

/** How far the band of the chosen predictor is to be trusted, by what it has told before. */
function coverageOf(record: TrackRecord, { name, score, of }: Choice): Pick<RuntimePrediction, 'coverage'> {
  if (!score) return {};
  const { outcomes } = score;
  const week = name === 'stowage' ? latestWeek(record) : undefined;
  return { coverage: { fraction: score.inBand / outcomes, outcomes, of, ...(week ? { latestWeek: week } : {}) } };
}

function limited(runtime: RuntimeDistribution, { runtimeLimitSeconds }: Task): RuntimeDistribution {
  if (runtimeLimitSeconds === undefined) return runtime;
  return { seconds: runtime.seconds.map((seconds) => Math.min(seconds, runtimeLimitSeconds)) };
}
