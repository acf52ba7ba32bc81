import type { Move } from '../core/model/moves.ts';
import type { FinalState, MoveState, Wait } from './journal.ts';
import type { Stopped } from './stopped.ts';

/** A move, planned here or orphaned, and where it stands. */
export type Step = {
  readonly move: Move | OrphanedMove;
  readonly state: MoveState | Awaited;
  /** Whose tasks it leaves stopped. */
  readonly stopped?: Stopped;
};

/**
 * A move of which only marks on its object tell: the record of one that was begun, or the pin that one has left.
 * `object`: the task's id, or the owner as `namespace/name`.
 */
export type OrphanedMove = {
  readonly kind: 'orphan';
  readonly id: string;
  readonly of: 'resize' | 'migration' | 'pin';
  readonly object: string;
};

/**
 * What an orphaned move waits for, or any whose last step the cluster did not answer; without an end where it waits for
 * somebody.
 */
export type Awaited = { readonly kind: 'awaited'; readonly dueSeconds?: number } & Pick<Wait, 'reason'>;

/** How an orphaned move has ended, or what it waits for. */
export type Settled = FinalState | Awaited;

export type Phase = 'running' | 'waiting' | 'done' | 'failed';

/** Where a step stands, for whoever counts or colours steps. */
export function phaseOf({ state }: Step): Phase {
  if (state.kind === 'awaited' || dueSecondsOf({ state }) !== undefined) return 'waiting';
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
