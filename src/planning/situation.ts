import { setImmediate as breathe } from 'node:timers/promises';
import type { Cluster } from '../cluster/port.ts';
import type { FinishedTask } from '../core/model/finished.ts';
import type { Problem } from '../core/model/problem.ts';
import type { Since } from '../core/model/since.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { differences } from '../core/model/sortedList.ts';
import type { Task } from '../core/model/task.ts';
import type { PredictorUsed } from '../core/plan/plan.ts';
import type { Predictions } from '../core/predict/prediction.ts';
import {
  fitPredictor,
  type Predictor,
  type PredictorCard,
  predictInTurns,
  predictSnapshot,
} from '../core/predict/predictor.ts';
import { isJudged } from '../core/predict/verdict.ts';
import { lastShrinks, readSince } from './since.ts';

/** All that a plan is made from: what the cluster is now, what it did before, and since when conditions have held. */
export type Situation = {
  readonly snapshot: Snapshot;
  readonly history: readonly FinishedTask[];
  readonly since: Since;
  readonly predictions: Predictions;
  readonly predictor: Omit<PredictorUsed, 'chosen'>;
  /** What an update does not read again. */
  readonly past: KnownPast;
  /** Tasks that have come since predictions were made, or have changed so that they may be others. */
  readonly unpredicted: readonly Task[];
};

/** What changes slowly, and costs a large cluster much to read: its finished runs. */
type KnownPast = {
  readonly readAtSeconds: number;
  readonly history: readonly FinishedTask[];
  readonly problems: readonly Problem[];
  /** From a file; where there was none, the baselines fitted to this history. */
  readonly predictor: Predictor;
};

/** The part of a cluster that a situation is read from. */
type Readable = Pick<Cluster, 'readSnapshot' | 'readHistory'>;

/**
 * Reads a cluster and predicts its tasks.
 * @param predictor from a file; absent, or with a network that cannot be judged yet: the baselines, fitted to the
 * cluster's own history
 * @throws ClusterUnreachable; the signal's reason when it aborts
 */
export async function readSituation(
  cluster: Readable,
  stateDirectory: string,
  predictor?: Predictor,
  signal?: AbortSignal,
): Promise<Situation> {
  const read = await cluster.readSnapshot(signal);
  const usable = predictor && isJudged(predictor) ? predictor : undefined;
  const past = await readPast(cluster, usable, read.takenAtSeconds, signal);
  const { history } = past;
  const snapshot = withProblems(read, past);
  const since = { ...(await readSince(stateDirectory, snapshot)), ...lastShrinks(snapshot) };
  const predictions = await predict(past, snapshot, signal);
  const used = usable ? learnedFrom(usable.card) : { name: 'baselines', tasks: history.length };
  return { snapshot, history, since, predictions, predictor: used, past, unpredicted: [] };
}

function learnedFrom({ tasks, cluster, toSeconds }: PredictorCard): Situation['predictor'] {
  return {
    name: 'trained',
    tasks,
    ...(cluster && { cluster: cluster.name }),
    ...(toSeconds !== undefined && { untilSeconds: toSeconds }),
  };
}

/** The cluster as it is now, with no past read and no task predicted: the first that can be shown of it. */
export async function firstSituation(cluster: Readable, signal?: AbortSignal): Promise<Situation> {
  const snapshot = await cluster.readSnapshot(signal);
  const none = { history: [], problems: [], predictor: fitPredictor([]) };
  const past = { readAtSeconds: Number.NEGATIVE_INFINITY, ...none };
  const predictor = { name: 'none yet', tasks: 0 };
  return { snapshot, history: [], since: {}, predictions: {}, predictor, past, unpredicted: snapshot.tasks };
}

/** Lets the thread handle other events in between, since the tasks of a large cluster take seconds. */
async function predict(
  { predictor, history }: KnownPast,
  snapshot: Snapshot,
  signal?: AbortSignal,
): Promise<Predictions> {
  const predicting = predictInTurns(predictor, snapshot, history);
  for (;;) {
    const { done, value } = predicting.next();
    if (done) return value;
    await breathe();
    signal?.throwIfAborted();
  }
}

/**
 * The cluster as it is now, with the history and predictions of the last situation; a new task has no
 * prediction yet. Quick enough to show each change; never used to plan.
 * @throws as `readSituation` does
 */
export async function updateSituation(cluster: Readable, last: Situation, signal?: AbortSignal): Promise<Situation> {
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

/** Whether a situation's past is a minute old, and to be read again. */
export function hasOldPast({ snapshot, past }: Situation): boolean {
  return snapshot.takenAtSeconds - past.readAtSeconds >= PAST_SECONDS;
}

/** How long what changes slowly is good enough to be shown. */
const PAST_SECONDS = 60;

function withProblems(snapshot: Snapshot, { problems }: KnownPast): Snapshot {
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
): Promise<KnownPast> {
  const { tasks: history, problems } = await cluster.readHistory(signal);
  return { readAtSeconds, history, problems, predictor: trained ?? fitPredictor(history) };
}
