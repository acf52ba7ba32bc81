import type { Move } from '../core/model/moves.ts';
import type { MoveState, Wait } from './journal.ts';

/** A move, planned here or orphaned, and where it stands. */
export type Step = { readonly move: Move | OrphanedMove; readonly state: MoveState | Awaited };

/** A move of which only the record on its object tells. `object`: the task's id, or the owner as `namespace/name`. */
export type OrphanedMove = {
  readonly kind: 'orphan';
  readonly id: string;
  readonly of: 'resize' | 'migration';
  readonly object: string;
};

/** What an orphaned move waits for. */
export type Awaited = { readonly kind: 'awaited' } & Omit<Wait, 'sinceSeconds'>;

export type Phase = 'running' | 'waiting' | 'done' | 'failed';

/** Where a step stands, for whoever counts or colours steps. */
export function phaseOf({ state }: Step): Phase {
  if (dueSecondsOf({ state }) !== undefined) return 'waiting';
  switch (state.kind) {
    case 'done':
      return 'done';
    case 'failed':
    case 'cancelled':
      return 'failed';
    default:
      return 'running';
  }
}

/** When its wait is over; undefined where it does not wait. */
export function dueSecondsOf({ state }: Pick<Step, 'state'>): number | undefined {
  return 'dueSeconds' in state ? state.dueSeconds : undefined;
}
