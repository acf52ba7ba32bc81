import type { ClusterIdentity } from '../model/clusterIdentity.ts';
import type { FinishedTask } from '../model/finished.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import { type BaselineForecast, baselineForecast, within } from './baselines.ts';
import type { Calibration } from './calibration.ts';
import { QUANTILE_LEVELS } from './distribution.ts';
import { type Learner, type Outlook, startLearner } from './learner.ts';
import { type Network, newNetwork } from './network.ts';
import type { NetworkCard } from './networkFile.ts';
import { type Past, type PastEvent, replayRuns } from './past.ts';
import type { Predictions, RuntimePrediction } from './prediction.ts';
import { predictTask } from './predictTask.ts';
import {
  type CalibrationPoint,
  calibrationCurve,
  EMPTY_RECORD,
  groupLabel,
  type OpenRecord,
  openRecord,
  type Quote,
  type Quotes,
  type TrackRecord,
} from './record.ts';
import { type Run, type Runs, runsOf } from './runs.ts';
import { type Judgement, openScorer, type Scorer } from './scorer.ts';
import { blockSteps, type Engine, makeTrainer, warmUpSteps } from './training.ts';

/** All that predicts runtimes, as plain data. */
export type Predictor = {
  readonly card: PredictorCard;
  /** The latest finished tasks it knows: what a prediction stands on. */
  readonly tasks: readonly FinishedTask[];
  /** Absent: baselines alone. */
  readonly network?: Network;
  readonly calibration: Calibration;
  readonly record: TrackRecord;
};

/** What a predictor was made from and how; shown wherever it is used. */
export type PredictorCard = {
  /** Finished tasks it has learned from. */
  readonly tasks: number;
  /** Submit times of the first and the last of them, epoch seconds; absent without any. */
  readonly fromSeconds?: number;
  readonly toSeconds?: number;
  /** Whose tasks they were; absent where they came from files, and on cards of version 0.1.0. */
  readonly cluster?: ClusterIdentity;
  /** Rows that could not be used, by the code of the reason; cards of version 0.1.0 have its words. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Where the weights come from: `none`, `pretrained`, `fine-tuned`, `trained here`. */
  readonly weights: 'none' | 'pretrained' | 'fine-tuned' | 'trained here';
  /** What trained them: `wasm`, or `tensorflow` for the workspace's tfjs-node; absent without training. */
  readonly backend?: string;
  /** Every predictor on the tasks of the last training or update, each predicted before it ended; absent before any. */
  readonly judgement?: Judgement;
  readonly pretraining?: NetworkCard;
};

/** A predictor of the baselines alone: nothing to train, ready at once. An empty history is fine. */
export function fitPredictor(history: readonly FinishedTask[]): Predictor {
  const runs = runsOf(history);
  const record = openRecord(EMPTY_RECORD);
  const scorer = openScorer();
  replayRuns(runs, scoring(runs, history, { record, scorer }, 0));
  return {
    card: { ...cardOf(history, 'none'), ...judgementOf(scorer) },
    tasks: latest(history),
    calibration: {},
    record: record.close(),
  };
}

export type TrainingSettings = {
  readonly tf: Engine;
  readonly random: () => number;
  /** Weights trained elsewhere, with their card: used as they are until there is enough to learn from. */
  readonly pretrained?: { readonly network: Network; readonly card: NetworkCard };
  readonly leftOut?: PredictorCard['leftOut'];
  /** Whose tasks these are; absent where they come from files. */
  readonly cluster?: ClusterIdentity;
  readonly onProgress?: (progress: TrainingProgress) => void;
};

/** One step of a training, for a bar and for live curves. */
export type TrainingProgress = {
  readonly fraction: number;
  readonly text: string;
  /** Mean loss of the step's batch. */
  readonly loss?: number;
  /** The calibration plot so far, after each part that was predicted before it was learned from. */
  readonly calibration?: readonly CalibrationPoint[];
};

/**
 * Below this, training on the own tasks hurts (measured, bench/notes/predict.md): pretrained weights stay as they are.
 */
