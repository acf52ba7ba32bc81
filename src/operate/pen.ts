import type { Move } from '../core/model/moves.ts';
import { isSystemError } from '../core/model/systemError.ts';
import { isFinal, type Journal, type MoveState, type Operation } from './journal.ts';
import { type Ledger, rowsAtEnd } from './ledger.ts';
import { StateError } from './stateError.ts';

/**
 * Writes where a move stands into the journal, and its end into the ledger. Once something could not be written (a full
 * disk), nothing more is: half a line would spoil the next. Who has stopped tasks goes on without it, since the record
 * on their owner tells as much.
 */
export class Pen {
  readonly #journal: Journal;
  readonly #ledger: Ledger;
  #fault: unknown;

  constructor({ journal, ledger }: { readonly journal: Journal; readonly ledger: Ledger }) {
    this.#journal = journal;
    this.#ledger = ledger;
  }

  get isBroken(): boolean {
    return this.#fault !== undefined;
  }

  /** What could not be written; undefined where everything could. */
  get fault(): unknown {
    return this.#fault;
  }

  /** Returns once it is on disk, or cannot be. @throws what is no failure to write */
  async write(operation: Operation, { id: moveId }: Move, state: MoveState, atSeconds: number): Promise<void> {
    if (this.isBroken) return;
    try {
      await this.#journal.append({ type: 'step', planId: operation.planId, moveId, atSeconds, state });
      if (isFinal(state)) await this.#ledger.put(rowsAtEnd(this.#ledger, operation, moveId, { state, atSeconds }));
    } catch (error) {
      if (!isUnwritten(error)) throw error;
      this.#fault = error;
    }
  }
}

/** Whether what was thrown says that a file could not be written. */
export function isUnwritten(thrown: unknown): boolean {
  return isSystemError(thrown) || thrown instanceof StateError;
}
