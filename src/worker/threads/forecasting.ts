import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Forecast, type ForecastRequest, futuresOf, gatherSamples } from '../../core/forecast/forecast.ts';
import { builtDirectory } from '../../io/engine.ts';
import type { ForecastJob, ForecastMessage } from '../forecast.ts';

export type ForecastingOptions = {
  readonly signal?: AbortSignal;
  /** Coarse forecasts while the samples grow; `samples` of `of` tells how far it is. */
  readonly onPicture?: (forecast: Forecast) => void;
  /** Default: as many as there are processors. The forecast is the same for any number. */
  readonly threads?: number;
};

/**
 * Forecasts on threads of their own. The caller's thread reads the request into tables while they start: that is less work than
 * handing them the snapshot.
 * @returns the forecast with all samples
 * @throws the signal's reason when cancelled; the threads end at once
 */
export async function forecastOnThreads(
  request: ForecastRequest,
  { signal, onPicture, threads = availableParallelism() }: ForecastingOptions = {},
): Promise<Forecast> {
  signal?.throwIfAborted();
  const count = Math.max(1, Math.min(threads, request.samples));
  const workers = Array.from({ length: count }, startWorker);
  try {
    const futures = futuresOf(request);
    const gathered = gatherSamples(futures);
    if (request.samples === 0) return gathered.picture(0);
    const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    return await new Promise<Forecast>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      for (const worker of workers) {
        worker.on('message', (message: ForecastMessage) => {
          if (message.type === 'failed') {
            reject(new Error(message.message));
            return;
          }
          const picture = gathered.add(message.number, message.sample);
          if (picture?.samples === request.samples) resolve(picture);
          else if (picture) onPicture?.(picture);
        });
        worker.on('error', reject);
        worker.on('exit', (code) => {
          if (code !== 0) reject(new Error(`A forecasting thread ended with code ${code}.`));
        });
        worker.postMessage({ futures, next } satisfies ForecastJob);
      }
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function startWorker(): Worker {
  const built = builtDirectory();
  const script = built ? pathToFileURL(join(built, 'worker/forecast.js')) : new URL('../forecast.ts', import.meta.url);
  return new Worker(script);
}
