import { byQueue } from '../model/queue.ts';
import { missingRight } from '../model/rights.ts';
import type { Settings } from '../model/settings.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import { remainingTime } from '../place/availableTime.ts';
import { type ClusterCapacity, withTask } from '../place/capacity.ts';
import { type Ranking, rankNodes } from '../place/rankNodes.ts';
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
    placements.push(adviceOf(task, ranking, decision, expectations));
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

function adviceOf(
  task: Task,
  { ranked, refused, fitting }: Ranking,
  decision: PlacementDecision,
  { predictions, settings, nowSeconds }: Expectations,
): PlacementAdvice {
  const prediction = predictions[task.id];
  const { id: taskId, request, createdAtSeconds } = task;
  const common = { taskId, request, createdAtSeconds, decision, ranked, fitting, refused: byReason(refused) };
  if (!prediction) return common;
  const { runtime: _, ...basis } = prediction;
  const band = remainingTime(task, prediction, settings.planningHorizonSeconds, nowSeconds);
  return { ...common, runtime: { ...band, ...basis } };
}

function byReason(refused: Ranking['refused']): PlacementAdvice['refused'] {
  const reasons = new Map<string, { code: string; nodes: number; example: Ranking['refused'][number] }>();
  for (const each of refused) {
    const { code } = each.refusal;
    const reason = reasons.get(code);
    if (reason) reason.nodes++;
    else reasons.set(code, { code, nodes: 1, example: each });
  }
  return [...reasons.values()].sort((left, right) => right.nodes - left.nodes);
}
