import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { classNumber, createFleet, hold } from '../../../../src/core/fleet/fleet.ts';
import type { Ask } from '../../../../src/core/place/policies/fleetPolicy.ts';
import { lavaPolicy } from '../../../../src/core/place/policies/lava.ts';
import { expectedHold, holdBucket, nilasPolicy, prolongedHold } from '../../../../src/core/place/policies/nilas.ts';
import { bestFitPolicy } from '../../../../src/core/place/policies/published.ts';
import { stowageTimePolicy } from '../../../../src/core/place/policies/stowageTime.ts';
import { describePolicy } from '../../../../src/text/policies.ts';

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

  it('goes by the expected hold where runtimes are known as distributions: a rare long run counts', () => {
    const { fleet, ask } = held();
    // The median of an hour ends before n1 is empty; one run in ten goes on for 18 h, on an empty node all count.
    const uncertain = { ...ask(HOUR), holdSeconds: (node: number) => (node === 1 ? 1.8 : 2.9) * HOUR };
    assert.equal(expectedHold(fleet, 1, uncertain), 1.8 * HOUR);
    assert.equal(expectedHold(fleet, 1, ask(HOUR)), 0);
    const { parts, reason } = stowageTimePolicy(fleet).explain(1, uncertain);
    assert.ok(parts['hold']! < 0);
    assert.match(describePolicy(reason), /would hold the node 1 h 48 min longer/);
  });

  it('keeps large nodes free while few are empty, and small ones while there are plenty', () => {
    const sizes = (large: number, small: number) =>
      createFleet(
        Array.from({ length: large + small }, (_, n) => ({
          name: `n${n}`,
          milliCpu: 64_000,
          memoryBytes: 100,
          gpuCount: n < large ? 8 : 2,
          gpuModel: 'G2',
        })),
      );
    const choose = (fleet: ReturnType<typeof sizes>) => {
      const kind = classNumber(fleet, { milliCpu: 1000, gpuMilli: 1000, gpuCount: 1, gpuModels: [] });
      // All are held by an hour's work already; the task runs for ten.
      fleet.nodes.forEach((_, node) => {
        if (node % 2 === 0) hold(fleet, node, kind, 1, 1000);
      });
      const policy = stowageTimePolicy(fleet);
      return (node: number, known: Partial<Ask> = {}) =>
        policy.explain(node, { classNumber: kind, memoryBytes: 1, nowSeconds: 0, endSeconds: 10 * HOUR, ...known });
    };
    // One large node, in use: none is empty, an hour of it costs eight times an hour of a small one's two.
    const scarce = choose(sizes(1, 40));
    assert.equal(scarce(0).parts['hold']! / scarce(1).parts['hold']!, 4);
    const plenty = choose(sizes(20, 20));
    const large = (known?: Partial<Ask>) => plenty(1, known).parts['hold']! / plenty(21, known).parts['hold']!;
    assert.ok(large() < 0.9, 'an hour of a large node costs less');
    const byDistribution = large({ holdSeconds: () => 10 * HOUR });
    assert.ok(byDistribution < 1 && byDistribution > 0.95, 'a little less, where runtimes are distributions');
  });

  it('stowage-time is best fit where neither ends nor classes are known', () => {
    const { fleet, ask } = held();
    const [ours, bestFit] = [stowageTimePolicy(fleet), bestFitPolicy(fleet)];
    assert.equal(ours.choose(ask()), bestFit.choose(ask()));
    for (const node of [0, 1]) assert.ok(Math.abs(50 * ours.score(node, ask()) - bestFit.score(node, ask())) < 1e-9);
  });

  it('stowage-time looks at the fragments that expected classes leave, and says so', () => {
    const { fleet, ask } = held();
    const { classes } = fleet.classes;
    const policy = stowageTimePolicy(fleet, [{ taskClass: { ...classes[0]!, gpuMilli: 1000 }, count: 1 }]);
    const { parts, reason } = policy.explain(1, ask(HOUR));
    // Beside the half that is held there is room for this half: nothing whole is broken, and half a fragment goes.
    assert.ok(parts['fragments']! > policy.explain(0, ask(HOUR)).parts['fragments']!);
    assert.match(describePolicy(reason), /shrinks by 0\.50 GPU/);
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
      const { score, reason } = policy.explain(1, ask(HOUR));
      assert.equal(score, policy.score(1, ask(HOUR)));
      assert.match(describePolicy(reason), /^(The|Expected|Scores) .{20,}\.$/);
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
