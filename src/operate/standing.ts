import type { Cluster, Pin, StandingRecord } from '../cluster/port.ts';
import type { OwnerRef, TaskRef } from '../core/model/moves.ts';
import type { Resources } from '../core/model/resources.ts';
import type { Settings } from '../core/model/settings.ts';
import type { FinalState } from './journal.ts';
import { type Outcome, ownerName, type Reason } from './reasons.ts';
import { act, follow, PATIENT, type Patience, type Scene } from './scene.ts';
import type { Awaited, Leftover, Step } from './step.ts';

type StandingOptions = {
  readonly settings: Settings;
  readonly signal?: AbortSignal;
  readonly patience?: Patience;
  readonly onStep?: (step: Step) => void;
};

/**
 * Brings moves to a safe end of which only the records on the cluster's objects tell: begun on another machine, or here
 * with the journal lost. A suspended owner is resumed with what its tasks held, drawn to its target where that is known but
 * not bound to it, for nobody has looked whether it still takes them. A resize that is not granted waits up to
 * `expandGiveUpSeconds` since it was asked for, and is then taken back. Nothing is planned again, and what needs nothing is
 * passed over.
 * @param own moves of this machine's journal that are under way, as `plan id, space, move id`
 * @returns one step a record that needed something
 */
export async function settleRecords(
  cluster: Cluster,
  own: ReadonlySet<string>,
  options: StandingOptions,
): Promise<Step[]> {
  const { settings, patience = PATIENT, signal, onStep } = options;
  const steps: Step[] = [];
  for (const standing of await cluster.readRecords(signal)) {
    const { record, owner, task } = standing;
    if (own.has(`${record.planId} ${record.moveId}`)) continue;
    const scene: Scene = {
      cluster,
      settings,
      planId: record.planId,
      patience,
      undoing: false,
      earlierUnderWay: false,
      look: () => cluster.readSnapshot(),
    };
    const state = owner
      ? await settleOwner(scene, standing, owner)
      : task
        ? await settleTask(scene, standing, task)
        : undefined;
    if (!state) continue;
    const step: Step = { move: leftoverOf(standing), state };
    steps.push(step);
    onStep?.(step);
  }
  return steps;
}

function leftoverOf({ record, owner, task }: StandingRecord): Leftover {
  const object = owner ? ownerName(owner) : (task?.id ?? '');
  return { kind: 'leftover', id: record.moveId, of: record.kind, object };
}

type Settled = FinalState | Awaited;

async function settleOwner(scene: Scene, { record }: StandingRecord, owner: OwnerRef): Promise<Settled | undefined> {
  const { cluster, patience } = scene;
  const name = ownerName(owner);
  const later = (reason: Reason): Settled => ({
    kind: 'awaited',
    dueSeconds: cluster.nowSeconds() + RETRY_SECONDS,
    reason,
  });
  const stopped = await follow(scene, patience.stopLooks, async () => {
    const found = await cluster.readOwner(owner);
    return !found?.suspended || found.finished || found.active + found.terminating === 0 ? { found } : undefined;
  });
  if (!stopped) return later({ code: 'stopping', owner: name });
  if (!stopped.found || stopped.found.finished) return undefined;
  const ref = { ...owner, generation: stopped.found.generation };
  // Somebody resumed it by hand: then only the record has to go, and running tasks cannot be drawn anywhere.
  const target = stopped.found.suspended ? await knownTarget(scene, record.to) : undefined;
  const { allocation } = record;
  const pin: Pin = target === undefined ? { kind: 'none' } : { kind: 'preferred', node: target };
  const result = await act(scene, (options) =>
    cluster.resume(ref, pin, { ...options, ...(allocation && { allocation }) }),
  );
  if (result.kind === 'refused') return later({ code: 'refused', refused: result });
  const running = await follow(scene, patience.looks, async (): Promise<Outcome | undefined> => {
    const found = await cluster.readOwner(ref);
    if (!found || found.finished) return { code: 'ownerEnded', owner: name };
    const nodes = [...new Set(found.tasks.flatMap(({ phase, node }) => (phase === 'running' && node ? [node] : [])))];
    return nodes.length > 0 ? { code: 'ownerRuns', owner: name, nodes: nodes.sort() } : undefined;
  });
  return { kind: 'done', outcome: running ?? { code: 'ownerQueued', owner: name } };
}

/** A stopped owner is looked at again after this long: neither its tasks' grace nor a right comes back in seconds. */
const RETRY_SECONDS = 60;

async function knownTarget({ look }: Scene, to: string | undefined): Promise<string | undefined> {
  if (to === undefined) return undefined;
  const node = (await look()).nodes.find(({ name }) => name === to);
  return node?.ready && !node.unschedulable ? to : undefined;
}

async function settleTask(scene: Scene, { record }: StandingRecord, task: TaskRef): Promise<Settled | undefined> {
  const { cluster, settings, patience } = scene;
  const found = await follow(scene, patience.looks, async () => {
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
  return takeBack(scene, { ...task, generation: state.generation }, record.before, record);
}

async function takeBack(
  scene: Scene,
  task: TaskRef,
  before: Resources,
  record: StandingRecord['record'],
): Promise<Settled> {
  const result = await act(scene, (options) => scene.cluster.resize(task, before, record, options));
  if (result.kind === 'refused') return { kind: 'failed', reason: { code: 'refused', refused: result } };
  return { kind: 'done', outcome: { code: 'resizeTakenBack', task: task.id } };
}
