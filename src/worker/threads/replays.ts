import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { InputError } from '../../core/model/input.ts';
import type { ReplayLists } from '../../core/replay/replay.ts';
import { builtDirectory } from '../../io/engine.ts';
import type { ReplayAnswer, ReplayJob } from '../replay.ts';

export type ReplayOutcome = Extract<ReplayAnswer, { readonly type: 'saturation' | 'timed' }>;

/**
 * Runs replays on as many threads as there are processors, and gives their outcomes in the order of the jobs.
 * @param onProgress told when a job is over and, in timed replays, after each simulated day
 * @throws InputError with the thread's own words for bad input
 */
export async function replayOnThreads(
  lists: ReplayLists,
  jobs: readonly ReplayJob[],
  onProgress: (job: ReplayJob, day: number | 'done') => void,
): Promise<ReplayOutcome[]> {
  const outcomes: ReplayOutcome[] = [];
  let next = 0;
  const work = async () => {
    const worker = startWorker(lists);
    try {
      for (let index = next++; index < jobs.length; index = next++) {
        const job = jobs[index]!;
        outcomes[index] = await ask(worker, job, (day) => onProgress(job, day));
        onProgress(job, 'done');
      }
    } finally {
      await worker.terminate();
    }
  };
  const threads = Math.min(availableParallelism(), jobs.length);
  await Promise.all(Array.from({ length: threads }, work));
  return outcomes;
}

function startWorker(lists: ReplayLists): Worker {
  const built = builtDirectory();
  const script = built ? pathToFileURL(join(built, 'worker/replay.js')) : new URL('../replay.ts', import.meta.url);
  return new Worker(script, { workerData: lists });
}

function ask(worker: Worker, job: ReplayJob, onDay: (day: number) => void): Promise<ReplayOutcome> {
  const listening = new AbortController();
  return new Promise<ReplayOutcome>((resolve, reject) => {
    const hear = (answer: ReplayAnswer) => {
      if (answer.type === 'day') onDay(answer.day);
      else if (answer.type === 'failed')
        reject(answer.input ? new InputError(answer.message) : new Error(answer.message));
      else resolve(answer);
    };
    const fail = (error: Error) => reject(error);
    const leave = (code: number) => reject(new Error(`A replay thread ended with code ${code}.`));
    worker.on('message', hear).on('error', fail).on('exit', leave);
    listening.signal.addEventListener('abort', () => worker.off('message', hear).off('error', fail).off('exit', leave));
    worker.postMessage(job);
  }).finally(() => listening.abort());
}
