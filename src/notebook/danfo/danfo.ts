import type { DataFrame as DanfoFrame } from 'danfojs-node';
import type { Plotly } from '../plotly.ts';

export type Danfo = typeof import('danfojs-node');

/** danfo's charts, by the name of its method. */
const CHARTS = {
  line: 'linePlot',
  bar: 'barPlot',
  scatter: 'scatterPlot',
  hist: 'histPlot',
  pie: 'piePlot',
  box: 'boxPlot',
  violin: 'violinPlot',
  table: 'tablePlot',
} as const;

type Draw = (frame: unknown, element: string, config: { layout: object; config: object }, plotly: Plotly) => unknown;

/**
 * danfojs, repaired where it fails in a notebook: charts draw under the cell, `describe` counts missing values out
 * instead of failing on them, `sortValues` sorts 100,000 rows in milliseconds with missing values last.
 */
export async function loadDanfo(plotly: Plotly): Promise<Danfo> {
  const dfd = defaultOf(await import('danfojs-node'));
  const charts = defaultOf(
    await import('danfojs-node/dist/danfojs-base/plotting/plotly/index.js'),
  ) as unknown as Record<string, Draw>;
  const plot = function (this: unknown) {
    return Object.fromEntries(
      Object.entries(CHARTS).map(([name, draw]) => [
        name,
        (wanted: { layout?: object; config?: object } = {}) =>
          void charts[draw]?.(this, '', { layout: wanted.layout ?? {}, config: wanted.config ?? {} }, plotly),
      ]),
    );
  };
  const [anyFrame, anySeries] = [parentOf(dfd.DataFrame), parentOf(dfd.Series)];
  define(anyFrame, 'plot', plot);
  define(anySeries, 'plot', plot);
  define(anyFrame, 'describe', function (this: DanfoFrame) {
    return describe(dfd, this);
  });
  define(anyFrame, 'sortValues', function (this: DanfoFrame, column: string, options?: SortOptions) {
    return sortValues(dfd, this, column, options);
  });
  return dfd;
}

type SortOptions = { readonly ascending?: boolean; readonly inplace?: boolean };
type Cell = string | number | boolean | null | undefined;

function sortValues(
  dfd: Danfo,
  frame: DanfoFrame,
  column: string,
  { ascending = true, inplace = false }: SortOptions = {},
): DanfoFrame | undefined {
  const at = frame.columns.indexOf(column);
  if (at < 0) throw new Error(`There is no column "${column}". Columns: ${frame.columns.join(', ')}`);
  const rows = frame.values as Cell[][];
  const order = rows.map((_, row) => row).sort((a, b) => compare(rows[a]![at], rows[b]![at], ascending));
  const sorted = new dfd.DataFrame(
    order.map((row) => rows[row]!),
    { columns: [...frame.columns], index: order.map((row) => frame.index[row]!), dtypes: [...frame.dtypes] },
  );
  if (!inplace) return sorted;
  frame.$setValues(sorted.values as Cell[][] as never);
  frame.$setIndex(sorted.index);
  return undefined;
}

/** Missing values come last, whichever the direction. */
function compare(left: Cell, right: Cell, ascending: boolean): number {
  const missing = Number(isMissing(left)) - Number(isMissing(right));
  if (missing !== 0) return missing;
  if (left === right || isMissing(left)) return 0;
  return (left! < right! ? -1 : 1) * (ascending ? 1 : -1);
}

/** Count, mean, sample standard deviation, extremes and median of every column of numbers; of no number: missing. */
function describe(dfd: Danfo, frame: DanfoFrame): DanfoFrame {
  const rows = frame.values as Cell[][];
  const columns = frame.columns.filter((_, at) => frame.dtypes[at] !== 'string');
  const data = Object.fromEntries(
    columns.map((name) => {
      const at = frame.columns.indexOf(name);
      return [name, summary(rows.map((row) => Number(row[at] ?? Number.NaN)).filter((value) => !Number.isNaN(value)))];
    }),
  );
  return new dfd.DataFrame(data, { index: ['count', 'mean', 'std', 'min', 'median', 'max', 'variance'] });
}

function summary(values: readonly number[]): number[] {
  const count = values.length;
  if (count === 0) return [0, ...Array<number>(6).fill(Number.NaN)];
  const sorted = Float64Array.from(values).sort();
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = count > 1 ? values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1) : Number.NaN;
  const median = (sorted[(count - 1) >> 1]! + sorted[count >> 1]!) / 2;
  return [count, mean, Math.sqrt(variance), sorted[0]!, median, sorted[count - 1]!, variance];
}

function isMissing(value: Cell): boolean {
  return value === undefined || value === null || (typeof value === 'number' && Number.isNaN(value));
}

/** A CommonJS package's own exports, whichever way the bundler wraps them. */
function defaultOf<T extends object>(module: T): T {
  return 'default' in module ? (module.default as T) : module;
}

/** The class below, of which a frame's own columns and results are. */
function parentOf(type: object): { prototype: object } {
  return Object.getPrototypeOf(type) as { prototype: object };
}

function define(owner: { prototype: object }, name: string, value: unknown): void {
  Object.defineProperty(owner.prototype, name, { value, writable: true, configurable: true, enumerable: false });
}
