import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { NO_ARRIVALS } from '../../src/core/forecast/arrivals.ts';
import { type ForecastRequest, forecast } from '../../src/core/forecast/forecast.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import { forecastOnThread } from '../../src/worker/threads/forecasting.ts';
import { node, prediction, snapshot, task } from '../core/place/cluster.ts';

const request: ForecastRequest = {
  scenarios: { nothing: snapshot([node('a')], [task('x', { node: 'a' }), task('new')]) },
  predictions: { 'default/x': prediction([600, 3600, 9000]) },
  arrivals: NO_ARRIVALS,
  settings: DEFAULT_SETTINGS,
  seed: 3,
  samples: 20,
};

describe('the forecasting thread', () => {
  it('gives what the core gives, coarse pictures first', async () => {
    const seen: number[] = [];
    const found = await forecastOnThread(request, { onPicture: ({ samples }) => seen.push(samples) });
    const here = forecast(request);
    let step = here.next();
    while (!step.done) step = here.next();
    assert.deepEqual(found, step.value);
    assert.deepEqual(seen, [2, 8]);
  });

  it('ends at once when it is cancelled, with the reason', async () => {
    const reason = new Error('no longer wanted');
    await assert.rejects(forecastOnThread(request, { signal: AbortSignal.abort(reason) }), reason);
    const cancel = new AbortController();
    const running = forecastOnThread(
      { ...request, samples: 1e9 },
      {
        signal: cancel.signal,
        onPicture: () => cancel.abort(reason),
      },
    );
    await assert.rejects(running, reason);
  });

  it('fails with what went wrong inside', async () => {
    const broken = { ...request, predictions: undefined } as unknown as ForecastRequest;
    await assert.rejects(forecastOnThread(broken), /TypeError/);
  });
});
