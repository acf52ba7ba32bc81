import { render } from 'lit-html';
import { isRecord } from '../src/core/model/isRecord.ts';
import { type FromWebview, parseToWebview } from '../src/panel/protocol.ts';
import { ownZone, useZone } from '../src/text/zone.ts';
import type { PanelActions } from './actions.ts';
import { redrawCharts } from './chart.ts';
import { keepFocus } from './focus.ts';
import { LOOKED } from './grid/grid.ts';
import { lookOf, parseLook, restoreLook } from './look.ts';
import { page } from './page.ts';
import { EMPTY_MODEL, keepChoices, type PanelEvent, type PanelModel, parseChoices, reduce } from './state.ts';
import { STYLE } from './style.ts';
import { registerControls } from './toolkit.ts';

declare function acquireVsCodeApi(): {
  postMessage(message: FromWebview): void;
  getState(): unknown;
  setState(state: unknown): void;
};

/** Choices are kept once the reader pauses: those of a large plan are many. */
const KEEP_PAUSE_MILLISECONDS = 300;

const host = acquireVsCodeApi();
const root = document.getElementById('root') as HTMLElement;
const kept = host.getState();
let model: PanelModel = { ...EMPTY_MODEL, choices: parseChoices(kept) };
/** How the page stood before it was hidden; undefined once it stands so again. */
let lookBefore = parseLook(isRecord(kept) ? kept['look'] : undefined);
let keeping: ReturnType<typeof setTimeout> | undefined;

const planBefore = model.choices.planId;

const actions: PanelActions = {
  apply: (planId, moveIds) => host.postMessage({ type: 'apply', planId, moveIds }),
  refresh: () => host.postMessage({ type: 'refresh' }),
  reveal: (what, name) => host.postMessage({ type: 'reveal', what, name }),
  tick: (moveIds, on) => dispatch({ type: 'tick', moveIds, on }),
  tickAll: (on) => dispatch({ type: 'tickAll', on }),
  list: (view) => dispatch({ type: 'list', view }),
  open: (group, on) => dispatch({ type: 'open', group, on }),
  showTask: (task) => {
    dispatch({ type: 'showTask', task });
    // Weights that are tried go with the reader from task to task.
    const { weighed } = model.host;
    if (weighed) host.postMessage({ type: 'rank', planId: weighed.planId, taskId: task, weights: weighed.weights });
  },
  rank: (planId, taskId, weights) => host.postMessage({ type: 'rank', planId, taskId, weights }),
  weigh: (weights) => host.postMessage({ type: 'weigh', weights }),
  whatIf: (kind) => host.postMessage({ type: 'whatIf', kind }),
  take: (as) => host.postMessage({ type: 'take', as }),
};

registerControls();
document.head.append(Object.assign(document.createElement('style'), { textContent: STYLE }));
window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  const message = parseToWebview(data);
  if (!message) return;
  useZone(message.state.zone);
  dispatch(message);
});
new MutationObserver(redrawCharts).observe(document.body, {
  attributes: true,
  attributeFilter: ['class', 'data-vscode-theme-id'],
});
keepFocus();
window.addEventListener('scroll', keep, { passive: true });
root.addEventListener(LOOKED, keep);
// A fold's event does not bubble.
root.addEventListener('toggle', keep, { capture: true });
root.replaceChildren();
draw();
host.postMessage({ type: 'ready', zone: ownZone() });

function dispatch(event: PanelEvent): void {
  const before = model;
  model = reduce(model, event);
  if (model.choices !== before.choices) keep();
  draw();
  if (lookBefore && model.plan) {
    restoreLook(root, lookBefore, model.plan.id === planBefore);
    lookBefore = undefined;
  }
  // Moves that were begun before the page was shown again are no news: the reader stays where they were.
  if (before.plan && before.steps.size === 0 && model.steps.size > 0)
    document.querySelector('.steps')?.parentElement?.scrollIntoView({ block: 'start' });
}

/** Keeps what the reader chose and how the page stands; before it stands as it did nothing is worth keeping of that. */
function keep(): void {
  clearTimeout(keeping);
  keeping = setTimeout(() => {
    host.setState({ ...keepChoices(model.choices), look: lookBefore ?? lookOf(root) });
  }, KEEP_PAUSE_MILLISECONDS);
}

function draw(): void {
  render(page(model, actions), root);
  root.removeAttribute('aria-busy');
}
