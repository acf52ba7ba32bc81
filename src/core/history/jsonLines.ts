import { type ColumnMap, MEANINGS, type Row, taskOfRow } from './columns.ts';
import type { LineReader } from './rows.ts';

/** Reads one JSON object a line; without a column map the keys are the meanings themselves. */
export function jsonLinesReader(columns?: ColumnMap): LineReader {
  let position = 0;
  return (text) => {
    if (text.trim() === '') return undefined;
    const row = parse(text);
    if (!row) return { code: 'notAnObject', reason: 'it is not a JSON object' };
    return taskOfRow(row, columns ?? ownNames(Object.keys(row)), ++position);
  };
}

/** Column map of a table whose columns bear our names already. */
export function ownNames(present: readonly string[]): ColumnMap {
  return Object.fromEntries(MEANINGS.filter((name) => present.includes(name)).map((name) => [name, name]));
}

function parse(text: string): Row | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : undefined;
  } catch {
    return undefined;
  }
}
