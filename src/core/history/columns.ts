import type { FinishedTask, RowFault } from '../model/finished.ts';
import { InputError } from '../model/input.ts';
import { requestOf, timeFault } from './rows.ts';

/** A row of a table by column name, as CSV, JSON lines and Parquet give it. */
export type Row = Readonly<Record<string, unknown>>;

/** What a column may mean. Times are epoch seconds or ISO 8601; `cpu` is cores, `memory` bytes, `gpu` whole GPUs. */
export const MEANINGS = [
  'id',
  'submit',
  'start',
  'end',
  'runtime',
  'creator',
  'name',
  'type',
  'framework',
  'scale',
  'queue',
  'request',
  'size',
  'cpu',
  'memory',
  'gpu',
  'status',
  'usedCpu',
  'usedMemory',
] as const;

export type Meaning = (typeof MEANINGS)[number];

/** Which column holds what. `submit` and two of `start`, `end`, `runtime` are needed (start defaults to submit). */
export type ColumnMap = { readonly [meaning in Meaning]?: string };

/**
 * Parses `submit=created,end=finished,…`.
 * @throws InputError for an unknown meaning, a column twice, or too few columns to know a runtime
 */
export function parseColumns(text: string): ColumnMap {
  const columns: Partial<Record<Meaning, string>> = {};
  for (const part of text.split(',').map((word) => word.trim())) {
    if (part === '') continue;
    const cut = part.indexOf('=');
    const meaning = part.slice(0, cut) as Meaning;
    if (cut <= 0 || !MEANINGS.includes(meaning) || part.slice(cut + 1) === '') {
      throw new InputError(
        `"${part}" does not map a column. Write meaning=column, with one of: ${MEANINGS.join(', ')}.`,
      );
    }
    if (columns[meaning] !== undefined) throw new InputError(`The column map names "${meaning}" twice. Name it once.`);
    columns[meaning] = part.slice(cut + 1);
  }
  return checkColumns(columns);
}

/** @throws InputError when the columns do not tell a submit time and a runtime */
function checkColumns(columns: ColumnMap): ColumnMap {
  if (!columns.submit && !columns.start) {
    throw new InputError('The column map names no submit time. Add submit=COLUMN (or start=COLUMN).');
  }
  if (!columns.end && !columns.runtime) {
    throw new InputError('The column map names no end. Add end=COLUMN or runtime=COLUMN.');
  }
  return columns;
}

/** @throws InputError naming the columns that the table does not have */
export function requireColumns(columns: ColumnMap, present: readonly string[]): void {
  const missing = Object.entries(columns).filter(([, column]) => !present.includes(column));
  if (missing.length === 0) return;
  const wanted = missing.map(([meaning, column]) => `"${column}" (${meaning})`).join(', ');
  throw new InputError(`The table has no column ${wanted}. Its columns: ${present.join(', ')}. Correct --columns.`);
}

/** Reads one row by a column map: a finished task, or why it is none. */
export function taskOfRow(row: Row, columns: ColumnMap, position: number): FinishedTask | RowFault {
  const text = (meaning: Meaning) => textOf(row[columns[meaning] ?? '']);
  const number = (meaning: Meaning) => numberOf(row[columns[meaning] ?? '']);
  const time = (meaning: Meaning) => timeOf(row[columns[meaning] ?? '']);
  const submit = time('submit') ?? time('start') ?? Number.NaN;
  const runtime = number('runtime');
  const start = time('start') ?? (columns.start && runtime === undefined ? Number.NaN : submit);
  const end = time('end') ?? start + (runtime ?? Number.NaN);
  const from =
    columns.start === undefined && runtime !== undefined && columns.end !== undefined ? end - runtime : start;
  const fault = timeFault(submit, from, end);
  if (fault) return fault;
  const [cpu, memory, gpu] = [number('cpu'), number('memory'), number('gpu')];
  const [usedCpu, usedMemory] = [number('usedCpu'), number('usedMemory')];
  const requested = number('request');
  const scale = number('scale');
  return {
    id: text('id') ?? String(position),
    parameters: {
      ...known('creator', text('creator')),
      ...known('name', text('name')),
      ...known('type', text('type')),
      ...known('framework', text('framework')),
      ...known('queue', text('queue')),
      ...(scale !== undefined && scale > 0 ? { dataScale: scale } : {}),
      ...(requested !== undefined && requested > 0 ? { requestedRuntimeSeconds: requested } : {}),
    },
    request: requestOf({ milliCpu: (cpu ?? 0) * 1000, memoryBytes: memory ?? 0, gpuMilli: (gpu ?? 0) * 1000 }),
    size: positive(number('size')) ?? positive(gpu) ?? positive(cpu) ?? 1,
    submittedAtSeconds: submit,
    startedAtSeconds: from,
    endedAtSeconds: end,
    outcome: outcomeOf(text('status')),
    ...(usedCpu === undefined && usedMemory === undefined
      ? {}
      : { meanUsage: requestOf({ milliCpu: (usedCpu ?? 0) * 1000, memoryBytes: usedMemory ?? 0 }) }),
  };
}

function known<Name extends string>(name: Name, value: string | undefined): { readonly [key in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in Name]?: string });
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = value instanceof Date ? value.toISOString() : String(value).trim();
  return text === '' ? undefined : text;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'string' && value.trim() === '') return undefined;
  if (value === undefined || value === null || typeof value === 'boolean') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** Epoch seconds of a number, a Date or an ISO 8601 text; numbers above 1e11 are milliseconds. */
function timeOf(value: unknown): number | undefined {
  if (value instanceof Date) return value.getTime() / 1000;
  const number = numberOf(value);
  if (number !== undefined) return number > 1e11 ? number / 1000 : number;
  if (typeof value !== 'string') return undefined;
  const parsed = Date.parse(value);
  return Number.isNaN(parsed) ? undefined : parsed / 1000;
}

function outcomeOf(status: string | undefined): FinishedTask['outcome'] {
  const word = status?.toLowerCase() ?? '';
  if (/^(succe|complete|pass|done|finished|ok|true$|0$)/.test(word)) return 'succeeded';
  if (/^(fail|error|oom|false$)/.test(word)) return 'failed';
  if (/^(cancel|kill|delete|terminat|stopp)/.test(word)) return 'cancelled';
  return 'unknown';
}
