import { byQueue } from '../model/queue.ts';
import { amountOf } from '../model/resources.ts';
import { missingRight } from '../model/rights.ts';
import type { Settings } from '../model/settings.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import { remainingTime } from '../place/availableTime.ts';
import { type ClusterCapacity, withTask } from '../place/capacity.ts';
import { type Ranking, type RefusedNode, rankNodes } from '../place/rankNodes.ts';
import type { Expectations, Predictions } from '../predict/prediction.ts';
import type { PlacementAdvice, PlacementDecision } from './plan.ts';

/** How many ranked nodes a plan keeps for a pending task. */
export const RANKED_KEPT = 10;

export type PendingPlaced = {
  readonly placements: readonly PlacementAdvice[];
  readonly placed: readonly { readonly task: Task; readonly to: string }[];
  /** Tasks that no node can take now. */
  readonly unplaced: readonly Task[];
  /** The capacity with every task that fits on its best node: ours, and those the cluster's scheduler will place. */
  readonly capacity: ClusterCapacity;
};

/**
 * S203–S205 for all pending tasks, one after the other, by priority, then age: each sees the capacity the ones before
 * it leave. A task that nothing of ours holds back is left to the cluster's scheduler, its capacity kept.
 */
export function placePending(
  snapshot: Snapshot,
  capacity: ClusterCapacity,
  predictions: Predictions,
  settings: Settings,
): PendingPlaced {
  const expectations = { predictions, settings, nowSeconds: snapshot.takenAtSeconds };
  const pending = snapshot.tasks.filter(({ phase, node }) => phase === 'pending' && node === undefined).sort(byQueue);
  const placements: PlacementAdvice[] = [];
  const placed: { task: Task; to: string }[] = [];
  const unplaced: Task[] = [];
  let left = capacity;
  for (const task of pending) {
    const ranking = rankNodes(task, left, expectations, { limit: RANKED_KEPT });
    const decision = decide(task, ranking, snapshot);
    placements.push(adviceOf(task, { ranking, decision, capacity: left }, expectations));
    if (decision.kind === 'place') placed.push({ task, to: decision.to });
    if (decision.kind === 'noNode') unplaced.push(task);
    if (decision.kind === 'place' || decision.kind === 'scheduler') left = withTask(left, task, decision.to);
  }
  return { placements, placed, unplaced, capacity: left };
}

function decide(task: Task, { ranked }: Ranking, { rights }: Snapshot): PlacementDecision {
  const best = ranked[0];
  if (!best) return { kind: 'noNode' };
  if (!task.gated) return { kind: 'scheduler', to: best.node, afterMigrations: false };
  const missing = missingRight(rights, 'place', task.namespace);
  if (missing !== undefined) return { kind: 'refused', reason: { code: 'right', missing } };
  return { kind: 'place', to: best.node, afterMigrations: false };
}

type Decided = {
  readonly ranking: Ranking;
  readonly decision: PlacementDecision;
  /** In which the ranking was made. */
  readonly capacity: ClusterCapacity;
};

function adviceOf(
  task: Task,
  { ranking: { ranked, refused, fitting }, decision, capacity }: Decided,
  { predictions, settings, nowSeconds }: Expectations,
): PlacementAdvice {
  const prediction = predictions[task.id];
  const { id: taskId, request, createdAtSeconds } = task;
  const common = { taskId, request, createdAtSeconds, decision, ranked, fitting, refused: byReason(refused, capacity) };
  if (!prediction) return common;
  const { runtime: _, ...basis } = prediction;
  const band = remainingTime(task, prediction, settings.planningHorizonSeconds, nowSeconds);
  return { ...common, runtime: { ...band, ...basis } };
}

/**
 * Refusing nodes by their reason; those that lack an amount, by the resource, too. First those that could take the task
 * if they were emptier, then those that never could; of each the one that comes nearest is the example.
 */
function byReason(refused: Ranking['refused'], { nodes, indexOf }: ClusterCapacity): PlacementAdvice['refused'] {
  const reasons = new Map<string, { code: string; nodes: number; example: RefusedNode; offers: boolean }>();
  for (const each of refused) {
    const { refusal, node } = each;
    const { code } = refusal;
    const { allocatable } = nodes[indexOf.get(node)!]!.node;
    const offers = refusal.code !== 'resource' || amountOf(allocatable, refusal.resource) > 0;
    const key = refusal.code === 'resource' ? `${code} ${refusal.resource} ${offers}` : code;
    const reason = reasons.get(key);
    if (!reason) {
      reasons.set(key, { code, nodes: 1, example: each, offers });
      continue;
    }
    reason.nodes++;
    if (freeOf(each) > freeOf(reason.example)) reason.example = each;
  }
  return [...reasons.values()]
    .sort((left, right) => Number(right.offers) - Number(left.offers) || right.nodes - left.nodes)
    .map(({ code, nodes, example }) => ({ code, nodes, example }));
}

/** How much a refusing node has free of what it lacks: of two with the same reason the one with more comes nearer. */
function freeOf({ refusal }: RefusedNode): number {
  if (refusal.code === 'gpuShare') return refusal.fitting;
  return refusal.code === 'resource' ? refusal.free : 0;
}
