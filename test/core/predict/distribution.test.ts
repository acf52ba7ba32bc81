import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  distributionOf,
  probabilityEndedBy,
  probabilityEndsWithin,
  QUANTILE_LEVELS,
  quantile,
  type RuntimeDistribution,
  remainingQuantile,
  remainingQuantiles,
} from '../../../src/core/predict/distribution.ts';

const distributions = fc
  .array(fc.double({ min: 1, max: 1e7, noNaN: true }), {
    minLength: QUANTILE_LEVELS.length,
    maxLength: QUANTILE_LEVELS.length,
  })
  .map((values): RuntimeDistribution => ({ seconds: values.toSorted((a, b) => a - b) }));
const ages = fc.double({ min: 0, max: 2e7, noNaN: true });
const levels = fc.double({ min: 0.01, max: 0.99, noNaN: true });

describe('a runtime distribution', () => {
  it('has quantiles that rise with the level, and probabilities that rise with time, within 0…1', () => {
    fc.assert(
      fc.property(distributions, levels, levels, ages, ages, (runtime, a, b, s, t) => {
        assert.ok(quantile(runtime, Math.min(a, b)) <= quantile(runtime, Math.max(a, b)));
        const [early, late] = [Math.min(s, t), Math.max(s, t)].map((at) => probabilityEndedBy(runtime, at));
        assert.ok(early! >= 0 && early! <= late! && late! <= 1);
      }),
    );
  });

  it('has remaining times that are never negative and never not a number, at any age', () => {
    fc.assert(
      fc.property(distributions, ages, levels, ages, (runtime, age, level, within) => {
        const remaining = remainingQuantile(runtime, age, level);
        assert.ok(Number.isFinite(remaining) && remaining >= 0);
        assert.equal(remainingQuantiles(runtime, age, [level])[0], remaining);
        const ends = probabilityEndsWithin(runtime, age, within);
        assert.ok(ends >= 0 && ends <= 1);
      }),
    );
  });

  it('reads the median of two kinds of run again once the short kind is outlived', () => {
    // Sixty runs of 100 s and forty of 10,000 s: the median is 100 s; who still runs at 200 s has 9,800 s to go.
    const runtime = distributionOf([...Array(60).fill(100), ...Array(40).fill(10_000)]);
    assert.ok(Math.abs(quantile(runtime, 0.5) - 100) < 1e-6);
    assert.ok(Math.abs(remainingQuantile(runtime, 200, 0.6) - 9800) < 1);
  });

  it('expects a task that outlived everything to run as long again, at the odds of a Pareto tail', () => {
    // Exponent 2: P(T > 2u | T > u) = 1/4, so that the 75 % quantile of the remaining time is u itself.
    const runtime = distributionOf([100]);
    assert.ok(Math.abs(remainingQuantile(runtime, 500, 0.75) - 500) < 1e-6);
  });

  it('is itself at age 0, and refuses an empty sample and a table of other levels', () => {
    const runtime = distributionOf([10, 20]);
    assert.equal(remainingQuantile(runtime, 0, 0.5), quantile(runtime, 0.5));
    assert.throws(() => distributionOf([]), RangeError);
    assert.throws(() => quantile({ seconds: [1, 2] }, 0.5), RangeError);
  });
});
