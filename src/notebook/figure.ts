/** A Plotly chart as plain data. */
export type Figure = {
  readonly data: readonly Trace[];
  readonly layout: Readonly<Record<string, unknown>>;
};

export type Trace = Readonly<Record<string, unknown>>;

/** More points than this are thinned out evenly: outputs are stored in the notebook and drawn by a browser. */
const MOST_POINTS = 50_000;

/** The plain data of a chart: typed arrays become lists, traces over `most` points are thinned evenly, the last point stays. */
export function plainFigure(figure: Figure, most = MOST_POINTS): Figure {
  const points = figure.data.map(pointsOf);
  const step = Math.ceil(points.reduce((sum, count) => sum + count, 0) / most);
  return {
    data: figure.data.map((trace, index) => plainTrace(trace, step > 1 && points[index]! > 2 ? step : 1)),
    layout: plain(figure.layout) as Record<string, unknown>,
  };
}

/**
 * A chart in words, for readers without eyes on it and for programs without Plotly: title, axes, and of each trace its
 * name, its number of points and its span.
 */
export function describeFigure(figure: Figure): string {
  const title = titleText(figure.layout['title']);
  const axes = (['xaxis', 'yaxis'] as const)
    .map((axis) => titleText((figure.layout[axis] as Record<string, unknown> | undefined)?.['title']))
    .flatMap((text, index) => (text ? `${index === 0 ? 'x' : 'y'}: ${text}` : []));
  const head = `Chart${title ? `: ${title}` : ''}${axes.length > 0 ? ` (${axes.join(', ')})` : ''}`;
  const traces = figure.data.map((trace, index) => ({ trace, text: `  ${describeTrace(trace, index)}` }));
  // The edges of a band are traces of their own that no legend names.
  const named = traces.filter(({ trace }) => trace['showlegend'] !== false);
  return [head, ...(named.length > 0 ? named : traces).map(({ text }) => text)].join('\n');
}

function describeTrace(trace: Trace, index: number): string {
  const name = typeof trace['name'] === 'string' && trace['name'] !== '' ? trace['name'] : `trace ${index + 1}`;
  const type = typeof trace['type'] === 'string' ? trace['type'] : 'scatter';
  const spans = (['x', 'y', 'z'] as const).flatMap((axis) => span(axis, trace[axis]));
  return `${name}: ${type}, ${pointsOf(trace)} points${spans.length > 0 ? `, ${spans.join(', ')}` : ''}`;
}

function span(axis: string, values: unknown): string[] {
  if (!isList(values)) return [];
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  const flat = Array.from(values).flat(1);
  for (const value of flat) {
    if (typeof value !== 'number' || !Number.isFinite(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (least <= most) return [`${axis} ${shortNumber(least)} to ${shortNumber(most)}`];
  const words = flat.filter((value) => typeof value === 'string');
  return words.length > 0 ? [`${axis} ${words[0]} to ${words.at(-1)}`] : [];
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function titleText(title: unknown): string {
  if (typeof title === 'string') return title;
  if (typeof title !== 'object' || title === null) return '';
  const { text } = title as { text?: unknown };
  return typeof text === 'string' ? text : '';
}

function pointsOf(trace: Trace): number {
  if (isList(trace['z'])) return Array.from(trace['z']).flat(1).length;
  return Math.max(0, ...['x', 'y', 'values', 'open'].map((key) => (isList(trace[key]) ? trace[key].length : 0)));
}

function plainTrace(trace: Trace, step: number): Trace {
  const length = pointsOf(trace);
  const thin = (value: unknown) =>
    step > 1 && isList(value) && value.length === length && !isList(value[0])
      ? Array.from(value).filter((_, index) => index % step === 0 || index === length - 1)
      : value;
  return Object.fromEntries(Object.entries(trace).map(([key, value]) => [key, plain(thin(value))]));
}

/** Typed arrays as lists, all the way down; JSON makes objects of them. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<number>);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
