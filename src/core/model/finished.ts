import type { Resources } from './resources.ts';
import { hasFields, isMapOf, isNumber, isOneOf, isText } from './shape.ts';
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

const PARAMETERS = { creator: isText, type: isText, framework: isText, name: isText, queue: isText };

/** Means of what was used are no whole amounts. */
const areAmounts = hasFields({
  ...{ milliCpu: isNumber, memoryBytes: isNumber, gpuMilli: isNumber, extended: isMapOf(isNumber) },
});

/** The shape of a finished task, as files keep it. */
export const isFinishedTask = hasFields(
  {
    ...{ id: isText, request: areAmounts, size: isNumber },
    ...{ submittedAtSeconds: isNumber, startedAtSeconds: isNumber, endedAtSeconds: isNumber },
    outcome: isOneOf('succeeded', 'failed', 'cancelled', 'unknown'),
    parameters: hasFields({}, { ...PARAMETERS, dataScale: isNumber, requestedRuntimeSeconds: isNumber }),
  },
  { meanUsage: areAmounts },
);

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
  /** A time that no calendar has; a line without end. */
  | 'timeRange'
  | 'tooLong'
  /** The row is used, but not its runtime. */
  | 'runtimeUnknown'
  /** Said by a cluster of its own past, not by a reader of files. */
  | 'source';

/** A row that could not be used; lines count from 1. */
export type RowProblem = RowFault & { readonly line: number };

export function isRowFault(row: FinishedTask | RowFault): row is RowFault {
  return 'reason' in row;
}
