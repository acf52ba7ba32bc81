import type { Fleet } from '../../fleet/fleet.ts';
import { fits, tightestGpu } from '../../fleet/fleet.ts';
import type { PolicyReason } from './reason.ts';

/** What a policy is asked: where should this task go? */
export type Ask = {
  /** `classNumber` of the task in the fleet. */
  readonly classNumber: number;
  readonly memoryBytes: number;
  readonly nowSeconds: number;
  /** When the task is expected to end, should it start now; absent: nothing is known. */
  readonly endSeconds?: number;
  /**
   * Mean seconds by which the task is expected to prolong a node's hold, where the runtimes of the tasks there are
   * known as distributions.
   */
  readonly holdSeconds?: (node: number) => number;
};

/** Why a node has its score: the parts that add up or decide, and what a sentence about it needs. */
export type Explanation = {
  readonly score: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly reason: PolicyReason;
};

/** A way to choose a node, bound to a fleet. Higher scores win; the lowest node number wins ties. */
export type FleetPolicy = {
  readonly name: string;
  /** −Infinity where the task does not fit. */
  score(node: number, ask: Ask): number;
  /** The best node that fits, −1 where there is none (or where the policy refuses). Changes nothing. */
  choose(ask: Ask): number;
  /** Free share of the GPU a share would take on that node. */
  gpuFree(node: number, ask: Ask): number;
  explain(node: number, ask: Ask): Explanation;
  /** Told of every task that arrives, before it is placed. */
  arrived?(ask: Ask): void;
  /** Told after `hold`. */
  placed?(node: number, ask: Ask): void;
  /** Told after `release`. */
  ended?(node: number, classNumber: number, nowSeconds: number): void;
};

/** The best node by a score: one pass in node order, strictly better wins. */
export function bestNode(fleet: Fleet, score: (node: number) => number): number {
  let chosen = -1;
  let best = Number.NEGATIVE_INFINITY;
  for (let node = 0; node < fleet.nodes.length; node += 1) {
    const value = score(node);
    if (value > best) {
      best = value;
      chosen = node;
    }
  }
  return chosen;
}

/**
 * A policy whose score looks at more than the node's capacity and the task's class: it is computed again at every ask.
 */
export function scoringPolicy(
  fleet: Fleet,
  parts: Pick<FleetPolicy, 'name' | 'explain'> & Partial<FleetPolicy> & { scoreNode(node: number, ask: Ask): number },
): FleetPolicy {
  const { scoreNode, ...rest } = parts;
  const score = (node: number, ask: Ask) =>
    fits(fleet, node, ask.classNumber, ask.memoryBytes) ? scoreNode(node, ask) : Number.NEGATIVE_INFINITY;
  return {
    score,
    choose: (ask) => bestNode(fleet, (node) => score(node, ask)),
    gpuFree: (node, ask) => tightestGpu(fleet, node, ask.classNumber),
    ...rest,
  };
}

/** A policy whose score changes only when its node does: all are kept, and a changed node's computed again. */
export function keptPolicy(
  fleet: Fleet,
  parts: Pick<FleetPolicy, 'name' | 'explain'> &
    Partial<FleetPolicy> & { scoreNode(node: number, classNumber: number): number },
): FleetPolicy {
  const { scoreNode, ...rest } = parts;
  const scores = keptScores(fleet, scoreNode);
  return {
    score: (node, { classNumber, memoryBytes }) =>
      fits(fleet, node, classNumber, memoryBytes) ? scoreNode(node, classNumber) : Number.NEGATIVE_INFINITY,
    choose({ classNumber, memoryBytes }) {
      const kept = scores(classNumber);
      const { freeMemoryBytes } = fleet;
      let chosen = -1;
      let best = Number.NEGATIVE_INFINITY;
      for (let node = 0; node < kept.length; node += 1) {
        if (kept[node]! > best && freeMemoryBytes[node]! >= memoryBytes) {
          best = kept[node]!;
          chosen = node;
        }
      }
      return chosen;
    },
    gpuFree: (node, { classNumber }) => tightestGpu(fleet, node, classNumber),
    ...rest,
  };
}

/**
 * Scores of all nodes, kept by class; −Infinity where the class does not fit (memory is not looked at).
 * @param scoreNode must depend on the node and the class alone
 * @returns the scores of a class by node, valid until the fleet changes
 */
export function keptScores(
  fleet: Fleet,
  scoreNode: (node: number, classNumber: number) => number,
): (classNumber: number) => Float64Array {
  const kept: { readonly scores: Float64Array; readonly versions: Int32Array }[] = [];
  return (classNumber) => {
    kept[classNumber] ??= {
      scores: new Float64Array(fleet.nodes.length),
      versions: new Int32Array(fleet.nodes.length).fill(-1),
    };
    const { scores, versions } = kept[classNumber];
    const { version } = fleet;
    for (let node = 0; node < scores.length; node += 1) {
      if (versions[node] === version[node]) continue;
      versions[node] = version[node]!;
      scores[node] = fits(fleet, node, classNumber, 0) ? scoreNode(node, classNumber) : Number.NEGATIVE_INFINITY;
    }
    return scores;
  };
}
