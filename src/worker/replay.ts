import { parentPort, workerData } from 'node:worker_threads';
import { InputError } from '../core/model/input.ts';
import type { ReplayLists, SaturationReplay, TimedReplay } from '../core/simulate/replay.ts';
import { replaySaturation, replayTimed } from '../core/simulate/replay.ts';
import type { SaturationRun } from '../core/simulate/saturation.ts';
import type { TimedRun } from '../core/simulate/timed.ts';

/** One run that a replay thread is asked for. The thread's `workerData` are the `ReplayLists`. */
export type ReplayJob =
  | ({ readonly type: 'saturation' } & SaturationReplay)
  | ({ readonly type: 'timed' } & TimedReplay);

export type ReplayAnswer =
  | { readonly type: 'day'; readonly day: number }
  | { readonly type: 'saturation'; readonly run: SaturationRun; readonly seconds: number }
  | { readonly type: 'timed'; readonly run: TimedRun; readonly seconds: number }
  | { readonly type: 'failed'; readonly message: string; readonly input: boolean };

const lists = workerData as ReplayLists;

function answer(job: ReplayJob): ReplayAnswer {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  switch (job.type) {
    case 'saturation':
      return { type: 'saturation', run: replaySaturation(lists, job), seconds: seconds() };
    case 'timed':
      return { type: 'timed', run: replayTimed(lists, job, (day) => send({ type: 'day', day })), seconds: seconds() };
  }
}

function send(message: ReplayAnswer): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', (job: ReplayJob) => {
  try {
    send(answer(job));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    send({ type: 'failed', message, input: error instanceof InputError });
  }
});
