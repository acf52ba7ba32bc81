import type { RankedNode } from '../../src/core/place/rankNodes.ts';
import type { PlacementAdvice, Plan } from '../../src/core/plan/plan.ts';
import { duration, fixed } from '../../src/text/format.ts';
import { describeRanked, describeRefused } from '../../src/text/placement.ts';
import { describeBasis, describeBeside, describeHeld } from '../../src/text/prediction.ts';
import type { PanelActions } from '../actions.ts';
import { element } from '../element.ts';
import { grid, numeric } from '../grid/grid.ts';
import { type Section, section } from '../section.ts';
import type { Choices, PanelModel } from '../state.ts';
import { planWeights, shownRanking, shownTask, weightControls } from '../weights.ts';

/** Nodes of the shown task: its prediction, the weights, and the ranking by them, each made again for itself. */
export function rankingSections(
  { weighed }: PanelModel['host'],
  plan: Plan,
  { task }: Choices,
  actions: PanelActions,
): Section[] {
  const shown = shownTask(plan, task);
  if (!shown) return [];
  const { taskId } = shown;
  const weights = weighed?.weights ?? planWeights(plan);
  return [
    section('nodes', [plan.id, taskId], () => nodesHeading(shown)),
    section('weights', [plan.id, taskId], () =>
      shown.ranked.length > 0 ? weightControls(plan, taskId, weights, actions) : element('div'),
    ),
    section('ranked', [plan.id, taskId, weighed?.taskId === taskId && weighed.weights], () =>
      rankedNodes(shown, shownRanking(shown, weighed), actions),
    ),
  ];
}

function nodesHeading({ taskId, runtime }: PlacementAdvice): HTMLElement {
  return element(
    'div',
    {},
    element('h3', {}, `Nodes for ${taskId}`),
    runtime &&
      element(
        'p',
        { class: 'faint' },
        [
          `Predicted by ${runtime.predictor}, from ${describeBasis(runtime.basis)}`,
          ...(runtime.coverage ? [describeHeld(runtime.predictor, runtime.coverage)] : []),
          ...(runtime.beside ? [describeBeside(runtime.beside)] : []),
        ].join(' · '),
      ),
  );
}

function rankedNodes(
  { taskId, refused }: PlacementAdvice,
  ranked: PlacementAdvice['ranked'],
  actions: PanelActions,
): HTMLElement {
  const policies = [...new Set(ranked.flatMap(({ parts }) => parts.map(({ policy }) => policy)))];
  return element(
    'div',
    {},
    ranked.length > 0 &&
      grid({
        label: `Ranked nodes for ${taskId}; Enter reveals a node`,
        rows: ranked,
        columns: [
          { title: 'node', text: ({ node }) => node },
          { ...numeric('score', scoreOf, thousandths), bar: scoreOf },
          ...policies.map((policy) => numeric(policy, (row: RankedNode) => partOf(row, policy), thousandths)),
          numeric('free for', ({ fit }: RankedNode) => fit.available.seconds, duration),
          { title: 'why', text: (row) => describeRanked(row).join('; '), share: 8 },
        ],
        onOpen: ({ node }) => actions.reveal('node', node),
      }),
    refused.length > 0 &&
      element(
        'details',
        {},
        element('summary', {}, `Nodes that cannot take it (${refused.reduce((sum, { nodes }) => sum + nodes, 0)})`),
        element('ul', {}, ...refused.map((each) => element('li', {}, describeRefused(each)))),
      ),
  );
}

function scoreOf({ score }: RankedNode): number {
  return score;
}

/** What a policy gives a node; 0 where it does not score it. */
function partOf({ parts }: RankedNode, name: string): number {
  return parts.find(({ policy }) => policy === name)?.score ?? 0;
}

function thousandths(score: number): string {
  return fixed(score, 3);
}
