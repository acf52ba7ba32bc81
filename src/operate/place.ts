import type { TaskState } from '../cluster/port.ts';
import type { Placement } from '../core/model/moves.ts';
import { fitsOnceFreed } from '../core/plan/checkPlan.ts';
import type { MoveState } from './journal.ts';
import type { Reason } from './reasons.ts';
import { act, checkMove, poll, type StepContext } from './stepContext.ts';

/** S205: lifts a pending task's gate for the chosen node and waits until it runs there. One step: what comes next. */
export async function stepPlacement(context: StepContext, move: Placement, state: MoveState): Promise<MoveState> {
  switch (state.kind) {
    case 'placing':
      return place(context, move);
    case 'binding':
      return awaitBinding(context, move, state.sinceSeconds);
    default:
      return begin(context, move, state);
  }
}

/** A placement has no wait of its own; it waits only while earlier moves of its plan may still free what it needs. */
async function begin(context: StepContext, move: Placement, state: MoveState): Promise<MoveState> {
  const check = await checkMove(context, move);
  if (check.kind === 'ok') return { kind: 'placing' };
  const reason: Reason =
    check.kind === 'short' ? { code: 'short', short: check.short } : { code: 'stale', stale: check.reasons };
  const { cluster, settings, earlier } = context;
  if (check.kind === 'short' || !fitsOnceFreed(move, earlier, check.snapshot)) return { kind: 'failed', reason };
  const now = cluster.nowSeconds();
  const sinceSeconds = state.kind === 'waiting' ? state.sinceSeconds : now;
  return { kind: 'waiting', wait: 'earlier', sinceSeconds, dueSeconds: now + settings.expandRetrySeconds, reason };
}

async function place(context: StepContext, { task, to }: Placement): Promise<MoveState> {
  const result = await act(context, (options) => context.cluster.place(task, to, options));
  if (result.kind === 'done') return { kind: 'binding' };
  return { kind: 'failed', reason: { code: 'refused', refused: result } };
}

/** Until the task runs. It keeps its place in the scheduler's queue however long that takes. */
async function awaitBinding(context: StepContext, move: Placement, since: number | undefined): Promise<MoveState> {
  const { cluster, polling, settings } = context;
  const end = await poll(context, polling.attempts, async () => outcomeOf(move, await cluster.readTask(move.task)));
  if (end) return end;
  const now = cluster.nowSeconds();
  const sinceSeconds = since ?? now;
  const reason: Reason = { code: 'unbound', task: move.task.id, node: move.to };
  const waitedSeconds = now - sinceSeconds;
  if (waitedSeconds >= settings.expandGiveUpSeconds) {
    return { kind: 'failed', reason, ending: { code: 'gaveUp', limit: 'expandGiveUpSeconds', waitedSeconds } };
  }
  return { kind: 'binding', sinceSeconds, dueSeconds: now + settings.expandRetrySeconds, reason };
}

function outcomeOf({ task, to }: Placement, found: TaskState | undefined): MoveState | undefined {
  if (!found) return { kind: 'failed', reason: { code: 'taskDeleted', task: task.id } };
  if (found.node === undefined || found.phase === 'pending') return undefined;
  if (found.node !== to) {
    return { kind: 'failed', reason: { code: 'runsElsewhere', task: task.id, node: found.node, wanted: to } };
  }
  const code = found.phase === 'running' ? 'taskRuns' : 'taskRanAndEnded';
  return { kind: 'done', outcome: { code, task: task.id, node: to } };
}
