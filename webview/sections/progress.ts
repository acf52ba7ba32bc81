import { clock } from '../../src/text/format.ts';
import type { StepText } from '../../src/text/operation.ts';
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

function stepRow({ state, title, text, untilSeconds }: StepText): HTMLElement {
  const { mark, word } = STATES[state];
  const until = untilSeconds === undefined ? '' : ` until ${clock(untilSeconds, untilSeconds)}`;
  return element(
    'li',
    { class: state },
    element('span', { class: 'mark', 'aria-hidden': 'true' }, mark),
    element('strong', {}, title),
    `: ${word}${until}. ${text}`,
  );
}

const STATES: Readonly<Record<StepText['state'], { readonly mark: string; readonly word: string }>> = {
  running: { mark: '…', word: 'running' },
  waiting: { mark: '○', word: 'waiting' },
  done: { mark: '✓', word: 'done' },
  failed: { mark: '✗', word: 'not done' },
};
