import type { PlacementAdvice, Plan } from '../src/core/plan/plan.ts';
import type { Asked } from '../src/panel/protocol.ts';

/** Weights of policies by name; those left out weigh nothing. */
export type Weights = Readonly<Record<string, number>>;

/** What the reader can do with weights. */
export type WeightActions = {
  /** Rank the task by these at once. */
  rank(planId: string, taskId: string, weights: Weights): void;
  /** Plan by these from now on. */
  weigh(weights: Weights): void;
};

/** The pending task whose nodes are shown: the chosen one, else the first that has ranked nodes. */
export function shownTask({ placements }: Plan, chosen: string | undefined): PlacementAdvice | undefined {
  return (
    placements.find(({ taskId }) => taskId === chosen) ??
    placements.find(({ ranked }) => ranked.length > 0) ??
    placements[0]
  );
}

/** The ranking to show for a task: by the weights tried last where they were tried for it, else the plan's own. */
export function shownRanking(
  { taskId, ranked }: PlacementAdvice,
  weighed: Asked['weighed'],
): PlacementAdvice['ranked'] {
  return weighed?.taskId === taskId ? weighed.ranked : ranked;
}

/** Weights that the plan itself ranks by. */
export function planWeights({ placements }: Pick<Plan, 'placements'>): Weights {
  const parts = placements.find(({ ranked }) => ranked.length > 0)?.ranked[0]?.parts ?? [];
  return Object.fromEntries(parts.map(({ policy, weight }) => [policy, weight]));
}

/** The weights with one of them changed; a weight of 0 stays, so that its slider does. */
export function withWeight(weights: Weights, policy: string, weight: number): Weights {
  return { ...weights, [policy]: Math.round(weight * 100) / 100 };
}

/** True where something can be ranked by them. */
export function weighSomething(weights: Weights): boolean {
  return Object.values(weights).some((weight) => weight > 0);
}
