import type { Goal, MigrationAdvice } from '../defrag/searchDefrag.ts';
import type { Migration, Move, Placement, Resize } from '../model/moves.ts';
import { maxResources, NO_RESOURCES, type Resources, subtractResources, sumResources } from '../model/resources.ts';
import type { Plan } from './plan.ts';

/** What some moves of a plan are for, with what they bring and cost. */
export type PlanGoal = {
  /** The same in every plan with this goal: `start default/train`, `free n2`, `place`, `giveBack`, `giveMore`. */
  readonly id: string;
  readonly purpose: Purpose;
  /** In the plan's order. */
  readonly moveIds: readonly string[];
  /** One move alone is of no use: all are done, or none. */
  readonly together: boolean;
  /** Tasks that the moves start, resize or end, each once. */
  readonly taskIds: readonly string[];
  /** Nodes on which the moves take or give something, each once. */
  readonly nodes: readonly string[];
  readonly gain: GoalGain;
  readonly cost: GoalCost;
};

export type Purpose =
  /** The migrations that make room for a pending task, and its placement where the plan makes it. */
  | Goal
  /** Pending tasks for which there is room. */
  | { readonly kind: 'place' }
  /** Running tasks give back what they do not use. */
  | { readonly kind: 'giveBack' }
  /** Running tasks get what they lack. */
  | { readonly kind: 'giveMore' }
  /** Migrations of which the plan does not say what they are for. */
  | { readonly kind: 'migrate' };

export type GoalGain = {
  /** Pending tasks that the moves start, the most urgent first. */
  readonly starts: readonly string[];
  /** What migrations win, in shares of a node × seconds; 0 for other moves. */
  readonly nodeSeconds: number;
  /** What running tasks hold less, and more, once the moves are done. */
  readonly givenBack: Resources;
  readonly given: Resources;
};

export type GoalCost = {
  /** What migrations cost, in shares of a node × seconds. */
  readonly nodeSeconds: number;
  /** Running tasks that are stopped and started again, and the work they lose, summed. */
  readonly tasksEnded: readonly string[];
  readonly lostSeconds: number;
};

/** What goals are made from. */
export type PlanWithGoals = Pick<Plan, 'moves' | 'migrations' | 'placements'>;

/**
 * What a plan's moves are for: each move is in one goal. First tasks that migrations let start, then those with room,
 * then nodes that are freed, then what is given back, then what is given; of one kind the one that wins most goes first.
 * @returns nothing for a plan without moves
 */
export function goalsOf(plan: PlanWithGoals): PlanGoal[] {
  const purposeOf = purposes(plan);
  const groups = Map.groupBy(plan.moves, (move) => idOf(purposeOf(move)));
  const advised = new Map(migrating(plan.migrations).map((advice) => [idOf(advice.goal), advice]));
  return [...groups].map(([id, moves]) => goalOf(id, purposeOf(moves[0]!), moves, advised.get(id))).sort(byGain);
}

/** What a set of moves wins and costs in all; several goals together, or a part of one. */
export function totalsOf(goals: readonly PlanGoal[]): { readonly gain: GoalGain; readonly cost: GoalCost } {
  const sum = (of: (goal: PlanGoal) => number) => goals.reduce((total, goal) => total + of(goal), 0);
  const add = (of: (goal: PlanGoal) => Resources) => sumResources(goals.map(of));
  return {
    gain: {
      starts: goals.flatMap(({ gain }) => gain.starts),
      nodeSeconds: sum(({ gain }) => gain.nodeSeconds),
      givenBack: add(({ gain }) => gain.givenBack),
      given: add(({ gain }) => gain.given),
    },
    cost: {
      nodeSeconds: sum(({ cost }) => cost.nodeSeconds),
      tasksEnded: goals.flatMap(({ cost }) => cost.tasksEnded),
      lostSeconds: sum(({ cost }) => cost.lostSeconds),
    },
  };
}

/** What resizes take from tasks and give to them, resource by resource; both in amounts that are not negative. */
export function resized(resizes: readonly Resize[]): { readonly givenBack: Resources; readonly given: Resources } {
  const less = ({ from, to }: Resize) => maxResources(subtractResources(from, to), NO_RESOURCES);
  const more = ({ from, to }: Resize) => maxResources(subtractResources(to, from), NO_RESOURCES);
  return { givenBack: sumResources(resizes.map(less)), given: sumResources(resizes.map(more)) };
}

