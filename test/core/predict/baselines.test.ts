import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type BaselineForecast, baselineForecast } from '../../../src/core/predict/baselines.ts';
import { replayRuns } from '../../../src/core/predict/past.ts';
import { type Run, runsOf } from '../../../src/core/predict/runs.ts';
import { finished } from './histories.ts';

function forecastOfLast(tasks: readonly Run[]): BaselineForecast {
  const runs = runsOf(tasks);
  let forecast: BaselineForecast | undefined;
  replayRuns(runs, ({ kind, row }, past) => {
    if (kind === 'submitted' && row === runs.count - 1) forecast = baselineForecast(runs, row, past);
  });
  return forecast!;
}

const history = (runtimes: readonly number[]) =>
  runtimes.map((runtime, at) => finished({ submittedAtSeconds: at * 1000, runtime }));
const now = { submittedAtSeconds: 1_000_000 };

describe('the baselines', () => {
  it('med5 is the median of the last five runs, a real one of them', () => {
    // Last five of 900 1 2 3 4 50: 1 2 3 4 50, the middle is 3.
    assert.equal(forecastOfLast([...history([900, 1, 2, 3, 4, 50]), finished(now)]).points.med5, 3);
    // Of two runs the upper one: rank floor(0.5 × 2) = 1.
    assert.equal(forecastOfLast([...history([10, 20]), finished(now)]).points.med5, 20);
  });

  it('last2 is the mean of the creator’s last two runs, at most the limit', () => {
    assert.equal(forecastOfLast([...history([900, 10, 20]), finished(now)]).points.last2, 15);
    const limited = finished({ ...now, parameters: { creator: 'a', requestedRuntimeSeconds: 12 } });
    assert.equal(forecastOfLast([...history([900, 10, 20]), limited]).points.last2, 12);
  });

  it('falls back from the same size and limit to the same name, to the creator, to the limit', () => {
    const ran = finished({ parameters: { creator: 'a', name: 'x' }, size: 4, runtime: 70 });
    const ask = (parameters: Run['parameters'], size = 4) =>
      forecastOfLast([ran, finished({ ...now, parameters, size })]);
    assert.deepEqual(
      [ask({ creator: 'a', name: 'x' }).grouping, ask({ creator: 'a', name: 'x' }).points.med5],
      [7, 70],
    );
    assert.equal(ask({ creator: 'a', name: 'x' }, 8).grouping, 5);
    assert.equal(ask({ creator: 'a', name: 'y' }).grouping, 3);
    const stranger = ask({ creator: 'b', requestedRuntimeSeconds: 600 });
    assert.deepEqual([stranger.grouping, stranger.points.med5], [undefined, 600]);
  });

  it('takes what is typical of everyone where there is neither a run nor a limit, and an hour where nothing ran', () => {
    const stranger = finished({ ...now, parameters: { creator: 'b' } });
    assert.equal(forecastOfLast([...history([10, 20, 30]), stranger]).points.med5, 20);
    assert.equal(forecastOfLast([stranger]).points.med5, 3600);
  });
});
