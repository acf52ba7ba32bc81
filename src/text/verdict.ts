import {
  maxResources,
  NO_RESOURCES,
  type Resources,
  resourceNames,
  subtractResources,
} from '../core/model/resources.ts';
import { nextLook } from '../core/plan/nextLook.ts';
import type { PlacementAdvice, Plan } from '../core/plan/plan.ts';
import type { Start } from '../core/plan/starts.ts';
import {
  type CapacityGained,
  type Freed,
  freedBy,
  type UrgentStart,
  type Verdict,
  verdictOf,
  type WaitingTasks,
} from '../core/plan/verdict.ts';
import { planAgain } from './again.ts';
import { describeWhen, isSameStart, MEASURES } from './forecast.ts';
import { amounts, duration, list, names, number, type Plural, plural } from './format.ts';
import { NO_NODES } from './operation.ts';
import { fewReadingsText, whyNoResizes } from './resize.ts';

/** Every sentence about what a plan brings in all. */

/** One of the figures under a verdict. */
export type Figure = { readonly label: string; readonly value: string; readonly note: string };

/**
 * A plan in one sentence: "1 instead of 7 tasks wait in 15 min and risk/train-1 starts 4 h 31 min earlier, for 5 min of
 * lost work." Where nothing is to be done, why, and when to look again.
 */
export function describeVerdict(plan: Plan, verdict = verdictOf(plan)): string {
  if (plan.moves.length === 0) return describeNothing(plan);
  const { waiting, urgent, starts, capacity, lost } = verdict;
  const sooner = plan.forecast ? [...waitingClause(waiting?.soon), ...urgentClause(urgent)] : startsClause(starts);
  const gains = list(sooner.length > 0 ? sooner : capacityClauses(capacity));
  const all =
    gains === '' ? plural(plan.moves.length, { one: '# move is planned', other: '# moves are planned' }) : gains;
  return lost.tasksEnded.length > 0
    ? `${all}, for ${duration(lost.seconds)} of lost work.`
    : `${all}; no work is lost.`;
}

/** The four figures of a plan: tasks that wait, the most urgent start, capacity gained, work lost. */
export function verdictFigures({ waiting, urgent, capacity, lost }: Verdict): Figure[] {
  return [waitingFigure(waiting), urgentFigure(urgent), capacityFigure(capacity), lostFigure(lost)];
}

/**
 * What a plan's resizes free, a line for teams and one for pools: "by team: data 12 CPU given back; risk 3.6 CPU given".
 * @returns no line for a plan without resizes, and none for pools where no node names its own
 */
export function describeFreed(plan: Plan): string[] {
  const { teams, pools } = freedBy(plan);
  return [
    ...(teams.length > 0 ? [`by team: ${freedText(teams)}`] : []),
    ...(pools.length > 0 ? [`by pool: ${freedText(pools)}`] : []),
  ];
}

/** Teams, or pools, that are named; the others are counted. */
const MOST_FREED = 8;

function freedText(freed: readonly Freed[]): string {
  const shown = freed.slice(0, MOST_FREED);
  const left = freed.length - shown.length;
  const texts = shown.map(({ name, givenBack, given }) => `${name} ${list(changes({ givenBack, given }))}`);
  return [...texts, ...(left > 0 ? [`and ${number(left)} more`] : [])].join('; ');
}

function waitingClause(waiting: WaitingTasks | undefined): string[] {
  if (!waiting || isSame(waiting)) return [];
  const inTime = duration(waiting.inSeconds);
  return [
    plural(waiting.nothing, {
      one: `${number(waiting.plan)} instead of # task waits in ${inTime}`,
      other: `${number(waiting.plan)} instead of # tasks wait in ${inTime}`,
    }),
  ];
}

/** Where nothing is forecast. */
function startsClause(starts: readonly string[]): string[] {
  return starts.length > 0
    ? [plural(starts.length, { one: '# pending task starts', other: '# pending tasks start' })]
    : [];
}

function urgentClause(urgent: UrgentStart | undefined): string[] {
  if (!urgent?.earlier) return [];
  const { taskId, savedSeconds } = urgent;
  return savedSeconds === undefined
    ? [`${taskId} starts ${when(urgent.plan)} instead of ${otherwise(urgent.nothing)}`]
    : [`${taskId} starts ${duration(savedSeconds)} earlier`];
}

function capacityClauses({ givenBack, given, freedNodes }: CapacityGained): string[] {
  return [
    ...(freedNodes.length > 0
      ? [plural(freedNodes.length, { one: '# node comes free', other: '# nodes come free' })]
      : []),
    ...changes({ givenBack, given }),
  ];
}

function waitingFigure(waiting: Verdict['waiting']): Figure {
  const label = MEASURES.waiting;
  if (!waiting) return { label, value: '—', note: 'nothing was forecast' };
  const { soon, later } = waiting;
  return {
    label,
    value: besides(soon),
    note: `in ${duration(soon.inSeconds)}; ${besides(later)} after ${duration(later.inSeconds)}`,
  };
}

/** "1 instead of 7", or "7 either way". */
function besides(waiting: WaitingTasks): string {
  const { nothing, plan } = waiting;
  return isSame(waiting) ? `${number(plan)} either way` : `${number(plan)} instead of ${number(nothing)}`;
}

/** Whether both read the same: medians may lie between two counts. */
function isSame({ nothing, plan }: WaitingTasks): boolean {
  return number(nothing) === number(plan);
}

