import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Cluster } from './cluster/cluster.ts';
import { countArrivals } from './core/forecast/arrivals.ts';
import { type Forecast, type ForecastRequest, forecast } from './core/forecast/forecast.ts';
import { withMoves } from './core/forecast/scenarios.ts';
import type { FinishedTask } from './core/model/finished.ts';
import type { Settings } from './core/model/settings.ts';
import type { Since } from './core/model/since.ts';
import type { Snapshot } from './core/model/snapshot.ts';
import { draftPlan, finishPlan } from './core/plan/makePlan.ts';
import type { ClusterTarget, Plan, PredictorUsed } from './core/plan/plan.ts';
import type { Predictions } from './core/predict/prediction.ts';
import { fitPredictor, type Predictor, predictSnapshot } from './core/predict/predictor.ts';
import { lastShrinks, readSince, writeSince } from './since.ts';

/** All that a plan is made from: what the cluster is now, what it did before, and since when conditions hold. */
export type Situation = {
  readonly snapshot: Snapshot;
  readonly history: readonly FinishedTask[];
  readonly since: Since;
  readonly predictions: Predictions;
  readonly predictor: Omit<PredictorUsed, 'chosen'>;
};

/** Futures behind each band of a plan's forecast. */
const SAMPLES = 40;
const FORECAST_SEED = 1;

/**
 * Reads a cluster and predicts its tasks.
 * @param predictor from a file; absent: the baselines, fitted to the cluster's own history
 * @throws ClusterUnreachable; the signal's reason when it aborts
 */
export async function readSituation(
  cluster: Cluster,
  stateDirectory: string,
  predictor?: Predictor,
  signal?: AbortSignal,
): Promise<Situation> {
  const read = await cluster.readSnapshot(signal);
  const [{ tasks: history, problems }, records] = await Promise.all([
    cluster.readHistory(signal),
    cluster.readRecords(signal),
  ]);
  const snapshot = { ...read, problems: [...read.problems, ...problems] };
  const since = { ...(await readSince(sinceFile(stateDirectory), snapshot)), ...lastShrinks(records, snapshot) };
  const predictions = predictor
    ? predictSnapshot(predictor, snapshot, history)
    : predictSnapshot(fitPredictor(history), snapshot);
  const used = {
    name: predictor ? 'trained' : 'baselines',
    tasks: Math.max(history.length, predictor?.tasks.length ?? 0),
  };
  return { snapshot, history, since, predictions, predictor: used };
}

/** Plans a situation and forecasts it with and without the plan; remembers since when its conditions hold. */
export async function planSituation(
  { snapshot, history, since, predictions, predictor }: Situation,
  target: ClusterTarget,
  settings: Settings,
  stateDirectory: string,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (forecast: Forecast) => void } = {},
): Promise<Plan> {
  const draft = draftPlan({ snapshot, predictions, predictor, settings, since });
  await writeSince(sinceFile(stateDirectory), snapshot.cluster, draft.since);
  const arrivals = countArrivals(history, snapshot, snapshot.takenAtSeconds);
  const scenarios = { nothing: snapshot, plan: withMoves(snapshot, draft.moves, settings) };
  const request = { scenarios, predictions, arrivals, settings, seed: FORECAST_SEED, samples: SAMPLES };
  return finishPlan(draft, { target, forecast: await drawForecast(request, onProgress, signal) });
}

/** The last of the forecasts, each coarser one told on the way; lets other events of the thread in between. */
async function drawForecast(
  request: ForecastRequest,
  onProgress?: (forecast: Forecast) => void,
  signal?: AbortSignal,
): Promise<Forecast> {
  const futures = forecast(request);
  for (;;) {
    signal?.throwIfAborted();
    const { done, value } = futures.next();
    if (done) return value;
    onProgress?.(value);
    await breathe();
  }
}

function sinceFile(stateDirectory: string): string {
  return join(stateDirectory, 'since.json');
}
