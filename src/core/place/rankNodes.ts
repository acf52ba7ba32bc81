import { InputError } from '../model/input.ts';
import type { Settings } from '../model/settings.ts';
import type { Task } from '../model/task.ts';
import type { Expectations } from '../predict/prediction.ts';
import { type AvailableTime, availableTimes } from './availableTime.ts';
import type { ClusterCapacity, NodeCapacity } from './capacity.ts';
import { nodeFilter, type Refusal } from './filter.ts';
import type { Candidates, NodePolicy } from './nodePolicy.ts';
import type { PolicyReason } from './policies/reason.ts';
import { RANKING_POLICIES } from './policyNames.ts';
import { policyOfFleet } from './policyOfFleet.ts';
import { type DeadlineRefusal, deadlineFilter, expectedRuntime, type TimeFit, timeFit } from './timeFit.ts';
import { timeFitPolicy } from './timeFitPolicy.ts';

/** A node that can take the task, with its score and the parts the score was mixed from. */
export type RankedNode = {
  readonly node: string;
  /** Weighted mean of the parts, 0…1; larger is better. */
  readonly score: number;
  readonly parts: readonly ScorePart[];
  readonly fit: TimeFit;
};

export type ScorePart = {
  readonly policy: string;
  readonly weight: number;
  /** 0…1. */
  readonly score: number;
  /** Why, by the policy; absent for `timeFit`, whose numbers stand in `fit`. */
  readonly reason?: PolicyReason;
};

/** A node that cannot take the task, and why. */
export type RefusedNode = { readonly node: string; readonly refusal: Refusal | DeadlineRefusal };

export type Ranking = {
  /** Best first, equal scores in the order of their names; at most `limit` of them. */
  readonly ranked: readonly RankedNode[];
  /** In the order of their names. */
  readonly refused: readonly RefusedNode[];
  /** How many nodes can take the task, those beyond `limit` included. */
  readonly fitting: number;
};

/** Every policy that can be mixed by `settings.policyWeights`; the method's own is `timeFit`. */
const NODE_POLICIES: ReadonlyMap<string, NodePolicy> = new Map(
  RANKING_POLICIES.map((name) => [name, name === 'timeFit' ? timeFitPolicy : policyOfFleet(name)]),
);

/**
 * S203 and S204: filters the nodes for a task and ranks the rest by the mixed policies.
 * @param capacity must not hold the task itself (`withoutTask` for one that is to move)
 * @param options.limit how many ranked nodes to give; absent: all
 * @returns empty lists where there are no nodes
 * @throws InputError when `settings.policyWeights` names no known policy, or no weight is above 0
 */
export function rankNodes(
  task: Task,
  capacity: ClusterCapacity,
  { predictions, settings, nowSeconds }: Expectations,
  options: { readonly limit?: number } = {},
): Ranking {
  const mix = policyMix(settings.policyWeights);
  const prediction = predictions[task.id];
  const filter = nodeFilter(task, capacity);
  const endsTooEarly = deadlineFilter(task, prediction, settings, nowSeconds);
  const times = availableTimes(capacity, predictions, settings, nowSeconds);
  const nodes: NodeCapacity[] = [];
  const nodeTimes: AvailableTime[] = [];
  const refused: RefusedNode[] = [];
  for (let index = 0; index < capacity.nodes.length; index++) {
    const held = capacity.nodes[index]!;
    const refusal = filter(held) ?? endsTooEarly(held);
    if (refusal) {
      refused.push({ node: held.node.name, refusal });
    } else {
      nodes.push(held);
      nodeTimes.push(times[index]!);
    }
  }
  const runtime = expectedRuntime(task, prediction);
  const candidates: Candidates = { nodes, times: nodeTimes, runtime, capacity, nowSeconds };
  const parts = mix.map((each) => ({ ...each, ...each.score(task, candidates) }));
  const total = new Float64Array(nodes.length);
  for (const { share, scores } of parts) {
    for (let node = 0; node < total.length; node++) total[node] = total[node]! + share * scores[node]!;
  }
  const ranked = best(total, options.limit ?? total.length).map((index) => ({
    node: nodes[index]!.node.name,
    score: total[index]!,
    parts: parts.map(({ policy, weight, scores, explain }) => {
      return { policy, weight, score: scores[index]!, ...(explain && { reason: explain(index) }) };
    }),
    fit: timeFit(runtime, nodeTimes[index]!),
  }));
  return { ranked, refused, fitting: nodes.length };
}

type MixedPolicy = {
  readonly policy: string;
  readonly weight: number;
  /** Weight over the sum of all. */
  readonly share: number;
  readonly score: NodePolicy;
};

function policyMix(weights: Settings['policyWeights']): MixedPolicy[] {
  const chosen = Object.entries(weights).filter(([, weight]) => weight > 0);
  const known = RANKING_POLICIES.join(', ');
  if (chosen.length === 0) throw new InputError(`No policy has a weight above 0. Give one to any of: ${known}.`);
  const sum = chosen.reduce((total, [, weight]) => total + weight, 0);
  return chosen.map(([policy, weight]) => {
    const score = NODE_POLICIES.get(policy);
    if (!score) throw new InputError(`There is no policy "${policy}". Choose among: ${known}.`);
    return { policy, weight, share: weight / sum, score };
  });
}

/** Indices of the `limit` largest scores, largest first, equal ones in their order. */
function best(scores: Float64Array, limit: number): number[] {
  const order: number[] = [];
  if (limit >= scores.length) {
    for (let index = 0; index < scores.length; index++) order.push(index);
    return order.sort((left, right) => scores[right]! - scores[left]! || left - right);
  }
  for (let index = 0; index < scores.length && limit > 0; index++) {
    if (order.length === limit && !(scores[index]! > scores[order[limit - 1]!]!)) continue;
    let low = 0;
    for (let high = order.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (scores[order[middle]!]! >= scores[index]!) low = middle + 1;
      else high = middle;
    }
    order.splice(low, 0, index);
    if (order.length > limit) order.pop();
  }
  return order;
}
