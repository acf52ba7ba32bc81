import type { Fleet } from '../../fleet/fleet.ts';
import type { Ask, FleetPolicy } from './fleetPolicy.ts';
import { keptScores } from './fleetPolicy.ts';
import { bestFitPolicy, bestFitScore } from './published.ts';

/**
 * Bounds of the buckets by which a node's longer hold is judged, in seconds. The list is our own: the paper's could not
 * be read.
 */
const HOLD_BUCKETS: readonly number[] = [0, 600, 1800, 3600, 7200, 14400, 28800, 86400, 259200, 604800];

/**
 * Like NILAS (LAVA, arXiv 2412.09840): the node whose hold the task prolongs least, in buckets, then best fit. A node
 * is held until its exit time, an empty one until now; with repredictions exit times move as tasks outlive them. Where
 * a task's end is not known, it is best fit.
 */
export function nilasPolicy(fleet: Fleet): FleetPolicy {
  const bestFit = bestFitPolicy(fleet);
  const scores = keptScores(fleet, bestFitScore(fleet));
  const withHold = (fit: number, node: number, ask: Ask) => fit - 1000 * holdBucket(prolongedHold(fleet, node, ask));
  return {
    ...bestFit,
    name: 'nilas',
    score: (node, ask) => withHold(bestFit.score(node, ask), node, ask),
    choose(ask) {
      const fits = scores(ask.classNumber);
      const { freeMemoryBytes } = fleet;
      let chosen = -1;
      let best = Number.NEGATIVE_INFINITY;
      for (let node = 0; node < fits.length; node += 1) {
        const fit = fits[node]!;
        if (!(fit > best) || freeMemoryBytes[node]! < ask.memoryBytes) continue;
        const value = withHold(fit, node, ask);
        if (value > best) {
          best = value;
          chosen = node;
        }
      }
      return chosen;
    },
    explain(node, ask) {
      const fit = bestFit.explain(node, ask);
      const hold = prolongedHold(fleet, node, ask);
      const parts = { ...fit.parts, prolongedHoldSeconds: hold, bucket: holdBucket(hold) };
      const reason = { code: 'hold', seconds: hold, among: fit.reason } as const;
      return { score: withHold(fit.score, node, ask), parts, reason };
    },
  };
}

/**
 * Seconds by which a task is expected to prolong a node's hold: the mean over the runtimes of all its tasks where they
 * are known as distributions; 0 where its end is not known.
 */
export function expectedHold(fleet: Fleet, node: number, ask: Ask): number {
  return ask.holdSeconds?.(node) ?? prolongedHold(fleet, node, ask);
}

/** Seconds by which a task would prolong a node's hold; 0 where its end is not known. */
export function prolongedHold(fleet: Fleet, node: number, { nowSeconds, endSeconds }: Ask): number {
  return endSeconds === undefined ? 0 : Math.max(0, endSeconds - Math.max(nowSeconds, fleet.exitSeconds[node]!));
}

/** Index of the first bound that is not below the hold. */
export function holdBucket(seconds: number): number {
  let bucket = 0;
  while (bucket < HOLD_BUCKETS.length && HOLD_BUCKETS[bucket]! < seconds) bucket += 1;
  return bucket;
}
