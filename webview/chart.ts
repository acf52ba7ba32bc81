import Plotly from 'plotly.js/dist/plotly-cartesian.min.js';
import { element } from './element.ts';

/** One line with its band, in the panel's own terms. */
export type Series = {
  readonly name: string;
  /** A theme colour: `charts-blue`, `charts-orange`, … */
  readonly colour: string;
  readonly dash: 'solid' | 'dot' | 'dash' | 'longdash' | 'dashdot';
  readonly x: readonly number[];
  readonly p10: readonly number[];
  readonly p50: readonly number[];
  readonly p90: readonly number[];
  /** Only the line is drawn; the band stands among the numbers. */
  readonly lineOnly?: boolean;
};

export type ChartOptions = {
  readonly title: string;
  /** The chart in one sentence, for those who do not see it. */
  readonly sentence: string;
  readonly xTicks: readonly { readonly at: number; readonly text: string }[];
  readonly yTitle: string;
  /** How the axis writes its numbers, in d3's notation; plain when absent. */
  readonly yFormat?: string;
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
};

/** A line chart with bands, its sentence, and its numbers as a table that a screen reader reads. */
export function chart(options: ChartOptions): HTMLElement {
  const plot = element('div', { class: 'plot', role: 'img', 'aria-label': `${options.title}. ${options.sentence}` });
  const figure = element(
    'figure',
    { class: 'chart' },
    element('figcaption', {}, element('strong', {}, options.title), ` ${options.sentence}`),
    plot,
    element('details', {}, element('summary', {}, 'Numbers'), numbers(options)),
  );
  const draw = () => void Plotly.react(plot, traces(options), layout(options), CONFIGURATION);
  new ResizeObserver(() => plot.isConnected && draw()).observe(plot);
  plot.addEventListener('themechange', draw);
  return figure;
}

/** Redraws every chart in the colours of the theme that was just chosen. */
export function redrawCharts(): void {
  for (const plot of document.querySelectorAll('.plot')) plot.dispatchEvent(new Event('themechange'));
}

const CONFIGURATION = { displayModeBar: false, showSendToCloud: false, responsive: false };

function traces({ series, format }: ChartOptions): unknown[] {
  return series.flatMap(({ name, colour, dash, x, p10, p50, p90, lineOnly }) => {
    const line = themeColour(`--vscode-${colour}`, dash === 'solid' ? '#3794ff' : '#cca700');
    const shared = { x, mode: 'lines', legendgroup: name };
    const edge = { ...shared, line: { width: 0 }, hoverinfo: 'skip', showlegend: false };
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

function layout({ xTicks, yTitle, yFormat }: ChartOptions): unknown {
  const ink = themeColour('--vscode-foreground', '#888888');
  const faint = translucent(ink);
  return {
    margin: { l: 48, r: 12, t: 8, b: 40 },
    height: 240,
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { color: ink, family: getComputedStyle(document.body).fontFamily, size: 12 },
    // Grows upwards, away from the lines, where it takes a second row. Wide enough for two of the longest dashes.
    legend: { orientation: 'h', y: 1.02, yanchor: 'bottom', itemwidth: 45 },
    xaxis: {
      tickvals: xTicks.map(({ at }) => at),
      ticktext: xTicks.map(({ text }) => text),
      gridcolor: faint,
      zeroline: false,
    },
    yaxis: {
      title: { text: yTitle, font: { size: 11 } },
      ...(yFormat && { tickformat: yFormat }),
      gridcolor: faint,
      zeroline: false,
      rangemode: 'tozero',
      automargin: true,
    },
  };
}

function numbers({ series, xTicks, format }: ChartOptions): HTMLElement {
  const heading = (text: string) => element('th', { scope: 'col' }, text);
  const cell = ({ p10, p50, p90 }: Series, index: number) => {
    const [low, middle, high] = [p10, p50, p90].map((values) => format(values[index] ?? Number.NaN));
    return element('td', {}, `${middle} (${low}–${high})`);
  };
  const rows = xTicks.map(({ text }, index) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, text),
      series.map((each) => cell(each, index)),
    ),
  );
  const head = element(
    'tr',
    {},
    heading('after'),
    series.map(({ name }) => heading(name)),
  );
  return element('table', {}, element('thead', {}, head), element('tbody', {}, rows));
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
