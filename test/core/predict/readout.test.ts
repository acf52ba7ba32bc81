import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { QUANTILE_LEVELS } from '../../../src/core/predict/distribution.ts';
import { COMPONENTS, makeHeadSpace } from '../../../src/core/predict/network.ts';
import { makeReadoutSpace, readMixture } from '../../../src/core/predict/readout.ts';

/** A mixture of free components (the last four): [ln location, width, weight]. */
function mixture(...parts: readonly (readonly [number, number, number])[]) {
  const space = makeHeadSpace();
  for (const [at, [location, width, weight]] of parts.entries()) {
    const component = COMPONENTS - 4 + at;
    space.location[component] = location;
    space.width[component] = width;
    space.weight[component] = weight;
  }
  for (let at = parts.length; at < 4; at++) space.width[COMPONENTS - 4 + at] = 1;
  return space;
}

const level = (wanted: number) => QUANTILE_LEVELS.indexOf(wanted);

describe('what is read from a mixture', () => {
  it('has the quantiles of a Laplace distribution', () => {
    // Laplace(6, .5): quantile .9 is 6 − .5 ln(2 × .1) = 6.8047; .1 lies as far below.
    const { logQuantiles, bestRatio } = readMixture(mixture([6, 0.5, 1]), Number.NaN, makeReadoutSpace());
    assert.ok(Math.abs(logQuantiles[level(0.5)]! - 6) < 0.01);
    assert.ok(Math.abs(logQuantiles[level(0.9)]! - 6.8047) < 0.02);
    assert.ok(Math.abs(logQuantiles[level(0.1)]! - 5.1953) < 0.02);
    assert.ok(Math.abs(bestRatio - 6) < 0.02);
  });

  it('puts the best-ratio point on the likelier of two runtimes, not between them', () => {
    const { bestRatio, logQuantiles } = readMixture(
      mixture([3, 0.05, 0.6], [9, 0.05, 0.4]),
      Number.NaN,
      makeReadoutSpace(),
    );
    assert.ok(Math.abs(bestRatio - 3) < 0.03, String(bestRatio));
    assert.ok(logQuantiles[level(0.9)]! > 8.5);
  });

  it('has a best-ratio point within the limit, for which all mass beyond lies at the limit', () => {
    assert.ok(readMixture(mixture([6, 0.5, 1]), 6.2, makeReadoutSpace()).bestRatio <= 6.2);
    // Nine tenths of the mass lie far beyond the limit: the best a point within it can do is the limit.
    const beyond = readMixture(mixture([3, 0.2, 0.1], [9, 0.2, 0.9]), 6.2, makeReadoutSpace());
    assert.equal(beyond.bestRatio, 6.2);
  });

  it('has quantiles that a limit leaves alone, because runs overrun it', () => {
    const free = readMixture(mixture([6, 0.5, 1]), Number.NaN, makeReadoutSpace());
    const limited = readMixture(mixture([6, 0.5, 1]), 6.2, makeReadoutSpace());
    assert.deepEqual(limited.logQuantiles, free.logQuantiles);
  });

  it('is ascending even where all mass is in one cell', () => {
    const { logQuantiles } = readMixture(mixture([0, 0.05, 1]), Number.NaN, makeReadoutSpace());
    for (let at = 1; at < logQuantiles.length; at++) assert.ok(logQuantiles[at]! >= logQuantiles[at - 1]!);
    assert.ok(logQuantiles[0]! >= 0);
  });
});
