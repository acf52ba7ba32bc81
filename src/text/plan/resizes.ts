import { shortened, table, wrapped } from '../../cli/table.ts';
import type { Plan } from '../../core/plan/plan.ts';
import type { ResizeAdvice } from '../../core/resize/adviseResizes.ts';
import { amount, duration, percent } from '../format.ts';
import { describeKept, describeResizeRefusal, describeWait, fromTo } from '../sentences.ts';

import { type Paint, type PlanTextOptions, part, title } from './section.ts';

/** Resizes, and waits, that are shown of each kind. */
const ROWS_SHOWN = 8;
const LINES_SHOWN = 3;

export function resizeText({ resizes, snapshot }: Plan, options: PlanTextOptions): string[] {
  const { settings, paint } = options;
  const of = (kind: ResizeAdvice['decision']['kind']) => resizes.filter(({ decision }) => decision.kind === kind);
  const [shrinks, expands, waits, refused] = [of('shrink'), of('expand'), of('wait'), of('refused')];
  const summary = [
    part(shrinks.length, `shrink (usage below ${percent(settings.shrinkBelowFraction)})`),
    part(expands.length, `expand (above ${percent(settings.expandAboveFraction)})`),
    part(waits.length, 'wait'),
    part(refused.length, 'stay as they are'),
  ].filter(Boolean);
  const heading = summary.length > 0 ? `requests of running tasks: ${summary.join(', ')}` : 'nothing to resize';
  const kept = describeKept(snapshot.unresized);
  return [
    title('RESIZE', heading, options),
    ...spanText(resizes).map((line) => paint('dim', line)),
    ...rowsText('Shrink in place', shrinks.sort(byGain), options),
    ...rowsText('Expand in place', expands.sort(byNeed), options),
    ...linesText('Wait', waits, options, (each) => waitText(each, snapshot.takenAtSeconds)),
    ...linesText('Ask for less the next time', of('advise'), options, nextTimeText),
    ...refusedText(refused, options),
    ...(kept ? ['', ...wrapped(kept, '  ').map((line) => paint('dim', line))] : []),
  ];
}

/** Over which span the means were taken, and from what. */
function spanText(resizes: readonly ResizeAdvice[]): string[] {
  if (resizes.length === 0) return [];
  const spans = resizes.map(({ usage }) => usage.toSeconds - usage.fromSeconds).sort((left, right) => left - right);
  const [shortest, longest] = [duration(spans[0]!), duration(spans.at(-1)!)];
  const sources = [...new Set(resizes.map(({ usage }) => usage.source))].join(', ');
  return [
    `  usage is the mean of the last ${shortest === longest ? longest : `${shortest} to ${longest}`} (${sources})`,
  ];
}

function rowsText(name: string, advice: readonly ResizeAdvice[], { paint, all }: PlanTextOptions): string[] {
  if (advice.length === 0) return [];
  const columns = [
    { head: 'task' },
    { head: 'node' },
    { head: 'resize' },
    { head: 'usage (peak)' },
    { head: 'printed rule' },
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
  return count > 0 ? [paint('dim', `    and ${count} more (--all)`)] : [];
}

function waitText({ decision, resource }: ResizeAdvice, nowSeconds: number): string {
  return decision.kind === 'wait' ? describeWait(decision, resource, nowSeconds) : '';
}

function nextTimeText({ decision, resource, allocation }: ResizeAdvice): string {
  return 'to' in decision ? `${fromTo(resource, allocation, decision.to)}; devices are never resized in place` : '';
}

/** `default/train CPU`. */
function whatOf({ taskId, resource }: ResizeAdvice): string {
  return `${taskId} ${RESOURCE_WORDS[resource] ?? resource}`;
}

const RESOURCE_WORDS: Readonly<Record<string, string>> = { milliCpu: 'CPU', memoryBytes: 'memory', gpuMilli: 'GPU' };

/** Refused resizes by their reason, each with one example. */
function refusedText(refused: readonly ResizeAdvice[], { paint }: PlanTextOptions): string[] {
  const byReason = new Map<string, ResizeAdvice[]>();
  for (const each of refused) {
    if (each.decision.kind !== 'refused') continue;
    const { code } = each.decision.reason;
    byReason.set(code, [...(byReason.get(code) ?? []), each]);
  }
  if (byReason.size === 0) return [];
  const lines = [...byReason.values()].flatMap((group) => {
    const [first] = group;
    if (first?.decision.kind !== 'refused') return [];
    const others = group.length > 1 ? ` (and ${group.length - 1} more like it)` : '';
    const why = describeResizeRefusal(first.decision.reason, first.resource);
    return wrapped(`${whatOf(first)}: ${why}${others}`, '    ');
  });
  return ['', '  Not resized, though the printed rule or ours would', ...lines.map((line) => paint('dim', line))];
}

function resizeCells(advice: ResizeAdvice, paint: Paint): string[] {
  const { taskId, node, resource, allocation, usage, printed, ours, decision, remainingSeconds } = advice;
  const to = 'to' in decision ? decision.to : allocation;
  const sign = printed.says === 'shrink' ? '−' : '+';
  return [
    shortened(taskId, 34),
    shortened(node, 16),
    paint('green', fromTo(resource, allocation, to)),
    `${percent(usage.mean / advice.request)} (${percent(usage.peak / advice.request)})`,
    printed.says === 'keep' ? 'keep' : `${printed.says} ${sign}${amount(resource, printed.amount)}`,
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
