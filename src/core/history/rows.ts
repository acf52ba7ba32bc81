import { type FinishedTask, type HistoryRead, isRowFault, type RowFault, type RowProblem } from '../model/finished.ts';
import { NO_RESOURCES, type Resources } from '../model/resources.ts';

/** Reads one line: a finished task, or why it is none, or undefined where there is nothing to read. */
export type LineReader = (text: string) => FinishedTask | RowFault | undefined;

/** A way to read lines; `end` gives the rows of formats whose tasks are spread over lines. */
export type HistoryReader = { readonly read: LineReader; end?(): readonly (FinishedTask | RowFault)[] };

/**
 * Collects the rows of a history, line by line, without holding the text.
 * @param chunks text in pieces that may end anywhere
 * @returns usable rows in file order and every other one with its line number (from 1)
 */
export async function readLines(
  chunks: AsyncIterable<string> | Iterable<string>,
  { read, end }: HistoryReader,
): Promise<HistoryRead> {
  const tasks: FinishedTask[] = [];
  const problems: RowProblem[] = [];
  let line = 0;
  const keep = (row: FinishedTask | RowFault | undefined) => {
    if (!row) return;
    if (isRowFault(row)) problems.push({ line, ...row });
    else tasks.push(row);
  };
  const take = (text: string) => {
    line += 1;
    keep(read(text.endsWith('\r') ? text.slice(0, -1) : text));
  };
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) take(text);
  }
  if (rest !== '') take(rest);
  for (const row of end?.() ?? []) keep(row);
  return { tasks, problems };
}

/** Why a row with these times is no training example; undefined when it is one. */
export function timeFault(submitted: number, started: number, ended: number): RowFault | undefined {
  if (!Number.isFinite(submitted)) return { code: 'noSubmit', reason: 'it has no submit time' };
  if (!Number.isFinite(started)) return { code: 'noStart', reason: 'it has no start time: it never ran' };
  if (!Number.isFinite(ended)) return { code: 'noEnd', reason: 'it has no end time: it still runs or was lost' };
  const runtime = ended - started;
  if (runtime < 0) return { code: 'endsBeforeStart', reason: `it ends ${-runtime} s before it starts` };
  if (runtime === 0) return { code: 'noRuntime', reason: 'its runtime is 0 s: it never ran' };
  if (started < submitted)
    return { code: 'startsBeforeSubmit', reason: `it starts ${submitted - started} s before it was submitted` };
  return undefined;
}

/** An amount of resources from the numbers a row may have; NaN and negative ones count as absent (0). */
export function requestOf(amounts: { milliCpu?: number; memoryBytes?: number; gpuMilli?: number }): Resources {
  return {
    ...NO_RESOURCES,
    milliCpu: amount(amounts.milliCpu),
    memoryBytes: amount(amounts.memoryBytes),
    gpuMilli: amount(amounts.gpuMilli),
  };
}

function amount(value: number | undefined): number {
  return value !== undefined && value > 0 && Number.isFinite(value) ? Math.round(value) : 0;
}
