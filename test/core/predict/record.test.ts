import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { BaselineForecast } from '../../../src/core/predict/baselines.ts';
import { choosePredictor, EMPTY_RECORD, openRecord, spreadAround } from '../../../src/core/predict/record.ts';

const forecast = (point: number): BaselineForecast => ({
  points: { request: 5 * point, last2: point, med5: point, med20: point, hist20: point },
  sample: [point, point, point, point, point],
  grouping: 3,
});

/** A record of `count` outcomes of `runtime` in group `label`, where the network said `told` and the medians 100 s. */
function recordOf(label: string, count: number, runtime: number, told: number) {
  const record = openRecord(EMPTY_RECORD);
  for (let outcome = 0; outcome < count; outcome++) {
    const quotes = record.quotes(forecast(100), Number.NaN);
    const stowage = { point: told, p10: told / 2, p50: told, p90: told * 2 };
    record.learn(label, runtime, outcome * 86_400, { ...quotes, stowage }, forecast(100));
  }
  return record.close();
}

describe('the track record', () => {
  it('keeps the network while nothing is known', () => {
    assert.deepEqual(choosePredictor(EMPTY_RECORD, 'ana / train', true), { name: 'stowage', of: 'everyone' });
    assert.deepEqual(choosePredictor(EMPTY_RECORD, 'ana / train', false), { name: 'med5', of: 'everyone' });
  });

  it('uses the baseline, and says so, where it was clearly closer for these tasks', () => {
    const choice = choosePredictor(recordOf('ana / train', 60, 100, 400), 'ana / train', true);
    assert.equal(choice.name, 'med5');
    assert.deepEqual(choice.instead, { predictor: 'med5', of: 'these tasks' });
    assert.equal(choice.score?.outcomes, 60);
  });

  it('does not let a handful of outcomes of a group decide', () => {
    const many = recordOf('ben / other', 200, 400, 400);
    const few = recordOf('ana / train', 10, 100, 400);
    const both = { ...many, scores: { ...few.scores, ...many.scores } };
    assert.equal(choosePredictor(both, 'ana / train', true).name, 'stowage');
  });

  it('counts which outcomes fell into the band that was told, by group and by week', () => {
    const { scores, weeks } = recordOf('ana / train', 14, 100, 400);
    // The band told was 200…800, the runtime 100: never inside. Fourteen days touch two weeks of seven outcomes.
    assert.deepEqual([scores['ana / train']?.stowage?.inBand, scores['']?.stowage?.outcomes], [0, 14]);
    assert.deepEqual(
      Object.values(weeks).map(({ outcomes }) => outcomes),
      [7, 7],
    );
  });

  it('spreads a baseline by its own past errors, within the limit, and widely before there are any', () => {
    // Every outcome was twice the point: so is every quantile.
    const { seconds } = spreadAround(recordOf('a / b', 30, 200, 200), 'med5', forecast(100), Number.NaN);
    for (const each of seconds) assert.ok(Math.abs(each - 200) < 1e-6);
    assert.ok(spreadAround(recordOf('a / b', 30, 200, 200), 'med5', forecast(100), 150).seconds.every((s) => s <= 150));
    const unknown = spreadAround(EMPTY_RECORD, 'med5', forecast(100), Number.NaN).seconds;
    assert.ok(unknown.at(-1)! > 20 * unknown[0]!);
  });
});
