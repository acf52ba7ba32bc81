import type { Candidate } from '../core/defrag/candidates.ts';
import type { RepackFacts } from '../core/defrag/repackNodes.ts';
import type { Blocked, Goal, MigrationAdvice } from '../core/defrag/searchDefrag.ts';
import type { Trigger } from '../core/defrag/triggers.ts';
import { BASELINES } from '../core/predict/baselines.ts';
import type { Coverage, RuntimePrediction } from '../core/predict/prediction.ts';
import type { KeptCode, ResizeRefusal, ResizeWait } from '../core/resize/adviseResizes.ts';
import { amount, clock, duration, percent } from './format.ts';
import { describeRefusal } from './placement.ts';

/** Every sentence about predictions, resizes, migrations and plans stands in this file; those about placements in core/place/explain. */

/** "81 % of 240 outcomes of these tasks were inside the 80 % band; 78 % of everyone's 1200 in the latest week". */
export function describeHeld({ fraction, outcomes, of, latestWeek }: Coverage): string {
  const whose = of === 'these tasks' ? 'outcomes of these tasks' : 'outcomes of everyone';
  const held = `${percent(fraction)} of ${outcomes} ${whose} were inside the 80 % band`;
  return latestWeek
    ? `${held}; ${percent(latestWeek.fraction)} of everyone's ${latestWeek.outcomes} in the latest week`
    : held;
}

/** What the baselines say of the same task: "request 1 d, last2 2 h, med5 1 h 50 min, med20 2 h, hist20 2 h". */
export function describeBeside(beside: NonNullable<RuntimePrediction['beside']>): string {
  return BASELINES.map((name) => `${name} ${duration(beside[name])}`).join(', ');
}

/** A change without naming the unit twice: `8 → 4 CPU`, `512 MiB → 2 GiB`. */
export function fromTo(resource: string, from: number, to: number): string {
  const [left, right] = [amount(resource, from), amount(resource, to)];
  const unit = right.slice(right.indexOf(' '));
  return left.endsWith(unit) ? `${left.slice(0, -unit.length)} → ${right}` : `${left} → ${right}`;
}

/** A wait of the method: "the node has 0.6 CPU free of the 1.2 CPU wanted; look again at 14:05, give up at 16:00". */
export function describeWait(wait: ResizeWait, resource: string, nowSeconds: number): string {
  const again = `look again at ${clock(wait.untilSeconds, nowSeconds)}`;
  const end = nowSeconds - wait.waitedSeconds + (wait.limitSeconds ?? 0);
  const waited = wait.waitedSeconds > 0 ? `, ${duration(wait.waitedSeconds)} waited so far` : '';
  switch (wait.wait) {
    case 'shrink':
      return `what it uses with the margin is more than a shrink by ${amount(resource, wait.amount)} would leave; ${again}, give up at ${clock(end, nowSeconds)}${waited}`;
    case 'expand':
      return `its node has ${amount(resource, wait.free ?? 0)} free of the ${amount(resource, wait.amount)} wanted; ${again}, give up at ${clock(end, nowSeconds)}${waited}`;
    case 'lastShrink':
      return `it was shrunk ${duration(wait.waitedSeconds)} ago; ${again}`;
  }
}

/** Why a resize that a rule asks for is not made. */
export function describeResizeRefusal(reason: ResizeRefusal, resource: string): string {
  switch (reason.code) {
    case 'right':
      return `the right is missing: ${reason.missing}`;
    case 'migrates':
      return 'this plan migrates it';
    case 'resizeUnderWay':
      return `a resize is ${reason.state === 'inProgress' ? 'in progress' : reason.state}${reason.message ? `: ${reason.message}` : ''}`;
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
    case 'nodeTooSmall':
      return `${amount(resource, reason.wanted)} is more than its node's ${amount(resource, reason.allocatable)}`;
    case 'quota':
      return `the quota ${reason.name} leaves ${amount(resource, reason.left)} of the ${amount(resource, reason.amount)}`;
    case 'waitedOut':
      return `it has waited ${duration(reason.waitedSeconds)}, as long as ${reason.wait === 'shrink' ? 'a shrink' : 'an expand'} may`;
  }
}

/** "it ends in 20 min; a shrink needs 1 h to go, two usage windows of 30 min". */
function describeEndsSoon({
  remainingSeconds,
  neededSeconds,
  windowSeconds,
  outlived,
}: ResizeRefusal & { code: 'endsSoon' }): string {
  const end = `it ends in ${duration(remainingSeconds)}${outlived ? `, a guess: ${OUTLIVED}` : ''}`;
  return `${end}; a shrink needs ${duration(neededSeconds)} to go, two usage windows of ${duration(windowSeconds)}`;
}

const OUTLIVED = 'it has outlived all that is known of such tasks';

/** Running tasks without resize advice, in one line; undefined where there are none. */
export function describeKept(kept: Readonly<Record<KeptCode, number>>): string | undefined {
  const words: Record<KeptCode, string> = {
    betweenThresholds: 'between the thresholds',
    fewReadings: 'with fewer than 3 readings (measure with --observe 60s)',
    noUsage: 'without any reading',
    bestEffort: 'BestEffort: a resize would change the QoS class',
  };
  const parts = (Object.keys(words) as KeptCode[])
    .filter((code) => kept[code] > 0)
    .map((code) => `${kept[code]} ${words[code]}`);
  return parts.length > 0 ? `Left as they are: ${parts.join(', ')}.` : undefined;
}

/** What a migration is for: "start pretrain-1 on gpu-3", "free 8 GPU on gpu-4". */
export function describeGoal(goal: Goal): string {
  if (goal.kind === 'start') return `start ${nameOf(goal.taskId)}${goal.node ? ` on ${goal.node}` : ''}`;
  return `free ${amount(goal.resource, goal.amount)} on ${goal.node}`;
}

