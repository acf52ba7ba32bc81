import { type FromWebview, parseToWebview } from '../src/panel/protocol.ts';
import type { PanelActions } from './actions.ts';
import { redrawCharts } from './chart.ts';
import { render } from './render.ts';
import { drawerOf } from './section.ts';
import { EMPTY_MODEL, type PanelEvent, type PanelModel, parseChoices, reduce } from './state.ts';
import { STYLE } from './style.ts';
import { registerControls } from './toolkit.ts';

declare function acquireVsCodeApi(): {
  postMessage(message: FromWebview): void;
  getState(): unknown;
  setState(state: unknown): void;
};

const host = acquireVsCodeApi();
const root = document.getElementById('root') as HTMLElement;
const drawSections = drawerOf(root);
let model: PanelModel = { ...EMPTY_MODEL, choices: parseChoices(host.getState()) };

const actions: PanelActions = {
  apply: (planId, moveIds) => host.postMessage({ type: 'apply', planId, moveIds }),
  refresh: () => host.postMessage({ type: 'refresh' }),
  reveal: (what, name) => host.postMessage({ type: 'reveal', what, name }),
  choose: (moveId, on, all) => dispatch({ type: 'choose', moveId, on, all }),
  showTask: (task) => {
    dispatch({ type: 'showTask', task });
    // Weights that are tried go with the reader from task to task.
    const { weighed } = model.host;
    if (weighed) host.postMessage({ type: 'rank', planId: weighed.planId, taskId: task, weights: weighed.weights });
  },
  rank: (planId, taskId, weights) => host.postMessage({ type: 'rank', planId, taskId, weights }),
  weigh: (weights) => host.postMessage({ type: 'weigh', weights }),
  whatIf: (kind) => host.postMessage({ type: 'whatIf', kind }),
  listMore: () => dispatch({ type: 'listMore' }),
};

registerControls();
document.head.append(Object.assign(document.createElement('style'), { textContent: STYLE }));
window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  const message = parseToWebview(data);
  if (message) dispatch(message);
});
new MutationObserver(redrawCharts).observe(document.body, {
  attributes: true,
  attributeFilter: ['class', 'data-vscode-theme-id'],
});
draw();
host.postMessage({ type: 'ready' });

function dispatch(event: PanelEvent): void {
  const before = model;
  model = reduce(model, event);
  if (model.choices !== before.choices) host.setState(model.choices);
  draw();
  if (before.host.steps.length === 0 && model.host.steps.length > 0) {
    document.querySelector('.steps')?.parentElement?.scrollIntoView({ block: 'start' });
  }
}

function draw(): void {
  drawSections(render(model, actions));
  root.removeAttribute('aria-busy');
}
