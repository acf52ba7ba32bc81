import type { Plan } from '../../core/plan/plan.ts';
import type { ResizeAdvice } from '../../core/resize/adviseResizes.ts';
import { duration, fromTo, number, percent, resourceTitle } from '../format.ts';
import { describeKept, describeResize, describeRule, describeUsageSpan } from '../resize.ts';
import { shortened, table, wrapped } from '../table.ts';
import { type Paint, type PlanTextOptions, summaryOf, title } from './section.ts';

/** Resizes, and waits, that are shown of each kind. */
const ROWS_SHOWN = 8;
const LINES_SHOWN = 3;

export function resizeText({ resizes, snapshot }: Plan, options: PlanTextOptions): string[] {
  const { settings, paint } = options;
  const of = (kind: ResizeAdvice['decision']['kind']) => resizes.filter(({ decision }) => decision.kind === kind);
  const [shrinks, expands, waits, refused] = [of('shrink'), of('expand'), of('wait'), of('refused')];
  const summary = summaryOf([
    [shrinks.length, (count) => `${count} shrink (usage below ${percent(settings.shrinkBelowFraction)})`],
    [expands.length, (count) => `${count} expand (above ${percent(settings.expandAboveFraction)})`],
    [waits.length, (count) => `${count} wait`],
    [refused.length, (count) => `${count} stay as they are`],
  ]);
  const heading = summary === undefined ? 'nothing to resize' : `requests of running tasks: ${summary}`;
  const span = describeUsageSpan(resizes);
  const kept = describeKept(snapshot.unresized);
  return [
    title('RESIZE', heading, options),
    ...(span === undefined ? [] : [paint('dim', `  ${span}`)]),
    ...rowsText('Shrink in place', shrinks.sort(byGain), options),
    ...rowsText('Expand in place', expands.sort(byNeed), options),
    ...linesText('Wait', waits, options, (each) => describeResize(each, snapshot.takenAtSeconds)),
    ...linesText('Ask for less the next time', of('advise'), options, (each) =>
      describeResize(each, snapshot.takenAtSeconds),
    ),
    ...refusedText(refused, snapshot.takenAtSeconds, options),
    ...(kept ? ['', ...wrapped(kept, '  ').map((line) => paint('dim', line))] : []),
  ];
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
  const { taskId, node, resource, allocation, usage, printed, ours, decision, remainingSeconds } = advice;
  const to = 'to' in decision ? decision.to : allocation;
  return [
    shortened(taskId, 34),
    shortened(node, 16),
    paint('green', fromTo(resource, allocation, to)),
    `${percent(usage.mean / advice.request)} (${percent(usage.peak / advice.request)})`,
    describeRule(printed, resource),
    fromTo(resource, ours.needed, ours.left),
    remainingSeconds === undefined ? '?' : duration(remainingSeconds),
  ];
}

/** The largest part given back first. */
function byGain(left: ResizeAdvice, right: ResizeAdvice): number {
  return right.ours.amount / right.request - left.ours.amount / left.request || byName(left, right);
}

function byNeed(left: ResizeAdvice, right: ResizeAdvice): number {
  return right.ours.usageFraction - left.ours.usageFraction || byName(left, right);
}

function byName(left: ResizeAdvice, right: ResizeAdvice): number {
  return left.taskId < right.taskId ? -1 : left.taskId > right.taskId ? 1 : 0;
}
