import type { TaskState } from '../cluster/port.ts';
import type { Resize, TaskRef } from '../core/model/moves.ts';
import { amountOf, type Resources, resourceNames, sameResources } from '../core/model/resources.ts';
import type { Usage } from '../core/model/usage.ts';
import { amount } from '../text/format.ts';
import { describeChange, describeShort, describeStale } from '../text/operation.ts';
import type { MoveState, Wait } from './journal.ts';
import { act, checkMove, follow, recordOf, type Scene } from './scene.ts';

/**
 * S308: changes a running task's allocation in place. A shrink that its task's recent usage speaks against waits
 * `shrinkRetrySeconds` at a time, up to `shrinkGiveUpSeconds` in all; an expand without capacity waits `expandRetrySeconds`,
 * up to `expandGiveUpSeconds`; so does one that its node has deferred, and it is taken back then. One step: what comes next.
 */
export async function stepResize(scene: Scene, move: Resize, state: MoveState): Promise<MoveState> {
  switch (state.kind) {
    case 'resizing':
      return ask(scene, move);
    case 'granting':
      return awaitGrant(scene, move, state.sinceSeconds);
    case 'reverting':
      return revert(scene, move, state.reason);
    default:
      return begin(scene, move, state.kind === 'waiting' ? state : undefined);
  }
}

async function begin(scene: Scene, move: Resize, waited: Wait | undefined): Promise<MoveState> {
  const { settings } = scene;
  const check = await checkMove(scene, move);
  if (check.kind === 'stale') return { kind: 'failed', reason: check.reasons.map(describeStale).join(' ') };
  if (check.kind === 'short') {
    const { expandRetrySeconds, expandGiveUpSeconds } = settings;
    return waitOn(scene, 'expand', describeShort(check.short), waited, expandRetrySeconds, expandGiveUpSeconds);
  }
  const needed = neededMore(scene, move, check.snapshot.usage[move.task.id]);
  if (needed === undefined) return { kind: 'resizing' };
  return waitOn(scene, 'shrink', needed, waited, settings.shrinkRetrySeconds, settings.shrinkGiveUpSeconds);
}

/** The next wait, or the end when the waits have added up to the limit. */
function waitOn(
  { cluster }: Scene,
  wait: 'shrink' | 'expand',
  reason: string,
  waited: Wait | undefined,
  seconds: number,
  limitSeconds: number,
): MoveState {
  const now = cluster.nowSeconds();
  const sinceSeconds = waited?.sinceSeconds ?? now;
  if (now - sinceSeconds >= limitSeconds) return { kind: 'failed', reason: `${reason} Given up: the waits are over.` };
  return {
    kind: 'waiting',
    wait,
    sinceSeconds,
    dueSeconds: Math.min(now + seconds, sinceSeconds + limitSeconds),
    reason,
  };
}

/**
 * S308's test of a shrink on fresh readings: both sides are rates over the same remaining time, so the rates are
 * compared; memory by its peak. An undo gives up CPU as it was told to; memory that is in use it cannot.
 * Undefined when what stays is enough, or nothing was measured.
 */
function neededMore({ settings, undoing }: Scene, move: Resize, usage: Usage | undefined): string | undefined {
  if (!usage) return undefined;
  for (const resource of undoing ? (['memoryBytes'] as const) : resourceNames(move.from)) {
    const left = amountOf(move.to, resource);
    if (left >= amountOf(move.from, resource)) continue;
    const used = amountOf(resource === 'memoryBytes' ? usage.peak : usage.mean, resource);
    if (used * (1 + settings.marginFraction) <= left) continue;
    return `${move.task.id} now uses ${amount(resource, used)} and would be left ${amount(resource, left)}.`;
  }
  return undefined;
}

async function ask(scene: Scene, move: Resize): Promise<MoveState> {
  const { cluster } = scene;
  const record = recordOf(scene, move);
  const result = await act(scene, (options) => cluster.resize(move.task, move.to, record, options));
  if (result.kind === 'refused') return { kind: 'failed', reason: result.reason };
  return { kind: 'granting', sinceSeconds: cluster.nowSeconds() };
}

async function awaitGrant(scene: Scene, move: Resize, sinceSeconds: number): Promise<MoveState> {
  const { cluster, patience, settings } = scene;
  let last: TaskState | undefined;
  const end = await follow(scene, patience.looks, async () => {
    last = await cluster.readTask(move.task);
    return outcomeOf(move, last);
  });
  if (end && end !== 'deferred') return end;
  const now = cluster.nowSeconds();
  const reason = `${move.task.id}: its node has not granted the resize yet. ${last?.message ?? ''}`.trim();
  if (now - sinceSeconds >= settings.expandGiveUpSeconds) return { kind: 'reverting', reason };
  const dueSeconds = Math.min(now + settings.expandRetrySeconds, sinceSeconds + settings.expandGiveUpSeconds);
  return { kind: 'granting', sinceSeconds, dueSeconds, reason };
}

/** Undefined while it is worth looking again at once. */
function outcomeOf({ task, from, to }: Resize, found: TaskState | undefined): MoveState | 'deferred' | undefined {
  if (!found || isOver(found)) return { kind: 'done', text: `${task.id} ended before its resize was granted.` };
  if (found.resize === 'deferred') return 'deferred';
  if (found.resize === 'infeasible') {
    return { kind: 'reverting', reason: `${task.id}: its node can never grant this. ${found.message ?? ''}`.trim() };
  }
  if (!sameAmounts(found.desired, to)) {
    return { kind: 'failed', reason: `${task.id} was changed by somebody else while it was being resized.` };
  }
  if (found.resize !== 'none' || !sameAmounts(found.actual, to)) return undefined;
  return { kind: 'done', text: `${task.id} is resized ${describeChange(from, to)}.` };
}

/** Back to what it had, so that nothing is held that is not used. */
async function revert(scene: Scene, move: Resize, reason: string): Promise<MoveState> {
  const { cluster, patience } = scene;
  const found = await cluster.readTask(move.task);
  if (!found || isOver(found)) return { kind: 'failed', reason: `${reason} The task has ended.` };
  const ref: TaskRef = { ...move.task, generation: found.generation };
  const record = { ...recordOf(scene, move), before: move.to };
  const result = await act(scene, (options) => cluster.resize(ref, move.from, record, options));
  if (result.kind === 'refused')
    return { kind: 'failed', reason: `${reason} It cannot be taken back: ${result.reason}` };
  await follow(scene, patience.looks, async () => {
    const now = await cluster.readTask(ref);
    return !now || isOver(now) || (now.resize === 'none' && sameAmounts(now.actual, move.from)) ? true : undefined;
  });
  return { kind: 'failed', reason: `${reason} Taken back.` };
}

function isOver({ phase }: TaskState): boolean {
  return phase === 'succeeded' || phase === 'failed' || phase === 'ending';
}

/** Equal in what a resize can change. */
function sameAmounts(left: Resources, right: Resources): boolean {
  const resizable = ({ milliCpu, memoryBytes }: Resources) => ({ milliCpu, memoryBytes, gpuMilli: 0, extended: {} });
  return sameResources(resizable(left), resizable(right));
}
