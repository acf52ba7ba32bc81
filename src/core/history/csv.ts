import type { RowFault } from '../model/finished.ts';
import { type ColumnMap, requireColumns, taskOfRow } from './columns.ts';
import type { LineReader } from './rows.ts';

/**
 * Reads a CSV table with a header line (RFC 4180 quoting inside a line; the separator is the one of `,` `;` and tab
 * that the header has most of).
 * @throws InputError at the header when a mapped column is not there
 */
export function csvReader(columns: ColumnMap): LineReader {
  let header: readonly string[] | undefined;
  let separator = ',';
  let position = 0;
  return (text) => {
    if (text.trim() === '') return undefined;
    if (!header) {
      const line = text.replace(/^\uFEFF/, '');
      separator = [',', ';', '\t'].reduce((best, each) => (count(line, each) > count(line, best) ? each : best));
      header = splitCells(line, separator) ?? [];
      requireColumns(columns, header);
      return undefined;
    }
    const cells = splitCells(text, separator);
    if (!cells) return OPEN_QUOTE;
    if (cells.length !== header.length)
      return { code: 'wrongCells', reason: `it has ${cells.length} cells; the header has ${header.length}` };
    const row: Record<string, string> = {};
    for (const [at, name] of header.entries()) row[name] = cells[at]!;
    return taskOfRow(row, columns, ++position);
  };
}

export const OPEN_QUOTE: RowFault = { code: 'openQuote', reason: 'a quoted cell does not end on its line' };

/** The cells of one line; undefined when a quote stays open. */
export function splitCells(line: string, separator: string): string[] | undefined {
  if (!line.includes('"')) return line.split(separator);
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!;
    if (quoted && letter === '"' && line[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (letter === '"') quoted = !quoted;
    else if (letter === separator && !quoted) {
      cells.push(cell);
      cell = '';
    } else cell += letter;
  }
  if (quoted) return undefined;
  cells.push(cell);
  return cells;
}

function count(text: string, letter: string): number {
  return text.split(letter).length - 1;
}
