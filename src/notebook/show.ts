import { inspect } from 'node:util';
import { describeFigure, type Figure, plainFigure } from './figure.ts';
import type { MimeBundle } from './messages.ts';
import type { Report } from './report.ts';
import { makeTable, type Table, tableOfRows, tableText } from './table.ts';

export const PLOTLY_MIME = 'application/vnd.plotly.v1+json';
export const TABLE_MIME = 'application/vnd.stowage.table+json';
export const REPORT_MIME = 'application/vnd.stowage.report+json';

/** An object that says itself how it is shown: a function under this symbol that gives texts by MIME type. */
export const SHOWN_AS = Symbol.for('Jupyter.display');

/** The look of what is on the screen already: a handle that is a cell's last expression shows nothing. */
export const ALREADY_SHOWN = { [SHOWN_AS]: () => ({}) };

const LONGEST_TEXT = 100_000;

/**
 * A value in the forms a notebook can show: charts and tables richly with a text beside, the rest as text.
 * @returns empty for `undefined`
 */
export function bundleOf(value: unknown): MimeBundle {
  if (value === undefined) return [];
  const own = ownBundle(value);
  if (own) return own;
  if (isFigure(value)) return figureBundle(value);
  if (isFrame(value)) return tableBundle(frameTable(value));
  if (isTensor(value)) return [textForm((value as Tensor).toString(true))];
  return [textForm(inspectShort(value))];
}

/** A chart: Plotly's data, and the chart in words. */
export function figureBundle(figure: Figure): MimeBundle {
  const plain = plainFigure(figure);
  return [{ mime: PLOTLY_MIME, text: JSON.stringify(plain) }, textForm(describeFigure(plain))];
}

/** A table: its data, and the first rows as text. */
function tableBundle(table: Table): MimeBundle {
  return [{ mime: TABLE_MIME, text: JSON.stringify(table) }, textForm(tableText(table))];
}

/** A report, and the text that says the same where nothing draws it. */
export function reportBundle(report: Report, text: string): MimeBundle {
  return [{ mime: REPORT_MIME, text: JSON.stringify(report) }, textForm(text)];
}

export function rowsBundle(rows: readonly unknown[]): MimeBundle {
  return tableBundle(tableOfRows(rows));
}

/** A value on few lines, as Node's own prompt shows it. */
export function inspectShort(value: unknown): string {
  if (typeof value === 'string') return value;
  return inspect(value, { depth: 4, maxArrayLength: 100, maxStringLength: 10_000, breakLength: 100 });
}

function textForm(text: string): { mime: string; text: string } {
  const cut =
    text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}\n… cut after ${LONGEST_TEXT} characters` : text;
  return { mime: 'text/plain', text: cut };
}

function ownBundle(value: unknown): MimeBundle | undefined {
  if (typeof value !== 'object' || value === null || !(SHOWN_AS in value)) return undefined;
  const show = (value as { [SHOWN_AS]: unknown })[SHOWN_AS];
  if (typeof show !== 'function') return undefined;
  const forms: unknown = show.call(value);
  if (typeof forms !== 'object' || forms === null) return undefined;
  return Object.entries(forms).map(([mime, form]) => ({
    mime,
    text: typeof form === 'string' ? form : JSON.stringify(form),
  }));
}

/** Anything with a list of traces and a layout, as `Plotly.newPlot` takes them. */
function isFigure(value: unknown): value is Figure {
  if (typeof value !== 'object' || value === null) return false;
  const { data, layout } = value as { data?: unknown; layout?: unknown };
  return Array.isArray(data) && data.every(isObject) && isObject(layout);
}

/** A frame or a series of danfo, by shape: a notebook may bring a danfo of its own. */
type Frame = {
  readonly $dataIncolumnFormat: unknown;
  readonly columns: readonly unknown[];
  readonly index: readonly unknown[];
  readonly values: readonly unknown[];
};

function isFrame(value: unknown): value is Frame {
  if (!isObject(value) || !('$dataIncolumnFormat' in value)) return false;
  const { columns, index, values } = value as Partial<Frame>;
  return Array.isArray(columns) && Array.isArray(index) && Array.isArray(values);
}

function frameTable(frame: Frame): Table {
  const rows = frame.values.map((row) => (Array.isArray(row) ? row : [row]));
  return makeTable(frame.columns.map(String), frame.index.map(String), rows, rows.length);
}

type Tensor = { readonly toString: (verbose: boolean) => string };

function isTensor(value: unknown): boolean {
  return isObject(value) && 'dataId' in value && 'rank' in value && 'dtype' in value && 'shape' in value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
