import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Forecast, ForecastRequest } from '../../core/forecast/forecast.ts';
import { builtDirectory } from '../engine.ts';
import type { ForecastMessage } from '../forecast.ts';

export type ForecastingOptions = {
  readonly signal?: AbortSignal;
  /** Coarse forecasts while the samples grow; `samples` of `of` tells how far it is. */
  readonly onPicture?: (forecast: Forecast) => void;
};

/**
 * Forecasts on its own thread.
 * @returns the forecast with all samples
 * @throws the signal's reason when cancelled; the thread ends at once
 */
export function forecastOnThread(
  request: ForecastRequest,
  { signal, onPicture }: ForecastingOptions = {},
): Promise<Forecast> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  const built = builtDirectory();
  const script = built ? pathToFileURL(join(built, 'worker/forecast.js')) : new URL('../forecast.ts', import.meta.url);
  const worker = new Worker(script, { workerData: withoutReadings(request) });
  return new Promise<Forecast>((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    worker.on('message', (message: ForecastMessage) => {
      if (message.type === 'failed') reject(new Error(message.message));
      else if (message.last) resolve(message.forecast);
      else onPicture?.(message.forecast);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`The forecasting thread ended with code ${code}.`)));
  }).finally(() => worker.terminate());
}

/** Readings of usage are large and say nothing of the future: they stay here. */
function withoutReadings(request: ForecastRequest): ForecastRequest {
  const bare = Object.entries(request.scenarios).map(([name, snapshot]) => [name, { ...snapshot, usage: {} }] as const);
  return { ...request, scenarios: Object.fromEntries(bare) };
}
