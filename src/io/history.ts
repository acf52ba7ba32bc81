import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip, gunzipSync } from 'node:zlib';
import { type ColumnMap, parseColumns } from '../core/history/columns.ts';
import { csvReader } from '../core/history/csv.ts';
import { jsonLinesReader } from '../core/history/jsonLines.ts';
import { isKubeStateMetrics, kubeStateMetricsReader } from '../core/history/kubeStateMetrics.ts';
import { isOpenb, openbReader } from '../core/history/openb.ts';
import { type HistoryReader, readLines } from '../core/history/rows.ts';
import { swfReader } from '../core/history/swf.ts';
import { errorMessage } from '../core/model/errorMessage.ts';
import type { FinishedTask, HistoryRead, RowProblem } from '../core/model/finished.ts';
import { InputError } from '../core/model/input.ts';
import { readParquet } from './parquet.ts';

/** A history file as a user names it: SWF, CSV, JSON lines, Parquet, openb, kube-state-metrics; `.gz` is unpacked. */
export type HistoryFile = { readonly path: string; readonly columns?: string };

/**
 * Reads a history file.
 * @throws InputError when it cannot be read, is of no known kind, lacks mapped columns, or holds no usable row
 */
export async function readHistoryFile({ path, columns }: HistoryFile): Promise<HistoryRead> {
  const map = columns === undefined ? undefined : parseColumns(columns);
  const start = await readStart(path);
  const reading = start.startsWith(PARQUET)
    ? readParquet(path, map)
    : readLines(textOf(path), readerFor(path, start, map));
  const read = await reading.catch((error: unknown) => {
    if (error instanceof InputError) throw new InputError(`${path}: ${error.message}`);
    throw new InputError(`Cannot read ${path}: ${errorMessage(error)}. Check that the file is complete.`);
  });
  if (read.tasks.length === 0) throw new InputError(nothingUsable(path, read));
  return read;
}

/** Several files as one history, rows in the order of the files; line numbers are those of each file. */
export async function readHistoryFiles(files: readonly HistoryFile[]): Promise<HistoryRead> {
  const tasks: FinishedTask[] = [];
  const problems: RowProblem[] = [];
  for (const file of files) {
    const read = await readHistoryFile(file);
    for (const task of read.tasks) tasks.push(task);
    const prefix = files.length > 1 ? `${file.path}: ` : '';
    for (const problem of read.problems) problems.push({ ...problem, reason: prefix + problem.reason });
  }
  return { tasks, problems };
}

/** The first four bytes of every Parquet file. */
const PARQUET = 'PAR1';

function readerFor(path: string, start: string, columns: ColumnMap | undefined): HistoryReader {
  const name = path.replace(/\.gz$/i, '').toLowerCase();
  const first = start.split('\n', 1)[0] ?? '';
  if (/\.(jsonl|ndjson|json)$/.test(name) || first.startsWith('{')) return { read: jsonLinesReader(columns) };
  if (isKubeStateMetrics(first)) return kubeStateMetricsReader();
  if (isOpenb(first) && !columns) return { read: openbReader() };
  if (columns) return { read: csvReader(columns) };
  if (name.endsWith('.swf') || first.startsWith(';') || /^\s*\d+(\s+-?[\d.]+){10,}/.test(first))
    return { read: swfReader() };
  throw new InputError(
    `${path} is no history that Stowage knows (Standard Workload Format, JSON lines, Parquet, openb, kube-state-metrics). For a CSV table, say what its columns mean: --columns submit=created,end=finished,creator=user.`,
  );
}

async function* textOf(path: string): AsyncIterable<string> {
  const bytes = createReadStream(path, { highWaterMark: 1 << 18 });
  const stream = path.toLowerCase().endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  bytes.on('error', (error) => stream.destroy(error));
  stream.setEncoding('utf8');
  for await (const chunk of stream) yield chunk as string;
}

/** The first lines of a file, unpacked. */
async function readStart(path: string): Promise<string> {
  try {
    if (!(await stat(path)).isFile()) throw new InputError(`${path} is not a file. Name a history file.`);
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(1 << 16), 0, 1 << 16, 0);
      const start = buffer.subarray(0, bytesRead);
      if (!path.toLowerCase().endsWith('.gz')) return start.toString('utf8');
      return gunzipSync(start, { finishFlush: 2 }).toString('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `Cannot read ${path}: ${errorMessage(error)}. Check the path and that the file is what its name says.`,
    );
  }
}

function nothingUsable(path: string, { problems }: HistoryRead): string {
  const [first] = problems;
  if (!first) return `${path} holds no rows. Name a file with finished tasks.`;
  return `${path} holds no usable row: all ${problems.length} were left out, the first at line ${first.line} because ${first.reason}.`;
}
