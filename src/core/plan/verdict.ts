import type { Moment } from '../forecast/forecast.ts';
import { namespaceOf, type Resize } from '../model/moves.ts';
import { NO_RESOURCES, type Resources, sumResources, withAmount } from '../model/resources.ts';
import { type GoalGain, goalsOf, type PlanGoal, resized, totalsOf } from './goals.ts';
import type { Plan } from './plan.ts';
import { medianOf, type Start, savedBetween, scenariosOf, startIn } from './starts.ts';

/** What a plan brings and costs, in four figures. */
export type Verdict = {
  /** At the first moment after now, and at the last; absent without a forecast. */
  readonly waiting?: { readonly soon: WaitingTasks; readonly later: WaitingTasks };
  /** The most urgent pending task that starts earlier by the plan, else the most urgent; absent where none pends. */
  readonly urgent?: UrgentStart;
  /** Pending tasks that the moves start. */
  readonly starts: readonly string[];
  readonly capacity: CapacityGained;
  readonly lost: { readonly seconds: number; readonly tasksEnded: readonly string[] };
};

/** Medians of the tasks that wait at one moment, without the plan and with it. */
export type WaitingTasks = { readonly inSeconds: number; readonly nothing: number; readonly plan: number };

export type UrgentStart = {
  readonly taskId: string;
  readonly nothing: Start;
  readonly plan: Start;
  /** The plan starts it earlier than doing nothing. */
  readonly earlier: boolean;
  /** By how many seconds, at the median; absent where one of the two medians is not known. */
  readonly savedSeconds?: number;
};

/** What running tasks give back and get, and the nodes that migrations free, with what comes free on them. */
export type CapacityGained = Pick<GoalGain, 'givenBack' | 'given'> & {
  readonly freedNodes: readonly string[];
  readonly freed: Resources;
};

/** Sums a plan up. A plan without moves gains and loses nothing. */
export function verdictOf(plan: Plan): Verdict {
  const goals = goalsOf(plan);
  const { gain, cost } = totalsOf(goals);
  const waiting = waitingOf(plan);
  const urgent = urgentOf(plan, new Set(gain.starts));
  return {
    ...(waiting && { waiting }),
    ...(urgent && { urgent }),
    starts: gain.starts,
    capacity: { givenBack: gain.givenBack, given: gain.given, ...freedOf(goals) },
    lost: { seconds: cost.lostSeconds, tasksEnded: cost.tasksEnded },
  };
}

/** What the resizes of one team, or on the nodes of one pool, take and give. */
export type Freed = Pick<GoalGain, 'givenBack' | 'given'> & { readonly name: string; readonly moves: number };

/**
 * What a plan's resizes free, by team (the namespace) and by node pool, those that give back most moves first.
 * @returns empty lists for a plan without resizes; pools only as far as nodes name theirs
 */
export function freedBy({ moves, snapshot }: Pick<Plan, 'moves' | 'snapshot'>): {
  readonly teams: readonly Freed[];
  readonly pools: readonly Freed[];
} {
  const resizes = moves.filter((move): move is Resize => move.kind === 'resize');
  const { pools = {} } = snapshot;
  return {
    teams: groupedBy(resizes, namespaceOf),
    pools: groupedBy(resizes, ({ task }) => pools[task.node ?? '']),
  };
}

function groupedBy(resizes: readonly Resize[], nameOf: (resize: Resize) => string | undefined): Freed[] {
  const groups = Map.groupBy(resizes, nameOf);
  return [...groups]
    .flatMap(([name, some]) => (name === undefined ? [] : [{ name, moves: some.length, ...resized(some) }]))
    .sort((left, right) => right.moves - left.moves || (left.name < right.name ? -1 : 1));
}

function freedOf(goals: readonly PlanGoal[]): Pick<CapacityGained, 'freedNodes' | 'freed'> {
  const freeing = goals.flatMap(({ purpose }) => (purpose.kind === 'free' ? [purpose] : []));
  return {
    freedNodes: freeing.map(({ node }) => node),
    freed: sumResources(freeing.map(({ resource, amount }) => withAmount(NO_RESOURCES, resource, amount))),
  };
}

function waitingOf(made: Plan): Verdict['waiting'] {
  const { nothing, plan } = scenariosOf(made);
  const at = (index: number): WaitingTasks | undefined => {
    const [without, withPlan] = [nothing?.moments.at(index), plan?.moments.at(index)];
    return without && withPlan && waitingAt(without, withPlan);
  };
  const [soon, later] = [at(1), at(-1)];
  return soon && later && { soon, later };
}

function waitingAt(nothing: Moment, plan: Moment): WaitingTasks {
  return { inSeconds: nothing.inSeconds, nothing: nothing.waiting.p50, plan: plan.waiting.p50 };
}

/** @param starts tasks that the plan's moves start */
function urgentOf(made: Plan, starts: ReadonlySet<string>): UrgentStart | undefined {
  const { nothing, plan } = scenariosOf(made);
  if (!nothing || !plan) return undefined;
  let first: UrgentStart | undefined;
  for (const { taskId } of made.placements) {
    if (first && !starts.has(taskId)) continue;
    const urgent = compared(taskId, startIn(made, nothing, taskId), startIn(made, plan, taskId));
    if (urgent.earlier && starts.has(taskId)) return urgent;
    first ??= urgent;
  }
  return first;
}

function compared(taskId: string, nothing: Start, plan: Start): UrgentStart {
  const savedSeconds = savedBetween(nothing, plan);
  return {
    taskId,
    nothing,
    plan,
    earlier: medianOf(plan) < medianOf(nothing),
    ...(savedSeconds !== undefined && { savedSeconds }),
  };
}
