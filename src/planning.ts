import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Cluster, StandingRecord } from './cluster/cluster.ts';
import { countArrivals } from './core/forecast/arrivals.ts';
import { type Forecast, type ForecastRequest, forecast } from './core/forecast/forecast.ts';
import { changeName, type NodeChange, withChange, withMoves } from './core/forecast/scenarios.ts';
import type { FinishedTask } from './core/model/finished.ts';
import type { Move } from './core/model/moves.ts';
import type { Settings } from './core/model/settings.ts';
import type { Since } from './core/model/since.ts';
import type { Snapshot } from './core/model/snapshot.ts';
import { movesThatFit } from './core/plan/checkPlan.ts';
import { draftPlan, finishPlan } from './core/plan/makePlan.ts';
import type { ClusterTarget, Plan, PredictorUsed } from './core/plan/plan.ts';
import type { Predictions } from './core/predict/prediction.ts';
import { fitPredictor, type Predictor, predictSnapshot } from './core/predict/predictor.ts';
import { lastShrinks, readSince, writeSince } from './since.ts';
import { loadSolver } from './worker/solver/highs.ts';

/** All that a plan is made from: what the cluster is now, what it did before, and since when conditions hold. */
export type Situation = {
  readonly snapshot: Snapshot;
  readonly history: readonly FinishedTask[];
  readonly since: Since;
  readonly predictions: Predictions;
  readonly predictor: Omit<PredictorUsed, 'chosen'>;
  /** What is read again only now and then: see `readSituation`. */
  readonly past: Past;
};

/** What changes slowly, and costs a large cluster much to read: its finished runs and standing moves. */
type Past = {
  readonly readAtSeconds: number;
  readonly history: readonly FinishedTask[];
  readonly problems: readonly string[];
  readonly records: readonly StandingRecord[];
  /** From a file, if there was one. */
  readonly trained: Predictor | undefined;
  /** That, or the baselines fitted to this history. */
  readonly predictor: Predictor;
};

/** The part of a cluster that a situation is read from. */
type Readable = Pick<Cluster, 'readSnapshot' | 'readHistory' | 'readRecords'>;

/** Futures behind each band of a plan's forecast. */
const SAMPLES = 40;
const FORECAST_SEED = 1;

/**
 * Reads a cluster and predicts its tasks.
 * @param predictor from a file; absent: the baselines, fitted to the cluster's own history
 * @param last a situation of the same cluster whose history, standing moves and predictions of tasks that have not changed
 * will do while they are not a minute old: for what is shown, never for what is planned
 * @throws ClusterUnreachable; the signal's reason when it aborts
 */
export async function readSituation(
  cluster: Readable,
  stateDirectory: string,
  predictor?: Predictor,
  signal?: AbortSignal,
  last?: Situation,
): Promise<Situation> {
  const read = await cluster.readSnapshot(signal);
  const age = last ? read.takenAtSeconds - last.past.readAtSeconds : Number.POSITIVE_INFINITY;
  const recent = age < PAST_SECONDS && last?.past.trained === predictor ? last : undefined;
  const past = recent?.past ?? (await readPast(cluster, predictor, read.takenAtSeconds, signal));
  const { history, problems, records } = past;
  const snapshot = { ...read, problems: [...read.problems, ...problems] };
  const since = { ...(await readSince(sinceFile(stateDirectory), snapshot)), ...lastShrinks(records, snapshot) };
  const predictions = predict(past, snapshot, recent);
  const used = {
    name: predictor ? 'trained' : 'baselines',
    tasks: Math.max(history.length, predictor?.tasks.length ?? 0),
  };
  return { snapshot, history, since, predictions, predictor: used, past };
}

/** How long what changes slowly is good enough to be shown. */
const PAST_SECONDS = 60;

