import type { Move } from '../core/model/moves.ts';
import { amountOf, type Resources, resourceNames } from '../core/model/resources.ts';
import type { Short, Stale } from '../core/plan/checkPlan.ts';
import type { PlanPreview } from '../core/plan/previewPlan.ts';
import type { MoveState } from '../operate/journal.ts';
import { amounts, amountsApart, change, counted, duration, list, names, plural } from './format.ts';
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

/** A move in a few words; the same wherever it stands. */
export function describeMove(move: Move): string {
  switch (move.kind) {
    case 'placement':
      return `Place ${move.task.id} on ${move.to}`;
    case 'resize':
      return move.direction === 'shrink'
        ? `Shrink ${move.task.id} ${describeChange(move.from, move.to)}`
        : `Expand ${move.task.id} ${describeChange(move.from, move.to)}`;
    case 'migration':
      return `Migrate ${move.owner.namespace}/${move.owner.name} from ${move.from} to ${move.to}`;
  }
}

/** What a move costs or asks for, beside its title. */
export function describeMoveCost(move: Move): string | undefined {
  switch (move.kind) {
    case 'placement':
      return amounts(move.request);
    case 'resize':
      return undefined;
    case 'migration':
      return move.run.lostSeconds === 0 && move.run.checkpoint !== undefined
        ? `resumes from ${move.run.checkpoint}`
        : describeLoss(move.run.lostSeconds);
  }
}

/** Work that moves lose. */
export function describeLoss(lostSeconds: number): string {
  return lostSeconds > 0 ? `loses ${duration(lostSeconds)} of work` : 'loses no work';
}

/** What a resize changes: "from 8 to 4 CPU and from 32 to 16 GiB". */
export function describeChange(from: Resources, to: Resources): string {
  const changed = resourceNames(from, to).filter((name) => amountOf(from, name) !== amountOf(to, name));
  return list(changed.map((name) => change(name, amountOf(from, name), amountOf(to, name))));
}

/** How many moves of each kind: "2 placements, 1 shrink, and 1 migration". */
export function describeMoves({ placements, shrinks, expands, migrations }: PlanPreview): string {
  const counts = [
    [placements, 'placement'],
    [shrinks, 'shrink'],
    [expands, 'expand'],
    [migrations, 'migration'],
  ] as const;
  return list(counts.filter(([count]) => count > 0).map(([count, what]) => counted(count, what)));
}

/** Whom the moves end, and what that loses; one sentence each. */
export function describeWhatIsEnded({ tasksEnded, lostSeconds, withoutCheckpoint }: PlanPreview): string[] {
  if (tasksEnded.length === 0) return ['No running task is ended.'];
  const [lost, who] = [duration(lostSeconds), names(tasksEnded)];
  const ended = plural(tasksEnded.length, {
    one: `# running task will be ended and started again, ${lost} of work is lost: ${who}.`,
    other: `# running tasks will be ended and started again, ${lost} of work is lost: ${who}.`,
  });
  if (withoutCheckpoint.length === 0) return [ended];
  return [ended, `Without a checkpoint, from the beginning again: ${names(withoutCheckpoint)}.`];
}

/** Names cluster, moves, whom they end and the work that is lost. */
export function describePreview(preview: PlanPreview): Confirmation {
  return {
    message: `Apply ${describeMoves(preview)} to ${preview.cluster}?`,
    detail: describeWhatIsEnded(preview).join('\n'),
    verb: verbOf(preview),
  };
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
      return `Task ${taskId} does not fit: ${describeRefusal(stale.node, stale.refusal)}.`;
  }
}

/** What a move waits for. */
export function describeShort({ taskId, node, resource, requested, free }: Short): string {
  const [left, needed] = amountsApart(resource, Math.max(0, free), requested);
  return `${node} has ${left} free; ${taskId} needs ${needed}.`;
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

function onNode(node: string | undefined): string {
  return node === undefined ? 'on no node' : `on ${node}`;
}
