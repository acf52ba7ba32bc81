import { html, render, svg, type TemplateResult } from 'lit-html';
import { createRef, ref } from 'lit-html/directives/ref.js';
import Plotly from 'plotly.js/dist/plotly-cartesian.min.js';
import { tickFormats } from '../src/text/axis.ts';
import { describeSameLine } from '../src/text/panel.ts';

/** One line with its band, in the panel's own terms. */
export type Series = {
  readonly name: string;
  /** A theme colour: `charts-blue`, `charts-orange`, … */
  readonly colour: string;
  readonly dash: Dash;
  readonly x: readonly number[];
  readonly p10: readonly number[];
  readonly p50: readonly number[];
  readonly p90: readonly number[];
  /** Only the line is drawn; the band stands among the numbers. */
  readonly lineOnly?: boolean;
};

export type Dash = 'solid' | 'dot' | 'dash' | 'longdash' | 'dashdot';

export type ChartOptions = {
  readonly title: string;
  /** The chart in one sentence, for those who do not see it. */
  readonly sentence: string;
  /** The same in fewer words, under the title. */
  readonly caption: string;
  readonly xTicks: readonly { readonly at: number; readonly text: string }[];
  readonly yTitle: string;
  /** How the axis writes its numbers, in d3's notation, with more decimals as one zooms in; plain when absent. */
  readonly yFormat?: string;
  /** All of them stand among the numbers; one that lies on another is not drawn. */
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
};

/**
 * A line chart with bands, its sentence, and its numbers as a table that a screen reader reads. It is as wide as what
 * holds it, and has no legend of its own: charts of one kind share one (`legend`).
 */
class Chart extends HTMLElement {
  #options: ChartOptions | undefined;
  readonly #plot = createRef<HTMLElement>();
  readonly #watcher = new ResizeObserver(() => this.plot());

  set options(options: ChartOptions) {
    this.#options = options;
    if (this.isConnected) this.#draw(options);
  }

  connectedCallback(): void {
    if (this.#options) this.#draw(this.#options);
    this.#watcher.observe(this);
  }

  disconnectedCallback(): void {
    this.#watcher.disconnect();
  }

  #draw(options: ChartOptions): void {
    const { title, sentence, caption } = options;
    const page = html`<figure class="chart">
      <figcaption><strong>${title}</strong> ${caption} ${hidden(options.series)}</figcaption>
      <div class="plot" role="img" aria-label=${`${title}: ${sentence}`} ${ref(this.#plot)}></div>
      <details><summary>Numbers</summary><div class="numbers">${numbers(options)}</div></details>
    </figure>`;
    render(page, this);
    this.plot();
  }

