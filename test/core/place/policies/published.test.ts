import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Fleet } from '../../../../src/core/fleet/fleet.ts';
import { classNumber, createFleet, hold } from '../../../../src/core/fleet/fleet.ts';
import { seededRandom } from '../../../../src/core/model/random.ts';
import { fgdPolicy } from '../../../../src/core/place/policies/fgd.ts';
import {
  bestFitPolicy,
  dotProductPolicy,
  gpuClusteringPolicy,
  gpuPackingPolicy,
  randomPolicy,
} from '../../../../src/core/place/policies/published.ts';
import { describePolicy } from '../../../../src/text/policies.ts';

const GIB = 2 ** 30;
const share = { milliCpu: 8000, gpuMilli: 500, gpuCount: 1, gpuModels: [] };
const whole = { milliCpu: 8000, gpuMilli: 1000, gpuCount: 1, gpuModels: [] };
const pair = { milliCpu: 16_000, gpuMilli: 1000, gpuCount: 2, gpuModels: [] };
const cpuOnly = { milliCpu: 4000, gpuMilli: 0, gpuCount: 0, gpuModels: [] };

function twoNodes(): Fleet {
  return createFleet([
    { name: 'large', milliCpu: 96_000, memoryBytes: 384 * GIB, gpuCount: 8, gpuModel: 'G2' },
    { name: 'small', milliCpu: 64_000, memoryBytes: 256 * GIB, gpuCount: 2, gpuModel: 'P100' },
  ]);
}

function ask(fleet: Fleet, taskClass: typeof share, memoryBytes = GIB) {
  return { classNumber: classNumber(fleet, taskClass), memoryBytes, nowSeconds: 0 };
}

function run(fleet: Fleet, node: number, taskClass: typeof share, gpuFree = 1000) {
  return hold(fleet, node, classNumber(fleet, taskClass), GIB, gpuFree);
}

describe('the published policies', () => {
  it('score best fit by what stays free, CPU and GPU alike', () => {
    const fleet = twoNodes();
    const policy = bestFitPolicy(fleet);
    // large: 1 − (.5 · 88/128 + .5 · 7.5/8) = .1875 → 18; small: 1 − (.5 · 56/128 + .5 · 1.5/8) = .6875 → 68.
    assert.equal(policy.score(0, ask(fleet, share)), 18);
    assert.equal(policy.score(1, ask(fleet, share)), 68);
    assert.equal(policy.choose(ask(fleet, share)), 1);
  });

  it('score the dot product by how little free capacity and request align', () => {
    const fleet = twoNodes();
    // large, pair: 1 − .5 · (.75 · .125 + 1 · .25) = .828 → 82; small: 1 − .5 · (.5 · .125 + .25 · .25) = .9375 → 93.
    assert.equal(dotProductPolicy(fleet).score(0, ask(fleet, pair)), 82);
    assert.equal(dotProductPolicy(fleet).score(1, ask(fleet, pair)), 93);
  });

  it('pack GPUs: shared ones first, then free ones of nodes in use, empty nodes last', () => {
    const fleet = twoNodes();
    const policy = gpuPackingPolicy(fleet);
    // Empty: max(33 − 8, 8) = 25 and max(33 − 2, 2) = 31.
    assert.deepEqual([policy.score(0, ask(fleet, share)), policy.score(1, ask(fleet, share))], [25, 31]);
    run(fleet, 0, share);
    // A share of 500 goes into the GPU with 500 free: 50 % of it, 100 − 50/10 = 95; a whole one breaks into one: 49.
    assert.equal(policy.score(0, ask(fleet, share)), 95);
    assert.equal(policy.score(0, ask(fleet, whole)), 49);
    assert.equal(policy.score(0, ask(fleet, pair)), 48);
    assert.equal(policy.score(0, ask(fleet, cpuOnly)), 0);
  });

  it('cluster tasks of a kind', () => {
    const fleet = twoNodes();
    const policy = gpuClusteringPolicy(fleet);
    const place = (node: number, taskClass: typeof share) => {
      run(fleet, node, taskClass);
      policy.placed?.(node, ask(fleet, taskClass));
    };
    assert.equal(policy.score(0, ask(fleet, share)), 25, 'no GPU task');
    place(0, share);
    // 25 · 500 / 8000 = 1.56 → 1.
    assert.equal(policy.score(0, ask(fleet, share)), 76, 'only its kind');
    assert.equal(policy.score(0, ask(fleet, whole)), 1, 'only another kind');
    place(0, whole);
    // 25 · 1500 / 8000 = 4.69 → 4.
    assert.equal(policy.score(0, ask(fleet, share)), 54, 'its kind among others');
  });

  it('score FGD by the growth of the fragment, and put a share where it grows least', () => {
    const fleet = createFleet([{ name: 'a', milliCpu: 96_000, memoryBytes: 384 * GIB, gpuCount: 2, gpuModel: 'G2' }]);
    const policy = fgdPolicy(fleet, [{ ...whole, popularity: 1 }]);
    run(fleet, 0, share);
    // Free 500 and 1000: F = 500. Share into the 500: F = 0, sigmoid(.5) = .622 → 62; into the 1000: F = 1000 → 37.
    assert.equal(policy.score(0, ask(fleet, share)), 62);
    assert.equal(policy.gpuFree(0, ask(fleet, share)), 500);
    assert.match(describePolicy(policy.explain(0, ask(fleet, share)).reason), /shrinks by 0\.50 GPU/);
  });

  it('give ties to the lowest node and nothing where nothing fits', () => {
    const fleet = createFleet(
      [1, 2, 3].map((n) => ({ name: `n${n}`, milliCpu: 8000, memoryBytes: 8 * GIB, gpuCount: 1 })),
    );
    for (const policy of [bestFitPolicy(fleet), dotProductPolicy(fleet), gpuPackingPolicy(fleet)]) {
      assert.equal(policy.choose(ask(fleet, share)), 0);
      assert.equal(policy.choose(ask(fleet, pair)), -1, 'two GPUs');
      assert.equal(policy.choose(ask(fleet, share, 9 * GIB)), -1, 'memory');
      assert.equal(policy.score(0, ask(fleet, share, 9 * GIB)), Number.NEGATIVE_INFINITY);
      assert.equal(policy.choose(ask(fleet, { ...share, gpuModels: ['T4'] as never[] })), -1, 'model');
    }
  });

  it('choose at random each node that fits equally often', () => {
    const fleet = createFleet(
      [1, 2, 3, 4].map((n) => ({ name: `n${n}`, milliCpu: n === 2 ? 100 : 8000, memoryBytes: GIB, gpuCount: 1 })),
    );
    const policy = randomPolicy(fleet, seededRandom(5));
    const counts = [0, 0, 0, 0];
    for (let draw = 0; draw < 3000; draw += 1) counts[policy.choose(ask(fleet, share))]! += 1;
    assert.equal(counts[1], 0);
    for (const node of [0, 2, 3]) assert.ok(Math.abs(counts[node]! - 1000) < 130, counts.join(' '));
  });
});
