import { table, wrapped } from '../../cli/table.ts';
import type { RankedNode } from '../../core/place/rankNodes.ts';
import type { PlacementAdvice, Plan } from '../../core/plan/plan.ts';
import { amounts, duration } from '../format.ts';
import { describeRefusal, describeSource } from '../placement.ts';
import { counted, describeBeside, describeHeld } from '../sentences.ts';

import { type Paint, type PlanTextOptions, part, title } from './section.ts';

/** Nodes shown for each pending task; `--all` shows those the plan keeps. */
const NODES_SHOWN = 3;

export function placeText({ placements, snapshot }: Plan, options: PlanTextOptions): string[] {
  if (placements.length === 0) return [title('PLACE', 'no task is pending', options)];
  const count = (wanted: (advice: PlacementAdvice) => boolean) => placements.filter(wanted).length;
  const summary = [
    counted(placements.length, 'pending task'),
    part(count(isPlaced), 'placed by this plan'),
    part(
      count(({ decision }) => decision.kind === 'scheduler'),
      'left to the scheduler',
    ),
    part(
      count(({ decision }) => decision.kind === 'noNode'),
      'without a node that takes them',
    ),
    part(
      count(({ decision }) => decision.kind === 'refused'),
      'refused',
    ),
  ];
  return [
    title('PLACE', summary.filter(Boolean).join(', '), options),
    ...placements.flatMap((advice) => ['', ...placementText(advice, snapshot.takenAtSeconds, options)]),
  ];
}

export function isPlaced({ decision }: PlacementAdvice): boolean {
  return decision.kind === 'place';
}

function placementText(advice: PlacementAdvice, nowSeconds: number, { paint, all }: PlanTextOptions): string[] {
  const { taskId, request, runtime, ranked, fitting, refused, createdAtSeconds } = advice;
  const waits = `waits ${duration(nowSeconds - createdAtSeconds)}`;
  const runs = runtime
    ? `runs ${duration(runtime.p50)} (80 %: ${duration(runtime.p10)} to ${duration(runtime.p90)}; ${runtime.basis})`
    : 'nothing is known of its runtime';
  const track = runtime
    ? [
        ...(runtime.coverage ? [`${runtime.predictor}: ${describeHeld(runtime.coverage)}`] : []),
        ...(runtime.beside ? [`baselines: ${describeBeside(runtime.beside)}`] : []),
      ]
    : [];
  const shown = ranked.slice(0, all ? ranked.length : NODES_SHOWN);
  const policies = (ranked[0]?.parts ?? []).map(({ policy }) => policy);
  const columns = [
    { head: 'node' },
    { head: 'score', align: 'right' as const },
    ...(policies.length > 1 ? policies.map((head) => ({ head, align: 'right' as const })) : []),
    { head: 'X', align: 'right' as const },
    { head: 'X p10–p90', align: 'right' as const },
    { head: 'free for', align: 'right' as const },
    { head: 'because' },
  ];
  const more = fitting - shown.length;
  return [
    `  ${paint('cyan', taskId)}  ${amounts(request)}, ${waits}`,
    ...[runs, ...track].flatMap((line) => wrapped(line, '    ')).map((line) => paint('dim', line)),
    `    ${placementDecision(advice, paint)}`,
    ...table(
      columns,
      shown.map((node) => nodeCells(node, policies.length > 1)),
      '      ',
    ),
    ...(more > 0 ? [paint('dim', `      and ${counted(more, 'more node')} that can take it`)] : []),
    ...[...refused]
      .sort((left, right) => Number(isAboutCapacity(right.code)) - Number(isAboutCapacity(left.code)))
      .slice(0, all ? refused.length : 3)
      .flatMap(({ nodes, example }) =>
        wrapped(`${counted(nodes, 'node')}: ${example.node} ${describeRefusal(example.refusal)}`, '      '),
      )
      .map((line) => paint('dim', line)),
  ];
}

/** Whether waiting could help: then the reason comes first. */
function isAboutCapacity(code: string): boolean {
  return code === 'resource' || code === 'gpuShare';
}

function placementDecision({ decision }: PlacementAdvice, paint: Paint): string {
  switch (decision.kind) {
    case 'place':
      return paint(
        'green',
        `→ ${decision.to}${decision.afterMigrations ? ', once the migrations below have made room' : ''}`,
      );
    case 'scheduler':
      return `→ ${decision.to}${decision.afterMigrations ? ', once the migrations below have made room' : ''}; the cluster's scheduler places it, nothing of ours holds it back`;
    case 'noNode':
      return paint('yellow', 'no node can take it now');
    case 'refused':
      return paint('yellow', `not placed: the right is missing: ${decision.reason.missing}`);
  }
}

function nodeCells({ node, score, parts, fit }: RankedNode, mixed: boolean): string[] {
  const rank = { outlives: '', prolongs: ', which the task outlasts', empty: ', empty: could stay so' }[fit.rank];
  return [
    node,
    score.toFixed(3),
    ...(mixed ? parts.map((each) => each.score.toFixed(3)) : []),
    fit.x.toFixed(3),
    `${fit.xAtP10.toFixed(2)}–${fit.xAtP90.toFixed(2)}`,
    duration(fit.available.seconds),
    `${freeUntil(fit)}${rank}`,
  ];
}

/** What keeps the node until then; a task that never ends keeps it over the whole planning horizon. */
function freeUntil({ available }: RankedNode['fit']): string {
  const { source, seconds, totalSeconds, lastTask } = available;
  if (source === 'exit' && seconds >= totalSeconds && lastTask !== undefined) return `${lastTask} does not end`;
  return describeSource(available);
}
