import { html, nothing, type TemplateResult } from 'lit-html';
import type { RankedNode } from '../../src/core/place/rankNodes.ts';
import type { PlacementAdvice, Plan } from '../../src/core/plan/plan.ts';
import { fixed } from '../../src/text/format.ts';
import { describeRefusedFold } from '../../src/text/panel.ts';
import { describeRanked, describeRefused, freeForCell } from '../../src/text/placement.ts';
import { policyTitle } from '../../src/text/policies.ts';
import { describeTrack } from '../../src/text/prediction.ts';
import type { PanelActions } from '../actions.ts';
import { names, numeric } from '../grid/columns.ts';
import { grid } from '../grid/grid.ts';
import type { Choices, PanelModel } from '../state.ts';
import { weighing } from '../weighing.ts';
import { planWeights, shownRanking, shownTask } from '../weights.ts';

/** Nodes of the shown task: its prediction, the weights, and the ranking by them. */
export function rankingSection(
  { weighed }: PanelModel['host'],
  plan: Plan,
  { task }: Choices,
  actions: PanelActions,
): TemplateResult | typeof nothing {
  const shown = shownTask(plan, task);
  if (!shown) return nothing;
  const { taskId, ranked } = shown;
  const own = planWeights(plan);
  const options = { planId: plan.id, taskId, first: weighed?.weights ?? own, own, actions };
  return html`${nodesHeading(shown)}${ranked.length > 0 ? weighing(options) : nothing}${rankedNodes(
    shown,
    shownRanking(shown, weighed),
    actions,
  )}`;
}

function nodesHeading({ taskId, runtime }: PlacementAdvice): TemplateResult {
  return html`<h3>Nodes for ${taskId}</h3>
    ${runtime ? html`<p class="faint">${describeTrack(runtime).join(' · ')}</p>` : nothing}`;
}

function rankedNodes(
  { taskId, refused }: PlacementAdvice,
  ranked: PlacementAdvice['ranked'],
  actions: PanelActions,
): TemplateResult {
  const policies = [...new Set(ranked.flatMap(({ parts }) => parts.map(({ policy }) => policy)))];
  const table = () =>
    grid<RankedNode>({
      label: `Ranked nodes for ${taskId}`,
      rows: ranked,
      key: ({ node }) => node,
      lines: 2,
      columns: [
        names(
          'node',
          ({ node }: RankedNode) => node,
          ({ node }) => actions.reveal('node', node),
        ),
        { ...numeric('score', scoreOf, thousandths), bar: scoreOf },
        ...policies.map((policy) =>
          numeric(policyTitle(policy), (row: RankedNode) => partOf(row, policy), thousandths),
        ),
        {
          title: 'free for',
          text: ({ fit }) => freeForCell(fit.available),
          value: ({ fit }) => fit.available.seconds,
          numeric: true,
        },
        { title: 'why', text: (row) => describeRanked(row).join('; '), share: 8 },
      ],
    });
  const fold = () => html`<details>
    <summary>${describeRefusedFold(refused.reduce((sum, { nodes }) => sum + nodes, 0))}</summary>
    <ul>${refused.map((each) => html`<li>${describeRefused(each)}</li>`)}</ul>
  </details>`;
  return html`${ranked.length > 0 ? table() : nothing}${refused.length > 0 ? fold() : nothing}`;
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
