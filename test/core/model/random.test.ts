import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { randomExponential, randomIndex, seededRandom, shuffled } from '../../../src/core/model/random.ts';

describe('seeded random', () => {
  it('gives the same numbers for the same seed and others for its neighbours', () => {
    const draw = (seed: number) => Array.from({ length: 4 }, seededRandom(seed));
    assert.deepEqual(draw(42), draw(42));
    assert.notDeepEqual(draw(42), draw(43));
    assert.notDeepEqual(draw(42), draw(42.5));
  });

  it('is uniform in [0, 1): mean, variance and ten bins', () => {
    const random = seededRandom(1);
    const all = Array.from({ length: 100_000 }, random);
    const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
    // sd of the mean is .289 / √100000 = .0009; five of them.
    assert.ok(Math.abs(mean - 0.5) < 0.0046, `${mean}`);
    const bins = new Array<number>(10).fill(0);
    for (const x of all) bins[Math.floor(x * 10)]! += 1;
    for (const count of bins) assert.ok(Math.abs(count - 10_000) < 500, bins.join(' '));
  });

  it('draws indices and exponential waits', () => {
    const random = seededRandom(2);
    const indices = new Set(Array.from({ length: 200 }, () => randomIndex(random, 3)));
    assert.deepEqual([...indices].sort(), [0, 1, 2]);
    const waits = Array.from({ length: 50_000 }, () => randomExponential(random, 7));
    // sd of the mean is 7 / √50000 = .031; five of them.
    assert.ok(Math.abs(waits.reduce((sum, x) => sum + x, 0) / waits.length - 7) < 0.16);
  });

  it('shuffles a copy', () => {
    const all = [1, 2, 3, 4, 5, 6, 7, 8];
    const order = shuffled(seededRandom(3), all);
    assert.deepEqual([...order].sort(), all);
    assert.notDeepEqual(order, all);
    assert.deepEqual(all, [1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
