import type { Plan } from '../core/plan/plan.ts';
import type { KeptCode, ResizeAdvice, ResizeRefusal, ResizeWait } from '../core/resize/adviseResizes.ts';
import { planAgain } from './again.ts';
import { amount, amountsApart, clock, duration, fromTo, list, NO_END, number, percent, plural } from './format.ts';
import { missingRightText } from './refusal.ts';

/** Every sentence about what a plan says of resizing a running task. */

/** What the plan decides of one resource of a running task. */
export function describeResize(advice: ResizeAdvice, nowSeconds: number): string {
  const { decision, resource, allocation } = advice;
  switch (decision.kind) {
    case 'shrink':
      return `shrink ${fromTo(resource, allocation, decision.to)}`;
    case 'expand':
      return `expand ${fromTo(resource, allocation, decision.to)}`;
    case 'advise':
      return `ask for ${fromTo(resource, allocation, decision.to)} the next time; it cannot change in place`;
    case 'wait':
      return describeWait(decision, resource, nowSeconds);
    case 'refused':
      return describeResizeRefusal(decision.reason, resource);
  }
}

/** That an expand gives less than its task needs, since one step gives no more; undefined where it gives enough. */
export function describeCap({ decision, resource, request, ours }: ResizeAdvice): string | undefined {
  if (decision.kind !== 'expand' || ours.needed <= decision.to) return undefined;
  const [needed] = amountsApart(resource, ours.needed, decision.to);
  return `one step gives ${percent(decision.amount / request)} of the request at most, and it needs ${needed}`;
}

/** The same of several: "One step gives 30 % of a request at most: 3 of these need more." */
export function describeCapped(expands: readonly ResizeAdvice[]): string | undefined {
  const capped = expands.filter((advice) => describeCap(advice) !== undefined);
  if (capped.length === 0) return undefined;
  const most = percent(Math.max(...capped.map(({ ours, request }) => ours.amount / request)));
  return plural(capped.length, {
    one: `One step gives ${most} of a request at most: # of these needs more.`,
    other: `One step gives ${most} of a request at most: # of these need more.`,
  });
}

/** What a task holds of a resource, in a column, with what it asked for where a resize has changed that. */
export function describeHeld({ resource, allocation, request }: ResizeAdvice): string {
  const held = amount(resource, allocation);
  return allocation === request ? held : `${held} (asked for ${amount(resource, request)})`;
}

/** Which share of its request a task uses, on average; S307's 100 % is the request, whatever it holds now. */
export function usedShare({ usage, request }: ResizeAdvice): number {
  return usage.mean / request;
}

/** How long a task runs on, in a column: "2 h 45 min", "no end" of a Deployment's, "—" where nothing is predicted. */
export function describeRemaining({ remainingSeconds, endless }: ResizeAdvice): string {
  if (endless) return NO_END;
  return remainingSeconds === undefined ? '—' : duration(remainingSeconds);
}

/** What a rule says of a resource: "shrink by 4 CPU". */
export function describeRule({ says, amount: by }: ResizeAdvice['printed'], resource: string): string {
  switch (says) {
    case 'shrink':
      return `shrink by ${amount(resource, by)}`;
    case 'expand':
      return `expand by ${amount(resource, by)}`;
    case 'keep':
      return 'keep';
  }
}

/** "its node has 0.6 CPU free of the 1.2 CPU wanted; look again at 14:05, give up at 16:00". */
function describeWait(wait: ResizeWait, resource: string, nowSeconds: number): string {
  const { waitedSeconds, untilSeconds, limitSeconds } = wait;
  const again = clock(untilSeconds, nowSeconds);
  const next =
    limitSeconds === undefined
      ? `look again at ${again}`
      : `look again at ${again}, give up at ${clock(nowSeconds - waitedSeconds + limitSeconds, nowSeconds)}`;
  const waited = limitSeconds !== undefined && waitedSeconds > 0 ? [`it has waited ${duration(waitedSeconds)}`] : [];
  return [describeWhyWait(wait, resource), next, ...waited].join('; ');
}

