import type { Cluster, ObjectRecord } from '../cluster/port.ts';
import type { Settings } from '../core/model/settings.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { type DeadPin, findDeadPins, unpin } from './deadPins.ts';
import type { Leases } from './leases.ts';
import { answered } from './patience.ts';
import { ownerName } from './reasons.ts';
import { leave, leftByHand, type OwnerNeed, ownerNeed, settleOwner } from './settleOwner.ts';
import { forget, settleTask, type TaskNeed, taskNeed } from './settleTask.ts';
import type { OrphanedMove, Settled, Step } from './step.ts';
import { type Polling, REAL_CLOCK, type StepContext } from './stepContext.ts';
import type { Stopped } from './stopped.ts';

type OrphanOptions = {
  readonly settings: Settings;
  readonly signal?: AbortSignal;
  readonly polling?: Polling;
  readonly onStep?: (step: Step) => void;
  /** A mark in a namespace that another machine holds is no orphan. */
  readonly leases?: Leases;
  /** Asks once before anything is done about them; false: nothing is. */
  readonly confirm: (orphans: readonly Orphan[]) => Promise<boolean>;
};

/** An orphaned move, and what is to be done about it. */
export type Orphan = { readonly move: OrphanedMove; readonly need: Need };

/** What is done about an owner; a resize is awaited, or taken back; an owner loses a pin that leads nowhere. */
export type Need =
  | Exclude<OwnerNeed, { kind: 'byHand' }>
  | TaskNeed
  | ({ readonly kind: 'unpin' } & Pick<DeadPin, 'node' | 'why' | 'tasks' | 'lostSeconds'>);

/**
 * Brings orphaned moves to a safe end. Only marks on the cluster's objects tell of these: they were begun on another
 * machine, or here, and the journal was lost; or a move is long over, and the node that it has pinned tasks to takes
 * none any more. Anybody can write such a mark, so it is a hint, and nothing is done before the question is answered
 * with yes. Only what has to be looked at by hand is told without one. An owner that is suspended at exactly the
 * generation that its record names, and that nothing else steers, is resumed where its tasks fit; off any other owner
 * only the record is taken, and so it is off a task that is not as its resize left it. A resize that is not granted is
 * waited for, and then taken back. Nothing is planned again.
 * @param own moves of this machine's journal that are under way, as `plan id, space, move id`
 * @returns one step for each mark that needed something
 */
export async function settleOrphans(
  cluster: Cluster,
  own: ReadonlySet<string>,
  options: OrphanOptions,
): Promise<Step[]> {
  const { onStep, confirm } = options;
  const snapshot = await cluster.readSnapshot(options.signal);
  const records = await fromRecords(cluster, own, options);
  const found = [...records, ...fromPins(cluster, snapshot, options), ...unreadable(snapshot)];
  const asked = found.flatMap(({ move, need }) => (need ? [{ move, need }] : []));
  const agreed = asked.length > 0 && (await confirm(asked));
  const steps: Step[] = [];
  for (const orphan of found) {
    const { move, need, settle } = orphan;
    if (need && options.signal?.aborted) break; // what was not begun stays as it is
    if (need && agreed && !(await mayTouch(move.object.split('/', 1)[0] ?? '', options))) continue;
    const state = need && !agreed ? UNASKED : await answered(cluster, settle());
    if (!state) continue;
    const stopped = stoppedBy(orphan, state);
    const step: Step = { move, state, ...(stopped && { stopped }) };
    steps.push(step);
    onStep?.(step);
  }
  return steps;
}

/** An orphan, and how it is brought to its end; undefined where that needed nothing after all. */
type Found = Pick<Orphan, 'move'> & {
  /** Absent where nothing is done, and so nothing asked: somebody has to look at it, or the cluster is silent. */
  readonly need?: Need;
  readonly settle: () => Promise<Settled | undefined>;
  /** When its move began, where a record says so. */
  readonly sinceSeconds?: number;
};

