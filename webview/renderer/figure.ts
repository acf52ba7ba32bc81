import Plotly from 'plotly.js/dist/plotly-cartesian.min.js';
import { describeFigure, type Figure } from '../../src/notebook/figure.ts';
import { tableOfRows } from '../../src/notebook/table.ts';
import { withTickFormats } from './axes.ts';
import { element } from './element.ts';
import { tableElement } from './table.ts';
import { themeTemplate, watchTheme } from './theme.ts';

/** Nothing leaves the machine: no "Share chart", no Plotly server. */
export const CONFIGURATION = {
  displaylogo: false,
  showSendToCloud: false,
  plotlyServerURL: '',
  responsive: true,
} as const;

const HEIGHT_PIXELS = 360;

type Drawn = { readonly plot: HTMLElement; draw(figure: Figure): void; stop(): void };

const drawn = new WeakMap<HTMLElement, Drawn>();

/**
 * Draws a chart in the theme's colours; drawing into the same root again moves the chart that is there.
 * @throws TypeError when the value is no chart
 */
export function drawFigure(value: unknown, root: HTMLElement): void {
  const figure = parseFigure(value);
  const present = drawn.get(root);
  if (present?.plot.isConnected) present.draw(figure);
  else drawn.set(root, newFigure(figure, root));
}

/** Frees what Plotly holds for a root. */
export function forgetFigure(root: HTMLElement): void {
  drawn.get(root)?.stop();
  drawn.delete(root);
}

function newFigure(first: Figure, root: HTMLElement): Drawn {
  let figure = first;
  const plot = element('div');
  const numbers = element('details', {}, element('summary', {}, 'Numbers'));
  // Named as a whole, not as one picture: Plotly's buttons in it can be focused.
  const frame = element('figure', { class: 'stowage-figure' }, plot, numbers);
  root.replaceChildren(frame);
  const redraw = () => {
    const { height, template, ...layout } = figure.layout;
    frame.setAttribute('aria-label', describeFigure(figure));
    numbers.querySelector('.stowage-scroll')?.remove();
    if (numbers.hasAttribute('open')) numbers.append(numbersOf(figure));
    const themed = {
      ...withTickFormats(layout),
      height: height ?? HEIGHT_PIXELS,
      template: template ?? themeTemplate(),
    };
    void Plotly.react(plot, structuredClone([...figure.data]), structuredClone(themed), CONFIGURATION).then(() =>
      hideMarks(plot),
    );
  };
  numbers.addEventListener('toggle', redraw);
  const unwatch = watchTheme(redraw);
  redraw();
  return {
    plot,
    draw(next) {
      figure = next;
      redraw();
    },
    stop() {
      unwatch();
      Plotly.purge(plot);
    },
  };
}

/** Lines, ticks and legends one by one say nothing to those who do not see them; the name and the numbers do. */
function hideMarks(plot: HTMLElement): void {
  for (const marks of plot.querySelectorAll('.main-svg')) marks.setAttribute('aria-hidden', 'true');
}

/** The chart's points as a table, for those who do not see it. */
function numbersOf(figure: Figure): HTMLElement {
  const rows = figure.data.flatMap((trace, at) => {
    const { x, y, name } = trace as { x?: unknown; y?: unknown; name?: unknown };
    const length = Math.max(...[x, y].map((values) => (Array.isArray(values) ? values.length : 0)));
    const of = (values: unknown, index: number) => (Array.isArray(values) ? values[index] : undefined);
    return Array.from({ length }, (_, index) => ({ trace: name ?? at + 1, x: of(x, index), y: of(y, index) }));
  });
  return tableElement(tableOfRows(rows));
}

function parseFigure(value: unknown): Figure {
  const { data, layout } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Figure>;
  if (!Array.isArray(data) || !data.every((trace) => typeof trace === 'object' && trace !== null)) {
    throw new TypeError('it holds no list of traces');
  }
  return { data, layout: typeof layout === 'object' && layout !== null ? layout : {} };
}
