import type { Candidate } from '../core/defrag/candidates.ts';
import type { RepackFacts } from '../core/defrag/repackNodes.ts';
import type { Blocked, Goal, MigrationAdvice } from '../core/defrag/searchDefrag.ts';
import type { Trigger } from '../core/defrag/triggers.ts';
import type { Plan } from '../core/plan/plan.ts';
import { planAgain } from './again.ts';
import { amount, clock, duration, nodeHours, number, percent, plural, resourceTitle } from './format.ts';
import { describeRefusal } from './placement.ts';
import { missingRightText } from './refusal.ts';
import { OUTLIVED } from './resize.ts';

/** Every sentence about what a plan says of migrating tasks. */

/** What the plan decides of a group of tasks: migrate, wait, or why not. */
export function describeMigration(advice: MigrationAdvice, nowSeconds: number): string {
  switch (advice.decision.kind) {
    case 'migrate':
      return advice.repack ? `migrate; ${describeRepack(advice.repack)}` : 'migrate';
    case 'wait':
      return describeEnd(advice, nowSeconds);
    case 'blocked':
      return describeBlocked(advice.decision.reason) + whenMeasured(advice.decision.reason, nowSeconds);
  }
}

function whenMeasured(reason: Blocked, nowSeconds: number): string {
  if (reason.code !== 'usageUnknown' || !reason.readings) return '';
  return `; ${planAgain(reason.readings.enoughAtSeconds, nowSeconds)}`;
}

/** What a migration is for: "start pretrain-1 on gpu-3", "free 8 GPU on gpu-4". */
export function describeGoal(goal: Goal): string {
  if (goal.kind === 'free') return `free ${amount(goal.resource, goal.amount)} on ${goal.node}`;
  return goal.node ? `start ${nameOf(goal.taskId)} on ${goal.node}` : `start ${nameOf(goal.taskId)}`;
}

/** The same with how much earlier. */
export function describeEarlier(goal: Goal): string {
  const { savedSeconds } = goal;
  return savedSeconds > 0 ? `${describeGoal(goal)} ${duration(savedSeconds)} earlier` : describeGoal(goal);
}

/** What a goal's moves bring: "To free 8 GPU on gpu-4 7 h earlier: saves 7.5 node-hours, costs 3 node-minutes". */
export function describeGain({ goal, gainNodeSeconds, costNodeSeconds }: MigrationAdvice): string {
  return `To ${describeEarlier(goal)}: ${describeWorth(gainNodeSeconds, costNodeSeconds)}`;
}

/** What moves save and cost, in shares of a node × time. */
export function describeWorth(gainNodeSeconds: number, costNodeSeconds: number): string {
  return `saves ${nodeHours(gainNodeSeconds)}, costs ${nodeHours(costNodeSeconds)}`;
}

/** What ends by itself before a move pays off. */
export function describeEnd(
  { goal, decision, costNodeSeconds, gainNodeSeconds }: MigrationAdvice,
  nowSeconds: number,
): string {
  if (decision.kind !== 'wait') return '';
  const { taskId, untilSeconds, outlived } = decision;
  const [inTime, at] = [duration(untilSeconds - nowSeconds), clock(untilSeconds, nowSeconds)];
  const when = outlived ? `${at}, a guess: ${OUTLIVED}` : at;
  return `To ${describeGoal(goal)}, wait: ${nameOf(taskId)} ends by itself in ${inTime} (${when}); moving costs ${nodeHours(costNodeSeconds)} and saves ${nodeHours(gainNodeSeconds)}.`;
}

/** Why a marked task, or a goal, is not moved: its first blocking rule, as a clause. */
export function describeBlocked(reason: Blocked): string {
  switch (reason.code) {
    case 'endless':
      return 'it never ends by itself: nothing resumes it from where it stopped';
    case 'noOwner':
      return 'it has no owner that would start it again';
    case 'ownerKind':
      return `it belongs to a ${reason.kind}; only Jobs are migrated`;
    case 'unsteady':
      return UNSTEADY[reason.phase] ?? `it is ${reason.phase}`;
    case 'right':
      return missingRightText(reason.missing);
    case 'usageUnknown':
      return describeUsageUnknown(reason);
    case 'budget':
      return `the disruption budget ${reason.budget} allows ${number(reason.disruptionsAllowed)} and ${number(reason.needed)} are needed`;
    case 'noTarget':
      return describeNoTarget(reason);
    case 'neighbour':
      return `its node stays because of ${nameOf(reason.taskId)}: ${describeBlocked(reason.reason)}`;
    case 'target':
      return 'its node takes tasks in this plan';
    case 'noCandidate':
      return plural(reason.nodes, {
        one: `the # node that could take it does not keep ${percent(reason.thresholdFraction)} free`,
        other: `none of the # nodes that could take it keeps ${percent(reason.thresholdFraction)} free`,
      });
    case 'stuck':
      return 'nothing that may move makes enough room';
    case 'gain':
      return `it saves less than ${number(reason.ratio, 2)} times what it costs`;
  }
}

