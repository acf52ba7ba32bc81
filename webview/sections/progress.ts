import { describeStanding, type StepText } from '../../src/text/operation.ts';
import { element } from '../element.ts';
import { type Section, section } from '../section.ts';
import type { PanelModel } from '../state.ts';

/** Where each move stands that was begun; empty before the first. */
export function progressSection({ steps }: PanelModel['host']): Section {
  return section('steps', [steps], () => {
    if (steps.length === 0) return element('div');
    return element(
      'section',
      { 'aria-label': 'Progress', 'aria-live': 'polite' },
      element('h2', {}, 'Progress'),
      element('ol', { class: 'steps' }, steps.map(stepRow)),
    );
  });
}

function stepRow(step: StepText): HTMLElement {
  const { state, title, untilSeconds = 0 } = step;
  return element(
    'li',
    { class: state },
    element('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[state]),
    element('strong', {}, title),
    // Waits are of today, or near enough: the panel knows no clock of the cluster's.
    `: ${describeStanding(step, untilSeconds)}`,
  );
}

const MARKS: Readonly<Record<StepText['state'], string>> = { running: '…', waiting: '○', done: '✓', failed: '✗' };
