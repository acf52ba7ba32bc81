import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { backTest } from '../../bench/backTest.ts';

describe('a back-test', () => {
  it('counts what fell inside the band, its edges included, and the errors of the median and of "nothing ends"', () => {
    const forecast = { p10: 2, p50: 5, p90: 8 };
    const found = backTest([
      { forecast, actual: 2, atStart: 1 },
      { forecast, actual: 8, atStart: 1 },
      { forecast, actual: 9, atStart: 9 },
      { forecast, actual: 5, atStart: 0 },
    ]);
    // Errors of the median 3, 3, 4, 0; of the start 1, 7, 0, 5.
    assert.deepEqual(found, { outcomes: 4, coverage: 0.75, error: 2.5, errorOfNothingEnds: 3.25, width: 6 });
  });

  it('has no figures without outcomes', () => {
    const { outcomes, coverage, error } = backTest([]);
    assert.deepEqual([outcomes, coverage, error], [0, Number.NaN, Number.NaN]);
  });
});
