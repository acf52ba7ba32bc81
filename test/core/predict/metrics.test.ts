import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { bandMetrics, inBand, pointMetrics } from '../../../src/core/predict/metrics.ts';

describe('the metrics', () => {
  it('are those of the protocol, by hand', () => {
    // Runtimes 10, 40; told 20, 20. Errors 10, 20. Ratios .5, .5. One of two is under. Mean 25, spread 450, squares 500.
    const { mae, medianAe, avgPred, underFraction, r2, absLog } = pointMetrics([10, 40], [20, 20])!;
    assert.deepEqual([mae, medianAe, avgPred, underFraction], [15, 15, 0.5, 0.5]);
    assert.ok(Math.abs(r2 - (1 - 500 / 450)) < 1e-12);
    assert.ok(Math.abs(absLog - Math.LN2) < 1e-12);
  });

  it('judge AVGpred by the best-ratio point and MAE by the median', () => {
    const { mae, avgPred } = pointMetrics([10], [20], [10])!;
    assert.deepEqual([mae, avgPred], [10, 1]);
  });

  it('measure bands in ln units', () => {
    // Band 1…e², width 2; truth e: pinball at .1: .1 × 1; at .5 (told e): 0; at .9: (.9 − 1)(1 − 2) = .1.
    const { coverage80, width80, pinball10, pinball50, pinball90 } = bandMetrics(
      [Math.E],
      [1],
      [Math.E],
      [Math.E ** 2],
    )!;
    assert.equal(coverage80, 1);
    assert.ok(Math.abs(width80 - 2) < 1e-12);
    assert.ok(Math.abs(pinball10 - 0.1) < 1e-12 && pinball50 === 0 && Math.abs(pinball90 - 0.1) < 1e-12);
  });

  it('count a runtime at the band’s edge as inside, and say nothing of no runs', () => {
    assert.equal(inBand(60, 10, 60), true);
    assert.equal(inBand(61, 10, 60), false);
    assert.equal(pointMetrics([], []), undefined);
    assert.equal(bandMetrics([], [], [], []), undefined);
  });

  it('give 0 for R² where all runtimes are equal', () => {
    assert.equal(pointMetrics([5, 5], [4, 6])!.r2, 0);
  });
});
