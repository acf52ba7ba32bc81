import type { Cluster, ObjectRecord, Pin } from '../cluster/port.ts';
import type { OwnerRef, TaskRef } from '../core/model/moves.ts';
import type { Resources } from '../core/model/resources.ts';
import type { Settings } from '../core/model/settings.ts';
import type { FinalState } from './journal.ts';
import { type Outcome, ownerName, type Reason } from './reasons.ts';
import type { Awaited, OrphanedMove, Step } from './step.ts';
import {
  act,
  type Polling,
  poll,
  REAL_CLOCK,
  RESUME_RETRY_SECONDS,
  RETRY_SECONDS,
  type StepContext,
} from './stepContext.ts';

type OrphanOptions = {
  readonly settings: Settings;
  readonly signal?: AbortSignal;
  readonly polling?: Polling;
  readonly onStep?: (step: Step) => void;
};

/**
 * Brings orphaned moves to a safe end. Only the records on the cluster's objects tell of these: they were begun on
 * another machine, or here, and the journal was lost. A suspended owner is resumed with what its tasks held. It prefers
 * its target where that is known, and is not bound to it: nobody has checked whether it still takes them. A resize that
 * is not granted waits up to `expandGiveUpSeconds` since it was asked for, and is then taken back. Nothing is planned
 * again.
 * @param own moves of this machine's journal that are under way, as `plan id, space, move id`
 * @returns one step for each record that needed something
 */
export async function settleOrphans(
  cluster: Cluster,
  own: ReadonlySet<string>,
  options: OrphanOptions,
): Promise<Step[]> {
  const { settings, polling = REAL_CLOCK, signal, onStep } = options;
  const steps: Step[] = [];
  for (const found of await cluster.readRecords(signal)) {
    const { record, owner, task } = found;
    if (own.has(`${record.planId} ${record.moveId}`)) continue;
    const context: StepContext = {
      cluster,
      settings,
      planId: record.planId,
      polling,
      undoing: false,
      earlier: [],
    };
    const state = owner
      ? await settleOwner(context, found, owner)
      : task
        ? await settleTask(context, found, task)
        : undefined;
    if (!state) continue;
    const step: Step = { move: orphanOf(found), state };
    steps.push(step);
    onStep?.(step);
  }
  return steps;
}

function orphanOf({ record, owner, task }: ObjectRecord): OrphanedMove {
  const object = owner ? ownerName(owner) : (task?.id ?? '');
  return { kind: 'orphan', id: record.moveId, of: record.kind, object };
}

type Settled = FinalState | Awaited;

async function settleOwner(
  context: StepContext,
  { record }: ObjectRecord,
  owner: OwnerRef,
): Promise<Settled | undefined> {
  const { cluster, polling } = context;
  const name = ownerName(owner);
  const later = (reason: Reason, seconds: number): Settled => ({
    kind: 'awaited',
    dueSeconds: cluster.nowSeconds() + seconds,
    reason,
  });
  const stopped = await poll(context, polling.stopAttempts, async () => {
    const found = await cluster.readOwner(owner);
    return !found?.suspended || found.finished || found.active + found.terminating === 0 ? { found } : undefined;
  });
  if (!stopped) return later({ code: 'stopping', owner: name }, RETRY_SECONDS);
  if (!stopped.found || stopped.found.finished) return undefined;
  const ref = { ...owner, generation: stopped.found.generation };
  // Somebody resumed it by hand: then only the record has to go, and running tasks cannot be moved.
  const target = stopped.found.suspended ? await knownTarget(context, record.to) : undefined;
  const { allocation } = record;
  const pin: Pin = target === undefined ? { kind: 'none' } : { kind: 'preferred', node: target };
  const result = await act(context, (options) =>
    cluster.resume(ref, pin, { ...options, ...(allocation && { allocation }) }),
  );
  if (result.kind === 'refused') return later({ code: 'refused', refused: result }, RESUME_RETRY_SECONDS);
  const running = await poll(context, polling.attempts, async (): Promise<Outcome | undefined> => {
    const found = await cluster.readOwner(ref);
    if (!found || found.finished) return { code: 'ownerEnded', owner: name };
    const nodes = [...new Set(found.tasks.flatMap(({ phase, node }) => (phase === 'running' && node ? [node] : [])))];
    return nodes.length > 0 ? { code: 'ownerRuns', owner: name, nodes: nodes.sort() } : undefined;
  });
  return { kind: 'done', outcome: running ?? { code: 'ownerQueued', owner: name } };
}

async function knownTarget({ cluster }: StepContext, to: string | undefined): Promise<string | undefined> {
  if (to === undefined) return undefined;
  const node = (await cluster.readSnapshot()).nodes.find(({ name }) => name === to);
  return node?.ready && !node.unschedulable ? to : undefined;
}

async function settleTask(context: StepContext, { record }: ObjectRecord, task: TaskRef): Promise<Settled | undefined> {
  const { cluster, settings, polling } = context;
  const found = await poll(context, polling.attempts, async () => {
    const state = await cluster.readTask(task);
    return state?.resize !== 'inProgress' ? { state } : undefined;
  });
  const state = found?.state;
  if (state?.phase !== 'running' || state.resize === 'none' || !record.before) return undefined;
  const endSeconds = record.startedAtSeconds + settings.expandGiveUpSeconds;
  const now = cluster.nowSeconds();
  if (state.resize === 'deferred' && now < endSeconds) {
    const dueSeconds = Math.min(now + settings.expandRetrySeconds, endSeconds);
    const { message } = state;
    return { kind: 'awaited', dueSeconds, reason: { code: 'notGranted', task: task.id, ...(message && { message }) } };
  }
  return takeBack(context, { ...task, generation: state.generation }, record.before, record);
}

async function takeBack(
  context: StepContext,
  task: TaskRef,
  before: Resources,
  record: ObjectRecord['record'],
): Promise<Settled> {
  const result = await act(context, (options) => context.cluster.resize(task, before, record, options));
  if (result.kind === 'refused') return { kind: 'failed', reason: { code: 'refused', refused: result } };
  return { kind: 'done', outcome: { code: 'resizeTakenBack', task: task.id } };
}
