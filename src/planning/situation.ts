import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Cluster, StandingRecord } from '../cluster/port.ts';
import { countArrivals } from '../core/forecast/arrivals.ts';
import { type Forecast, type ForecastRequest, forecast } from '../core/forecast/forecast.ts';
import { changeName, type NodeChange, withChange, withMoves } from '../core/forecast/scenarios.ts';
import type { FinishedTask } from '../core/model/finished.ts';
import type { Move } from '../core/model/moves.ts';
import type { Settings } from '../core/model/settings.ts';
import type { Since } from '../core/model/since.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { differences } from '../core/model/sortedList.ts';
import type { Task } from '../core/model/task.ts';
import { movesThatFit } from '../core/plan/checkPlan.ts';
import { draftPlan, finishPlan } from '../core/plan/makePlan.ts';
import type { ClusterTarget, Plan, PredictorUsed } from '../core/plan/plan.ts';
import type { Predictions } from '../core/predict/prediction.ts';
import { fitPredictor, type Predictor, predictInTurns, predictSnapshot } from '../core/predict/predictor.ts';
import { loadSolver } from '../io/highs.ts';
import { lastShrinks, readSince, writeSince } from './since.ts';

/** All that a plan is made from: what the cluster is now, what it did before, and since when conditions hold. */
export type Situation = {
  readonly snapshot: Snapshot;
  readonly history: readonly FinishedTask[];
  readonly since: Since;
  readonly predictions: Predictions;
  readonly predictor: Omit<PredictorUsed, 'chosen'>;
  /** What a glance does not read again. */
  readonly past: Past;
  /** Tasks that have come since predictions were made, or have changed so that they may be others. */
  readonly unpredicted: readonly Task[];
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
 * @throws ClusterUnreachable; the signal's reason when it aborts
 */
export async function readSituation(
  cluster: Readable,
  stateDirectory: string,
  predictor?: Predictor,
  signal?: AbortSignal,
): Promise<Situation> {
  const read = await cluster.readSnapshot(signal);
  const past = await readPast(cluster, predictor, read.takenAtSeconds, signal);
  const { history, records } = past;
  const snapshot = withProblems(read, past);
  const since = { ...(await readSince(sinceFile(stateDirectory), snapshot)), ...lastShrinks(records, snapshot) };
  const predictions = await predict(past, snapshot, signal);
  const used = {
    name: predictor ? 'trained' : 'baselines',
    tasks: Math.max(history.length, predictor?.tasks.length ?? 0),
  };
  return { snapshot, history, since, predictions, predictor: used, past, unpredicted: [] };
}

/** The cluster as it is now, with nothing known of its past yet and no task predicted: the soonest that can be shown. */
export async function firstGlance(cluster: Readable, signal?: AbortSignal): Promise<Situation> {
  const snapshot = await cluster.readSnapshot(signal);
  const none = { history: [], problems: [], records: [], trained: undefined, predictor: fitPredictor([]) };
  const past = { readAtSeconds: Number.NEGATIVE_INFINITY, ...none };
  const predictor = { name: 'none yet', tasks: 0 };
  return { snapshot, history: [], since: {}, predictions: {}, predictor, past, unpredicted: snapshot.tasks };
}

/** Lets other events of the thread in between, since the tasks of a large cluster take seconds. */
async function predict({ predictor, history }: Past, snapshot: Snapshot, signal?: AbortSignal): Promise<Predictions> {
  const predicting = predictInTurns(predictor, snapshot, history);
  for (;;) {
    const { done, value } = predicting.next();
    if (done) return value;
    await breathe();
    signal?.throwIfAborted();
  }
}

/**
 * The cluster as it is now beside what was known of it: history, standing moves and predictions are those of the last
 * situation, and a new task has no prediction yet. Soon done, for what is shown; never for what is planned.
 * @throws as `readSituation` does
 */
export async function glance(cluster: Readable, last: Situation, signal?: AbortSignal): Promise<Situation> {
  const snapshot = withProblems(await cluster.readSnapshot(signal), last.past);
  const edits = [...differences(last.snapshot.tasks, snapshot.tasks, ({ id }) => id)];
  const fresh = edits.flatMap(({ is }) => is ?? []);
  const gone = edits.flatMap(({ was }) => was ?? []);
  if (fresh.length === 0 && gone.length === 0) return { ...last, snapshot };
  const before = new Map(gone.map((task) => [task.id, task]));
  const left = new Set(gone);
  const known = new Set<string>();
  const unpredicted = last.unpredicted.filter((task) => !left.has(task));
  for (const task of fresh) {
    const was = before.get(task.id);
    if (was?.uid === task.uid) known.add(task.id);
    if (!was || !isSameRun(was, task) || last.unpredicted.includes(was)) unpredicted.push(task);
  }
  const forgotten = gone.filter(({ id }) => last.predictions[id] && !known.has(id));
  const predictions = forgotten.length > 0 ? { ...last.predictions } : last.predictions;
  for (const { id } of forgotten) delete (predictions as Record<string, unknown>)[id];
  return { ...last, snapshot, predictions, unpredicted };
}

/** A situation whose tasks are all predicted, from the same past. */
export function predictRest(situation: Situation): Situation {
  const { snapshot, predictions, past, unpredicted } = situation;
  if (unpredicted.length === 0) return situation;
  const more = predictSnapshot(past.predictor, { ...snapshot, tasks: unpredicted }, past.history);
  return { ...situation, predictions: { ...predictions, ...more }, unpredicted: [] };
}

/** Whether a situation's past is to be read again: it is a minute old, or another predictor is in use now. */
export function hasOldPast({ snapshot, past }: Situation, predictor: Predictor | undefined): boolean {
  return snapshot.takenAtSeconds - past.readAtSeconds >= PAST_SECONDS || past.trained !== predictor;
}

/** How long what changes slowly is good enough to be shown. */
const PAST_SECONDS = 60;

function withProblems(snapshot: Snapshot, { problems }: Past): Snapshot {
  return { ...snapshot, problems: [...snapshot.problems, ...problems] };
}

/** Whether a task that has changed is the same to a predictor. */
function isSameRun(before: Task, after: Task): boolean {
  const known = ({ uid, parameters, request, startedAtSeconds, runtimeLimitSeconds, endless, infrastructure }: Task) =>
    JSON.stringify([uid, parameters, request, startedAtSeconds, runtimeLimitSeconds, endless, infrastructure]);
  return known(before) === known(after);
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