const LEAST_TASKS = 2000;
/** Training looks at most so far back. */
const MOST_TASKS = 200_000;
/** Finished tasks kept for predictions: enough for the farthest rank of many groups. */
const KEPT_TASKS = 20_000;
/** The last part is predicted before it is learned from: it makes the track record. */
const RECORD_FRACTION = 0.2;
const RECORD_BLOCKS = 5;
/** Passes over new tasks: fewer than the evaluation's, so that an update takes a second or two. */
const PASSES = 2;

/**
 * Learns runtimes from finished tasks: trains on the first four fifths, then predicts and learns the last fifth in five
 * parts, so that scores, coverage and calibration are of predictions made before the outcome.
 */
export function trainPredictor(history: readonly FinishedTask[], settings: TrainingSettings): Predictor {
  const { tf, random, pretrained, onProgress } = settings;
  const tasks = history.toSorted((a, b) => a.submittedAtSeconds - b.submittedAtSeconds).slice(-MOST_TASKS);
  const enough = tasks.length >= LEAST_TASKS;
  const network = pretrained ? structuredClone(pretrained.network) : newNetwork(random);
  const runs = runsOf(tasks);
  const learner = startLearner(runs, network);
  const trainer = makeTrainer(tf, network, random);
  const first = enough ? Math.floor(tasks.length * (1 - RECORD_FRACTION)) : 0;
  const blockRows = Math.max(1, Math.ceil((tasks.length - first) / RECORD_BLOCKS));
  const record = openRecord(EMPTY_RECORD);
  const scorer = openScorer();
  const score = scoring(runs, tasks, { record, scorer }, first, learner);
  const report = (from: number, to: number, steps: number) => (step: number, loss: number) =>
    onProgress?.({ fraction: from + ((to - from) * step) / steps, text: `training: step ${step} of ${steps}`, loss });
  const trainBlock = (row: number, past: Past) => {
    const block = Math.floor((row - first) / blockRows);
    const plan = row === first ? firstTraining(first) : blockSteps(blockRows, PASSES);
    if (block > 0) {
      const text = `judged ${block} of ${RECORD_BLOCKS} parts`;
      onProgress?.({ fraction: 0.7 + 0.05 * block, text, calibration: calibrationCurve(record.close()) });
    }
    const [from, to] = row === first ? [0.05, 0.75] : [0.75 + 0.05 * (block - 1), 0.75 + 0.05 * block];
    const newest = row === first ? {} : { newest: Math.max(4000, 2 * blockRows) };
    learner.train(row, past, { trainer, random, onStep: report(from, to, plan.steps), ...newest, ...plan });
  };
  const last = replayRuns(runs, (event, past) => {
    const { kind, row } = event;
    if (enough && kind === 'submitted' && row >= first && (row - first) % blockRows === 0) trainBlock(row, past);
    score(event, past);
  });
  if (enough) trainBlock(first + RECORD_BLOCKS * blockRows, last);
  return {
    card: {
      ...cardOf(history, enough ? (pretrained ? 'fine-tuned' : 'trained here') : pretrained ? 'pretrained' : 'none'),
      ...(settings.cluster && { cluster: settings.cluster }),
      leftOut: settings.leftOut ?? {},
      ...(enough ? { backend: tf.getBackend() } : {}),
      ...judgementOf(scorer),
      ...(pretrained ? { pretraining: pretrained.card } : {}),
    },
    tasks: latest(tasks),
    ...(enough || pretrained ? { network } : {}),
    calibration: learner.calibration,
    record: record.close(),
  };
}

/** Two passes, and not more steps than a minute holds. */
function firstTraining(rows: number) {
  return warmUpSteps(rows, Math.max(300, Math.min(500, Math.ceil((2 * rows) / 512))));
}

/**
 * The predictor after more tasks have ended, without starting over: they are first predicted (scores, calibration),
 * then learned from together with the kept ones. Tasks it knows already are left out. A predictor that has learned from
 * two clusters, or from files besides, is of no cluster.
 */