  /** Draws the lines in the theme's colours, as wide as there is room. */
  plot(): void {
    const [plot, options] = [this.#plot.value, this.#options];
    if (plot && options && this.isConnected)
      void Plotly.react(plot, traces(options), layout(options, plot.clientWidth), CONFIGURATION);
  }
}

customElements.define('stowage-chart', Chart);

export function chart(options: ChartOptions): TemplateResult {
  return html`<stowage-chart .options=${options}></stowage-chart>`;
}

/** Redraws every chart in the colours of the theme that was just chosen. */
export function redrawCharts(): void {
  for (const each of document.querySelectorAll<Chart>('stowage-chart')) each.plot();
}

/** What each line is, once for all charts of one kind. */
export function legend(series: readonly Pick<Series, 'name' | 'colour' | 'dash'>[]): TemplateResult {
  return html`<ul class="legend" aria-label="Lines of the charts">
    ${series.map(
      ({ name, colour, dash }) => html`<li>
        <svg width="44" height="10" aria-hidden="true" focusable="false">${svg`<line x1="0" y1="5" x2="44" y2="5"
          stroke=${`var(--vscode-${colour})`} stroke-width="2" stroke-dasharray=${STROKES[dash]}></line>`}</svg>
        ${name}
      </li>`,
    )}
  </ul>`;
}

/** Plotly's dashes at a width of 2 pixels, for SVG. */
const STROKES: Readonly<Record<Dash, string>> = {
  solid: 'none',
  dot: '2 2',
  dash: '9 9',
  longdash: '12 12',
  dashdot: '9 4 2 4',
};

/** The series that are drawn: of those that lie on each other the first. */
export function distinct(series: readonly Series[]): readonly Series[] {
  return series.filter((each) => !under(each, series));
}

/** The earlier series on which a series lies; undefined where it is seen. A line without a band lies on any other. */
function under(one: Series, series: readonly Series[]): Series | undefined {
  const same = (left: readonly number[], right: readonly number[]) => left.every((value, at) => value === right[at]);
  return series
    .slice(0, series.indexOf(one))
    .find(
      (other) =>
        same(one.p50, other.p50) &&
        (one.lineOnly || (!other.lineOnly && same(one.p10, other.p10) && same(one.p90, other.p90))),
    );
}

/** Which lines are not seen, and why. */
function hidden(series: readonly Series[]): string {
  return series
    .flatMap((each) => {
      const as = under(each, series);
      return as ? [describeSameLine(each.name, as.name)] : [];
    })
    .join(' ');
}

const CONFIGURATION = { displayModeBar: false, showSendToCloud: false, responsive: false };
const HEIGHT_PIXELS = 220;

function traces({ series, format }: ChartOptions): unknown[] {
  return distinct(series).flatMap(({ name, colour, dash, x, p10, p50, p90, lineOnly }) => {
    const line = themeColour(`--vscode-${colour}`, dash === 'solid' ? '#3794ff' : '#cca700');
    const shared = { x, mode: 'lines', legendgroup: name };
    const edge = { ...shared, line: { width: 0 }, hoverinfo: 'skip' };
    const band = [
      { ...edge, y: p10 },
      { ...edge, y: p90, fill: 'tonexty', fillcolor: translucent(line) },
    ];
    const middle = {
      ...shared,
      y: p50,
      name,
      mode: 'lines+markers',
      line: { color: line, width: 2, dash },
      text: p50.map(format),
      hovertemplate: '%{text}',
    };
    return lineOnly ? [middle] : [...band, middle];
  });
}

function layout({ xTicks, yTitle, yFormat }: ChartOptions, width: number): unknown {
  const ink = themeColour('--vscode-foreground', '#888888');
  const faint = translucent(ink);
  const paper = themeColour('--vscode-editorHoverWidget-background', themeColour('--vscode-editor-background', '#fff'));
  return {
    ...(width > 0 && { width }),
    height: HEIGHT_PIXELS,
    margin: { l: 48, r: 12, t: 8, b: 40 },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { color: ink, family: getComputedStyle(document.body).fontFamily, size: 12 },
    showlegend: false,
    hovermode: 'x unified',
    hoverlabel: { bgcolor: paper, bordercolor: ink, font: { color: ink } },
    xaxis: {
      tickvals: xTicks.map(({ at }) => at),
      ticktext: xTicks.map(({ text }) => text),
      gridcolor: faint,
      zeroline: false,
    },
    yaxis: {
      title: { text: yTitle, font: { size: 11 } },
      ...(yFormat && { tickformatstops: tickFormats(yFormat) }),
      gridcolor: faint,
      zeroline: false,
      rangemode: 'tozero',
      automargin: true,
    },
  };
}

function numbers({ title, series, xTicks, format }: ChartOptions): TemplateResult {
  const cell = ({ p10, p50, p90 }: Series, index: number) => {
    const [low, middle, high] = [p10, p50, p90].map((values) => format(values[index] ?? Number.NaN));
    return html`<td>${low === high ? middle : `${middle} (${low}–${high})`}</td>`;
  };
  return html`<table aria-label=${`${title}: the numbers`}>
    <thead><tr><th scope="col">after</th>${series.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${xTicks.map(
      ({ text }, index) => html`<tr><th scope="row">${text}</th>${series.map((each) => cell(each, index))}</tr>`,
    )}</tbody>
  </table>`;
}

function themeColour(name: string, otherwise: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || otherwise;
}

/** The colour with 18 % opacity; a canvas reads whatever notation the theme uses. */
function translucent(colour: string): string {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) return 'rgba(128,128,128,0.18)';
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return `rgba(${red},${green},${blue},0.18)`;
}
