import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { MOST_MILLISECONDS } from './cases.ts';

export type CaseFailure = { readonly number: number; readonly target: string; readonly failure: string };

export type FuzzOptions = {
  readonly milliseconds: number;
  /** Number of the first case. */
  readonly first: number;
  readonly workers: number;
  readonly onFailure?: (failure: CaseFailure) => void;
};

/** Runs cases on threads until the time is over. A case that hangs is a failure, and the thread goes on behind it. */
export async function fuzz(options: FuzzOptions): Promise<{ cases: number; failures: CaseFailure[] }> {
  const failures: CaseFailure[] = [];
  const until = Date.now() + options.milliseconds;
  const counts = await Promise.all(
    Array.from({ length: options.workers }, (_, lane) => runLane(lane, options, until, failures)),
  );
  return { cases: counts.reduce((sum, count) => sum + count, 0), failures };
}

async function runLane(
  lane: number,
  { first, workers, onFailure }: FuzzOptions,
  until: number,
  failures: CaseFailure[],
): Promise<number> {
  const fail = (failure: CaseFailure) => {
    failures.push(failure);
    onFailure?.(failure);
  };
  let cases = 0;
  let next = first + lane;
  while (Date.now() < until) {
    const at = new SharedArrayBuffer(16);
    const current = new Float64Array(at);
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { first: next, step: workers, at },
    });
    worker.on('message', fail);
    const died = new Promise<string>((resolve) => {
      worker.once('error', (error) => resolve(`ended the thread: ${error.stack ?? error.message}`));
      worker.once('exit', () => resolve('ended the thread without a word'));
    });
    const ended = new Promise<undefined>((resolve) => worker.once('exit', () => resolve(undefined)));
    const stuck = await Promise.race([watched(worker, current, until), died]);
    worker.postMessage('stop');
    if (stuck === undefined) await Promise.race([ended, pause(5000)]);
    await worker.terminate();
    cases += current[1]!;
    if (stuck !== undefined) fail({ number: current[0]!, target: 'see --case', failure: stuck });
    next = current[0]! + workers;
  }
  return cases;
}

/** Resolves with what is wrong once one case has taken too much processor time; with nothing when the time is over. */
async function watched(worker: Worker, current: Float64Array, until: number): Promise<string | undefined> {
  let [number, since] = [-1, 0];
  while (Date.now() < until) {
    await pause(200);
    // It cannot be asked before it has begun, nor once it has ended.
    const usage = await Promise.race([worker.cpuUsage().catch(() => undefined), pause(10_000, 'silent' as const)]);
    if (usage === 'silent') return 'hangs, and cannot be asked for how long';
    if (!usage) continue;
    const milliseconds = (usage.user + usage.system) / 1000;
    if (current[0] !== number) [number, since] = [current[0]!, milliseconds];
    else if (number > 0 && milliseconds - since > 2 * MOST_MILLISECONDS) return 'hangs';
  }
  return undefined;
}
