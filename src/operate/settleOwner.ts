import type { ObjectRecord, OwnerState } from '../cluster/port.ts';
import type { Refused } from '../cluster/refused.ts';
import type { OwnerRef } from '../core/model/moves.ts';
import { type LeftAlone, type Outcome, ownerName } from './reasons.ts';
import type { Settled } from './step.ts';
import { act, poll, RESUME_RETRY_SECONDS, type StepContext } from './stepContext.ts';

/**
 * What an owner needs on which a record stands: it is resumed; only the record is taken off; or it stays too, for the
 * suspension is ours still, and somebody has to look at it.
 */
export type OwnerNeed =
  | { readonly kind: 'resume' }
  | { readonly kind: 'forget'; readonly why: LeftAlone }
  | { readonly kind: 'byHand'; readonly why: LeftAlone };

/** Only the suspension that the record names is ended, and none where something else steers the owner. */
export function ownerNeed({ generation }: ObjectRecord['record'], owner: OwnerState): OwnerNeed {
  if (owner.finished) return { kind: 'forget', why: { code: 'ended' } };
  if (!owner.suspended) return { kind: 'forget', why: { code: 'runs' } };
  const kind = owner.suspensionKept ? 'byHand' : 'forget';
  if (owner.steering) return { kind, why: { code: 'steered', by: owner.steering } };
  if (generation === owner.generation) return { kind: 'resume' };
  return { kind, why: { code: generation === undefined ? 'undated' : 'changed' } };
}

/**
 * Resumes an owner where its tasks fit, if it is suspended as its record says once they have stopped, or do not within
 * the patience for that; without pin or amounts, for nobody has checked what the record says of them.
 * @returns undefined when the owner is gone
 */
export async function settleOwner(
  context: StepContext,
  { record }: Pick<ObjectRecord, 'record'>,
  owner: OwnerRef,
): Promise<Settled | undefined> {
  const { cluster, polling } = context;
  const name = ownerName(owner);
  const stopped = await poll(context, polling.stopAttempts, async () => {
    const found = await cluster.readOwner(owner);
    return !found?.suspended || found.finished || found.active + found.terminating === 0 ? { found } : undefined;
  });
  const found = stopped ? stopped.found : await cluster.readOwner(owner);
  if (!found) return undefined;
  const left = await resume(context, { record }, owner, found);
  if (left === 'gone') return undefined;
  if (left?.kind === 'refused') {
    const dueSeconds = cluster.nowSeconds() + RESUME_RETRY_SECONDS;
    return { kind: 'awaited', dueSeconds, reason: { code: 'refused', refused: left } };
  }
  if (left) return left;
  const running = await poll(context, polling.attempts, async (): Promise<Outcome | undefined> => {
    const found = await cluster.readOwner(owner);
    if (!found || found.finished) return { code: 'ownerEnded', owner: name };
    const nodes = [...new Set(found.tasks.flatMap(({ phase, node }) => (phase === 'running' && node ? [node] : [])))];
    return nodes.length > 0 ? { code: 'ownerRuns', owner: name, nodes: nodes.sort() } : undefined;
  });
  return { kind: 'done', outcome: running ?? { code: 'ownerQueued', owner: name } };
}

/** An owner that is edited at each of so many looks is looked at again later. */
const MOST_CONFLICTS = 4;

/**
 * Resumes a stopped owner as it was looked at. What somebody has changed meanwhile is a conflict: then what it needs is
 * judged again.
 * @returns undefined once it is resumed; else what it came to in its place, or why the cluster refused it
 */
async function resume(
  context: StepContext,
  on: Pick<ObjectRecord, 'record'>,
  owner: OwnerRef,
  found: OwnerState,
): Promise<Settled | Refused | 'gone' | undefined> {
  const { cluster } = context;
  let state: OwnerState | undefined = found;
  for (let conflicts = 0; state; conflicts += 1) {
    const need = ownerNeed(on.record, state);
    if ('why' in need) return leave(context, on, owner, need);
    const { generation } = state;
    const result = await act(context, (options) => cluster.resume(owner, { kind: 'none' }, { ...options, generation }));
    if (result.kind === 'done') return undefined;
    if (result.code !== 'conflict' || conflicts === MOST_CONFLICTS) return result;
    state = await cluster.readOwner(owner);
  }
  return 'gone';
}

/** Takes the record off, where it says nothing any more. */
export async function leave(
  { cluster }: StepContext,
  { record }: Pick<ObjectRecord, 'record'>,
  owner: OwnerRef,
  { kind, why }: Extract<OwnerNeed, { why: unknown }>,
): Promise<Settled> {
  if (kind === 'byHand') return leftByHand(ownerName(owner), why);
  const result = await cluster.release(owner, record, { dryRun: false });
  if (result.kind === 'refused') return { kind: 'failed', reason: { code: 'refused', refused: result } };
  const suspended = why.code === 'changed' || why.code === 'undated';
  return { kind: 'done', outcome: { code: 'recordTaken', object: ownerName(owner), why, suspended } };
}

/** It stays suspended until somebody resumes it. */
export function leftByHand(owner: string, why: LeftAlone): Settled {
  return { kind: 'awaited', reason: { code: 'byHand', owner, why } };
}
