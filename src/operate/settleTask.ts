import type { MoveRecord, ObjectRecord, TaskState } from '../cluster/port.ts';
import type { TaskRef } from '../core/model/moves.ts';
import { type Resized, sameParts } from '../core/model/stated.ts';
import type { LeftAlone, Reason } from './reasons.ts';
import type { Settled } from './step.ts';
import { act, isOver, poll, RETRY_SECONDS, type StepContext } from './stepContext.ts';

/** What a task needs on which the record of a resize stands: it is awaited, or taken back; or only the record goes. */
export type TaskNeed = { readonly kind: 'resize' } | { readonly kind: 'forget'; readonly why: LeftAlone };

/**
 * A resize is ours to finish while the task's parts are as its record says that it left them, or as they were before it
 * (they were given back). Everything else is somebody else's will.
 */
export function taskNeed({ generation, resized }: MoveRecord, state: TaskState): TaskNeed {
  const forget = (code: 'ended' | 'undated' | 'changed' | 'granted') => ({ kind: 'forget', why: { code } }) as const;
  if (isOver(state)) return forget('ended');
  if (generation === undefined || !resized) return forget('undated');
  if (state.generation < generation || !standingOf(resized, state)) return forget('changed');
  return state.resize === 'none' ? forget('granted') : { kind: 'resize' };
}

/** Whether a task is as a resize left it, or as it was before; neither where somebody has changed it since. */
function standingOf({ before, after }: Resized, { parts }: TaskState): keyof Resized | undefined {
  if (sameParts(parts, after)) return 'after';
  return sameParts(parts, before) ? 'before' : undefined;
}

/**
 * A resize that is not granted waits up to `expandGiveUpSeconds` since its move began to wait, and is then taken back.
 * @returns undefined when the task is gone, or its node has granted all
 */
export async function settleTask(
  context: StepContext,
  { record }: Pick<ObjectRecord, 'record'>,
  task: TaskRef,
): Promise<Settled | undefined> {
  const { cluster, settings, polling } = context;
  const found = await poll(context, polling.attempts, async () => {
    const state = await cluster.readTask(task);
    return state?.resize === 'inProgress' && !state.message ? undefined : { state };
  });
  if (!found) return later(context, task, RETRY_SECONDS);
  const { state } = found;
  if (!state) return undefined;
  // It was granted, or changed, meanwhile.
  const need = taskNeed(record, state);
  if (need.kind === 'forget') return forget(context, { record }, task, need.why);
  const resized = record.resized!;
  const { expandGiveUpSeconds, expandRetrySeconds } = settings;
  if (standingOf(resized, state) === 'before') return later(context, task, expandRetrySeconds, state.message);
  const leftSeconds = record.startedAtSeconds + expandGiveUpSeconds - cluster.nowSeconds();
  if (state.resize === 'deferred' && leftSeconds > 0) {
    return later(context, task, Math.min(expandRetrySeconds, leftSeconds), state.message);
  }
  return takeBack(context, { record }, task, resized);
}

/** Takes the record off, where it says nothing any more. */
export async function forget(
  { cluster }: StepContext,
  { record }: Pick<ObjectRecord, 'record'>,
  task: TaskRef,
  why: LeftAlone,
): Promise<Settled> {
  const result = await cluster.releaseTask(task, record, { dryRun: false });
  if (result.kind === 'refused' && result.code !== 'notFound') {
    return { kind: 'failed', reason: { code: 'refused', refused: result } };
  }
  return { kind: 'done', outcome: { code: 'recordTaken', object: task.id, why } };
}

/** Told as done once its node has granted that. */
async function takeBack(
  context: StepContext,
  { record }: Pick<ObjectRecord, 'record'>,
  task: TaskRef,
  resized: Resized,
): Promise<Settled> {
  const { cluster, polling } = context;
  const result = await act(context, (options) => cluster.restore(task, resized, options));
  if (result.kind === 'refused') {
    if (result.why.code === 'resizedByOther') return forget(context, { record }, task, { code: 'changed' });
    return { kind: 'failed', reason: { code: 'refused', refused: result } };
  }
  let last: TaskState | undefined;
  const isBack = await poll(context, polling.attempts, async () => {
    last = await cluster.readTask(task);
    return !last || isOver(last) || last.resize === 'none' ? true : last.message ? false : undefined;
  });
  if (!isBack) return later(context, task, RETRY_SECONDS, last?.message);
  await cluster.releaseTask(task, record, { dryRun: false });
  return { kind: 'done', outcome: { code: 'resizeTakenBack', task: task.id } };
}

function later({ cluster }: StepContext, { id }: TaskRef, seconds: number, message?: string): Settled {
  const reason: Reason = { code: 'notGranted', task: id, ...(message && { message }) };
  return { kind: 'awaited', dueSeconds: cluster.nowSeconds() + seconds, reason };
}