function describeWhyWait(wait: ResizeWait, resource: string): string {
  switch (wait.wait) {
    case 'shrink':
      return `a shrink by ${amount(resource, wait.amount)} would leave less than it uses with the margin`;
    case 'expand': {
      const [free, wanted] = amountsApart(resource, wait.free ?? 0, wait.amount);
      return `its node has ${free} free of the ${wanted} wanted`;
    }
    case 'lastShrink':
      return `it was shrunk ${duration(wait.waitedSeconds)} ago`;
  }
}

/** Why a resize that a rule asks for is not made. */
export function describeResizeRefusal(reason: ResizeRefusal, resource: string): string {
  switch (reason.code) {
    case 'right':
      return missingRightText(reason.missing);
    case 'migrates':
      return 'this plan migrates it';
    case 'resizeUnderWay': {
      const state = resizeState(reason.state);
      return reason.message ? `${state}: ${reason.message}` : state;
    }
    case 'noPrediction':
      return 'nothing is known of how long it runs';
    case 'endsSoon':
      return describeEndsSoon(reason);
    case 'recentPeak':
      return `its recent peak of ${amount(resource, reason.peak)} with the margin is ${amount(resource, reason.needed)}`;
    case 'enough':
      return `what it has covers its usage with the margin, ${amount(resource, reason.needed)}`;
    case 'smallest':
      return `${amount(resource, reason.least)} is the least there is`;
    case 'nodeTooSmall': {
      const [wanted, most] = amountsApart(resource, reason.wanted, reason.allocatable);
      return `${wanted} is more than its node's ${most}`;
    }
    case 'quota': {
      const [left, wanted] = amountsApart(resource, reason.left, reason.amount);
      return `the quota ${reason.name} leaves ${left} of the ${wanted}`;
    }
    case 'waitedOut':
      return `given up: it has waited ${duration(reason.waitedSeconds)}, the limit of ${LIMITS[reason.wait]}`;
  }
}

/** "it ends in 20 min; a shrink needs 1 h to go, two usage windows of 30 min". */
function describeEndsSoon(reason: Extract<ResizeRefusal, { code: 'endsSoon' }>): string {
  const [left, needed, window] = [reason.remainingSeconds, reason.neededSeconds, reason.windowSeconds].map(duration);
  return reason.outlived
    ? `it ends in ${left}, a guess: ${OUTLIVED}; a shrink needs ${needed} to go, two usage windows of ${window}`
    : `it ends in ${left}; a shrink needs ${needed} to go, two usage windows of ${window}`;
}

/** Why the end of a task is a guess. */
export const OUTLIVED = 'it has outlived all that is known of such tasks';

/** The setting that bounds a resize's waits. */
const LIMITS: Readonly<Record<'shrink' | 'expand', string>> = {
  shrink: 'stowage.resizing.shrinkGiveUpAfterMinutes',
  expand: 'stowage.resizing.expandGiveUpAfterMinutes',
};

/** A resize that its node has not granted, as a clause: "a resize is deferred". */
export function resizeState(state: string): string {
  return RESIZE_STATES[state] ?? `a resize is ${state}`;
}

const RESIZE_STATES: Readonly<Record<string, string>> = {
  inProgress: 'a resize is in progress',
  deferred: 'a resize is deferred by its node',
  infeasible: 'a resize is more than its node can ever grant',
};

/** Over which span the means of a plan's usage were taken, and from what. */
export function describeUsageSpan(resizes: readonly ResizeAdvice[]): string | undefined {
  const spans = resizes.map(({ usage }) => usage.toSeconds - usage.fromSeconds).sort((left, right) => left - right);
  const [least, most] = [spans[0], spans.at(-1)];
  if (least === undefined || most === undefined) return undefined;
  const [shortest, longest] = [duration(least), duration(most)];
  const sources = list([...new Set(resizes.map(({ usage }) => usage.source))]);
  return shortest === longest
    ? `usage is the mean of the last ${longest} (${sources})`
    : `usage is the mean of the last ${shortest} to ${longest} (${sources})`;
}

