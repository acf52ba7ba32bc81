import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { InputError } from '../../core/model/input.ts';
import type { CalibrationPoint } from '../../core/predict/record.ts';
import { builtDirectory } from '../../io/engine.ts';
import { readerZone } from '../../text/zone.ts';
import type { Answer, Job, Outcome, Question } from '../train.ts';

export type LearningOptions = {
  readonly signal?: AbortSignal;
  /** `calibration`: the plot so far, whenever there is more of it. */
  readonly onProgress?: (
    fraction: number,
    text: string,
    loss?: number,
    calibration?: readonly CalibrationPoint[],
  ) => void;
};

/**
 * Runs one piece of learning on its own thread.
 * @throws InputError with the thread's own words for bad input; the signal's reason when cancelled
 */
export async function learnOnThread<Asked extends Question>(
  question: Asked,
  { signal, onProgress }: LearningOptions = {},
): Promise<Outcome<Asked>> {
  signal?.throwIfAborted();
  const built = builtDirectory();
  const script = built ? pathToFileURL(join(built, 'worker/train.js')) : new URL('../train.ts', import.meta.url);
  const worker = new Worker(script, { workerData: { question, zone: readerZone() } satisfies Job });
  return new Promise<Outcome<Asked>>((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    worker.on('message', (answer: Answer) => {
      if (answer.type === 'progress') {
        const { fraction, text, loss, calibration } = answer;
        onProgress?.(fraction, text, loss, calibration);
      } else if (answer.type === 'done') resolve(answer.result as Outcome<Asked>);
      else reject(answer.input ? new InputError(answer.message) : new Error(answer.message));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`The learning thread ended with code ${code}.`)));
  }).finally(() => worker.terminate());
}
