import type { Move } from '../core/model/moves.ts';
import { amountOf, type Resources, resourceNames } from '../core/model/resources.ts';
import type { Short, Stale } from '../core/plan/checkPlan.ts';
import type { PlanPreview } from '../core/plan/previewPlan.ts';
import type { MoveState } from '../operate/journal.ts';
import { amount, amounts, duration } from './format.ts';
import { describeRefusal } from './placement.ts';

/** Every sentence about carrying out a plan stands in this file, but for refusals, which clusters word themselves. */

/** One move and where it stands, as a line anywhere: panel, notification, log, terminal. */
export type StepText = {
  readonly moveId: string;
  readonly title: string;
  readonly state: 'running' | 'waiting' | 'done' | 'failed';
  readonly text: string;
  /** When a wait is over. */
  readonly untilSeconds?: number;
};

/** The one question before a plan is applied; the verb is the button. */
export type Confirmation = { readonly message: string; readonly detail: string; readonly verb: string };

export function describeStep(move: Move, state: MoveState): StepText {
  const common = { moveId: move.id, title: describeMove(move) };
  if ('dueSeconds' in state && state.dueSeconds !== undefined) {
    const text = 'reason' in state && state.reason ? state.reason : 'Waiting.';
    return { ...common, state: 'waiting', text, untilSeconds: state.dueSeconds };
  }
  switch (state.kind) {
    case 'done':
      return { ...common, state: 'done', text: state.text };
    case 'failed':
      return { ...common, state: 'failed', text: state.reason };
    case 'cancelled':
      return { ...common, state: 'failed', text: 'Cancelled; nothing was done.' };
    default:
      return { ...common, state: 'running', text: UNDER_WAY[state.kind] };
  }
}

/** A move in a few words. */
export function describeMove(move: Move): string {
  switch (move.kind) {
    case 'placement':
      return `Place ${move.task.id} on ${move.to}`;
    case 'resize':
      return `${move.direction === 'shrink' ? 'Shrink' : 'Expand'} ${move.task.id} to ${describeChange(move.from, move.to)}`;
    case 'migration':
      return `Migrate ${move.owner.namespace}/${move.owner.name} from ${move.from} to ${move.to}`;
  }
}

/** What a resize leaves, of the resources it changes. */
export function describeChange(from: Resources, to: Resources): string {
  const changed = resourceNames(from, to).filter((name) => amountOf(from, name) !== amountOf(to, name));
  return changed.length === 0 ? amounts(to) : changed.map((name) => amount(name, amountOf(to, name))).join(', ');
}

/** Names cluster, moves, whom they end and the work that is lost. */
export function describePreview(preview: PlanPreview): Confirmation {
  const { cluster, placements, shrinks, expands, migrations, tasksEnded, lostSeconds, withoutCheckpoint } = preview;
  const parts = [
    counted(placements, 'placement'),
    counted(shrinks, 'shrink'),
    counted(expands, 'expand'),
    counted(migrations, 'migration'),
  ].filter((part) => part !== '');
  const detail = [
    tasksEnded.length === 0
      ? 'No running task is ended.'
      : `${counted(tasksEnded.length, 'running task')} will be ended and started again, ${duration(lostSeconds)} of work is lost: ${named(tasksEnded)}.`,
    ...(withoutCheckpoint.length > 0
      ? [`Without a checkpoint, from the beginning again: ${named(withoutCheckpoint)}.`]
      : []),
  ];
  return { message: `Apply ${listed(parts)} to ${cluster}?`, detail: detail.join('\n'), verb: verbOf(preview) };
}

/** Why a move no longer fits the cluster. */
export function describeStale(stale: Stale): string {
  const { taskId } = stale;
  switch (stale.code) {
    case 'taskGone':
      return `Task ${taskId} is gone.`;
    case 'taskReplaced':
      return `Task ${taskId} was replaced by another of the same name.`;
    case 'taskChanged':
      return `Task ${taskId} was changed (generation ${stale.found}, planned at ${stale.planned}).`;
    case 'taskMoved':
      return `Task ${taskId} is ${onNode(stale.found)}, planned while it was ${onNode(stale.planned)}.`;
    case 'taskEnding':
      return `Task ${taskId} is being stopped.`;
    case 'allocationChanged':
      return `Task ${taskId} holds other amounts than when it was planned.`;
    case 'ownerChanged':
      return `The owner of task ${taskId} was changed.`;
    case 'nodeGone':
      return `Node ${stale.node} is gone.`;
    case 'doesNotFit':
      return `Node ${stale.node} ${describeRefusal(stale.refusal)} (${taskId}).`;
  }
}

/** What a move waits for. */
export function describeShort({ taskId, node, resource, requested, free }: Short): string {
  return `Node ${node} has ${amount(resource, Math.max(0, free))} free, ${taskId} needs ${amount(resource, requested)}.`;
}

/** `a, b and c`; sentences are joined by spaces. */
export function listed(parts: readonly string[]): string {
  if (parts.every((part) => part.endsWith('.'))) return parts.join(' ');
  const last = parts.at(-1) ?? 'nothing';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}

const UNDER_WAY = {
  planned: 'Not begun.',
  waiting: 'Looking again.',
  placing: 'Lifting its gate.',
  binding: 'Waiting for the scheduler.',
  resizing: 'Asking for the resize.',
  granting: 'Waiting for its node to grant it.',
  reverting: 'Taking it back.',
  suspending: 'Suspending its owner.',
  stopping: 'Waiting until its tasks have stopped.',
  stopped: 'Stopped; looking at the target again.',
  resuming: 'Resuming its owner.',
  starting: 'Waiting until its tasks run.',
} as const satisfies Partial<Record<MoveState['kind'], string>>;

function verbOf({ placements, shrinks, expands, migrations }: PlanPreview): string {
  const resizes = shrinks + expands;
  if (placements + resizes === 0) return `Migrate ${counted(migrations, 'owner')}`;
  if (placements + migrations === 0) return `Resize ${counted(resizes, 'task')}`;
  if (resizes + migrations === 0) return `Place ${counted(placements, 'task')}`;
  return `Apply ${counted(placements + resizes + migrations, 'move')}`;
}

function counted(count: number, noun: string): string {
  return count === 0 ? '' : `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function named(ids: readonly string[]): string {
  const shown = ids.slice(0, 8);
  return ids.length > shown.length ? `${shown.join(', ')} and ${ids.length - shown.length} more` : listed(shown);
}

function onNode(node: string | undefined): string {
  return node === undefined ? 'on no node' : `on ${node}`;
}
