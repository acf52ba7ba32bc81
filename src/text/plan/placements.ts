import type { RankedNode } from '../../core/place/rankNodes.ts';
import type { PlacementAdvice, Plan } from '../../core/plan/plan.ts';
import { amounts, counted, fixed, plural } from '../format.ts';
import { isAboutCapacity, type Pending, pendingOf } from '../pending.ts';
import { describePlacement, describeRefused, describeSource, freeForCell } from '../placement.ts';
import { policyTitle } from '../policies.ts';
import { describeBasis, describeBeside, describeHeld, describeRuntime } from '../prediction.ts';
import { table, wrapped } from '../table.ts';
import { type PlanTextOptions, summaryOf, title } from './section.ts';

/** Nodes shown for each pending task; `--all` shows those the plan keeps. */
const NODES_SHOWN = 3;

export function placeText(plan: Plan, options: PlanTextOptions): string[] {
  const { placements } = plan;
  if (placements.length === 0) return [title('PLACE', 'no task is pending', options)];
  const count = (wanted: PlacementAdvice['decision']['kind']) =>
    placements.filter(({ decision }) => decision.kind === wanted).length;
  const pending = pendingOf(plan);
  const summary = [
    counted(placements.length, 'pending task'),
    summaryOf([
      [count('place'), (placed) => `${placed} placed by this plan`],
      [count('scheduler'), (left) => `${left} left to the scheduler`],
      [count('noNode'), (without) => `${without} without a node that takes them`],
      [count('refused'), (refused) => `${refused} refused`],
    ]),
  ];
  return [
    title('PLACE', summary.filter(Boolean).join(', '), options),
    ...placements.flatMap((advice) => ['', ...placementText(advice, pending(advice), options)]),
  ];
}

function placementText(advice: PlacementAdvice, { waits, help }: Pending, { paint, all }: PlanTextOptions): string[] {
  const { taskId, request, runtime, ranked, fitting, refused } = advice;
  const runs = runtime
    ? `runs ${describeRuntime(runtime)}, from ${describeBasis(runtime.basis)}`
    : describeRuntime(runtime);
  const track = [
    ...(runtime?.coverage ? [describeHeld(runtime.predictor, runtime.coverage)] : []),
    ...(runtime?.beside ? [describeBeside(runtime.beside)] : []),
  ];
  const decision = describePlacement(advice);
  const shown = ranked.slice(0, all ? ranked.length : NODES_SHOWN);
  const policies = (ranked[0]?.parts ?? []).map(({ policy }) => policy);
  const columns = [
    { head: 'node' },
    { head: 'score', align: 'right' as const },
    ...(policies.length > 1 ? policies.map((policy) => ({ head: policyTitle(policy), align: 'right' as const })) : []),
    { head: 'free for', align: 'right' as const },
    { head: 'because' },
  ];
  const more = fitting - shown.length;
  return [
    `  ${paint('cyan', taskId)}  ${amounts(request)}, waits ${waits}`,
    ...[runs, ...track].flatMap((line) => wrapped(line, '    ')).map((line) => paint('dim', line)),
    `    ${paint(DECISION_STYLES[advice.decision.kind], decision)}`,
    ...(help === decision ? [] : wrapped(`what helps: ${help}`, '    ')),
    ...table(
      columns,
      shown.map((node) => nodeCells(node, policies.length > 1)),
      '      ',
    ),
    ...(more > 0 ? [paint('dim', `      ${plural(more, MORE_NODES)}`)] : []),
    ...[...refused]
      .sort((left, right) => Number(isAboutCapacity(right.code)) - Number(isAboutCapacity(left.code)))
      .slice(0, all ? refused.length : 3)
      .flatMap((each) => wrapped(describeRefused(each), '      '))
      .map((line) => paint('dim', line)),
  ];
}

const MORE_NODES = { one: 'and # more node that can take it', other: 'and # more nodes that can take it' };

const DECISION_STYLES = { place: 'green', scheduler: 'cyan', noNode: 'yellow', refused: 'yellow' } as const;

function nodeCells({ node, score, parts, fit }: RankedNode, mixed: boolean): string[] {
  return [
    node,
    fixed(score, 3),
    ...(mixed ? parts.map((each) => fixed(each.score, 3)) : []),
    freeForCell(fit.available),
    becauseText(fit),
  ];
}

function becauseText({ rank, available }: RankedNode['fit']): string {
  const source = describeSource(available);
  switch (rank) {
    case 'outlives':
      return source;
    case 'prolongs':
      return `${source}, which the task outlasts`;
    case 'empty':
      return `${source}; empty, and could stay so`;
  }
}
