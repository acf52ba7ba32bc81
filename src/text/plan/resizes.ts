import type { Plan } from '../../core/plan/plan.ts';
import type { ResizeAdvice } from '../../core/resize/adviseResizes.ts';
import { fromTo, number, percent, resourceTitle } from '../format.ts';
import {
  describeCapped,
  describeFewReadings,
  describeKept,
  describeNoResizes,
  describeRemaining,
  describeResize,
  describeRule,
  describeUsageSpan,
  groupResizes,
  usedShare,
} from '../resize.ts';
import { shortened, table, wrapped } from '../table.ts';
import { describeFreed } from '../verdict.ts';
import { type Paint, type PlanTextOptions, summaryOf, title } from './section.ts';

/** Resizes, and waits, that are shown of each kind. */
const ROWS_SHOWN = 8;
const LINES_SHOWN = 3;

export function resizeText(plan: Plan, options: PlanTextOptions): string[] {
  const { resizes, snapshot, rules } = plan;
  const { paint } = options;
  const { shrinks, expands, waits, advised, refused } = groupResizes(resizes);
  const summary = summaryOf([
    [tasksOf(shrinks), (count) => `${count} shrink (usage below ${percent(rules.shrinkBelowFraction)})`],
    [tasksOf(expands), (count) => `${count} expand (above ${percent(rules.expandAboveFraction)})`],
    [tasksOf(waits), (count) => `${count} wait`],
    [tasksOf(refused), (count) => `${count} stay as they are`],
  ]);
  const heading = summary === undefined ? 'nothing to resize' : `requests of running tasks: ${summary}`;
  const say = (each: ResizeAdvice) => describeResize(each, snapshot.takenAtSeconds);
  return [
    title('RESIZE', heading, options),
    ...notesText(resizes.length > 0 ? describeUsageSpan(resizes) : describeNoResizes(plan), paint),
    ...describeFreed(plan).flatMap((line) => notesText(line, paint)),
    ...rowsText('Shrink in place', shrinks, options),
    ...rowsText('Expand in place', expands, options),
    ...notesText(describeCapped(expands), paint).map((line) => `  ${line}`),
    ...linesText('Wait', waits, options, say),
    ...linesText('Ask for less the next time', advised, options, say),
    ...refusedText(refused, snapshot.takenAtSeconds, options),
    ...leftText(plan, paint),
  ];
}

/** How many tasks some advice is about: one of them may have two resources. */
function tasksOf(advice: readonly ResizeAdvice[]): number {
  return new Set(advice.map(({ taskId }) => taskId)).size;
}

/** Running tasks without advice, and how to read the usage of those that were read too seldom. */
function leftText({ snapshot, resizes, target }: Plan, paint: Paint): string[] {
  const kept = describeKept(snapshot.unresized);
  const few = resizes.length > 0 ? describeFewReadings(snapshot) : undefined;
  const real = target?.kind === 'kubernetes';
  const observe = snapshot.fewReadings && real ? ['With --observe 60s usage is read for a minute first.'] : [];
  const lines = [...(kept === undefined ? [] : [kept]), ...(few === undefined ? [] : [`${few}.`]), ...observe];
  return lines.length > 0 ? ['', ...lines.flatMap((line) => notesText(line, paint))] : [];
}

function notesText(note: string | undefined, paint: Paint): string[] {
  return note === undefined ? [] : wrapped(note, '  ').map((line) => paint('dim', line));
}

function rowsText(name: string, advice: readonly ResizeAdvice[], { paint, all }: PlanTextOptions): string[] {
  if (advice.length === 0) return [];
  const columns = [
    { head: 'task' },
    { head: 'node' },
    { head: 'resize' },
    { head: 'usage (peak)' },
    { head: "the method's rule" },
    { head: 'needs → gets' },
    { head: 'to go', align: 'right' as const },
  ];
  const rows = advice.slice(0, all ? advice.length : ROWS_SHOWN).map((each) => resizeCells(each, paint));
  return ['', `  ${name}`, ...table(columns, rows, '    '), ...moreText(advice.length - rows.length, paint)];
}

function linesText(
  name: string,
  advice: readonly ResizeAdvice[],
  { paint, all }: PlanTextOptions,
  say: (advice: ResizeAdvice) => string,
): string[] {
  if (advice.length === 0) return [];
  const shown = advice.slice(0, all ? advice.length : LINES_SHOWN);
  const lines = shown.flatMap((each) => wrapped(`${whatOf(each)}: ${say(each)}`, '    '));
  return ['', `  ${name}`, ...lines, ...moreText(advice.length - shown.length, paint)];
}

function moreText(count: number, paint: Paint): string[] {
  return count > 0 ? [paint('dim', `    and ${number(count)} more (--all)`)] : [];
}

/** `default/train CPU`. */
function whatOf({ taskId, resource }: ResizeAdvice): string {
  return `${taskId} ${resourceTitle(resource)}`;
}

/** Refused resizes by their reason, each with one example. */
function refusedText(refused: readonly ResizeAdvice[], nowSeconds: number, { paint }: PlanTextOptions): string[] {
  const byReason = Map.groupBy(refused, ({ decision }) => decision.kind === 'refused' && decision.reason.code);
  if (byReason.size === 0) return [];
  const lines = [...byReason.values()].flatMap(([first, ...others]) => {
    const why = `${whatOf(first!)}: ${describeResize(first!, nowSeconds)}`;
    return wrapped(others.length > 0 ? `${why} (and ${number(others.length)} more like it)` : why, '    ');
  });
  return ['', "  Not resized, though the method's rule or ours would", ...lines.map((line) => paint('dim', line))];
}

function resizeCells(advice: ResizeAdvice, paint: Paint): string[] {
  const { taskId, node, resource, allocation, usage, printed, ours, decision } = advice;
  const to = 'to' in decision ? decision.to : allocation;
  return [
    shortened(taskId, 34),
    shortened(node, 16),
    paint('green', fromTo(resource, allocation, to)),
    `${percent(usedShare(advice))} (${percent(usage.peak / advice.request)})`,
    describeRule(printed, resource),
    fromTo(resource, ours.needed, ours.left),
    describeRemaining(advice),
  ];
}
