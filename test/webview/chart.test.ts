import assert from 'node:assert/strict';
import type * as Lit from 'lit-html';
import { after, before, beforeEach, describe, it } from 'mocha';
import type * as Chart from '../../webview/chart.ts';
import type { ChartOptions } from '../../webview/chart.ts';
import { layOut, withPage } from './browser.ts';
import { watchPlots } from './plots.ts';

const line = (name: string, more: object = {}) => ({
  name,
  colour: 'charts-blue',
  dash: 'solid' as const,
  x: [0, 1],
  p10: [1, 2],
  p50: [3, 4],
  p90: [5, 6],
  ...more,
});

const OPTIONS: ChartOptions = {
  title: 'Waiting tasks',
  sentence: 'do nothing: 3 now.',
  caption: '3 now.',
  xTicks: [
    { at: 0, text: 'now' },
    { at: 1, text: '1 h' },
  ],
  yTitle: 'tasks',
  series: [line('do nothing'), line('with this plan', { lineOnly: true, dash: 'dash', p50: [3, 5] })],
  format: (value) => value.toFixed(1),
};

describe('a chart', () => {
  withPage();
  let chart: typeof Chart.chart;
  let redrawCharts: typeof Chart.redrawCharts;
  let plots: Awaited<ReturnType<typeof watchPlots>>;
  let figure: HTMLElement;
  let page: HTMLElement;
  let render: typeof Lit.render;

  before(async () => {
    plots = await watchPlots();
    ({ render } = await import('lit-html'));
    ({ chart, redrawCharts } = await import('../../webview/chart.ts'));
  });
  after(() => plots.stop());
  beforeEach(() => {
    page = document.createElement('main');
    document.body.replaceChildren(page);
    render(chart(OPTIONS), page);
    figure = page.querySelector('stowage-chart')!;
    plots.drawn.length = 0;
  });

  it('is a picture with its sentence for those who do not see it', () => {
    const plot = figure.querySelector('[role=img]');
    assert.equal(plot?.getAttribute('aria-label'), 'Waiting tasks: do nothing: 3 now.');
  });

  it('has its numbers as a table: a row for each moment, a column for each line, with the band', () => {
    const rows = [...figure.querySelectorAll('tr')].map((row) => [...row.children].map((cell) => cell.textContent));
    assert.deepEqual(rows, [
      ['after', 'do nothing', 'with this plan'],
      ['now', '3.0 (1.0–5.0)', '3.0 (1.0–5.0)'],
      ['1 h', '4.0 (2.0–6.0)', '5.0 (2.0–6.0)'],
    ]);
    const scopes = [...figure.querySelectorAll('th')].map((cell) => cell.getAttribute('scope'));
    assert.deepEqual(scopes, ['col', 'col', 'col', 'row', 'row']);
  });

  it('draws a line and the two edges of its band, or the line alone', () => {
    layOut();
    const { traces } = plots.drawn[0]!;
    assert.deepEqual(
      traces.map(({ legendgroup, y, name }) => [legendgroup, y, name]),
      [
        ['do nothing', [1, 2], undefined],
        ['do nothing', [5, 6], undefined],
        ['do nothing', [3, 4], 'do nothing'],
        ['with this plan', [3, 5], 'with this plan'],
      ],
    );
    assert.equal(traces[3]?.line?.dash, 'dash');
  });

  it('does not draw a line that lies on another, but keeps its numbers', () => {
    const same = { ...OPTIONS, series: [line('do nothing'), line('resizes only', { lineOnly: true })] };
    render(chart(same), page);
    assert.deepEqual(
      plots.drawn.at(-1)!.traces.flatMap(({ name }) => name ?? []),
      ['do nothing'],
    );
    assert.equal(figure.querySelectorAll('thead th').length, 3);
    assert.match(figure.querySelector('figcaption')!.textContent, /resizes only: as do nothing\./);
  });

  it('draws a line with its band over one without', () => {
    render(chart({ ...OPTIONS, series: [line('resizes only', { lineOnly: true }), line('with this plan')] }), page);
    const names = plots.drawn.at(-1)!.traces.flatMap(({ name }) => name ?? []);
    assert.ok(names.includes('with this plan'));
  });

  it('is as wide as what holds it, each time that changes', () => {
    const plot = figure.querySelector('.plot')!;
    const widths = [700, 300].map((width) => {
      Object.defineProperty(plot, 'clientWidth', { value: width, configurable: true });
      layOut();
      return plots.drawn.at(-1)!.width;
    });
    assert.deepEqual(widths, [700, 300]);
  });

  it('is drawn in the colours of the theme, and again when that changes', () => {
    document.documentElement.style.setProperty('--vscode-charts-blue', 'rgb(1, 2, 3)');
    layOut();
    document.documentElement.style.setProperty('--vscode-charts-blue', 'rgb(4, 5, 6)');
    redrawCharts();
    assert.deepEqual(
      plots.drawn.map(({ traces }) => traces.at(-1)?.line?.color),
      ['rgb(1, 2, 3)', 'rgb(4, 5, 6)'],
    );
  });

  it('is not drawn once it has left the page', () => {
    figure.remove();
    layOut();
    assert.equal(plots.drawn.length, 0);
  });
});