/** Each task's prediction, and the recent one's where the very same task had one. */
function predict({ predictor, history }: Past, snapshot: Snapshot, recent: Situation | undefined): Predictions {
  if (!recent) return predictSnapshot(predictor, snapshot, history);
  const known = new Set(recent.snapshot.tasks);
  const tasks = snapshot.tasks.filter((task) => !known.has(task));
  const predictions: Record<string, Predictions[string]> = {
    ...predictSnapshot(predictor, { ...snapshot, tasks }, history),
  };
  for (const task of snapshot.tasks) {
    const before = known.has(task) ? recent.predictions[task.id] : undefined;
    if (before) predictions[task.id] = before;
  }
  return predictions;
}

async function readPast(
  cluster: Readable,
  trained: Predictor | undefined,
  readAtSeconds: number,
  signal: AbortSignal | undefined,
): Promise<Past> {
  const [{ tasks: history, problems }, records] = await Promise.all([
    cluster.readHistory(signal),
    cluster.readRecords(signal),
  ]);
  return { readAtSeconds, history, problems, records, trained, predictor: trained ?? fitPredictor(history) };
}

export type PlanOptions = {
  readonly signal?: AbortSignal;
  readonly onProgress?: (forecast: Forecast) => void;
  /** Nodes that go or come in scenarios of their own. */
  readonly changes?: readonly NodeChange[];
};

/**
 * Plans a situation and forecasts it side by side without the plan, with parts of it, with all of it, and with each change
 * of its nodes; remembers since when its conditions hold.
 * @throws InputError for a change of a node that is not there
 */
export async function planSituation(
  situation: Situation,
  target: ClusterTarget,
  settings: Settings,
  stateDirectory: string,
  { changes = [], ...options }: PlanOptions = {},
): Promise<Plan> {
  const { snapshot, predictions, predictor, since } = situation;
  const changed = changedScenarios(snapshot, changes);
  const waitsForGpus = snapshot.tasks.some(({ phase, request }) => phase === 'pending' && request.gpuMilli > 0);
  const solve = waitsForGpus ? await loadSolver() : undefined;
  const draft = draftPlan({ snapshot, predictions, predictor, settings, since, ...(solve && { solve }) });
  await writeSince(sinceFile(stateDirectory), snapshot.cluster, draft.since);
  const scenarios = { nothing: snapshot, ...planScenarios(snapshot, draft.moves, settings), ...changed };
  return finishPlan(draft, { target, forecast: await drawForecast(situation, scenarios, settings, options) });
}

/**
 * The forecast of a situation with one change of its nodes, on the same futures as its plan's.
 * @throws InputError for a node that is not there
 */
export function forecastChange(
  situation: Situation,
  change: NodeChange,
  settings: Settings,
  options: Omit<PlanOptions, 'changes'> = {},
): Promise<Forecast> {
  return drawForecast(situation, changedScenarios(situation.snapshot, [change]), settings, options);
}

/**
 * `plan`: all moves done. `resize` and `migrate`: only those, and of the migrations only what fits without the rest;
 * absent where the plan has nothing else.
 */
function planScenarios(snapshot: Snapshot, moves: readonly Move[], settings: Settings): Record<string, Snapshot> {
  const only = (kind: Move['kind']) => moves.filter((move) => move.kind === kind);
  const part = (name: string, some: readonly Move[]) =>
    some.length > 0 && some.length < moves.length ? { [name]: withMoves(snapshot, some, settings) } : {};
  return {
    ...part('resize', only('resize')),
    ...part('migrate', movesThatFit(only('migration'), snapshot)),
    plan: withMoves(snapshot, moves, settings),
  };
}

function changedScenarios(snapshot: Snapshot, changes: readonly NodeChange[]): Record<string, Snapshot> {
  return Object.fromEntries(changes.map((change) => [changeName(change), withChange(snapshot, change)]));
}

/** The last of the forecasts, each coarser one told on the way; lets other events of the thread in between. */
async function drawForecast(
  { snapshot, history, predictions }: Situation,
  scenarios: ForecastRequest['scenarios'],
  settings: Settings,
  { signal, onProgress }: Omit<PlanOptions, 'changes'>,
): Promise<Forecast> {
  const arrivals = countArrivals(history, snapshot, snapshot.takenAtSeconds);
  const futures = forecast({ scenarios, predictions, arrivals, settings, seed: FORECAST_SEED, samples: SAMPLES });
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