const UNASKED: Extract<Settled, { kind: 'awaited' }> = { kind: 'awaited', reason: { code: 'unasked' } };

/** Whose tasks an orphan leaves stopped: those of an owner that is to be resumed, or is looked at by hand. */
function stoppedBy({ move, need, sinceSeconds }: Found, state: Settled): Stopped | undefined {
  if (state.kind !== 'awaited' || move.of === 'resize' || need?.kind === 'forget') return undefined;
  const { reason } = state;
  if (need?.kind === 'unpin' && reason === UNASKED.reason) return undefined; // its tasks wait for a node
  const sure = typeof reason === 'string' || reason.code !== 'unanswered';
  return { owner: move.object, sure, ...(sure && sinceSeconds !== undefined && { sinceSeconds }) };
}

async function fromRecords(cluster: Cluster, own: ReadonlySet<string>, options: OrphanOptions): Promise<Found[]> {
  const found: Found[] = [];
  for (const on of await cluster.readRecords(options.signal)) {
    const { record, owner, task } = on;
    if (own.has(`${record.planId} ${record.moveId}`)) continue;
    const context = contextOf(cluster, record.planId, options);
    const object = owner ? ownerName(owner) : (task?.id ?? '');
    const move: OrphanedMove = { kind: 'orphan', id: record.moveId, of: record.kind, object };
    const need = await answered(cluster, needOf(cluster, on));
    const [namespace = ''] = object.split('/', 1);
    if (!need || !(await mayTouch(namespace, options))) continue;
    const settle = async () => (need.kind === 'awaited' ? need : settleRecord(context, on, need));
    const isAsked = need.kind !== 'awaited' && need.kind !== 'byHand';
    found.push({ move, settle, sinceSeconds: record.startedAtSeconds, ...(isAsked && { need }) });
  }
  return found;
}

type RecordNeed = OwnerNeed | TaskNeed;

async function needOf(cluster: Cluster, { record, owner, task }: ObjectRecord): Promise<RecordNeed | undefined> {
  const state = owner && (await cluster.readOwner(owner));
  if (state) return ownerNeed(record, state);
  const resizing = task && (await cluster.readTask(task));
  return resizing && taskNeed(record, resizing);
}

async function settleRecord(context: StepContext, on: ObjectRecord, need: RecordNeed): Promise<Settled | undefined> {
  const { owner, task } = on;
  if (task) return 'why' in need ? forget(context, on, task, need.why) : settleTask(context, on, task);
  if (!owner) return undefined;
  return 'why' in need ? leave(context, on, owner, need) : settleOwner(context, on, owner);
}

function fromPins(cluster: Cluster, snapshot: Snapshot, options: OrphanOptions): Found[] {
  return findDeadPins(snapshot).map((pin) => {
    const { move, owner, node, why, tasks, lostSeconds } = pin;
    const settle = async () =>
      (await mayTouch(owner.namespace, options))
        ? unpin(contextOf(cluster, `unpin ${cluster.nowSeconds()}`, options), pin)
        : undefined;
    return { move, need: { kind: 'unpin', node, why, tasks, lostSeconds }, settle };
  });
}

/** Records that nobody can read, on owners that are suspended: they can only be told of. */
function unreadable({ problems }: Snapshot): Found[] {
  return problems.flatMap((problem): Found[] => {
    if (problem.code !== 'recordUnreadable') return [];
    const { owner: object } = problem;
    const why = { code: 'unreadable' } as const;
    const move: OrphanedMove = { kind: 'orphan', id: `unreadable ${object}`, of: 'migration', object };
    const settle = async () => leftByHand(object, why);
    return [{ move, settle }];
  });
}

async function mayTouch(namespace: string, { leases }: OrphanOptions): Promise<boolean> {
  return (await leases?.otherAt(namespace)) === undefined;
}

function contextOf(cluster: Cluster, planId: string, { settings, polling = REAL_CLOCK }: OrphanOptions): StepContext {
  return { cluster, settings, planId, polling, undoing: false, earlier: [] };
}
