import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { classNumber, createFleet, hold } from '../../../../src/core/place/policies/fleet.ts';
import { lavaPolicy } from '../../../../src/core/place/policies/lava.ts';
import { holdBucket, nilasPolicy, prolongedHold } from '../../../../src/core/place/policies/nilas.ts';
import { stowageTimePolicy } from '../../../../src/core/place/policies/stowageTime.ts';

const HOUR = 3600;

/** Two equal nodes; n1 is held by one task for two hours from 0. */
function held() {
  const fleet = createFleet(
    ['n0', 'n1'].map((name) => ({ name, milliCpu: 64_000, memoryBytes: 100, gpuCount: 8, gpuModel: 'G2' })),
  );
  const kind = classNumber(fleet, { milliCpu: 1000, gpuMilli: 500, gpuCount: 1, gpuModels: [] });
  const ask = (endSeconds?: number) => ({
    classNumber: kind,
    memoryBytes: 1,
    nowSeconds: 0,
    ...(endSeconds === undefined ? {} : { endSeconds }),
  });
  hold(fleet, 1, kind, 1, 1000);
  fleet.exitSeconds[1] = 2 * HOUR;
  return { fleet, ask };
}

describe('placement by lifetime', () => {
  it('counts by how long a task would prolong the hold of a node', () => {
    const { fleet, ask } = held();
    assert.equal(prolongedHold(fleet, 1, ask(HOUR)), 0);
    assert.equal(prolongedHold(fleet, 1, ask(3 * HOUR)), HOUR);
    assert.equal(prolongedHold(fleet, 0, ask(3 * HOUR)), 3 * HOUR, 'an empty node is held until now');
    assert.equal(prolongedHold(fleet, 0, ask()), 0, 'nothing known');
    assert.deepEqual([0, 1, 600, 601, 1e9].map(holdBucket), [0, 1, 1, 2, 10]);
  });

  for (const [name, make] of [
    ['nilas', nilasPolicy],
    ['lava', lavaPolicy],
    ['stowage-time', stowageTimePolicy],
  ] as const) {
    it(`${name} puts a task on the node that is held anyway, and says why`, () => {
      const { fleet, ask } = held();
      const policy = make(fleet);
      policy.placed?.(1, ask(2 * HOUR));
      assert.equal(policy.choose(ask(HOUR)), 1);
      assert.ok(policy.score(1, ask(HOUR)) > policy.score(0, ask(HOUR)));
      const { score, sentence } = policy.explain(1, ask(HOUR));
      assert.equal(score, policy.score(1, ask(HOUR)));
      assert.ok(sentence.length > 20);
    });
  }

  it('fills a filled node of longer tasks first, as LAVA does', () => {
    const { fleet, ask } = held();
    const policy = lavaPolicy(fleet);
    policy.placed?.(1, ask(20 * HOUR));
    fleet.exitSeconds[1] = 20 * HOUR;
    const { parts } = policy.explain(1, ask(HOUR));
    assert.equal(parts['preference'], 1, 'of another class and not filled');
    const big = classNumber(fleet, { milliCpu: 1000, gpuMilli: 1000, gpuCount: 7, gpuModels: [] });
    hold(fleet, 1, big, 1, 1000);
    assert.equal(policy.explain(1, ask(HOUR)).parts['preference'], 3, '7.5 of 8 GPUs in use, longer tasks');
  });
});
