import type { Hash } from '../model/hash.ts';
import type { Move } from '../model/moves.ts';
import { digest } from './digest.ts';
import { goalsOf, type PlanWithGoals, totalsOf } from './goals.ts';
import type { Plan } from './plan.ts';

/** What the one question before an apply has to name. */
export type PlanPreview = {
  readonly planId: string;
  readonly cluster: string;
  readonly takenAtSeconds: number;
  readonly placements: number;
  readonly shrinks: number;
  readonly expands: number;
  readonly migrations: number;
  /** Ids of running tasks that are stopped and started again. */
  readonly tasksEnded: readonly string[];
  /** Seconds of work they lose, summed. */
  readonly lostSeconds: number;
  /** Ids of those that start again from the beginning. */
  readonly withoutCheckpoint: readonly string[];
  /** What the migrations win and cost, in node-seconds, each goal once. */
  readonly gainNodeSeconds: number;
  readonly costNodeSeconds: number;
};

/**
 * Sums a plan up: how many moves of what kind, whom they end, and what that loses. A plan without moves is all zeros.
 */
export function previewPlan(plan: Pick<Plan, 'id' | 'snapshot'> & PlanWithGoals): PlanPreview {
  const { id, snapshot, moves } = plan;
  const count = (wanted: (move: Move) => boolean) => moves.filter(wanted).length;
  const { gain, cost } = totalsOf(goalsOf(plan));
  return {
    planId: id,
    cluster: snapshot.cluster,
    takenAtSeconds: snapshot.takenAtSeconds,
    placements: count(({ kind }) => kind === 'placement'),
    shrinks: count((move) => move.kind === 'resize' && move.direction === 'shrink'),
    expands: count((move) => move.kind === 'resize' && move.direction === 'expand'),
    migrations: count(({ kind }) => kind === 'migration'),
    tasksEnded: cost.tasksEnded,
    lostSeconds: cost.lostSeconds,
    withoutCheckpoint: moves.flatMap((move) =>
      move.kind === 'migration' && move.run.checkpoint === undefined ? [move.task.id] : [],
    ),
    gainNodeSeconds: gain.nodeSeconds,
    costNodeSeconds: cost.nodeSeconds,
  };
}

/** The plan with some of its moves, in its order, under an id of its own. Unknown ids are passed over. */
export function selectMoves(plan: Plan, moveIds: ReadonlySet<string>, hash: Hash): Plan {
  const { id: _, ...content } = { ...plan, moves: plan.moves.filter(({ id }) => moveIds.has(id)) };
  return { ...content, id: digest(content, hash) };
}
