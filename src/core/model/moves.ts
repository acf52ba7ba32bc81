import type { Resources } from './resources.ts';
import type { Resized } from './stated.ts';

/** What a plan may do to a cluster. A move carries all that is needed to re-check it on a fresh snapshot. */
export type Move = Placement | Resize | Migration;

/** What of a move names it to a reader. */
export type NamedMove =
  | (Pick<Placement, 'kind' | 'to'> & { readonly task: Pick<TaskRef, 'id'> })
  | (Pick<Resize, 'kind' | 'direction' | 'from' | 'to'> & { readonly task: Pick<TaskRef, 'id'> })
  | (Pick<Migration, 'kind' | 'from' | 'to'> & { readonly owner: Pick<OwnerRef, 'namespace' | 'name'> });

export function namedMove(move: Move): NamedMove {
  switch (move.kind) {
    case 'placement':
      return { kind: move.kind, to: move.to, task: { id: move.task.id } };
    case 'resize': {
      const { kind, direction, from, to } = move;
      return { kind, direction, from, to, task: { id: move.task.id } };
    }
    case 'migration': {
      const { kind, from, to, owner } = move;
      return { kind, from, to, owner: { namespace: owner.namespace, name: owner.name } };
    }
  }
}

/** The task a move touches, as it was when the plan was made. */
export type TaskRef = {
  readonly id: string;
  readonly uid: string;
  readonly generation: number;
  /** Node it was on; absent for a pending task. */
  readonly node?: string;
};

/** S205: give a pending task its resources on the chosen node. */
export type Placement = {
  readonly kind: 'placement';
  readonly id: string;
  readonly task: TaskRef;
  readonly owner?: OwnerName;
  readonly to: string;
  readonly request: Resources;
};

/** S308: change a running task's allocation in place. */
export type Resize = {
  readonly kind: 'resize';
  readonly id: string;
  readonly task: TaskRef;
  readonly owner?: OwnerName;
  readonly direction: 'shrink' | 'expand';
  readonly from: Resources;
  readonly to: Resources;
  /** The original request, written beside the resize so that it stays the 100 % (S307). */
  readonly request: Resources;
  /** An undo: the resize that it takes back, part by part. */
  readonly takesBack?: Resized;
};

/** S410: end a task on its node and resume it on the target. Its owner's other tasks stop and resume with it. */
export type Migration = {
  readonly kind: 'migration';
  readonly id: string;
  readonly task: TaskRef;
  /** The owner's other running tasks; absent when there are none. */
  readonly others?: readonly TaskRef[];
  readonly owner: OwnerRef;
  readonly from: string;
  readonly to: string;
  readonly allocation: Resources;
  readonly run: RunInformation;
  /** What it leaves behind that somebody may trip over; absent where there is nothing, and in older plans. */
  readonly warnings?: readonly MigrationWarning[];
};

/** `manager` applies the owner's node affinity from a manifest: its next sync conflicts with the pin. */
export type MigrationWarning = { readonly code: 'affinityApplied'; readonly manager: string };

/** Whose task a move touches, to group moves by; absent for a bare Pod, and in plans of 0.1.0. */
export type OwnerName = Pick<OwnerRef, 'kind' | 'namespace' | 'name'>;

export type OwnerRef = {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
};

/** S410 "run information": saved before the task is ended. */
export type RunInformation = {
  readonly elapsedSeconds: number;
  readonly remainingSeconds: number;
  /** Mean usage so far × elapsed, per resource: amounts, not rates. */
  readonly usageSoFar: Resources;
  readonly checkpoint?: string;
  /**
   * Work that is lost by the move, summed over the owner's tasks: the whole run without a checkpoint, else the time
   * since it was saved.
   */
  readonly lostSeconds: number;
};

/** The namespace of the task that a move touches: its team. */
export function namespaceOf({ task: { id } }: Pick<Move, 'task'>): string {
  return id.slice(0, id.indexOf('/'));
}