export function updatePredictor(
  predictor: Predictor,
  more: readonly FinishedTask[],
  { tf, random, leftOut = {}, cluster, onProgress }: TrainingSettings,
): Predictor {
  const tasks = mergeTasks(predictor.tasks, more);
  const fresh = tasks.length - predictor.tasks.length;
  if (fresh === 0) return predictor;
  const network = structuredClone(predictor.network);
  const runs = runsOf(tasks);
  const record = openRecord(predictor.record);
  const scorer = openScorer();
  const learner = network ? startLearner(runs, network, predictor.calibration) : undefined;
  const isFresh = (row: number) => runs.order[row]! >= predictor.tasks.length;
  const last = replayRuns(runs, scoring(runs, tasks, { record, scorer }, isFresh, learner));
  const learns = predictor.card.weights === 'trained here' || predictor.card.weights === 'fine-tuned';
  if (network && learner && learns) {
    const plan = blockSteps(fresh, PASSES);
    const onStep = (step: number, loss: number) =>
      onProgress?.({ fraction: step / plan.steps, text: `learning ${fresh} new tasks`, loss });
    const trainer = makeTrainer(tf, network, random);
    learner.train(runs.count, last, { trainer, random, onStep, newest: Math.max(4000, fresh), ...plan });
  }
  const { cluster: before, ...card } = predictor.card;
  return {
    ...predictor,
    card: {
      ...cardOf(tasks, card.weights),
      ...card,
      ...(before && before.key === cluster?.key && { cluster: before }),
      leftOut: addCounts(card.leftOut, leftOut),
      ...spanOf([...more, ...predictor.tasks]),
      tasks: card.tasks + fresh,
      ...judgementOf(scorer),
    },
    tasks: latest(tasks),
    ...(network ? { network } : {}),
    calibration: learner?.calibration ?? predictor.calibration,
    record: record.close(),
  };
}

/** Visits a replay: predicts the chosen rows by every predictor, and scores what was said of each at its end. */
function scoring(
  runs: Runs,
  tasks: readonly FinishedTask[],
  { record, scorer }: { readonly record: OpenRecord; readonly scorer: Scorer },
  chosen: number | ((row: number) => boolean),
  learner?: Learner,
): (event: PastEvent, past: Past) => void {
  const pending = new Map<number, { quotes: Quotes; forecast: BaselineForecast }>();
  const isChosen = typeof chosen === 'number' ? (row: number) => row >= chosen : chosen;
  return ({ kind, row }, past) => {
    if (kind === 'ended') {
      learner?.ended(row, past);
      const said = pending.get(row);
      if (!said) return;
      pending.delete(row);
      const label = groupLabel(tasks[runs.order[row]!]!.parameters);
      record.learn(label, runs.runtime[row]!, runs.end[row]!, said.quotes, said.forecast);
      scorer.add(runs.runtime[row]!, said.quotes);
      return;
    }
    learner?.submitted(row, past);
    if (!isChosen(row)) return;
    const forecast = baselineForecast(runs, row, past);
    const limit = runs.request[row]!;
    const quotes = record.quotes(forecast, limit);
    pending.set(row, {
      forecast,
      quotes: learner ? { ...quotes, stowage: quoteOf(learner.predict(row, past), limit) } : quotes,
    });
  };
}

const [P10, P50, P90] = [0.1, 0.5, 0.9].map((level) => QUANTILE_LEVELS.indexOf(level)) as [number, number, number];

function quoteOf({ logTable, bestRatio }: Outlook, limit: number): Quote {
  return {
    point: within(Math.exp(bestRatio), limit),
    p10: Math.exp(logTable[P10]!),
    p50: Math.exp(logTable[P50]!),
    p90: Math.exp(logTable[P90]!),
    logTable,
  };
}

/** How the predictors did, for the card; nothing before the first outcome. */
function judgementOf(scorer: Scorer): { readonly judgement?: Judgement } {
  const judgement = scorer.judgement();
  return judgement.outcomes > 0 ? { judgement } : {};
}

/**
 * Predicts every task of a snapshot that ends by itself: endless and infrastructure tasks are left out. Each is
 * predicted from all that has ended by now; the table of a running one is of its whole runtime, to be conditioned on
 * its age.
 * @param history further finished tasks, of the cluster itself; one that the predictor knows counts once
 */
