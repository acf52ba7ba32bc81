import type { MigrationAdvice } from '../core/defrag/searchDefrag.ts';
import type { PlacementAdvice, Plan } from '../core/plan/plan.ts';
import { type Start, startIn } from '../core/plan/starts.ts';
import { planAgain } from './again.ts';
import { describeWhen, isSameStart } from './forecast.ts';
import { clock, duration, plural } from './format.ts';
import { describeBlocked, nameOf } from './migration.ts';
import { describePlacement, describeRefusal } from './placement.ts';
import { missingRightText } from './refusal.ts';
import { OUTLIVED } from './resize.ts';

/** Every sentence about a task that waits: since when, why, what would help, and when it starts. */

/** Each is a clause. */
export type Pending = {
  /** "45 min, since 13:15" */
  readonly waits: string;
  /** "cpu-l-1 has 11.6 CPU free; the task needs 48 CPU ; 10 more have too little" */
  readonly why: string;
  /** "wait until train-3 ends, in 7 min (14:07)", "this plan places it on n1" */
  readonly help: string;
  /** When it starts if nothing is done, and with this plan; absent where the plan has no forecast. */
  readonly starts?: string;
  readonly withPlan?: string;
};

/** When a pending task starts, in one clause: "now; in 4 h 13 min (80 %: 1–9 h) if nothing is done"; "—" without a forecast. */
export function describeBothStarts({ starts, withPlan }: Pick<Pending, 'starts' | 'withPlan'>): string {
  if (starts === undefined || withPlan === undefined) return '—';
  return starts === withPlan ? starts : `${withPlan}; ${starts} if nothing is done`;
}

/**
 * What is told of each pending task of a plan.
 * @param say how a time is written: as on a screen that names the zone, or as in a line that stands alone
 */
export function pendingOf(plan: Plan, say: typeof clock = clock): (advice: PlacementAdvice) => Pending {
  const { forecast, snapshot, migrations } = plan;
  const nowSeconds = snapshot.takenAtSeconds;
  const [nothing, planned] = ['nothing', 'plan'].map((name) => forecast?.scenarios.find((each) => each.name === name));
  const goals = Map.groupBy(migrations, ({ goal }) => (goal.kind === 'start' ? goal.taskId : undefined));
  return (advice) => {
    const { taskId, createdAtSeconds } = advice;
    const starts = nothing && startIn(plan, nothing, taskId);
    const withPlan = planned && startIn(plan, planned, taskId);
    return {
      waits: `${duration(Math.max(0, nowSeconds - createdAtSeconds))}, since ${say(createdAtSeconds, nowSeconds)}`,
      why: whyText(advice),
      help: helpText(advice, plan, { migrations: goals.get(taskId) ?? [], start: withPlan, say }),
      ...(starts && { starts: describeWhen(withPlan && isSameStart(starts, withPlan) ? withPlan : starts) }),
      ...(withPlan && { withPlan: describeWhen(withPlan) }),
    };
  };
}

function whyText({ decision, refused }: PlacementAdvice): string {
  if (decision.kind === 'refused') return missingRightText(decision.reason.missing);
  const fits = 'afterMigrations' in decision && !decision.afterMigrations;
  if (decision.kind === 'place' && fits) return 'nothing but a plan lifts its gate';
  if (decision.kind === 'scheduler' && fits) return "it is in the scheduler's queue";
  return sharedRefusal(refused) ?? 'there is no node';
}

/** The reason that most nodes share, of those that end by themselves where there are such; undefined without nodes. */
function sharedRefusal(refused: PlacementAdvice['refused']): string | undefined {
  const most = refused.find(({ code }) => isAboutCapacity(code)) ?? refused[0];
  if (!most) return undefined;
  const example = describeRefusal(most.example.node, most.example.refusal);
  if (most.nodes === 1) return example;
  return isAboutCapacity(most.code)
    ? plural(most.nodes - 1, {
        one: `${example}; # more has too little`,
        other: `${example}; # more have too little`,
      })
    : plural(most.nodes, { one: example, other: `${example} (# nodes alike)` });
}

/** Whether waiting could help. */
export function isAboutCapacity(code: string): boolean {
  return code === 'resource' || code === 'gpuShare';
}

/** What was found out about a task beside its advice, and how times are written. */
type Told = {
  readonly migrations: readonly MigrationAdvice[];
  readonly start: Start | undefined;
  readonly say: typeof clock;
};

function helpText(advice: PlacementAdvice, { snapshot, rules }: Plan, { migrations, start, say }: Told): string {
  const { taskId, decision } = advice;
  if (decision.kind === 'refused') return 'ask an administrator for this right';
  if (decision.kind !== 'noNode') return describePlacement(advice);
  const nowSeconds = snapshot.takenAtSeconds;
  const trigger = snapshot.triggers.find((each) => each.kind === 'unscheduled' && each.taskId === taskId);
  const seekAt = trigger && !trigger.held ? trigger.sinceSeconds + rules.triggerHoldSeconds : undefined;
  if (seekAt !== undefined) return `${planAgain(seekAt, nowSeconds, say)}: then tasks may move for it`;
  return waitText(migrations, nowSeconds, say) ?? withoutMoves(start, migrations);
}

/** What ends by itself before a move would pay off. */
function waitText(migrations: readonly MigrationAdvice[], nowSeconds: number, say: typeof clock): string | undefined {
  for (const { decision } of migrations) {
    if (decision.kind !== 'wait') continue;
    const { taskId, untilSeconds, outlived } = decision;
    const when = `${duration(untilSeconds - nowSeconds)} (${say(untilSeconds, nowSeconds)}${outlived ? `, a guess: ${OUTLIVED}` : ''})`;
    return `wait until ${nameOf(taskId)} ends, in ${when}`;
  }
  return undefined;
}

/** What is left where nothing moves for a task. */
function withoutMoves(start: Start | undefined, migrations: readonly MigrationAdvice[]): string {
  if (start?.kind === 'never') return 'other rules for the task, or a node that meets them';
  const why = blockedText(migrations);
  return start?.kind === 'in'
    ? `wait until enough ends by itself, in ${duration(start.p50)}${why}`
    : `a smaller request, or one more node${why}`;
}

/** Which task that is in the way does not move, and why; empty where none is. */
function blockedText(migrations: readonly MigrationAdvice[]): string {
  for (const { decision, taskIds } of migrations) {
    if (decision.kind !== 'blocked') continue;
    const [first] = taskIds;
    const whose = first === undefined ? '' : `of ${nameOf(first)}: `;
    return ` (nothing moves for it; ${whose}${describeBlocked(decision.reason)})`;
  }
  return '';
}
