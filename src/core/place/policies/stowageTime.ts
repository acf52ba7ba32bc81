import type { Fleet } from '../../fleet/fleet.ts';
import type { CountedClass } from '../../fragment/mix.ts';
import { mixOfCounts } from '../../fragment/mix.ts';
import { fgdPolicy } from './fgd.ts';
import type { Ask, FleetPolicy } from './fleetPolicy.ts';
import { keptScores } from './fleetPolicy.ts';
import { expectedHold } from './nilas.ts';
import { bestFitPolicy, bestFitScore } from './published.ts';

/**
 * What a perfect fit (100 of best fit) weighs, and a perfect growth of fragments (100 of FGD), in hours of prolonged
 * hold.
 */
const FIT_HOURS = 2;
const FRAGMENT_HOURS = 10;

/**
 * A node's price grows with this power of its GPUs, by the share of all GPUs that are on empty nodes of the largest
 * size. Below 0 while these are plenty: a large node holds more tasks for one node in use. Above 0 when they are
 * scarce: tasks of many GPUs need large nodes to run empty. Distributions prolong every node a little, points many not
 * at all, so a smaller power does for them.
 */
const PLENTY = { emptyFraction: 0.05, powerByPoint: -0.1, powerByDistribution: -0.03 };
const SCARCE = { emptyFraction: 0.02, power: 1 };

/**
 * Our score in space and time: the hours by which the task prolongs its node's hold, times the node's size, against
 * best fit's score and FGD's. A node is held until its last task is expected to end, an empty one until now; over
 * distributions, the mean counts. Where no end is known the capacity alone decides, in whole numbers: ties keep tasks
 * together.
 * @param seen the classes to expect; none: fragments are not looked at
 */
export function stowageTimePolicy(fleet: Fleet, seen: readonly CountedClass[] = []): FleetPolicy {
  const bestFit = bestFitScore(fleet);
  const inSpace = seen.length > 0 ? fgdPolicy(fleet, mixOfCounts(seen)) : bestFitPolicy(fleet);
  const fragments = (node: number, classNumber: number) =>
    seen.length > 0 ? inSpace.score(node, { classNumber, memoryBytes: 0, nowSeconds: 0 }) : 0;
  const fits = keptScores(
    fleet,
    (node, classNumber) =>
      (FIT_HOURS / 100) * bestFit(node, classNumber) + (FRAGMENT_HOURS / 100) * fragments(node, classNumber),
  );
  const weights = fleet.nodes.map(() => 1);
  let weighedAt = Number.NaN;

  /** Price of an hour of each node, at the power that the empty large nodes ask for now. */
  function weigh({ holdSeconds }: Ask): readonly number[] {
    const inPlenty = holdSeconds ? PLENTY.powerByDistribution : PLENTY.powerByPoint;
    const power = Math.round(100 * sizePower(emptyLargeShare(fleet), inPlenty)) / 100;
    if (power !== weighedAt) {
      weighedAt = power;
      fleet.nodes.forEach(({ gpuCount }, node) => {
        weights[node] = Math.max(1, gpuCount) ** power;
      });
    }
    return weights;
  }

  const holdCost = (node: number, ask: Ask) => (weights[node]! * expectedHold(fleet, node, ask)) / 3600;

  return {
    ...inSpace,
    name: 'stowage-time',
    score(node, ask) {
      weigh(ask);
      const fit = fits(ask.classNumber)[node]!;
      return fleet.freeMemoryBytes[node]! < ask.memoryBytes ? Number.NEGATIVE_INFINITY : fit - holdCost(node, ask);
    },
    choose(ask) {
      const kept = fits(ask.classNumber);
      weigh(ask);
      const { freeMemoryBytes } = fleet;
      let chosen = -1;
      let best = Number.NEGATIVE_INFINITY;
      for (let node = 0; node < kept.length; node += 1) {
        if (!(kept[node]! > best) || freeMemoryBytes[node]! < ask.memoryBytes) continue;
        const value = kept[node]! - holdCost(node, ask);
        if (value > best) {
          best = value;
          chosen = node;
        }
      }
      return chosen;
    },
    explain(node, ask) {
      weigh(ask);
      const fit = bestFit(node, ask.classNumber);
      const fragment = fragments(node, ask.classNumber);
      const hold = expectedHold(fleet, node, ask);
      const parts = {
        fit: (FIT_HOURS / 100) * fit,
        fragments: (FRAGMENT_HOURS / 100) * fragment,
        hold: -holdCost(node, ask),
      };
      const space = seen.length > 0 && { space: inSpace.explain(node, ask).reason };
      return {
        score: parts.fit + parts.fragments + parts.hold,
        parts,
        reason: { code: 'holdAndFit', seconds: hold, fit, ...space },
      };
    },
  };
}

/** Share of all GPUs that are on nodes of the largest size without tasks. */
function emptyLargeShare(fleet: Fleet): number {
  const largest = fleet.gpuStride;
  let gpus = 0;
  for (let node = 0; node < fleet.nodes.length; node += 1) {
    if (fleet.tasks[node] === 0 && fleet.nodes[node]!.gpuCount === largest) gpus += largest;
  }
  return fleet.capacity.gpuMilli > 0 ? (1000 * gpus) / fleet.capacity.gpuMilli : 1;
}

/**
 * Linear between scarce and plenty, constant beyond.
 * @param inPlenty the power there
 */
function sizePower(emptyFraction: number, inPlenty: number): number {
  const share = (emptyFraction - SCARCE.emptyFraction) / (PLENTY.emptyFraction - SCARCE.emptyFraction);
  return SCARCE.power + (inPlenty - SCARCE.power) * Math.min(1, Math.max(0, share));
}
