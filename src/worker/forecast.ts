import { parentPort } from 'node:worker_threads';
import { drawSamples, type Futures, type Sample } from '../core/forecast/forecast.ts';

/** What a forecasting thread is told, once. */
export type ForecastJob = {
  readonly futures: Futures;
  /** The number of the next sample to draw, shared by all threads: each takes the next one when it is ready. */
  readonly next: Int32Array<SharedArrayBuffer>;
};

/** What it says: a sample when it is drawn. Ending the thread cancels it. */
export type ForecastMessage =
  | { readonly type: 'sample'; readonly number: number; readonly sample: Sample }
  | { readonly type: 'failed'; readonly message: string };

parentPort?.once('message', ({ futures, next }: ForecastJob) => {
  try {
    const draw = drawSamples(futures);
    for (;;) {
      const number = Atomics.add(next, 0, 1);
      if (number >= futures.samples) break;
      say({ type: 'sample', number, sample: draw(number) });
    }
  } catch (error) {
    say({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});

function say(message: ForecastMessage): void {
  parentPort?.postMessage(message);
}
