import type { TaskState } from '../cluster/port.ts';
import type { Resize, TaskRef } from '../core/model/moves.ts';
import { amountOf, type Resources, resourceNames, sameResources } from '../core/model/resources.ts';
import type { Usage } from '../core/model/usage.ts';
import type { Written } from '../core/model/written.ts';
import type { MoveState, Wait } from './journal.ts';
import type { Ending, Limit, Reason } from './reasons.ts';
import { act, checkMove, poll, recordOf, type StepContext } from './stepContext.ts';

/**
 * S308: changes a running task's allocation in place. A shrink that its task's recent usage speaks against waits
 * `shrinkRetrySeconds` at a time, up to `shrinkGiveUpSeconds` in all. An expand waits `expandRetrySeconds`, up to
 * `expandGiveUpSeconds`, while its node has too little free; so does one that its node has deferred, and it is taken
 * back then.
 * One step: what comes next.
 */
export async function stepResize(context: StepContext, move: Resize, state: MoveState): Promise<MoveState> {
  switch (state.kind) {
    case 'resizing':
      return ask(context, move);
    case 'granting':
      return awaitGrant(context, move, state.sinceSeconds);
    case 'reverting':
      return revert(context, move, state.reason);
    default:
      return begin(context, move, state.kind === 'waiting' ? state : undefined);
  }
}

async function begin(context: StepContext, move: Resize, waited: Wait | undefined): Promise<MoveState> {
  const check = await checkMove(context, move);
  if (check.kind === 'stale') return { kind: 'failed', reason: { code: 'stale', stale: check.reasons } };
  if (check.kind === 'short') {
    return waitOn(context, 'expand', { code: 'short', short: check.short }, waited);
  }
  const needed = neededMore(context, move, check.snapshot.usage[move.task.id]);
  return needed === undefined ? { kind: 'resizing' } : waitOn(context, 'shrink', needed, waited);
}

/** The next wait, or the end when the waits have added up to the limit. */
function waitOn(
  { cluster, settings }: StepContext,
  wait: 'shrink' | 'expand',
  reason: Reason,
  waited: Wait | undefined,
): MoveState {
  const limit = `${wait}GiveUpSeconds` as const satisfies Limit;
  const now = cluster.nowSeconds();
  const sinceSeconds = waited?.sinceSeconds ?? now;
  const waitedSeconds = now - sinceSeconds;
  if (waitedSeconds >= settings[limit]) {
    return { kind: 'failed', reason, ending: { code: 'gaveUp', limit, waitedSeconds } };
  }
  const dueSeconds = Math.min(now + settings[`${wait}RetrySeconds`], sinceSeconds + settings[limit]);
  return { kind: 'waiting', wait, sinceSeconds, dueSeconds, reason };
}

/**
 * S308's test of a shrink on fresh readings: both sides are rates over the same remaining time, so the rates are
 * compared; memory by its peak. An undo gives up CPU in any case, but not memory that is in use. Undefined when what
 * stays is enough, or nothing was measured.
 */
function neededMore({ settings, undoing }: StepContext, move: Resize, usage: Usage | undefined): Reason | undefined {
  if (!usage) return undefined;
  for (const resource of undoing ? (['memoryBytes'] as const) : resourceNames(move.from)) {
    const left = amountOf(move.to, resource);
    if (left >= amountOf(move.from, resource)) continue;
    const used = amountOf(resource === 'memoryBytes' ? usage.peak : usage.mean, resource);
    const { marginFraction } = settings;
    if (used * (1 + marginFraction) <= left) continue;
    return { code: 'inUse', task: move.task.id, resource, used, left, marginFraction };
  }
  return undefined;
}

async function ask(context: StepContext, move: Resize): Promise<MoveState> {
  const { cluster } = context;
  const record = recordOf(context, move);
  const result = await act(context, (options) => cluster.resize(move.task, move.to, record, options));
  if (result.kind === 'refused') return { kind: 'failed', reason: { code: 'refused', refused: result } };
  return { kind: 'granting', sinceSeconds: cluster.nowSeconds() };
}

async function awaitGrant(context: StepContext, move: Resize, sinceSeconds: number): Promise<MoveState> {
  const { cluster, polling, settings } = context;
  let last: TaskState | undefined;
  const end = await poll(context, polling.attempts, async () => {
    last = await cluster.readTask(move.task);
    return outcomeOf(move, last);
  });
  if (end && end !== 'deferred') return end;
  const now = cluster.nowSeconds();
  const reason: Reason = { code: 'notGranted', task: move.task.id, ...(last?.message && { message: last.message }) };
  if (now - sinceSeconds >= settings.expandGiveUpSeconds) return { kind: 'reverting', reason };
  const dueSeconds = Math.min(now + settings.expandRetrySeconds, sinceSeconds + settings.expandGiveUpSeconds);
  return { kind: 'granting', sinceSeconds, dueSeconds, reason };
}

/** Undefined while it is worth polling on. */
function outcomeOf({ task, from, to }: Resize, found: TaskState | undefined): MoveState | 'deferred' | undefined {
  if (!found || isOver(found)) return { kind: 'done', outcome: { code: 'taskEnded', task: task.id } };
  if (found.resize === 'deferred') return 'deferred';
  if (found.resize === 'infeasible') {
    const { message } = found;
    return { kind: 'reverting', reason: { code: 'neverGranted', task: task.id, ...(message && { message }) } };
  }
  if (!sameAmounts(found.desired, to)) {
    return { kind: 'failed', reason: { code: 'changedByOther', task: task.id } };
  }
  if (found.resize !== 'none' || !sameAmounts(found.actual, to)) return undefined;
  return { kind: 'done', outcome: { code: 'resized', task: task.id, from, to } };
}

/** Back to what it had, so that nothing is held that is not used. */
async function revert(context: StepContext, move: Resize, reason: Written<Reason>): Promise<MoveState> {
  const failed = (ending: Ending): MoveState => ({ kind: 'failed', reason, ending });
  const { cluster, polling } = context;
  const found = await cluster.readTask(move.task);
  if (!found || isOver(found)) return failed({ code: 'taskEnded' });
  const ref: TaskRef = { ...move.task, generation: found.generation };
  const record = { ...recordOf(context, move), before: move.to };
  const result = await act(context, (options) => cluster.resize(ref, move.from, record, options));
  if (result.kind === 'refused') return failed({ code: 'notTakenBack', refused: result });
  await poll(context, polling.attempts, async () => {
    const now = await cluster.readTask(ref);
    return !now || isOver(now) || (now.resize === 'none' && sameAmounts(now.actual, move.from)) ? true : undefined;
  });
  return failed({ code: 'takenBack' });
}

function isOver({ phase }: TaskState): boolean {
  return phase === 'succeeded' || phase === 'failed' || phase === 'ending';
}

/** Equal in what a resize can change. */
function sameAmounts(left: Resources, right: Resources): boolean {
  const resizable = ({ milliCpu, memoryBytes }: Resources) => ({ milliCpu, memoryBytes, gpuMilli: 0, extended: {} });
  return sameResources(resizable(left), resizable(right));
}
