import { parentPort, workerData } from 'node:worker_threads';
import type { ClusterIdentity } from '../core/model/clusterIdentity.ts';
import { type FinishedTask, isFinishedTask, type RowProblem } from '../core/model/finished.ts';
import { InputError } from '../core/model/input.ts';
import { seededRandom } from '../core/model/random.ts';
import { type Evaluation, evaluatePredictors } from '../core/predict/evaluate.ts';
import {
  type PredictorCard,
  type TrainingProgress,
  trainPredictor,
  updatePredictor,
} from '../core/predict/predictor.ts';
import type { Scores } from '../core/predict/record.ts';
import { type CalibrationPoint, calibrationCurve } from '../core/predict/record.ts';
import { loadEngine } from '../io/engine.ts';
import { type HistoryFile, readHistoryFiles } from '../io/history.ts';
import { historyDigest, readPretrained, readPretrainedWithout } from '../io/networks.ts';
import { readPredictorAsOf, writePredictor } from '../io/predictors.ts';
import { describeCard } from '../text/card.ts';
import { useZone } from '../text/zone.ts';

/** What the learning thread is handed: one question, and in which zone the model card tells its days. */
export type Job = { readonly question: Question; readonly zone: string };

export type Question = EvaluateQuestion | TrainQuestion;

export type EvaluateQuestion = {
  readonly type: 'evaluate';
  /** Finished tasks: in files, or read already. */
  readonly files: readonly HistoryFile[] | { readonly tasks: readonly FinishedTask[] };
  readonly seed: number;
  /** Folder whose tfjs-node may be used; absent: the wasm backend. */
  readonly workspace?: string;
  /** Start from the pretrained weights (`fine-tune`), use them as they are (`only`), or not at all. */
  readonly pretrained: 'no' | 'fine-tune' | 'only';
};

export type TrainQuestion = {
  readonly type: 'train';
  /** Where the finished tasks are: in files, or read from a cluster already. */
  readonly history:
    | readonly HistoryFile[]
    | { readonly tasks: readonly FinishedTask[]; readonly cluster?: ClusterIdentity };
  readonly seed: number;
  /** Folder whose tfjs-node may be used; absent: the wasm backend. */
  readonly workspace?: string;
  /** File that the predictor is written to. */
  readonly out: string;
  /** A predictor that goes on with what has ended since, in place of a new one. */
  readonly update?: string;
};

/** What was made; the predictor itself lies in the file. */
export type TrainOutcome = {
  readonly out: string;
  readonly card: PredictorCard;
  /** Scores and coverage over everyone, of predictions made before the outcome. */
  readonly scores: Scores;
  readonly calibration: readonly CalibrationPoint[];
  readonly seconds: number;
};

export type EvaluateOutcome = Evaluation & { readonly problems: number; readonly network: string };

export type Outcome<Asked extends Question> = Asked extends EvaluateQuestion ? EvaluateOutcome : TrainOutcome;

export type Answer =
  | {
      readonly type: 'progress';
      readonly fraction: number;
      readonly text: string;
      readonly loss?: number;
      readonly calibration?: readonly CalibrationPoint[];
    }
  | { readonly type: 'done'; readonly result: Outcome<Question> }
  | { readonly type: 'failed'; readonly message: string; readonly input: boolean };

function answer(question: Question): Promise<Outcome<Question>> {
  switch (question.type) {
    case 'evaluate':
      return evaluate(question);
    case 'train':
      return train(question);
  }
}

async function evaluate({ files, seed, workspace, pretrained }: EvaluateQuestion): Promise<EvaluateOutcome> {
  const { tasks, problems } = 'tasks' in files ? { tasks: files.tasks, problems: 0 } : await readHistory(files);
  const start = pretrained === 'no' ? undefined : await readPretrainedWithout(historyDigest(tasks));
  const evaluation = evaluatePredictors(tasks, {
    tf: await loadEngine(workspace),
    random: seededRandom(seed),
    learns: pretrained !== 'only',
    ...(start ? { network: start.network } : {}),
    onProgress: tell,
  });
  return { ...evaluation, problems, network: start?.card.title ?? `random weights, seed ${seed}` };
}

async function train({ history, seed, workspace, out, update }: TrainQuestion): Promise<TrainOutcome> {
  const started = performance.now();
  const before = update === undefined ? undefined : await readPredictorAsOf(update);
  const { tasks, ...about } = 'tasks' in history ? soundTasks(history) : await readFiles(history);
  const settings = {
    tf: await loadEngine(workspace),
    random: seededRandom(seed),
    ...about,
    onProgress: ({ fraction, text, loss, calibration }: TrainingProgress) => tell(fraction, text, loss, calibration),
  };
  const predictor = before
    ? updatePredictor(before.predictor, tasks, settings)
    : trainPredictor(tasks, { ...settings, pretrained: await readPretrained() });
  await writePredictor(out, predictor, describeCard(predictor), before?.digest);
  const seconds = Math.round(performance.now() - started) / 1000;
  const { card, record } = predictor;
  return { out, card, scores: record.scores[''] ?? {}, calibration: calibrationCurve(record), seconds };
}

/** A cluster may tell of its past what a file may not keep. */
function soundTasks({ tasks, ...about }: Extract<TrainQuestion['history'], { readonly tasks: unknown }>) {
  const sound = tasks.filter(isFinishedTask);
  const left = tasks.length - sound.length;
  return { ...about, tasks: sound, ...(left > 0 && { leftOut: { amount: left } }) };
}

async function readFiles(files: readonly HistoryFile[]) {
  const { tasks, problems } = await readHistoryFiles(files);
  sayProblems(problems);
  return { tasks, leftOut: countFaults(problems) };
}

/** Rows by the code of what is wrong with them. */
function countFaults(problems: readonly RowProblem[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { code } of problems) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

function sayProblems(problems: readonly RowProblem[]): void {
  for (const { line, reason } of problems.slice(0, 5)) tell(0, `left out line ${line}: ${reason}`);
  if (problems.length > 5) tell(0, `left out ${problems.length} rows in all`);
}

async function readHistory(
  files: readonly HistoryFile[],
): Promise<{ readonly tasks: readonly FinishedTask[]; readonly problems: number }> {
  tell(0, 'reading the history');
  const { tasks, problems } = await readHistoryFiles(files);
  sayProblems(problems);
  return { tasks, problems: problems.length };
}

function tell(fraction: number, text: string, loss?: number, calibration?: readonly CalibrationPoint[]): void {
  parentPort?.postMessage({
    type: 'progress',
    fraction,
    text,
    ...(loss === undefined ? {} : { loss }),
    ...(calibration ? { calibration } : {}),
  } satisfies Answer);
}

const { question, zone } = workerData as Job;
useZone(zone);
answer(question).then(
  (result) => parentPort?.postMessage({ type: 'done', result } satisfies Answer),
  (error: unknown) =>
    parentPort?.postMessage({
      type: 'failed',
      message:
        error instanceof InputError
          ? error.message
          : error instanceof Error
            ? (error.stack ?? error.message)
            : String(error),
      input: error instanceof InputError,
    } satisfies Answer),
);
