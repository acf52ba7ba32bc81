import { type ColumnMap, MEANINGS, type Row, taskOfRow } from './columns.ts';
import type { LineReader } from './rows.ts';

/** Column map of a table whose columns already bear our names. */
export const OWN_NAMES: ColumnMap = Object.fromEntries(MEANINGS.map((meaning) => [meaning, meaning]));

/** Reads one JSON object a line; without a column map the keys are the meanings themselves. */
export function jsonLinesReader(columns: ColumnMap = OWN_NAMES): LineReader {
  let position = 0;
  return (text) => {
    if (text.trim() === '') return undefined;
    const row = parse(text);
    if (!row) return 'it is not a JSON object';
    return taskOfRow(row, columns, ++position);
  };
}

function parse(text: string): Row | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : undefined;
  } catch {
    return undefined;
  }
}
