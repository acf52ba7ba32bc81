import { plainValue } from '../core/model/plain.ts';
import { describeRows } from '../text/counts.ts';

/** A table as plain data, for the notebook's renderer and for text. */
export type Table = {
  readonly columns: readonly { readonly name: string; readonly numeric: boolean }[];
  readonly index: readonly string[];
  /** Row by row, every cell as text; a missing value is the empty text. */
  readonly rows: readonly (readonly string[])[];
  /** Rows of the whole frame, of which `rows` are the first. */
  readonly total: number;
};

/** More rows than this are counted, not shown: outputs are stored in the notebook. */
export const MOST_ROWS = 200;
const MOST_COLUMNS = 50;
const LONGEST_CELL = 200;
const ROWS_AS_TEXT = 20;

/** A table of plain rows, columns in the order in which keys appear. Not objects: one column, `value`. */
export function tableOfRows(rows: readonly unknown[]): Table {
  const shown = rows.slice(0, MOST_ROWS);
  const records = shown.map((row) =>
    typeof row === 'object' && row !== null ? (row as Record<string, unknown>) : { value: row },
  );
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return makeTable(
    names,
    records.map((_, index) => String(index)),
    records.map((record) => names.map((name) => record[name])),
    rows.length,
  );
}

/** A table of values row by row. */
export function makeTable(
  names: readonly string[],
  index: readonly string[],
  rows: readonly (readonly unknown[])[],
  total: number,
): Table {
  const shown = rows.slice(0, MOST_ROWS);
  const kept = names.slice(0, MOST_COLUMNS);
  return {
    columns: kept.map((name, column) => ({
      name: short(name),
      numeric:
        shown.length > 0 && shown.every((row) => isNumeric(row[column])) && shown.some((row) => isNumber(row[column])),
    })),
    index: index.slice(0, MOST_ROWS).map(short),
    rows: shown.map((row) => kept.map((_, column) => cellText(row[column]))),
    total,
  };
}

/** The table in words and columns of text: the fallback that is stored in the notebook. */
export function tableText({ columns, index, rows, total }: Table): string {
  const lines = rows.slice(0, ROWS_AS_TEXT);
  const head = ['', ...columns.map(({ name }) => name)];
  const cells = [head, ...lines.map((row, at) => [index[at] ?? '', ...row])];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const text = cells.map((row) =>
    row
      .map((cell, column) =>
        columns[column - 1]?.numeric ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
  const more = total > lines.length ? [`… ${describeRows(lines.length, total)}`] : [];
  return [...text, ...more].join('\n');
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return numberText(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString();
  if (typeof value === 'object') return short(JSON.stringify(value) ?? '');
  return short(String(value));
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return '';
  if (Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(6)));
}

function short(text: string): string {
  const line = plainValue(text.replace(/\s*\n\s*/g, ' '));
  return line.length > LONGEST_CELL ? `${line.slice(0, LONGEST_CELL - 1)}…` : line;
}

const isNumber = (value: unknown) => typeof value === 'number' || typeof value === 'bigint';
const isNumeric = (value: unknown) => value === undefined || value === null || isNumber(value);
