import { parentPort, workerData } from 'node:worker_threads';
import type { FinishedTask } from '../core/model/finished.ts';
import { InputError } from '../core/model/input.ts';
import { type Evaluation, evaluatePredictors } from '../core/predict/evaluate.ts';
import { seededRandom } from '../core/simulate/random.ts';
import { loadEngine } from './engine.ts';
import { type HistoryFile, readHistoryFiles } from './files/history.ts';
import { historyDigest, readPretrainedWithout } from './files/networks.ts';

/** What the learning thread is asked; one question a thread. */
export type Question = EvaluateQuestion;

export type EvaluateQuestion = {
  readonly type: 'evaluate';
  readonly files: readonly HistoryFile[];
  readonly seed: number;
  /** Start from the pretrained weights (`fine-tune`), use them as they are (`only`), or not at all. */
  readonly pretrained: 'no' | 'fine-tune' | 'only';
};

export type EvaluateOutcome = Evaluation & { readonly problems: number; readonly network: string };

export type Outcome<Asked extends Question> = Asked extends EvaluateQuestion ? EvaluateOutcome : never;

export type Answer =
  | { readonly type: 'progress'; readonly fraction: number; readonly text: string }
  | { readonly type: 'done'; readonly result: Outcome<Question> }
  | { readonly type: 'failed'; readonly message: string; readonly input: boolean };

async function answer(question: Question): Promise<Outcome<Question>> {
  switch (question.type) {
    case 'evaluate':
      return evaluate(question);
  }
}

async function evaluate({ files, seed, pretrained }: EvaluateQuestion): Promise<EvaluateOutcome> {
  const { tasks, problems } = await readHistory(files);
  const start = pretrained === 'no' ? undefined : await readPretrainedWithout(historyDigest(tasks));
  const evaluation = evaluatePredictors(tasks, {
    tf: await loadEngine(),
    random: seededRandom(seed),
    learns: pretrained !== 'only',
    ...(start ? { network: start.network } : {}),
    onProgress: tell,
  });
  return { ...evaluation, problems, network: start?.card.title ?? `random weights, seed ${seed}` };
}

async function readHistory(
  files: readonly HistoryFile[],
): Promise<{ readonly tasks: readonly FinishedTask[]; readonly problems: number }> {
  tell(0, 'reading the history');
  const { tasks, problems } = await readHistoryFiles(files);
  for (const { line, reason } of problems.slice(0, 5)) tell(0, `left out line ${line}: ${reason}`);
  if (problems.length > 5) tell(0, `left out ${problems.length} rows in all`);
  return { tasks, problems: problems.length };
}

function tell(fraction: number, text: string): void {
  parentPort?.postMessage({ type: 'progress', fraction, text } satisfies Answer);
}

answer(workerData as Question).then(
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
