import type { Candidate } from '../core/defrag/candidates.ts';
import type { RepackFacts } from '../core/defrag/repackNodes.ts';
import type { Blocked, Goal, MigrationAdvice } from '../core/defrag/searchDefrag.ts';
import type { Trigger } from '../core/defrag/triggers.ts';
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
      return describeBlocked(advice.decision.reason);
  }
}

/** What a migration is for: "start pretrain-1 on gpu-3", "free 8 GPU on gpu-4". */
export function describeGoal(goal: Goal): string {
  if (goal.kind === 'free') return `free ${amount(goal.resource, goal.amount)} on ${goal.node}`;
  return goal.node ? `start ${nameOf(goal.taskId)} on ${goal.node}` : `start ${nameOf(goal.taskId)}`;
}

/** What a goal's moves bring: "To free 8 GPU on gpu-4 7 h earlier: wins 7.5 node-h, costs 3 node-min". */
export function describeGain({ goal, gainNodeSeconds, costNodeSeconds }: MigrationAdvice): string {
  return `To ${describeGoal(goal)} ${duration(goal.savedSeconds)} earlier: ${describeWorth(gainNodeSeconds, costNodeSeconds)}`;
}

/** What moves win and cost, in shares of a node × time. */
export function describeWorth(gainNodeSeconds: number, costNodeSeconds: number): string {
  return `wins ${nodeHours(gainNodeSeconds)}, costs ${nodeHours(costNodeSeconds)}`;
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
  return `To ${describeGoal(goal)}, wait: ${nameOf(taskId)} ends by itself in ${inTime} (${when}); moving costs ${nodeHours(costNodeSeconds)} and wins ${nodeHours(gainNodeSeconds)}.`;
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
      return `it wins less than ${number(reason.ratio, 2)} times what it costs`;
  }
}

const UNSTEADY: Readonly<Record<string, string>> = {
  pending: "some of its owner's tasks do not run yet",
  resizing: 'it is being resized',
  moving: 'it moves already in this plan',
  suspended: 'its owner is suspended',
};

function describeNoTarget({ candidates, example }: Extract<Blocked, { code: 'noTarget' }>): string {
  if (candidates === 0) return 'there is no other candidate node';
  const none = plural(candidates, {
    one: 'the # other candidate cannot take it',
    other: 'none of the # other candidates can take it',
  });
  return example ? `${none}: ${describeRefusal(example.node, example.refusal)}` : none;
}

/** What could start a defragmentation, and whether it has held long enough. */
export function describeTrigger(trigger: Trigger, nowSeconds: number, holdSeconds: number): string {
  const [since, hold] = [duration(Math.max(0, nowSeconds - trigger.sinceSeconds)), duration(holdSeconds)];
  if (trigger.kind === 'unscheduled') {
    const task = nameOf(trigger.taskId);
    return trigger.held
      ? `${task} fits nowhere although the nodes together have room, for ${since}`
      : `${task} fits nowhere although the nodes together have room, for ${since} of the ${hold} it must hold`;
  }
  const forms = trigger.held
    ? {
        one: `# node keeps more than the preset free, for ${since}`,
        other: `# nodes keep more than the preset free, for ${since}`,
      }
    : {
        one: `# node keeps more than the preset free, for ${since} of the ${hold} it must hold`,
        other: `# nodes keep more than the preset free, for ${since} of the ${hold} it must hold`,
      };
  return plural(trigger.nodes.length, forms);
}

/** "n1 (62 % of its GPU free, 30 % used)". */
export function describeCandidate({ node, resource, freeFraction, usageFraction }: Candidate): string {
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
