import { parentPort, workerData } from 'node:worker_threads';
import { type Forecast, type ForecastRequest, forecast } from '../core/forecast/forecast.ts';

/** What the forecasting thread says: coarse pictures first, the last one with all samples. Ending the thread cancels it. */
export type ForecastMessage =
  | { readonly type: 'picture'; readonly forecast: Forecast; readonly last: boolean }
  | { readonly type: 'failed'; readonly message: string };

try {
  const futures = forecast(workerData as ForecastRequest);
  for (let step = futures.next(); ; step = futures.next()) {
    say({ type: 'picture', forecast: step.value, last: step.done === true });
    if (step.done) break;
  }
} catch (error) {
  say({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

function say(message: ForecastMessage): void {
  parentPort?.postMessage(message);
}