/** Resize advice in the order in which it is read: what is done, what waits, what to ask for the next time, the rest. */
export type ResizeGroups = {
  /** The largest part given back first. */
  readonly shrinks: readonly ResizeAdvice[];
  /** The neediest first. */
  readonly expands: readonly ResizeAdvice[];
  /** The soonest look first. */
  readonly waits: readonly ResizeAdvice[];
  readonly advised: readonly ResizeAdvice[];
  readonly refused: readonly ResizeAdvice[];
};

/** Groups advice; every entry is in one group. */
export function groupResizes(resizes: readonly ResizeAdvice[]): ResizeGroups {
  const of = (kind: ResizeAdvice['decision']['kind']) => resizes.filter(({ decision }) => decision.kind === kind);
  return {
    shrinks: of('shrink').sort(byGain),
    expands: of('expand').sort(byNeed),
    waits: of('wait').sort(byNextLook),
    advised: of('advise').sort(byGain),
    refused: of('refused').sort(byName),
  };
}

function byGain(left: ResizeAdvice, right: ResizeAdvice): number {
  return right.ours.amount / right.request - left.ours.amount / left.request || byName(left, right);
}

function byNeed(left: ResizeAdvice, right: ResizeAdvice): number {
  return right.ours.usageFraction - left.ours.usageFraction || byName(left, right);
}

function byNextLook(left: ResizeAdvice, right: ResizeAdvice): number {
  const until = ({ decision }: ResizeAdvice) => (decision.kind === 'wait' ? decision.untilSeconds : 0);
  return until(left) - until(right) || byName(left, right);
}

function byName(left: ResizeAdvice, right: ResizeAdvice): number {
  return left.taskId < right.taskId ? -1 : left.taskId > right.taskId ? 1 : 0;
}

/** Why no running task has resize advice: the rule that holds, and when to look again. */
export function describeNoResizes(plan: Pick<Plan, 'snapshot' | 'rules'>): string {
  const few = describeFewReadings(plan.snapshot);
  return few === undefined ? `Nothing is resized: ${whyNoResizes(plan)}.` : `Nothing is resized yet: ${few}.`;
}

/** The same as a clause, where enough was read. */
export function whyNoResizes({ snapshot, rules }: Pick<Plan, 'snapshot' | 'rules'>): string {
  const { counts, unresized } = snapshot;
  if (counts.running === 0) return 'no task runs';
  if (unresized.noUsage > 0 && unresized.betweenThresholds === 0) return 'it is not known what running tasks use';
  const [least, most] = [percent(rules.shrinkBelowFraction), percent(rules.expandAboveFraction)];
  return `no running task uses less than ${least} of its request, or more than ${most}`;
}

/** How far the readings of usage are, and when there will be enough; undefined where no task has too few. */
export function describeFewReadings(snapshot: Plan['snapshot']): string | undefined {
  const { fewReadings, takenAtSeconds } = snapshot;
  const few = fewReadingsText(snapshot);
  return fewReadings && few && `${few}; ${planAgain(fewReadings.enoughAtSeconds, takenAtSeconds)}`;
}

/** The same without when: "2 tasks have 2 of the 3 readings that a resize needs, or fewer". */
export function fewReadingsText({ fewReadings, unresized }: Plan['snapshot']): string | undefined {
  if (!fewReadings) return undefined;
  const [had, needed] = [number(fewReadings.readings), number(fewReadings.needed)];
  return plural(unresized.fewReadings, {
    one: `# task has ${had} of the ${needed} readings that a resize needs`,
    other: `# tasks have ${had} of the ${needed} readings that a resize needs, or fewer`,
  });
}

/** Running tasks without resize advice, in one line; undefined where there are none. */
export function describeKept(kept: Readonly<Record<KeptCode, number>>): string | undefined {
  const parts = (Object.keys(KEPT) as KeptCode[])
    .filter((code) => kept[code] > 0)
    .map((code) => `${number(kept[code])} ${KEPT[code]}`);
  return parts.length > 0 ? `Left as they are: ${parts.join(', ')}.` : undefined;
}

const KEPT: Readonly<Record<KeptCode, string>> = {
  betweenThresholds: 'between the thresholds',
  fewReadings: 'with fewer than 3 readings',
  noUsage: 'without any reading',
  bestEffort: 'BestEffort: a resize would change the QoS class',
};
