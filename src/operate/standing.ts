import type { Cluster, Pin, StandingRecord } from '../cluster/port.ts';
import type { OwnerRef, TaskRef } from '../core/model/moves.ts';
import type { Resources } from '../core/model/resources.ts';
import type { Settings } from '../core/model/settings.ts';
import type { StepText } from '../text/operation.ts';
import { act, follow, PATIENT, type Patience, type Scene } from './scene.ts';

type StandingOptions = {
  readonly settings: Settings;
  readonly signal?: AbortSignal;
  readonly patience?: Patience;
  readonly onStep?: (step: StepText) => void;
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
): Promise<StepText[]> {
  const { settings, patience = PATIENT, signal, onStep } = options;
  const steps: StepText[] = [];
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
    const step = owner
      ? await settleOwner(scene, standing, owner)
      : task
        ? await settleTask(scene, standing, task)
        : undefined;
    if (!step) continue;
    steps.push(step);
    onStep?.(step);
  }
  return steps;
}

async function settleOwner(scene: Scene, { record }: StandingRecord, owner: OwnerRef): Promise<StepText | undefined> {
  const { cluster, patience } = scene;
  const name = `${owner.namespace}/${owner.name}`;
  const common = { moveId: record.moveId, title: `Finish the migration of ${name}` };
  const stopped = await follow(scene, patience.stopLooks, async () => {
    const found = await cluster.readOwner(owner);
    return !found?.suspended || found.finished || found.active + found.terminating === 0 ? { found } : undefined;
  });
  if (!stopped) {
    const untilSeconds = cluster.nowSeconds() + 60;
    return { ...common, state: 'waiting', text: 'Its tasks have not stopped yet.', untilSeconds };
  }
  if (!stopped.found || stopped.found.finished) return undefined;
  const ref = { ...owner, generation: stopped.found.generation };
  // Somebody resumed it by hand: then only the record has to go, and running tasks cannot be drawn anywhere.
  const target = stopped.found.suspended ? await knownTarget(scene, record.to) : undefined;
  const { allocation } = record;
  const pin: Pin = target === undefined ? { kind: 'none' } : { kind: 'preferred', node: target };
  const result = await act(scene, (options) =>
    cluster.resume(ref, pin, { ...options, ...(allocation && { allocation }) }),
  );
  if (result.kind === 'refused') {
    return { ...common, state: 'waiting', text: result.reason, untilSeconds: cluster.nowSeconds() + 60 };
  }
  const running = await follow(scene, patience.looks, async () => {
    const found = await cluster.readOwner(ref);
    if (!found || found.finished) return 'It has ended.';
    const nodes = [...new Set(found.tasks.flatMap(({ phase, node }) => (phase === 'running' && node ? [node] : [])))];
    return nodes.length > 0 ? `${name} runs on ${nodes.sort().join(' and ')}.` : undefined;
  });
  return { ...common, state: 'done', text: running ?? `${name} is in the scheduler's queue.` };
}

async function knownTarget({ look }: Scene, to: string | undefined): Promise<string | undefined> {
  if (to === undefined) return undefined;
  const node = (await look()).nodes.find(({ name }) => name === to);
  return node?.ready && !node.unschedulable ? to : undefined;
}

async function settleTask(scene: Scene, { record }: StandingRecord, task: TaskRef): Promise<StepText | undefined> {
  const { cluster, settings, patience } = scene;
  const found = await follow(scene, patience.looks, async () => {
    const state = await cluster.readTask(task);
    return state?.resize !== 'inProgress' ? { state } : undefined;
  });
  const state = found?.state;
  if (state?.phase !== 'running' || state.resize === 'none' || !record.before) return undefined;
  const common = { moveId: record.moveId, title: `Finish the resize of ${task.id}` };
  const endSeconds = record.startedAtSeconds + settings.expandGiveUpSeconds;
  const now = cluster.nowSeconds();
  if (state.resize === 'deferred' && now < endSeconds) {
    const untilSeconds = Math.min(now + settings.expandRetrySeconds, endSeconds);
    return { ...common, state: 'waiting', text: state.message ?? 'Its node has no room yet.', untilSeconds };
  }
  return takeBack(scene, { ...task, generation: state.generation }, record.before, record, common);
}

async function takeBack(
  scene: Scene,
  task: TaskRef,
  before: Resources,
  record: StandingRecord['record'],
  common: Pick<StepText, 'moveId' | 'title'>,
): Promise<StepText> {
  const result = await act(scene, (options) => scene.cluster.resize(task, before, record, options));
  if (result.kind === 'refused') return { ...common, state: 'failed', text: result.reason };
  return { ...common, state: 'done', text: `${task.id} was not granted its resize; it was taken back.` };
}