export function predictSnapshot(
  predictor: Predictor,
  snapshot: Snapshot,
  history: readonly FinishedTask[] = [],
): Predictions {
  const predicting = predictInTurns(predictor, snapshot, history);
  for (;;) {
    const { done, value } = predicting.next();
    if (done) return value;
  }
}

/** As `predictSnapshot`; rests after every few hundred tasks, so that a thread can do something else in between. */
export function* predictInTurns(
  predictor: Predictor,
  snapshot: Snapshot,
  history: readonly FinishedTask[] = [],
): Generator<void, Predictions> {
  const tasks = snapshot.tasks.filter((task) => !task.endless && !task.infrastructure);
  const known = mergeTasks(predictor.tasks, history);
  const runs = runsOf([...known, ...tasks.map((task) => runOf(task, snapshot.takenAtSeconds))]);
  const learner = predictor.network ? startLearner(runs, predictor.network, predictor.calibration) : undefined;
  const predictions: Record<string, RuntimePrediction> = {};
  const running: number[] = [];
  const last = replayRuns(runs, ({ kind, row }, past) => {
    if (kind === 'ended') return learner?.ended(row, past);
    const task = tasks[runs.order[row]! - known.length];
    if (!task) return;
    if (task.startedAtSeconds !== undefined) return void running.push(row);
    learner?.submitted(row, past);
    const network = learner && { learner, outlook: () => learner.predict(row, past) };
    predictions[task.id] = predictTask(predictor.record, task, { known, runs, row, past, network });
  });
  const past = { ...last, nowSeconds: snapshot.takenAtSeconds };
  for (const [index, row] of running.entries()) {
    if (index % TASKS_A_TURN === 0) yield;
    const task = tasks[runs.order[row]! - known.length]!;
    const network = learner && { learner, outlook: () => learner.renew(row, past) };
    predictions[task.id] = predictTask(predictor.record, task, { known, runs, row, past, network });
  }
  return predictions;
}

/** They take about 12 ms. */
const TASKS_A_TURN = 200;

/** Finished tasks of both, each once: by id and times. */
function mergeTasks(left: readonly FinishedTask[], right: readonly FinishedTask[]): readonly FinishedTask[] {
  if (right.length === 0) return left;
  const key = (task: FinishedTask) => `${task.id} ${task.submittedAtSeconds} ${task.endedAtSeconds}`;
  const known = new Set(left.map(key));
  return [...left, ...right.filter((task) => !known.has(key(task)))];
}

function latest(tasks: readonly FinishedTask[]): readonly FinishedTask[] {
  if (tasks.length <= KEPT_TASKS) return tasks;
  return tasks.toSorted((a, b) => a.endedAtSeconds - b.endedAtSeconds).slice(-KEPT_TASKS);
}

function addCounts(left: PredictorCard['leftOut'], right: PredictorCard['leftOut']): PredictorCard['leftOut'] {
  const sums = { ...left };
  for (const [reason, count] of Object.entries(right)) sums[reason] = (sums[reason] ?? 0) + count;
  return sums;
}

function cardOf(tasks: readonly FinishedTask[], weights: PredictorCard['weights']): PredictorCard {
  return { tasks: tasks.length, ...spanOf(tasks), leftOut: {}, weights };
}

function spanOf(tasks: readonly FinishedTask[]): { readonly fromSeconds?: number; readonly toSeconds?: number } {
  if (tasks.length === 0) return {};
  let [fromSeconds, toSeconds] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { submittedAtSeconds } of tasks) {
    fromSeconds = Math.min(fromSeconds, submittedAtSeconds);
    toSeconds = Math.max(toSeconds, submittedAtSeconds);
  }
  return { fromSeconds, toSeconds };
}

function runOf(task: Task, nowSeconds: number): Run {
  const gpus = task.request.gpuMilli / 1000;
  return {
    parameters: task.parameters,
    request: task.request,
    size: gpus > 0 ? gpus : Math.max(task.request.milliCpu / 1000, 0.001),
    submittedAtSeconds: Math.min(nowSeconds, task.startedAtSeconds ?? nowSeconds),
    ...(task.startedAtSeconds === undefined ? {} : { startedAtSeconds: task.startedAtSeconds }),
  };
}
