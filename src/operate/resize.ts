import type { TaskState } from '../cluster/port.ts';
import { refuse, resizing } from '../cluster/refused.ts';
import type { Resize } from '../core/model/moves.ts';
import { amountOf, type Resources, resourceNames, sameResources } from '../core/model/resources.ts';
import { type Resized, sameParts } from '../core/model/stated.ts';
import type { Usage } from '../core/model/usage.ts';
import type { Written } from '../core/model/written.ts';
import { containerNeeds } from '../core/resize/amounts.ts';
import { isFinal, type MoveState } from './journal.ts';
import type { Ending, Limit, Reason } from './reasons.ts';
import { act, checkMove, isOver, nameOf, poll, recordOf, type StepContext } from './stepContext.ts';

/**
 * S308: changes a running task's allocation in place. A shrink that its task's recent usage speaks against waits
 * `shrinkRetrySeconds` at a time, up to `shrinkGiveUpSeconds` in all. An expand waits `expandRetrySeconds`, up to
 * `expandGiveUpSeconds`, while its node has too little free; so does one that its node has deferred, and it is taken
 * back then. One clock counts all waits of a move. At each end our record is taken off the task.
 * One step: what comes next.
 */
export async function stepResize(context: StepContext, move: Resize, state: MoveState): Promise<MoveState> {
  const next = await nextState(context, move, state);
  const isAsked = state.kind !== 'planned' && state.kind !== 'waiting';
  if (isFinal(next) && isAsked) await release(context, move);
  return next;
}

function nextState(context: StepContext, move: Resize, state: MoveState): Promise<MoveState> {
  switch (state.kind) {
    case 'resizing':
      return ask(context, move, state);
    case 'granting':
      return awaitGrant(context, move, state);
    case 'reverting':
      return revert(context, move, state);
    default:
      return begin(context, move, state.kind === 'waiting' ? state.sinceSeconds : undefined);
  }
}

/** Where it cannot be taken off now, it does no harm, and any later apply takes it off. */
async function release(context: StepContext, move: Resize): Promise<void> {
  await context.cluster.releaseTask(move.task, nameOf(context, move), { dryRun: false });
}

async function begin(context: StepContext, move: Resize, sinceSeconds: number | undefined): Promise<MoveState> {
  const check = await checkMove(context, move);
  if (check.kind === 'stale') return { kind: 'failed', reason: { code: 'stale', stale: check.reasons } };
  if (check.kind === 'short') {
    return waitOn(context, 'expand', { code: 'short', short: check.short }, sinceSeconds);
  }
  const usage = check.snapshot.usage[move.task.id];
  const needed = neededMore(context, move, usage);
  if (needed) return waitOn(context, 'shrink', needed, sinceSeconds);
  const needs = usage && containerNeeds(usage, context.settings);
  return { kind: 'resizing', ...(sinceSeconds !== undefined && { sinceSeconds }), ...(needs && { needs }) };
}

