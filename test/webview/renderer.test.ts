import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import type { Report } from '../../src/notebook/report.ts';
import { tableOfRows } from '../../src/notebook/table.ts';
import type * as Renderer from '../../webview/renderer/renderer.ts';
import { withPage } from './browser.ts';
import { watchPlots } from './plots.ts';

const TABLE = tableOfRows([
  { task: 'a', score: 2 },
  { task: 'b', score: 10 },
]);
const FIGURE = { data: [{ x: [0, 1], y: [3, 4], name: 'waiting' }], layout: { title: { text: 'Waiting tasks' } } };
const REPORT: Report = {
  title: 'sample',
  notes: ['24 nodes'],
  parts: [
    { heading: 'Moves', table: TABLE },
    { heading: 'Forecast', figure: FIGURE, folded: true },
  ],
};

describe('what the notebook renderer draws', () => {
  withPage();
  let api: ReturnType<typeof Renderer.activate>;
  let plots: Awaited<ReturnType<typeof watchPlots>>;
  let root: HTMLElement;

  before(async () => {
    plots = await watchPlots();
    api = (await import('../../webview/renderer/renderer.ts')).activate();
  });
  after(() => plots.stop());
  beforeEach(() => {
    plots.drawn.length = 0;
    root = document.createElement('div');
    document.body.replaceChildren(root);
  });

  const render = (mime: string, value: unknown) =>
    api.renderOutputItem({ id: 'one', mime: `application/vnd.${mime}+json`, json: () => value }, root);
  const groups = () => [...root.querySelectorAll('[role=group]')].map((group) => group.getAttribute('aria-label'));

  it('is a table in a group that is named by what is in it, and no landmark', () => {
    render('stowage.table', TABLE);
    assert.deepEqual(groups(), ['Table of 2 rows: task and score']);
    assert.equal(root.querySelector('[role=region]'), null);
  });

  it('is a chart that is named as a whole, so that its buttons stand in no picture', () => {
    render('plotly.v1', FIGURE);
    assert.match(root.querySelector('figure')?.getAttribute('aria-label') ?? '', /^Chart: Waiting tasks/);
    assert.equal(root.querySelector('[role=img]'), null);
    assert.equal(plots.drawn.length, 1);
  });

  it('is a report of named tables and charts; what is folded is drawn when it is opened, once', () => {
    render('stowage.report', REPORT);
    assert.deepEqual(
      [...root.querySelectorAll('summary')].map(({ textContent }) => textContent),
      ['Moves (2)', 'Forecast'],
    );
    assert.deepEqual(groups(), ['Moves']);
    assert.equal(plots.drawn.length, 0);
    const [, forecast] = root.querySelectorAll('details');
    for (const _ of ['opened', 'and again']) {
      forecast?.setAttribute('open', '');
      forecast?.dispatchEvent(new Event('toggle'));
    }
    assert.equal(plots.drawn.length, 1);
    api.disposeOutputItem('one');
  });

  it('is a sentence where what is stored is no table, chart or report', () => {
    for (const mime of ['stowage.table', 'plotly.v1', 'stowage.report'])
      for (const wrong of [null, 'x', {}, { title: 'a', notes: [], parts: [{ heading: 1 }] }]) {
        render(mime, wrong);
        assert.match(root.textContent ?? '', /^This output cannot be drawn: /, mime);
      }
    render('stowage.report', { ...REPORT, parts: [{ heading: 'a', table: {} }] });
    assert.match(root.textContent ?? '', /cannot be drawn: it is no table/);
  });
});
