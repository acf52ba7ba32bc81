import { type ColumnMap, type Row, requireColumns, taskOfRow } from '../core/history/columns.ts';
import { ownNames } from '../core/history/jsonLines.ts';
import { soundRow } from '../core/history/rows.ts';
import { type FinishedTask, type HistoryRead, isRowFault, type RowProblem } from '../core/model/finished.ts';
import { InputError } from '../core/model/input.ts';

/** Rows read at once, so that a large table does not lie in memory whole. */
const ROWS_AT_ONCE = 50_000;

/**
 * Reads a Parquet table; without a column map the columns that bear our names are used. A problem's line is the row's
 * number from 1.
 * @throws InputError when a mapped column is missing or the compression is not one hyparquet unpacks (Snappy or none)
 */
export async function readParquet(path: string, columns?: ColumnMap): Promise<HistoryRead> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import('hyparquet');
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const present = parquetSchema(metadata).children.map((child) => child.element.name);
  const map = columns ?? ownNames(present);
  if (Object.keys(map).length === 0) {
    throw new InputError(`its columns are ${present.join(', ')}; say what they mean with --columns submit=…,end=…`);
  }
  requireColumns(map, present);
  const wanted = Object.values(map);
  const tasks: FinishedTask[] = [];
  const problems: RowProblem[] = [];
  const total = Number(metadata.num_rows);
  for (let from = 0; from < total; from += ROWS_AT_ONCE) {
    const rowEnd = Math.min(total, from + ROWS_AT_ONCE);
    const rows = await parquetReadObjects({ file, metadata, columns: wanted, rowStart: from, rowEnd });
    for (const [at, row] of rows.entries()) {
      const task = soundRow(taskOfRow(withNumbers(row), map, from + at + 1));
      if (isRowFault(task)) problems.push({ line: from + at + 1, ...task });
      else tasks.push(task);
    }
  }
  return { tasks, problems };
}

/** Parquet's 64-bit integers come as BigInt. */
function withNumbers(row: Readonly<Record<string, unknown>>): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
  );
}
