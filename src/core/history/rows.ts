import {
  type FinishedTask,
  type HistoryRead,
  isFinishedTask,
  isRowFault,
  type RowFault,
  type RowProblem,
} from '../model/finished.ts';
import { NO_RESOURCES, type Resources } from '../model/resources.ts';

/** Reads one line: a finished task, or why it is none, or undefined where there is nothing to read. */
export type LineReader = (text: string) => FinishedTask | RowFault | undefined;

/** A way to read lines; `end` gives the rows of formats whose tasks are spread over lines. */
export type HistoryReader = { readonly read: LineReader; end?(): readonly (FinishedTask | RowFault)[] };

/** Characters of a line at most: far more than a row has. */
const LONGEST_LINE = 2 ** 20;

/**
 * Collects the rows of a history, line by line, without holding the text. A line that is longer than `LONGEST_LINE` is
 * no row.
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
  const keep = (given: FinishedTask | RowFault | undefined) => {
    if (!given) return;
    const row = soundRow(given);
    if (isRowFault(row)) problems.push({ line, ...row });
    else tasks.push(row);
  };
  const take = (text: string | undefined) => {
    line += 1;
    keep(text === undefined ? TOO_LONG : read(text.endsWith('\r') ? text.slice(0, -1) : text));
  };
  const begun = new Line();
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      begun.add(chunk.slice(from, end));
      take(begun.end());
      from = end + 1;
    }
    begun.add(chunk.slice(from));
  }
  if (begun.length > 0) take(begun.end());
  for (const row of end?.() ?? []) keep(row);
  return { tasks, problems };
}

const TOO_LONG: RowFault = {
  code: 'tooLong',
  reason: `it has more than ${LONGEST_LINE} characters`,
};

/** A line as its pieces come; of one that is too long nothing is kept. */
class Line {
  length = 0;
  private pieces: string[] = [];

  add(piece: string): void {
    this.length += piece.length;
    if (this.length > LONGEST_LINE) this.pieces = [];
    else if (piece !== '') this.pieces.push(piece);
  }

  /** The line, or undefined where it was too long; then the next one begins. */
  end(): string | undefined {
    const text = this.length > LONGEST_LINE ? undefined : this.pieces.join('');
    this.length = 0;
    this.pieces = [];
    return text;
  }
}

/**
 * The row, or why it is none: a number that is infinite or out of bounds would make all that is learned from it so, and
 * a file that keeps it could not be read again.
 */
export function soundRow(row: FinishedTask | RowFault): FinishedTask | RowFault {
  return isRowFault(row) || (isFinishedTask(row) && isPlausible(row)) ? row : UNSOUND;
}

/** Whether its numbers may be true: one that cannot would turn what is learned from all. */
function isPlausible(row: FinishedTask): boolean {
  const { submittedAtSeconds, startedAtSeconds, endedAtSeconds, parameters, request, size, meanUsage } = row;
  const { dataScale = 0, requestedRuntimeSeconds = 0 } = parameters;
  const runtime = endedAtSeconds - startedAtSeconds;
  const pieces = [request, meanUsage ?? NO_RESOURCES].flatMap(({ milliCpu, gpuMilli }) => [milliCpu, gpuMilli]);
  return (
    [submittedAtSeconds, endedAtSeconds].every((time) => Math.abs(time) <= LAST_SECONDS) &&
    [runtime, size].every((value) => value > 0) &&
    isWithin(LONGEST_SECONDS, runtime, requestedRuntimeSeconds) &&
    isWithin(MOST_THOUSANDTHS, 1000 * size, ...pieces) &&
    isWithin(LARGEST, request.memoryBytes, meanUsage?.memoryBytes ?? 0, dataScale)
  );
}

function isWithin(most: number, ...values: readonly number[]): boolean {
  return values.every((value) => value >= 0 && value <= most);
}

/** 100 years; of a billion CPUs or GPUs; 1 EiB, and as much of whatever data is counted in. */
const LONGEST_SECONDS = 100 * 365.25 * 86_400;
const MOST_THOUSANDTHS = 1e12;
const LARGEST = 2 ** 60;

const UNSOUND: RowFault = { code: 'amount', reason: 'a number in it is infinite or out of range' };

/** Why a row with these times is no training example; undefined when it is one. */
export function timeFault(submitted: number, started: number, ended: number): RowFault | undefined {
  if (!Number.isFinite(submitted)) return { code: 'noSubmit', reason: 'it has no submit time' };
  if (!Number.isFinite(started)) return { code: 'noStart', reason: 'it has no start time: it never ran' };
  if (!Number.isFinite(ended)) return { code: 'noEnd', reason: 'it has no end time: it still runs or was lost' };
  const beyond = [submitted, started, ended].find((time) => Math.abs(time) > LAST_SECONDS);
  if (beyond !== undefined) return { code: 'timeRange', reason: `${beyond} s is a time that no calendar has` };
  const runtime = ended - started;
  if (runtime < 0) return { code: 'endsBeforeStart', reason: `it ends ${-runtime} s before it starts` };
  if (runtime === 0) return { code: 'noRuntime', reason: 'its runtime is 0 s: it never ran' };
  if (started < submitted)
    return { code: 'startsBeforeSubmit', reason: `it starts ${submitted - started} s before it was submitted` };
  return undefined;
}

/** The end of the year 9999. */
const LAST_SECONDS = 253_402_300_799;

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
