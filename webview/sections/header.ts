import type { Plan } from '../../src/core/plan/plan.ts';
import { describeCounts } from '../../src/text/counts.ts';
import { clock } from '../../src/text/format.ts';
import { describePredictor } from '../../src/text/prediction.ts';
import type { PanelActions } from '../actions.ts';
import { button, element } from '../element.ts';
import { type Section, section } from '../section.ts';
import type { PanelModel } from '../state.ts';

/** What could not be read or used is named in the header, the first of it; the doctor and the trees have all. */
const MOST_PROBLEMS = 5;

/** The cluster, what the plan was made from, and what stands in the way. */
export function headerSection({ host, plan }: PanelModel, actions: PanelActions): Section {
  return section('head', [host.cluster, host.busy, host.failure, host.readOnly, plan?.id], () =>
    element(
      'header',
      {},
      element('h1', {}, 'Plan'),
      element('p', { class: 'lead' }, host.cluster, plan && madeFrom(plan)),
      host.failure && element('p', { class: 'notice error', role: 'alert' }, host.failure),
      host.readOnly && element('p', { class: 'notice' }, host.readOnly),
      plan?.snapshot.problems.slice(0, MOST_PROBLEMS).map((problem) => element('p', { class: 'notice' }, problem)),
      host.busy
        ? element('p', { class: 'busy', role: 'status' }, element('vscode-progress-ring', {}), ` ${host.busy} …`)
        : button(plan ? 'Plan again' : 'Preview plan', actions.refresh, { secondary: true }),
    ),
  );
}

function madeFrom({ snapshot, predictor }: Plan): string {
  const { counts, takenAtSeconds } = snapshot;
  return [
    '',
    `read ${clock(takenAtSeconds, takenAtSeconds)}`,
    describeCounts(counts),
    `runtimes: ${describePredictor(predictor)}`,
  ].join(' · ');
}