const KINDS: readonly Purpose['kind'][] = ['start', 'place', 'free', 'migrate', 'giveBack', 'giveMore'];

function byGain(left: PlanGoal, right: PlanGoal): number {
  const kind = KINDS.indexOf(left.purpose.kind) - KINDS.indexOf(right.purpose.kind);
  return kind || right.gain.nodeSeconds - right.cost.nodeSeconds - (left.gain.nodeSeconds - left.cost.nodeSeconds);
}

function idOf(purpose: Purpose): string {
  switch (purpose.kind) {
    case 'start':
      return `start ${purpose.taskId}`;
    case 'free':
      return `free ${purpose.node}`;
    default:
      return purpose.kind;
  }
}

/** What each move is for. */
function purposes({ moves, migrations, placements }: PlanWithGoals): (move: Move) => Purpose {
  const goals = new Map(migrating(migrations).flatMap(({ taskIds, goal }) => taskIds.map((id) => [id, goal] as const)));
  const goalOfTask = new Map<string, Goal>();
  const goalOfNode = new Map<string, Goal>();
  for (const goal of goals.values()) if (goal.kind === 'start') goalOfTask.set(goal.taskId, goal);
  for (const move of moves) {
    const goal = move.kind === 'migration' ? goals.get(move.task.id) : undefined;
    if (move.kind === 'migration' && goal) goalOfNode.set(move.from, goal);
  }
  const late = new Set(placements.filter(isLate).map(({ taskId }) => taskId));
  return (move) => {
    switch (move.kind) {
      case 'resize':
        return { kind: move.direction === 'shrink' ? 'giveBack' : 'giveMore' };
      case 'migration':
        return goals.get(move.task.id) ?? { kind: 'migrate' };
      case 'placement': {
        const { task, to } = move;
        if (!late.has(task.id)) return { kind: 'place' };
        // A task may also come in where migrations for another one leave enough.
        return goalOfTask.get(task.id) ?? goalOfNode.get(to) ?? { kind: 'place' };
      }
    }
  };
}

function isLate({ decision }: Plan['placements'][number]): boolean {
  return decision.kind === 'place' && decision.afterMigrations;
}

function migrating(migrations: readonly MigrationAdvice[]): MigrationAdvice[] {
  return migrations.filter(({ decision }) => decision.kind === 'migrate');
}

function goalOf(
  id: string,
  purpose: Purpose,
  moves: readonly Move[],
  worth: Pick<MigrationAdvice, 'gainNodeSeconds' | 'costNodeSeconds'> | undefined,
): PlanGoal {
  const migrations = moves.filter((move): move is Migration => move.kind === 'migration');
  const placed = moves.filter((move): move is Placement => move.kind === 'placement').map(({ task }) => task.id);
  const starts = purpose.kind === 'start' && !placed.includes(purpose.taskId) ? [purpose.taskId, ...placed] : placed;
  const tasksEnded = migrations.flatMap(({ task, others = [] }) => [task, ...others].map((each) => each.id));
  const lostSeconds = migrations.reduce((sum, { run }) => sum + run.lostSeconds, 0);
  return {
    id,
    purpose,
    moveIds: moves.map((move) => move.id),
    together: moves.length > 1 && migrations.length > 0 && purpose.kind !== 'migrate',
    taskIds: [...new Set([...starts, ...tasksEnded, ...moves.map(({ task }) => task.id)])],
    nodes: [...new Set(moves.flatMap(nodesOf))],
    gain: {
      starts,
      nodeSeconds: worth?.gainNodeSeconds ?? 0,
      ...resized(moves.filter((move): move is Resize => move.kind === 'resize')),
    },
    cost: { nodeSeconds: worth?.costNodeSeconds ?? 0, tasksEnded, lostSeconds },
  };
}

/** Nodes on which a move takes or gives something. */
export function nodesOf(move: Move): string[] {
  switch (move.kind) {
    case 'placement':
      return [move.to];
    case 'resize':
      return move.task.node === undefined ? [] : [move.task.node];
    case 'migration':
      return [move.from, move.to];
  }
}