/** The next wait, or the end when the waits have added up to the limit. */
function waitOn(
  { cluster, settings }: StepContext,
  wait: 'shrink' | 'expand',
  reason: Reason,
  since: number | undefined,
): MoveState {
  const limit = `${wait}GiveUpSeconds` as const satisfies Limit;
  const now = cluster.nowSeconds();
  const sinceSeconds = since ?? now;
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

async function ask(context: StepContext, move: Resize, { sinceSeconds, needs }: State<'resizing'>): Promise<MoveState> {
  const { cluster, undoing } = context;
  const { task, to, takesBack } = move;
  const since = sinceSeconds ?? cluster.nowSeconds();
  const record = { ...recordOf(context, move), startedAtSeconds: Math.round(since) };
  const result = await act(context, (options) =>
    undoing && takesBack // a plan's own would say other amounts than its question
      ? cluster.restore(task, takesBack, options)
      : cluster.resize(task, to, record, { ...options, ...(needs && { needs }) }),
  );
  if (result.kind === 'refused') {
    const reason: Reason = { code: 'refused', refused: result };
    // As where the whole task uses too much (S308): it may use less later.
    if (result.why.code === 'containerNeeds') return waitOn(context, 'shrink', reason, since);
    return { kind: 'failed', reason };
  }
  const { resized } = result;
  return { kind: 'granting', sinceSeconds: since, ...(resized && { resized }) };
}

async function awaitGrant(context: StepContext, move: Resize, state: State<'granting'>): Promise<MoveState> {
  const { cluster, polling, settings } = context;
  const { sinceSeconds, resized } = state;
  let last: TaskState | undefined;
  const end = await poll(context, polling.attempts, async () => {
    last = await cluster.readTask(move.task);
    return outcomeOf(move, resized, last);
  });
  if (end && end !== 'held') return end;
  const reason: Reason = { code: 'notGranted', ...saidBy(move, last) };
  const now = cluster.nowSeconds();
  const giveUpSeconds = sinceSeconds + settings.expandGiveUpSeconds;
  if (now >= giveUpSeconds) return reverting(reason, resized);
  const dueSeconds = Math.min(now + settings.expandRetrySeconds, giveUpSeconds);
  return { kind: 'granting', sinceSeconds, ...(resized && { resized }), dueSeconds, reason };
}

/** Undefined while it is worth polling on; `held` where the node says that it cannot now. */
function outcomeOf(
  move: Resize,
  resized: Resized | undefined,
  found: TaskState | undefined,
): MoveState | 'held' | undefined {
  const { from, to, direction } = move;
  const task = move.task.id;
  if (!found || isOver(found)) return { kind: 'done', outcome: { code: 'taskEnded', task } };
  const isAsLeft = resized ? sameParts(found.parts, resized.after) : sameAmounts(found.desired, to);
  if (!isAsLeft) return { kind: 'failed', reason: { code: 'changedByOther', task } };
  if (found.resize === 'infeasible') return reverting({ code: 'neverGranted', ...saidBy(move, found) }, resized);
  if (found.resize === 'deferred') return 'held';
  if (found.resize === 'inProgress' && found.message) {
    // A shrink that fails now is granted at whatever moment the task happens to use less, and starves it then.
    return direction === 'shrink' ? reverting({ code: 'notGranted', ...saidBy(move, found) }, resized) : 'held';
  }
  if (found.resize !== 'none' || !sameAmounts(found.actual, to)) return undefined;
  return { kind: 'done', outcome: { code: 'resized', task, from, to, ...(resized && { parts: resized }) } };
}

function saidBy({ task }: Resize, state: TaskState | undefined): { readonly task: string; readonly message?: string } {
  return { task: task.id, ...(state?.message && { message: state.message }) };
}

function reverting(reason: Written<Reason>, resized: Resized | undefined): State<'reverting'> {
  return { kind: 'reverting', reason, ...(resized && { resized }) };
}

/**
 * Back to what it had, so that nothing is held that is not used: done once its node has granted that, which may take
 * waits of its own where somebody took the room meanwhile.
 */
async function revert(context: StepContext, move: Resize, state: State<'reverting'>): Promise<MoveState> {
  const { cluster, polling, settings } = context;
  const { reason, resized } = state;
  const failed = (ending: Ending): MoveState => ({ kind: 'failed', reason, ending });
  if (!resized) {
    const refused = refuse('invalid', resizing(move.task.id), { code: 'amountsUnknown' });
    return failed({ code: 'notTakenBack', refused });
  }
  const result = await act(context, (options) => cluster.restore(move.task, resized, options));
  if (result.kind === 'refused') {
    return failed(result.code === 'notFound' ? { code: 'taskEnded' } : { code: 'notTakenBack', refused: result });
  }
  let last: TaskState | undefined;
  const end = await poll(context, polling.attempts, async () => {
    last = await cluster.readTask(move.task);
    return givenBack(resized, last);
  });
  if (end && end !== 'held') return failed(end);
  const now = cluster.nowSeconds();
  const sinceSeconds = state.sinceSeconds ?? now;
  const giveUpSeconds = sinceSeconds + settings.expandGiveUpSeconds;
  if (now >= giveUpSeconds) return failed({ code: 'backNotGranted', ...(last?.message && { message: last.message }) });
  const dueSeconds = Math.min(now + settings.expandRetrySeconds, giveUpSeconds);
  return { kind: 'reverting', reason, resized, sinceSeconds, dueSeconds };
}

/** How a task's way back has ended; `held` where its node says that it cannot now. */
function givenBack({ before }: Resized, found: TaskState | undefined): Ending | 'held' | undefined {
  if (!found || isOver(found)) return { code: 'taskEnded' };
  if (!sameParts(found.parts, before)) return { code: 'takenBack' }; // and somebody has changed it since
  if (found.resize === 'deferred' || found.resize === 'infeasible' || found.message) return 'held';
  return found.resize === 'none' && sameAmounts(found.actual, found.desired) ? { code: 'takenBack' } : undefined;
}

type State<Kind extends MoveState['kind']> = Extract<MoveState, { readonly kind: Kind }>;

/** Equal in what a resize can change. */
function sameAmounts(left: Resources, right: Resources): boolean {
  const resizable = ({ milliCpu, memoryBytes }: Resources) => ({ milliCpu, memoryBytes, gpuMilli: 0, extended: {} });
  return sameResources(resizable(left), resizable(right));
}
