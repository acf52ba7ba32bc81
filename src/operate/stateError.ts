import { InputError } from '../core/model/input.ts';

/**
 * Why the journal or the ledger of a state directory cannot be used, as a code; `text/error.ts` has the sentences.
 */
export type StateFault =
  | {
      readonly code: 'unreadable';
      readonly what: 'journal' | 'ledger';
      readonly file: string;
      readonly message: string;
    }
  /** A whole line of the journal, counted from 1, that is no entry. */
  | { readonly code: 'brokenLine'; readonly file: string; readonly line: number }
  /** Another process applies moves here, or has just begun to. */
  | { readonly code: 'inUse'; readonly process: number }
  | { readonly code: 'locked'; readonly file: string }
  /** A process of another machine, or of another container, of which this one cannot tell whether it still runs. */
  | {
      readonly code: 'inUseElsewhere';
      readonly host: string;
      readonly process: number;
      readonly sinceSeconds: number;
      readonly file: string;
    }
  /** What was begun is no longer in the journal. */
  | { readonly code: 'planLost'; readonly planId: string };

/** Thrown with its fault; `message` is for logs. */
export class StateError extends InputError {
  readonly fault: StateFault;

  constructor(fault: StateFault) {
    super(fault.code);
    this.fault = fault;
  }
}
