import { withMoves } from '../forecast/scenarios.ts';
import { InputError } from '../model/input.ts';
import type { Settings } from '../model/settings.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { type ClusterCapacity, clusterCapacity, withTask } from '../place/capacity.ts';
import { type Ranking, rankNodes } from '../place/rankNodes.ts';
import type { Predictions } from '../predict/prediction.ts';
import { RANKED_KEPT } from './placePending.ts';
import type { Plan } from './plan.ts';

/** What a plan was made from. */
export type RankedFrom = {
  readonly snapshot: Snapshot;
  readonly predictions: Predictions;
  readonly settings: Settings;
};

/** What ranking a pending task again needs of its plan. */
export type RankedPlan = Pick<Plan, 'placements' | 'moves'>;

/**
 * Ranks one pending task of a plan by other weights, in the capacity that the plan leaves for it: resizes done, tasks
 * before it placed. Nothing of the plan changes.
 * @throws InputError for a task that is not pending in the plan, and for weights of no known policy
 */
export function rankAgain(
  plan: RankedPlan,
  taskId: string,
  weights: Settings['policyWeights'],
  { snapshot, predictions, settings }: RankedFrom,
): Ranking {
  const task = snapshot.tasks.find(({ id }) => id === taskId);
  if (!task || plan.placements.every((advice) => advice.taskId !== taskId)) {
    throw new InputError(`${taskId} is not pending in this plan. Plan again to rank it.`);
  }
  const capacity = capacityFor(taskId, plan, snapshot, settings);
  const weighed = { ...settings, policyWeights: weights };
  const expectations = { predictions, settings: weighed, nowSeconds: snapshot.takenAtSeconds };
  return rankNodes(task, capacity, expectations, { limit: RANKED_KEPT });
}

function capacityFor(
  taskId: string,
  { placements, moves }: RankedPlan,
  snapshot: Snapshot,
  settings: Settings,
): ClusterCapacity {
  const tasks = new Map(snapshot.tasks.map((task) => [task.id, task]));
  let capacity = clusterCapacity(withMoves(snapshot, moves, settings, ['resize']));
  for (const { taskId: before, decision } of placements) {
    if (before === taskId) return capacity;
    if (decision.kind !== 'place' && decision.kind !== 'scheduler') continue;
    if (!decision.afterMigrations) capacity = withTask(capacity, tasks.get(before)!, decision.to);
  }
  return capacity;
}
