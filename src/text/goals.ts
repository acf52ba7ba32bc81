import type { PlanGoal } from '../core/plan/goals.ts';
import type { PlanRules } from '../core/plan/plan.ts';
import { amounts, duration, names, nodeHours, number, percent, plural } from './format.ts';
import { describeEarlier, nameOf } from './migration.ts';

/** Every sentence about what a plan's moves are for. */

/** A goal in a few words: "Start train-1 on gpu-3 4 h 13 min earlier", "Shrink 5 tasks". */
export function titleOfGoal({ purpose, moveIds }: PlanGoal): string {
  const moves = moveIds.length;
  switch (purpose.kind) {
    case 'start':
    case 'free':
      return sentence(describeEarlier(purpose));
    case 'place':
      return plural(moves, { one: 'Place # task that fits now', other: 'Place # tasks that fit now' });
    case 'giveBack':
      return plural(moves, { one: 'Shrink # task', other: 'Shrink # tasks' });
    case 'giveMore':
      return plural(moves, { one: 'Expand # task', other: 'Expand # tasks' });
    case 'migrate':
      return plural(moves, { one: 'Migrate # Job', other: 'Migrate # Jobs' });
  }
}

/** Why a goal's moves are made, in one sentence. */
export function reasonOfGoal({ purpose, moveIds, gain, cost }: PlanGoal, rules: PlanRules): string {
  switch (purpose.kind) {
    case 'start': {
      const moved = plural(cost.tasksEnded.length, {
        one: '# task moves away and makes room',
        other: '# tasks move away and make room',
      });
      const placed = moveIds.includes(`place ${purpose.taskId}`);
      return placed
        ? `No node has room for it; ${moved}.`
        : `No node has room for it; ${moved}, and the cluster's scheduler places it.`;
    }
    case 'free':
      return plural(cost.tasksEnded.length, {
        one: 'Its # task goes to another node, so that what is free lies together.',
        other: 'Its # tasks go to other nodes, so that what is free lies together.',
      });
    case 'place':
      return plural(gain.starts.length, {
        one: `It waits behind its gate, and a node has room: ${tasks(gain.starts)}.`,
        other: `They wait behind their gates, and nodes have room: ${tasks(gain.starts)}.`,
      });
    case 'giveBack':
      return plural(moveIds.length, {
        one: `It uses less than ${percent(rules.shrinkBelowFraction)} of what it asked for.`,
        other: `They use less than ${percent(rules.shrinkBelowFraction)} of what they asked for.`,
      });
    case 'giveMore':
      return plural(moveIds.length, {
        one: `It uses more than ${percent(rules.expandAboveFraction)} of what it asked for.`,
        other: `They use more than ${percent(rules.expandAboveFraction)} of what they asked for.`,
      });
    case 'migrate':
      return 'The plan does not say what they are for.';
  }
}

/** What a goal brings: "4.2 node-hours saved", "5 tasks start now", "20 CPU, 48 GiB given back". */
export function gainOfGoal(goal: PlanGoal): string {
  switch (goal.purpose.kind) {
    case 'start':
    case 'free':
      return `${nodeHours(goal.gain.nodeSeconds)} saved`;
    case 'place':
      return plural(goal.gain.starts.length, { one: '# task starts now', other: '# tasks start now' });
    case 'giveBack':
      return `${amounts(goal.gain.givenBack)} given back`;
    case 'giveMore':
      return plural(goal.moveIds.length, { one: '# task gets what it lacks', other: '# tasks get what they lack' });
    case 'migrate':
      return 'not known';
  }
}

/** What a goal costs: "5 min of work lost, 2 tasks ended", "14.3 CPU less free", "no work is lost". */
export function costOfGoal({ purpose, gain, cost }: PlanGoal): string {
  if (purpose.kind === 'giveMore') return `${amounts(gain.given)} less free`;
  return describeLost(cost);
}

/** That the moves of a goal belong together; undefined where each is of use alone. */
export function describeTogether({ together, moveIds }: PlanGoal): string | undefined {
  if (!together) return undefined;
  return `One of these ${number(moveIds.length)} moves alone is of no use: choose all or none.`;
}

/**
 * That what is chosen of a goal is of no use.
 * @param chosen how many of its moves
 * @returns undefined where all or none are chosen, or each is of use alone
 */
export function describePart({ together, moveIds }: PlanGoal, chosen: number): string | undefined {
  const left = moveIds.length - chosen;
  if (!together || chosen === 0 || left === 0) return undefined;
  return plural(left, {
    one: 'Of no use without the other # move of this goal.',
    other: 'Of no use without the other # moves of this goal.',
  });
}

/** Work that moves lose, and whom they end. */
function describeLost({ lostSeconds, tasksEnded }: Pick<PlanGoal['cost'], 'lostSeconds' | 'tasksEnded'>): string {
  if (tasksEnded.length === 0) return 'no work is lost';
  return plural(tasksEnded.length, {
    one: `${duration(lostSeconds)} of work lost, # task ended`,
    other: `${duration(lostSeconds)} of work lost, # tasks ended`,
  });
}

function tasks(ids: readonly string[]): string {
  return names(ids.map(nameOf), 3);
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
