import { parentPort, workerData } from 'node:worker_threads';
import { errorMessage } from '../core/model/errorMessage.ts';
import { InputError } from '../core/model/input.ts';
import type { SolveProgram } from '../core/model/program.ts';
import type { ReplayLists, SaturationReplay, TimedReplay } from '../core/replay/replay.ts';
import { replaySaturation, replayTimed } from '../core/replay/replay.ts';
import type { SaturationRun } from '../core/replay/saturation.ts';
import type { TimedRun } from '../core/replay/timed.ts';
import { loadSolver } from '../io/highs.ts';

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

async function answer(job: ReplayJob): Promise<ReplayAnswer> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  switch (job.type) {
    case 'saturation':
      return { type: 'saturation', run: replaySaturation(lists, job, await solverFor(job)), seconds: seconds() };
    case 'timed':
      return { type: 'timed', run: replayTimed(lists, job, (day) => send({ type: 'day', day })), seconds: seconds() };
  }
}

/** Programs are small; what bounds them is the count of branches, not the clock. */
const SOLVER_SECONDS = 600;

/** The solver that moves after saturation need. */
async function solverFor({ moveLimit = 0 }: SaturationReplay): Promise<SolveProgram | undefined> {
  return moveLimit > 0 ? loadSolver(SOLVER_SECONDS) : undefined;
}

function send(message: ReplayAnswer): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', async (job: ReplayJob) => {
  try {
    send(await answer(job));
  } catch (error) {
    const message = errorMessage(error);
    send({ type: 'failed', message, input: error instanceof InputError });
  }
});
