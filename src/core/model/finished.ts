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

export type RowProblem = { readonly line: number; readonly reason: string };
