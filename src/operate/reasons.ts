import type { Refused, Steering } from '../cluster/refused.ts';
import type { Failure } from '../core/model/failure.ts';
import type { ResourceName, Resources } from '../core/model/resources.ts';
import type { Settings } from '../core/model/settings.ts';
import type { Resized } from '../core/model/stated.ts';
import type { Refusal } from '../core/place/filter.ts';
import type { Short, Stale } from '../core/plan/checkPlan.ts';

/**
 * What came of a move, and why it waits or was not done: codes with all that a sentence about them needs, as the
 * journal keeps them. `text/operation.ts` has the sentences. Tasks are named by their id, owners as `namespace/name`.
 */

export type Outcome =
  | { readonly code: 'taskRuns'; readonly task: string; readonly node: string }
  | { readonly code: 'taskRanAndEnded'; readonly task: string; readonly node: string }
  /** Before its resize was granted. */
  | { readonly code: 'taskEnded'; readonly task: string }
  /** `parts`: what an undo takes back; version 0.1 did not keep it. */
  | {
      readonly code: 'resized';
      readonly task: string;
      readonly from: Resources;
      readonly to: Resources;
      readonly parts?: Resized;
    }
  | { readonly code: 'resizeTakenBack'; readonly task: string }
  | { readonly code: 'ownerRuns'; readonly owner: string; readonly nodes: readonly string[] }
  | { readonly code: 'ownerQueued'; readonly owner: string }
  | { readonly code: 'ownerEnded'; readonly owner: string }
  /** Only a move's record was taken off its owner or task; the owner stays `suspended`, as somebody else has left it. */
  | { readonly code: 'recordTaken'; readonly object: string; readonly why: LeftAlone; readonly suspended?: boolean };

/**
 * Why an owner or a task is left as it is although a record of ours stands on it: its tasks run, or have ended; its
 * resize is granted; somebody has changed it since; the record is of 0.1.0, and does not say what it left, or cannot be
 * read; something else steers it.
 */
export type LeftAlone =
  | { readonly code: 'runs' | 'ended' | 'granted' | 'changed' | 'undated' | 'unreadable' }
  | { readonly code: 'steered'; readonly by: Steering };

export type Reason =
  | { readonly code: 'stale'; readonly stale: readonly Stale[] }
  | { readonly code: 'short'; readonly short: Short }
  | { readonly code: 'refused'; readonly refused: Refused }
  | { readonly code: 'cancelled' }
  /** Another machine is at work in its namespace. */
  | { readonly code: 'otherMachine'; readonly namespace: string; readonly holder: string }
  /** The cluster did not say what became of the last step. */
  | { readonly code: 'unanswered'; readonly why: Failure }
  /** Placement: its gate is lifted, and it has no node yet; somebody deleted it; the scheduler took another node. */
  | { readonly code: 'unbound'; readonly task: string; readonly node: string }
  | { readonly code: 'taskDeleted'; readonly task: string }
  | { readonly code: 'runsElsewhere'; readonly task: string; readonly node: string; readonly wanted: string }
  /**
   * Resize: what would be left is in use; the node has not granted it, or never can; somebody else changed the task.
   */
  | {
      readonly code: 'inUse';
      readonly task: string;
      readonly resource: ResourceName;
      readonly used: number;
      readonly left: number;
      /** What is kept on top of usage; 0.1.0 did not write it. */
      readonly marginFraction?: number;
    }
  | { readonly code: 'notGranted'; readonly task: string; readonly message?: string }
  | { readonly code: 'neverGranted'; readonly task: string; readonly message?: string }
  | { readonly code: 'changedByOther'; readonly task: string }
  /**
   * Migration: the target is gone, or refuses its tasks; it took none, or not all of them; somebody else was at its
   * owner.
   */
  | { readonly code: 'nodeGone'; readonly node: string }
  | { readonly code: 'nodeRefuses'; readonly node: string; readonly refusal: Refusal }
  | { readonly code: 'notTaken'; readonly node: string; readonly tasks?: number }
  | { readonly code: 'notKept'; readonly node: string }
  | { readonly code: 'resumedByOther'; readonly owner: string }
  | { readonly code: 'suspendedAgain'; readonly owner: string }
  /**
   * An orphaned move: nobody has said yes to ending it; its owner is suspended, and somebody has to look at it.
   */
  | { readonly code: 'unasked' }
  | { readonly code: 'byHand'; readonly owner: string; readonly why: LeftAlone };

/** How a move that was not done has ended, beside why. */
export type Ending =
  /** It waited up to the limit that a setting puts. */
  | { readonly code: 'gaveUp'; readonly limit: Limit; readonly waitedSeconds: number }
  | { readonly code: 'takenBack' }
  /** It asks for what it had again, and its node has not granted that. */
  | { readonly code: 'backNotGranted'; readonly message?: string }
  | { readonly code: 'notTakenBack'; readonly refused: Refused }
  | { readonly code: 'taskEnded' }
  | { readonly code: 'queued'; readonly refused?: Refused }
  | { readonly code: 'ownerRuns'; readonly owner: string; readonly nodes: readonly string[]; readonly wanted: string };

/** The settings that bound waits. */
export type Limit = keyof Pick<Settings, 'shrinkGiveUpSeconds' | 'expandGiveUpSeconds' | 'migrationGiveUpSeconds'>;

/** `namespace/name`. */
export function ownerName({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
