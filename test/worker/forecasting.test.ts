import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { NO_ARRIVALS } from '../../src/core/forecast/arrivals.ts';
import { type Forecast, type ForecastRequest, forecast } from '../../src/core/forecast/forecast.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import { forecastOnThreads } from '../../src/worker/threads/forecasting.ts';
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
    const found = await forecastOnThreads(request, { threads: 1, onPicture: ({ samples }) => seen.push(samples) });
    const here = forecast(request);
    let step = here.next();
    while (!step.done) step = here.next();
    assert.deepEqual(found, step.value);
    assert.deepEqual(seen, [2, 8]);
  });

  it('gives the same bytes on any number of threads, coarse pictures and all', async () => {
    const pictures = (threads: number) => {
      const seen: string[] = [];
      const options = { threads, onPicture: (picture: Forecast) => seen.push(JSON.stringify(picture)) };
      return forecastOnThreads(request, options).then((last) => [...seen, JSON.stringify(last)]);
    };
    const [one, three] = [await pictures(1), await pictures(3)];
    assert.equal(one.length, 3);
    // Samples of other threads may be there by the time a picture is due: it may be skipped, never changed.
    assert.equal(three.at(-1), one.at(-1));
    for (const picture of three) assert.ok(one.includes(picture), picture);
  });

  it('ends at once when it is cancelled, with the reason', async () => {
    const reason = new Error('no longer wanted');
    await assert.rejects(forecastOnThreads(request, { signal: AbortSignal.abort(reason) }), reason);
    const cancel = new AbortController();
    const running = forecastOnThreads(
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
    await assert.rejects(forecastOnThreads(broken), /TypeError/);
  });
});