function describeUsageUnknown({ readings }: Extract<Blocked, { code: 'usageUnknown' }>): string {
  if (!readings) return 'it would lose work, and its usage is not known';
  const { readings: had, needed } = readings;
  return `it would lose work, and its usage is not known yet: ${number(had)} of ${number(needed)} readings`;
}

const UNSTEADY: Readonly<Record<string, string>> = {
  pending: "some of its owner's tasks do not run yet",
  resizing: 'it is being resized',
  moving: 'it moves already in this plan',
  suspended: 'its owner is suspended',
  stranded: "the node of one of its owner's tasks is gone",
};

function describeNoTarget({ candidates, example }: Extract<Blocked, { code: 'noTarget' }>): string {
  if (candidates === 0) return 'there is no other candidate node';
  const none = plural(candidates, {
    one: 'the # other candidate cannot take it',
    other: 'none of the # other candidates can take it',
  });
  return example ? `${none}: ${describeRefusal(example.node, example.refusal)}` : none;
}

/** What could start a defragmentation, and whether it has held long enough; a count-down where it has not. */
export function describeTriggers(plan: Pick<Plan, 'snapshot' | 'rules'>): string[] {
  return plan.snapshot.triggers.map((trigger) => describeTrigger(trigger, plan));
}

function describeTrigger(trigger: Trigger, { snapshot, rules }: Pick<Plan, 'snapshot' | 'rules'>): string {
  const { takenAtSeconds: nowSeconds } = snapshot;
  const { triggerHoldSeconds, triggerFreeFraction } = rules;
  const { held, sinceSeconds } = trigger;
  const since = duration(Math.max(0, nowSeconds - sinceSeconds));
  const again = planAgain(sinceSeconds + triggerHoldSeconds, nowSeconds);
  const time = held ? `for ${since}` : `for ${since} of the ${duration(triggerHoldSeconds)} it must hold; ${again}`;
  if (trigger.kind === 'unscheduled')
    return `${nameOf(trigger.taskId)} fits nowhere although the nodes together have room, ${time}`;
  const free = percent(triggerFreeFraction);
  return plural(trigger.nodes.length, {
    one: `# node keeps more than ${free} free, ${time}`,
    other: `# nodes keep more than ${free} free, ${time}`,
  });
}

/** Why nothing is said of any migration, as a sentence: the rule that holds, and when to look again. */
export function describeNoMigrations(plan: Pick<Plan, 'snapshot' | 'rules'>): string {
  const { triggers, candidates } = plan.snapshot;
  const { triggerFreeFraction, candidateFreeFraction } = plan.rules;
  if (triggers.length === 0) {
    return `Nothing is moved: no pending task would fit if what is free lay together, and fewer than two nodes keep more than ${percent(triggerFreeFraction)} free.`;
  }
  if (triggers.every(({ held }) => !held)) {
    const first = triggers.find(({ kind }) => kind === 'unscheduled') ?? triggers[0]!;
    return `Nothing is moved yet: ${describeTrigger(first, plan)}.`;
  }
  return candidates.length === 0
    ? `Nothing is moved: no node keeps ${percent(candidateFreeFraction)} free, so that it would be worth it.`
    : 'Nothing is moved: the nodes that keep enough free hold nothing that is in the way.';
}

/** The nodes worth a defragmentation, the busiest first; undefined where there is none. */
export function describeCandidates(candidates: readonly Candidate[], most = candidates.length): string | undefined {
  if (candidates.length === 0) return undefined;
  const shown = candidates.slice(0, most).map(describeCandidate);
  const more = candidates.length - shown.length;
  return more > 0 ? `candidates: ${shown.join(', ')}, and ${number(more)} more` : `candidates: ${shown.join(', ')}`;
}

/** "n1 (62 % of its GPU free, 30 % used)". */
function describeCandidate({ node, resource, freeFraction, usageFraction }: Candidate): string {
  return `${node} (${percent(freeFraction)} of its ${resourceTitle(resource)} free, ${percent(usageFraction)} used)`;
}

/** How good a repack is: "repacks n1, n2: lets 0.5 GPU in, at most 0.5 GPU could be (gap 0 %)". */
export function describeRepack({ nodes, admittedMilli, boundMilli, gap, waits }: RepackFacts): string {
  const [admitted, bound] = [amount('gpuMilli', admittedMilli), amount('gpuMilli', boundMilli)];
  const packing = `repacks ${nodes.join(', ')}: lets ${admitted} in, at most ${bound} could be (gap ${percent(gap)})`;
  if (waits.length === 0) return packing;
  return plural(waits.length, {
    one: `${packing}; # task ends before a move would pay off`,
    other: `${packing}; # tasks end before a move would pay off`,
  });
}

/** How a repack's moves follow each other (LARS, `core/defrag/repack.ts`). */
export const REPACK_ORDER =
  'in this order, the longest to go first among those that fit; each was made in turn and fitted';

/** A task's name without its namespace. */
export function nameOf(taskId: string): string {
  return taskId.slice(taskId.indexOf('/') + 1);
}
