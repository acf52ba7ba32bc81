import type { Hash } from '../model/hash.ts';
import type { Migration, Move } from '../model/moves.ts';
import { digest } from './digest.ts';
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
export function previewPlan({ id, snapshot, moves, migrations }: Plan): PlanPreview {
  const count = (wanted: (move: Move) => boolean) => moves.filter(wanted).length;
  const ending = moves.filter((move): move is Migration => move.kind === 'migration');
  const moved = new Set(ending.map(({ task }) => task.id));
  const goals = new Map(
    migrations
      .filter(({ decision, taskIds }) => decision.kind === 'migrate' && taskIds.some((taskId) => moved.has(taskId)))
      .map((advice) => [JSON.stringify(advice.goal), advice]),
  );
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    planId: id,
    cluster: snapshot.cluster,
    takenAtSeconds: snapshot.takenAtSeconds,
    placements: count(({ kind }) => kind === 'placement'),
    shrinks: count((move) => move.kind === 'resize' && move.direction === 'shrink'),
    expands: count((move) => move.kind === 'resize' && move.direction === 'expand'),
    migrations: ending.length,
    tasksEnded: ending.flatMap(({ task, others }) => [task.id, ...(others ?? []).map((other) => other.id)]),
    lostSeconds: sum(ending.map(({ run }) => run.lostSeconds)),
    withoutCheckpoint: ending.flatMap(({ task, run }) => (run.checkpoint === undefined ? [task.id] : [])),
    gainNodeSeconds: sum([...goals.values()].map(({ gainNodeSeconds }) => gainNodeSeconds)),
    costNodeSeconds: sum([...goals.values()].map(({ costNodeSeconds }) => costNodeSeconds)),
  };
}

/** The plan with some of its moves, in its order, under an id of its own. Unknown ids are passed over. */
export function selectMoves(plan: Plan, moveIds: ReadonlySet<string>, hash: Hash): Plan {
  const { id: _, ...content } = { ...plan, moves: plan.moves.filter(({ id }) => moveIds.has(id)) };
  return { ...content, id: digest(content, hash) };
}