/** What a goal wins over doing nothing: "7 h 32 min earlier". */
export function describeGain({ savedSeconds }: Goal): string {
  return `${duration(savedSeconds)} earlier`;
}

/** Shares of a node × seconds as people can compare them: "7.5 node-h", "3 node-min". */
export function nodeHours(nodeSeconds: number): string {
  const hours = nodeSeconds / 3600;
  if (hours < 1) return nodeSeconds > 0 && nodeSeconds < 30 ? 'under 1 node-min' : `${Math.round(hours * 60)} node-min`;
  return `${hours >= 10 ? Math.round(hours) : Math.round(hours * 10) / 10} node-h`;
}

/** What ends by itself before a move pays off. */
export function describeEnd(
  { goal, decision, costNodeSeconds, gainNodeSeconds }: MigrationAdvice,
  nowSeconds: number,
): string {
  if (decision.kind !== 'wait') return '';
  const inMinutes = duration(decision.untilSeconds - nowSeconds);
  const guess = decision.outlived ? `, a guess: ${OUTLIVED}` : '';
  const who = `${nameOf(decision.taskId)} ends by itself in ${inMinutes} (${clock(decision.untilSeconds, nowSeconds)}${guess})`;
  return `To ${describeGoal(goal)}, wait: ${who}; moving costs ${nodeHours(costNodeSeconds)} and wins ${nodeHours(gainNodeSeconds)}.`;
}

/** Why a marked task, or a goal, is not moved: its first blocking rule. */
export function describeBlocked(reason: Blocked): string {
  switch (reason.code) {
    case 'endless':
      return 'never ends by itself: nothing resumes it from where it stopped';
    case 'noOwner':
      return 'has no owner that would start it again';
    case 'ownerKind':
      return `belongs to a ${reason.kind}; only Jobs are migrated`;
    case 'unsteady':
      return UNSTEADY[reason.phase] ?? `is ${reason.phase}`;
    case 'right':
      return `the right is missing: ${reason.missing}`;
    case 'budget':
      return `the disruption budget ${reason.budget} allows ${reason.disruptionsAllowed} and ${reason.needed} are needed`;
    case 'noTarget':
      return describeNoTarget(reason);
    case 'neighbour':
      return `its node stays: ${nameOf(reason.taskId)} ${describeBlocked(reason.reason)}`;
    case 'target':
      return 'its node takes tasks in this plan';
    case 'noCandidate':
      return `none of the ${reason.nodes} nodes that could take it keeps ${percent(reason.thresholdFraction)} free`;
    case 'stuck':
      return 'nothing that may move makes enough room';
    case 'gain':
      return `wins less than ${reason.ratio} times what it costs`;
  }
}

const UNSTEADY: Readonly<Record<string, string>> = {
  pending: 'some of its owner’s tasks do not run yet',
  resizing: 'is being resized',
  moving: 'moves already in this plan',
  suspended: 'its owner is suspended',
};

function describeNoTarget({ candidates, example }: Extract<Blocked, { code: 'noTarget' }>): string {
  if (candidates === 0) return 'there is no other candidate node';
  const because = example ? `: ${example.node} ${describeRefusal(example.refusal)}` : '';
  return `none of the ${candidates} other candidates can take it${because}`;
}

/** A trigger of S407 and whether it starts anything. */
export function describeTrigger(trigger: Trigger, nowSeconds: number, windowSeconds: number): string {
  const since = duration(Math.max(0, nowSeconds - trigger.sinceSeconds));
  const state = trigger.held ? `for ${since}` : `for ${since} of the ${duration(windowSeconds)} it must hold`;
  if (trigger.kind === 'unscheduled') {
    return `${nameOf(trigger.taskId)} fits nowhere although the nodes together have room, ${state}`;
  }
  return `${trigger.nodes.length} nodes keep more than the preset free, ${state}`;
}

export function describeCandidate({ node, resource, freeFraction, usageFraction }: Candidate): string {
  return `${node} (${percent(freeFraction)} of its ${RESOURCES[resource] ?? resource} free, ${percent(usageFraction)} used)`;
}

const RESOURCES: Readonly<Record<string, string>> = { milliCpu: 'CPU', memoryBytes: 'memory', gpuMilli: 'GPU' };

/** `3 migrations`, `1 placement`, `` for none. */
export function counted(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** A task's name without its namespace. */
export function nameOf(taskId: string): string {
  return taskId.slice(taskId.indexOf('/') + 1);
}

/** How good a repack is: "repacks n1, n2: lets 0.5 GPU in, at most 0.5 GPU could be (gap 0 %)". */
export function describeRepack({ nodes, admittedMilli, boundMilli, gap, waits }: RepackFacts): string {
  const ends = waits.length === 1 ? 'ends' : 'end';
  const left = waits.length > 0 ? `; ${counted(waits.length, 'task')} ${ends} before a move would pay off` : '';
  const gpus = (milli: number) => amount('gpuMilli', milli);
  return `repacks ${nodes.join(', ')}: lets ${gpus(admittedMilli)} in, at most ${gpus(boundMilli)} could be (gap ${percent(gap)})${left}`;
}

/** How a repack's moves follow each other (LARS, `core/defrag/repack.ts`). */
export const REPACK_ORDER =
  'in this order, the longest to go first among those that fit; each was made in turn and fitted';

const SCENARIOS: Readonly<Record<string, string>> = {
  nothing: 'do nothing',
  resize: 'resize only',
  migrate: 'migrate only',
  plan: 'with this plan',
};

/** A forecast's scenario for people; a change of the nodes has its own words (`changeName`). */
export function scenarioTitle(name: string): string {
  return SCENARIOS[name] ?? name;
}
