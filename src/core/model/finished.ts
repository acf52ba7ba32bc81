import type { Resources } from './resources.ts';
import type { TaskParameters } from './task.ts';

/** One finished task: a row of history, a training example. `endSeconds − startSeconds` is the target (S202). */
export type FinishedTask = {
  readonly id: string;
  readonly parameters: TaskParameters;
  readonly request: Resources;
  /** Processors, GPUs or cores it asked for, as one number that says "same size". */
  readonly size: number;
  readonly submittedAtSeconds: number;
  readonly startedAtSeconds: number;
  readonly endedAtSeconds: number;
  readonly outcome: 'succeeded' | 'failed' | 'cancelled' | 'unknown';
  /** Mean usage over its run; known only after it ended, so only later tasks may look at it. */
  readonly meanUsage?: Resources;
};

/** What a reader makes of a file: the usable rows in file order, and every row it could not use. */
export type HistoryRead = {
  readonly tasks: readonly FinishedTask[];
  readonly problems: readonly RowProblem[];
};

/** Why a row is no finished task: a code to count and translate by, and the words, which name what stands in the row. */
export type RowFault = { readonly code: RowFaultCode; readonly reason: string };

export type RowFaultCode =
  | 'noSubmit'
  | 'noStart'
  | 'noEnd'
  | 'noRuntime'
  | 'endsBeforeStart'
  | 'startsBeforeSubmit'
  | 'openQuote'
  | 'wrongCells'
  | 'notANumber'
  | 'notAnObject'
  | 'notASample'
  | 'amount'
  /** The row is used, but not its runtime. */
  | 'runtimeUnknown'
  /** Said by a cluster of its own past, not by a reader of files. */
  | 'source';

/** A row that could not be used; lines count from 1. */
export type RowProblem = RowFault & { readonly line: number };

export function isRowFault(row: FinishedTask | RowFault): row is RowFault {
  return 'reason' in row;
}
