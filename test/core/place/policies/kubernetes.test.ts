import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  balancedAllocation,
  leastAllocated,
  mostAllocated,
  requestedToCapacityRatio,
} from '../../../../src/core/place/policies/kubernetes.ts';

/** Uses as [requested, allocatable], with what was allocated before a third. */
function uses(...amounts: [number, number, number?][]) {
  return amounts.map(([requested, allocatable, allocated = 0]) => ({ requested, allocatable, allocated, weight: 1 }));
}

describe("kube-scheduler's resource scores", () => {
  it('prefer what stays free, cut off per resource and in the mean', () => {
    // CPU (4000 − 3000)·100/4000 = 25; memory (10000 − 5000)·100/10000 = 50; mean 37.5 → 37 (upstream's own example).
    assert.equal(leastAllocated(uses([3000, 4000], [5000, 10_000])), 37);
    // 2/3 → 33.3 → 33 and 66.6 → 66: mean 49.5 → 49.
    assert.equal(leastAllocated(uses([2, 3], [1, 3])), 49);
  });

  it('prefer what is in use', () => {
    // 75 and 50 → 62.5 → 62.
    assert.equal(mostAllocated(uses([3000, 4000], [5000, 10_000])), 62);
    assert.equal(mostAllocated(uses([5000, 4000], [5000, 10_000])), 75, 'more than there is counts as all');
  });

  it('score 0 for a resource that is asked beyond what there is', () => {
    assert.equal(leastAllocated(uses([5000, 4000], [5000, 10_000])), 25);
  });

  it('pass over resources the node does not have, and score 0 where it has none', () => {
    for (const score of [leastAllocated, mostAllocated, requestedToCapacityRatio]) {
      assert.equal(score(uses([0, 0], [5000, 10_000])), 50);
      assert.equal(score(uses([5, 0])), 0);
    }
  });

  it('follow the shape of utilization, round the mean, and leave zeros out of it', () => {
    // 75 % and 50 % on the packing shape: 75 and 50 → 62.5 → 63.
    assert.equal(requestedToCapacityRatio(uses([3000, 4000], [5000, 10_000])), 63);
    assert.equal(requestedToCapacityRatio(uses([0, 4000], [5000, 10_000])), 50);
    const spread = [
      { utilization: 0, score: 10 },
      { utilization: 50, score: 4 },
      { utilization: 100, score: 0 },
    ];
    // 75 %: 40 + (0 − 40)·25/50 = 20.
    assert.equal(requestedToCapacityRatio(uses([75, 100]), spread), 20);
    assert.equal(requestedToCapacityRatio(uses([101, 100]), spread), 0, 'beyond what there is: as full');
  });

  it('rate the change of balance around 75 (Kubernetes 1.36)', () => {
    // With: |.75 − .5|/2 = .125 → 87; without: both 0 → 100; 50 + (50 + 87 − 100)/2 = 68.5 → 68.
    assert.equal(balancedAllocation(uses([3000, 4000], [5000, 10_000])), 68);
    // From .5/0 to .5/.5: with 100, without 75: 50 + 75/2 = 87.5 → 87.
    assert.equal(balancedAllocation(uses([2000, 4000, 2000], [5000, 10_000, 0])), 87);
    assert.equal(balancedAllocation(uses([2000, 4000, 2000], [5000, 10_000, 5000])), 75, 'nothing changes');
    // Three: fractions 1, 0, 0; mean 1/3; sd = √(2/9) = .4714 → 52; without 100: 50 + 2/2 = 51.
    assert.equal(balancedAllocation(uses([1, 1], [0, 1], [0, 1])), 51);
  });
});
