import type { Plan } from '../../core/plan/plan.ts';
import type { ResizeAdvice } from '../../core/resize/adviseResizes.ts';
import { amount, duration, percent } from '../../words.ts';
import { shortened, table, wrapped } from '../table.ts';
import { describeKept, describeResizeRefusal, describeWait, fromTo } from '../words.ts';

import { type Paint, type PlanTextOptions, part, title } from './section.ts';

const RESIZES_SHOWN = 8;

export function resizeText({ resizes, snapshot }: Plan, options: PlanTextOptions): string[] {
  const { settings, paint } = options;
  const nowSeconds = snapshot.takenAtSeconds;
  const of = (...kinds: string[]) => resizes.filter(({ decision }) => kinds.includes(decision.kind));
  const shrinks = of('shrink').sort(byGain);
  const expands = of('expand').sort(byNeed);
  const waits = of('wait');
  const refused = of('refused');
  const advised = of('advise');
  const summary = [
    part(shrinks.length, `shrink (usage below ${percent(settings.shrinkBelowFraction)})`),
    part(expands.length, `expand (above ${percent(settings.expandAboveFraction)})`),
    part(waits.length, 'wait'),
    part(refused.length, 'stay as they are'),
  ].filter(Boolean);
  const columns = [
    { head: 'task' },
    { head: 'node' },
    { head: 'resize' },
    { head: 'usage (peak)' },
    { head: 'printed rule' },
    { head: 'needs → gets' },
    { head: 'to go', align: 'right' as const },
  ];
  const group = (name: string, advice: readonly ResizeAdvice[]) => {
    if (advice.length === 0) return [];
    const rows = advice.slice(0, options.all ? advice.length : RESIZES_SHOWN).map((each) => resizeCells(each, paint));
    const more = advice.length - rows.length;
    return [
      '',
      `  ${name}`,
      ...table(columns, rows, '    '),
      ...(more > 0 ? [paint('dim', `    and ${more} more (--all)`)] : []),
    ];
  };
  const lines = (name: string, advice: readonly ResizeAdvice[], say: (each: ResizeAdvice) => string) => {
    if (advice.length === 0) return [];
    const shown = advice.slice(0, options.all ? advice.length : 3);
    const more = advice.length - shown.length;
    return [
      '',
      `  ${name}`,
      ...shown.flatMap((each) =>
        wrapped(`${each.taskId} ${RESOURCE_WORDS[each.resource] ?? each.resource}: ${say(each)}`, '    '),
      ),
      ...(more > 0 ? [paint('dim', `    and ${more} more (--all)`)] : []),
    ];
  };
  const kept = describeKept(snapshot.unresized);
  return [
    title(
      'RESIZE',
      summary.length > 0 ? `requests of running tasks: ${summary.join(', ')}` : 'nothing to resize',
      options,
    ),
    ...group('Shrink in place', shrinks),
    ...group('Expand in place', expands),
    ...lines('Wait', waits, ({ decision, resource }) =>
      decision.kind === 'wait' ? describeWait(decision, resource, nowSeconds) : '',
    ),
    ...lines('Ask for less the next time', advised, ({ decision, resource, allocation }) =>
      'to' in decision ? `${fromTo(resource, allocation, decision.to)} (devices are never resized in place)` : '',
    ),
    ...refusedText(refused, options),
    ...(kept ? ['', ...wrapped(kept, '  ').map((line) => paint('dim', line))] : []),
  ];
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
    return wrapped(`${first.taskId} ${RESOURCE_WORDS[first.resource] ?? first.resource}: ${why}${others}`, '    ');
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