function urgentFigure(urgent: UrgentStart | undefined): Figure {
  const label = 'Most urgent start';
  if (!urgent) return { label, value: '—', note: 'no task is pending' };
  const { taskId, earlier, savedSeconds, plan } = urgent;
  if (!earlier) return { label, value: when(plan), note: describeNotEarlier(urgent) };
  return savedSeconds === undefined
    ? { label, value: when(plan), note: `${taskId}, instead of ${otherwise(urgent.nothing)}` }
    : { label, value: when(plan), note: `${taskId}, ${duration(savedSeconds)} earlier` };
}

/** Of a start that the plan does not bring forward. */
function describeNotEarlier({ taskId, savedSeconds, nothing, plan }: UrgentStart): string {
  if (savedSeconds !== undefined && savedSeconds < 0) return `${taskId}, ${duration(-savedSeconds)} later`;
  return isSameStart(plan, nothing)
    ? `${taskId}, with the plan or without`
    : `${taskId}, instead of ${otherwise(nothing)}`;
}

/** What is more free once all is done, or together on freed nodes; the note has what is given back and given. */
function capacityFigure({ givenBack, given, freedNodes, freed }: CapacityGained): Figure {
  const gained = maxResources(subtractResources(givenBack, given), NO_RESOURCES);
  const shown = isNone(gained) ? freed : gained;
  const notes = [
    ...(freedNodes.length > 0 ? [`${amounts(freed)} free together on ${names(freedNodes, 3)}`] : []),
    ...(isNone(givenBack) ? [] : [`${amounts(givenBack)} given back by tasks that do not use it`]),
    ...(isNone(given) ? [] : [`${amounts(given)} given to tasks that lack it`]),
  ];
  return {
    label: 'Capacity gained',
    value: isNone(shown) ? 'none' : amounts(shown),
    note: notes.length > 0 ? notes.join('; ') : 'no running task is resized',
  };
}

function lostFigure({ seconds, tasksEnded }: Verdict['lost']): Figure {
  const label = 'Work lost';
  if (tasksEnded.length === 0) return { label, value: 'none', note: 'no running task is ended' };
  return {
    label,
    value: seconds > 0 ? duration(seconds) : 'none',
    note: plural(tasksEnded.length, {
      one: '# running task is ended and started again',
      other: '# running tasks are ended and started again',
    }),
  };
}

/** What is taken and given, as clauses. */
function changes({ givenBack, given }: Pick<CapacityGained, 'givenBack' | 'given'>): string[] {
  return [
    ...(isNone(givenBack) ? [] : [`${amounts(givenBack)} given back`]),
    ...(isNone(given) ? [] : [`${amounts(given)} given`]),
  ];
}

function isNone(resources: Resources): boolean {
  return resourceNames(resources).length === 0;
}

/** Why a plan has no moves, and when planning again can say something else. */
function describeNothing(plan: Plan): string {
  if (plan.snapshot.counts.nodes === 0) return NO_NODES;
  const reasons = [...pendingReasons(plan), resizeReason(plan), ...migrationReasons(plan)];
  const next = nextLook(plan);
  const again =
    next === undefined ? 'plan again when tasks come or end' : planAgain(next, plan.snapshot.takenAtSeconds);
  return `Nothing to do now: ${list(reasons)}; ${again}.`;
}

function pendingReasons({ placements }: Plan): string[] {
  if (placements.length === 0) return ['no task is pending'];
  const count = (wanted: PlacementAdvice['decision']['kind']) =>
    placements.filter(({ decision }) => decision.kind === wanted).length;
  const say = (found: number, forms: Plural) => (found > 0 ? [plural(found, forms)] : []);
  return [
    ...say(count('noNode'), {
      one: 'no node can take the # pending task now',
      other: 'no node can take # pending tasks now',
    }),
    ...say(count('scheduler'), {
      one: "the cluster's scheduler places # pending task",
      other: "the cluster's scheduler places # pending tasks",
    }),
    ...say(count('refused'), {
      one: 'the right to place # pending task is missing',
      other: 'the right to place # pending tasks is missing',
    }),
  ];
}

function resizeReason({ resizes, snapshot, rules }: Plan): string {
  const few = fewReadingsText(snapshot);
  if (few !== undefined) return few;
  const waits = resizes.filter(({ decision }) => decision.kind === 'wait').length;
  if (waits > 0) return plural(waits, { one: '# resize waits', other: '# resizes wait' });
  if (resizes.length > 0)
    return plural(resizes.length, { one: 'the # resize is refused', other: 'all # resizes are refused' });
  return whyNoResizes({ snapshot, rules });
}

function migrationReasons({ snapshot, rules, migrations }: Plan): string[] {
  const waiting = migrations.find(({ decision }) => decision.kind === 'wait');
  if (waiting?.decision.kind === 'wait') {
    const { taskId, untilSeconds } = waiting.decision;
    return [`${taskId} ends by itself in ${duration(untilSeconds - snapshot.takenAtSeconds)}`];
  }
  const coming = snapshot.triggers.find(({ held, kind }) => !held && kind === 'unscheduled');
  if (coming?.kind !== 'unscheduled') return [];
  const waited = duration(Math.max(0, snapshot.takenAtSeconds - coming.sinceSeconds));
  return [`${coming.taskId} has waited ${waited} of the ${duration(rules.triggerHoldSeconds)} before others move`];
}

/** When a task starts, without the band. */
function when(start: Start): string {
  if (start.kind !== 'in') return describeWhen(start);
  return start.p50 < 1 ? 'now' : `in ${duration(start.p50)}`;
}

/** When a task would start if nothing were done. */
function otherwise(start: Start): string {
  return start.kind === 'gated' ? 'staying behind its gate' : when(start);
}
