import type { Move } from '../core/model/moves.ts';
import { type MoveState, type Operation, stateOf } from './journal.ts';
import { ownerName } from './reasons.ts';

/** An owner whose tasks a move has stopped and not resumed yet. */
export type Stopped = {
  /** `namespace/name`. */
  readonly owner: string;
  /** Absent where it is not known whether it was stopped yet, or (journals of 0.1.0) since when. */
  readonly sinceSeconds?: number;
  /** False where the stop was asked for, and nobody knows whether it was done. */
  readonly sure: boolean;
};

/** Whether the tasks of a move's owner are stopped in a state. */
export function isStopped(state: MoveState): boolean {
  return state.kind === 'stopping' || state.kind === 'stopped' || state.kind === 'resuming';
}

/** What a move that stands in a state has stopped; undefined for nothing. */
export function stoppedBy(move: Move, state: MoveState): Stopped | undefined {
  if (move.kind !== 'migration' || !('saved' in state)) return undefined;
  const owner = ownerName(move.owner);
  if (state.kind === 'suspending') return { owner, sure: false };
  if (!isStopped(state)) return undefined;
  const { stoppedAtSeconds } = state.saved;
  return { owner, sure: true, ...(stoppedAtSeconds !== undefined && { sinceSeconds: stoppedAtSeconds }) };
}

/** All that operations have stopped and not resumed yet, as far as a journal knows. */
export function stoppedOwners(operations: readonly Operation[]): Stopped[] {
  return operations.flatMap((operation) =>
    operation.moves.flatMap((move) => stoppedBy(move, stateOf(operation, move.id)) ?? []),
  );
}
