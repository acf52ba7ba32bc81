import { type ActResult, type OwnerState, type Pin, sameMove } from '../cluster/port.ts';
import type { Migration } from '../core/model/moves.ts';
import { type Resources, sameResources } from '../core/model/resources.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { Task } from '../core/model/task.ts';
import type { Written } from '../core/model/written.ts';
import { clusterCapacity, withTask } from '../core/place/capacity.ts';
import { nodeFilter, type Refusal } from '../core/place/filter.ts';
import { isFinal, type MoveState, type SavedRun, type Wait } from './journal.ts';
import { ownerName, type Reason } from './reasons.ts';
import { act, checkMove, nameOf, poll, RESUME_RETRY_SECONDS, recordOf, type StepContext } from './stepContext.ts';

/**
 * S410: saves the run information, stops the owner with a record on it, and resumes it on the target. The target is
 * checked before the end, when a wait costs nothing; if it is full once the tasks have stopped, or a task does not
 * start there, the owner is resumed where its tasks fit. No way out of here leaves it suspended, unless somebody else has
 * suspended it since, and none leaves our record on it.
 * One step: what comes next.
 */
export async function stepMigration(context: StepContext, move: Migration, state: MoveState): Promise<MoveState> {
  const next = await nextState(context, move, state);
  if (isFinal(next) && 'saved' in state) {
    await context.cluster.release(move.owner, nameOf(context, move), { dryRun: false });
  }
  return next;
}

async function nextState(context: StepContext, move: Migration, state: MoveState): Promise<MoveState> {
  switch (state.kind) {
    case 'suspending':
      return suspend(context, move, state.saved, state.givenUp);
    case 'stopping':
      return awaitStop(context, move, state.saved, state.givenUp);
    case 'stopped':
      return checkTarget(context, move, state.saved);
    case 'resuming':
      return resume(context, move, state);
    case 'starting':
      return awaitStart(context, move, state);
    default:
      return begin(context, move, state.kind === 'waiting' ? state : undefined);
  }
}

async function begin(context: StepContext, move: Migration, waited: Wait | undefined): Promise<MoveState> {
  const { cluster, settings } = context;
  const check = await checkMove(context, move);
  if (check.kind === 'stale') return { kind: 'failed', reason: { code: 'stale', stale: check.reasons } };
  if (check.kind === 'ok') return { kind: 'suspending', saved: savedRun(move, check.snapshot) };
  const now = cluster.nowSeconds();
  const sinceSeconds = waited?.sinceSeconds ?? now;
  const endSeconds = sinceSeconds + settings.migrationGiveUpSeconds;
  const reason: Reason = { code: 'short', short: check.short };
  if (now >= endSeconds) {
    const waitedSeconds = now - sinceSeconds;
    return { kind: 'failed', reason, ending: { code: 'gaveUp', limit: 'migrationGiveUpSeconds', waitedSeconds } };
  }
  const dueSeconds = Math.min(now + retrySeconds(context), endSeconds);
  return { kind: 'waiting', wait: 'target', sinceSeconds, dueSeconds, reason };
}

/** At least the target's turnover. */
function retrySeconds({ settings: { migrationRetrySeconds, turnoverSeconds } }: StepContext): number {
  return Math.max(migrationRetrySeconds, turnoverSeconds ?? 0);
}

/** The run information as of now, and what the tasks will ask for; saved before anything is stopped. */
function savedRun({ task, others = [], run }: Migration, { tasks, takenAtSeconds }: Snapshot): SavedRun {
  const ids = new Set([task, ...others].map(({ id }) => id));
  const own = tasks.filter(({ id }) => ids.has(id));
  const startedAt = own.find(({ id }) => id === task.id)?.startedAtSeconds;
  const elapsedSeconds = startedAt === undefined ? run.elapsedSeconds : Math.max(0, takenAtSeconds - startedAt);
  const passed = elapsedSeconds - run.elapsedSeconds;
  const allocation = resizedTo(own);
  return {
    run: { ...run, elapsedSeconds, remainingSeconds: Math.max(0, run.remainingSeconds - passed) },
    ...(allocation && { allocation }),
    tasks: own.map(({ node: _, gpuIndex: __, ...rest }) => ({
      ...rest,
      allocation: allocation ?? rest.request,
      desired: allocation ?? rest.request,
    })),
  };
}

/** What each of an owner's tasks holds, where that is the same for all and not what its owner asks for. */
function resizedTo(tasks: readonly Task[]): Resources | undefined {
  const [first] = tasks;
  if (!first || sameResources(first.allocation, first.request)) return undefined;
  const alike = tasks.every(({ allocation }) => sameResources(allocation, first.allocation));
  return alike ? first.allocation : undefined;
}

async function suspend(
  context: StepContext,
  move: Migration,
  saved: SavedRun,
  givenUp?: Written<Reason>,
): Promise<MoveState> {
  const { cluster } = context;
  const { run, allocation } = saved;
  const record = { ...recordOf(context, move), run, ...(allocation && { allocation }) };
  let { owner } = move;
  if (givenUp !== undefined) {
    const found = await cluster.readOwner(owner);
    if (!found || found.finished) return ended(move);
    if (!found.suspended && found.record && sameMove(found.record, record)) return startedElsewhere(move, saved);
    owner = { ...owner, generation: found.generation };
  }
  const result = await act(context, (options) => cluster.suspend(owner, record, options));
  if (result.kind === 'done') {
    const stopped = { ...saved, generation: result.generation, stoppedAtSeconds: cluster.nowSeconds() };
    return { kind: 'stopping', saved: stopped, ...(givenUp !== undefined && { givenUp }) };
  }
  if (givenUp === undefined) {
    return (await movedAlready(context, move)) ?? { kind: 'failed', reason: { code: 'refused', refused: result } };
  }
  return { kind: 'failed', reason: givenUp, ending: { code: 'queued', refused: result } };
}

/** Done, where the owner runs on the target: it went there, and what could not be written down was what we did. */
async function movedAlready({ cluster }: StepContext, move: Migration): Promise<MoveState | undefined> {
  const found = await cluster.readOwner(move.owner);
  const tasks = found && !found.suspended ? livingTasks(found) : [];
  const isThere = tasks.length > 0 && tasks.every(({ phase, node }) => phase === 'running' && node === move.to);
  return isThere ? started(move, tasks, undefined) : undefined;
}

/** Until no task of the owner is left: only then is the old process gone, and what it held free. */
async function awaitStop(
  context: StepContext,
  move: Migration,
  saved: SavedRun,
  givenUp?: Written<Reason>,
): Promise<MoveState> {
  const { cluster, polling } = context;
  const owner = await poll(context, polling.stopAttempts, async () => {
    const found = await cluster.readOwner(move.owner);
    if (!found) return 'gone';
    const stops = isOurs(context, move, saved, found) && !found.finished && found.active + found.terminating > 0;
    return stops ? undefined : found;
  });
  if (owner === 'gone' || owner?.finished) return ended(move);
  if (owner && !isOurs(context, move, saved, owner)) return takenOver(move, saved, owner);
  if (givenUp !== undefined) return { kind: 'resuming', saved, pin: { kind: 'none' }, givenUp };
  return checkTarget(context, move, saved);
}

/**
 * Whether an owner is stopped by this move, and nobody has resumed it since. Its generation says so; where others have
 * changed something else of it meanwhile, the cluster says who has set its suspension.
 */
function isOurs(context: StepContext, move: Migration, { generation: left }: SavedRun, owner: OwnerState): boolean {
  const { suspended, suspensionKept, generation, record } = owner;
  if (!suspended || (record && !sameMove(record, nameOf(context, move)))) return false;
  return suspensionKept === true || [left, record?.generation].includes(generation);
}

/** Somebody else has resumed the owner, and perhaps suspended it again: that is theirs to end. */
function takenOver(move: Migration, saved: SavedRun, { suspended }: OwnerState): MoveState {
  if (!suspended) return startedElsewhere(move, saved);
  return { kind: 'failed', reason: { code: 'suspendedAgain', owner: ownerName(move.owner) } };
}

/** Somebody resumed it first (its user, or a process that found our record): it is only followed. */
function startedElsewhere({ owner }: Migration, saved: SavedRun): MoveState {
  return {
    kind: 'starting',
    saved,
    pin: { kind: 'none' },
    givenUp: { code: 'resumedByOther', owner: ownerName(owner) },
  };
}

/**
 * The target again, now that the task is gone from its old node. Nothing holds what was free there for it, and a task
 * that is stopped wins nothing by a wait: where the target is full it is resumed at once, drawn to it.
 */
async function checkTarget({ cluster }: StepContext, { to }: Migration, saved: SavedRun): Promise<MoveState> {
  const refusal = targetRefusal(await cluster.readSnapshot(), to, saved.tasks);
  if (!refusal) return { kind: 'resuming', saved, pin: { kind: 'required', node: to } };
  if (refusal === 'gone')
    return { kind: 'resuming', saved, pin: { kind: 'none' }, givenUp: { code: 'nodeGone', node: to } };
  const isFull = refusal.code === 'resource' || refusal.code === 'gpuShare';
  const pin: Pin = isFull ? { kind: 'preferred', node: to } : { kind: 'none' };
  return { kind: 'resuming', saved, pin, givenUp: { code: 'nodeRefuses', node: to, refusal } };
}

/** Why the node cannot take all of the tasks now; undefined when it can. */
function targetRefusal(snapshot: Snapshot, to: string, tasks: readonly Task[]): Refusal | 'gone' | undefined {
  let capacity = clusterCapacity(snapshot);
  const index = capacity.indexOf.get(to);
  if (index === undefined) return 'gone';
  for (const task of tasks) {
    const refusal = nodeFilter(task, capacity)(capacity.nodes[index]!);
    if (refusal) return refusal;
    capacity = withTask(capacity, task, to);
  }
  return undefined;
}

/** Tried until it is done: nothing here may end with an owner that we have suspended. */
async function resume(context: StepContext, move: Migration, state: StateOf<'resuming'>): Promise<MoveState> {
  const { cluster, polling } = context;
  const { saved, pin, givenUp } = state;
  const because = givenUp !== undefined ? { givenUp } : {};
  const { allocation } = saved;
  let reason: Reason | undefined;
  const next = await poll(context, polling.attempts, async (): Promise<MoveState | undefined> => {
    const owner = await cluster.readOwner(move.owner);
    if (!owner || owner.finished) return ended(move);
    // Whoever resumes takes the record off; a user by hand does not.
    if (!owner.suspended && !owner.record) return { kind: 'starting', saved, pin, ...because };
    if (!isOurs(context, move, saved, owner)) return takenOver(move, saved, owner);
    const { generation } = owner;
    const result = await act(context, (options) =>
      cluster.resume(move.owner, pin, { ...options, generation, ...(allocation && { allocation }) }),
    );
    if (result.kind === 'done') return { kind: 'starting', saved, pin, ...because };
    reason = { code: 'refused', refused: result };
    if (isPassing(result)) return undefined;
    const dueSeconds = cluster.nowSeconds() + RESUME_RETRY_SECONDS;
    if (pin.kind === 'none') return { kind: 'resuming', saved, pin, ...because, dueSeconds, reason };
    return { kind: 'resuming', saved, pin: { kind: 'none' }, givenUp: reason };
  });
  const dueSeconds = cluster.nowSeconds() + RESUME_RETRY_SECONDS;
  return next ?? { kind: 'resuming', saved, pin, ...because, dueSeconds, ...(reason && { reason }) };
}

type StateOf<Kind extends MoveState['kind']> = Extract<MoveState, { kind: Kind }>;

function isPassing(result: ActResult): boolean {
  return result.kind === 'refused' && (result.code === 'conflict' || result.code === 'forbidden');
}

/** Until all its tasks run. An owner that a full target keeps waiting is stopped and resumed without a pin. */
async function awaitStart(context: StepContext, move: Migration, state: StateOf<'starting'>): Promise<MoveState> {
  const { cluster, polling } = context;
  const { saved, pin, givenUp } = state;
  let last: OwnerState | undefined;
  const outcome = await poll(context, polling.attempts, async (): Promise<MoveState | undefined> => {
    last = await cluster.readOwner(move.owner);
    if (!last || last.finished) return ended(move);
    if (last.suspended) return suspendedAgain(context, move, saved, last);
    const tasks = livingTasks(last);
    if (tasks.length === 0 || tasks.some(({ phase, node }) => phase === 'pending' || !node)) return undefined;
    return started(move, tasks, givenUp);
  });
  if (outcome) return outcome;
  const tasks = livingTasks(last!);
  const unbound = tasks.filter(({ node }) => node === undefined).length;
  if (unbound === 0 && tasks.length > 0) return started(move, tasks, givenUp);
  const reason: Reason = { code: 'notTaken', node: move.to, ...(unbound > 0 && { tasks: unbound }) };
  if (pin.kind === 'required') return { kind: 'suspending', saved, givenUp: reason };
  return { kind: 'failed', reason: givenUp ?? reason, ending: { code: 'queued' } };
}

/** By this very move, carried out elsewhere, it is resumed; by anybody else it stays suspended. */
function suspendedAgain(context: StepContext, move: Migration, saved: SavedRun, owner: OwnerState): MoveState {
  if (!isOurs(context, move, saved, owner)) return takenOver(move, saved, owner);
  const givenUp: Reason = { code: 'suspendedAgain', owner: ownerName(move.owner) };
  return { kind: 'resuming', saved, pin: { kind: 'none' }, givenUp };
}

function livingTasks({ tasks }: OwnerState): OwnerState['tasks'] {
  return tasks.filter(({ phase }) => phase === 'pending' || phase === 'running');
}

function started(move: Migration, tasks: OwnerState['tasks'], givenUp: Written<Reason> | undefined): MoveState {
  const nodes = [...new Set(tasks.map(({ node }) => node!))].sort();
  const runs = { code: 'ownerRuns', owner: ownerName(move.owner), nodes } as const;
  if (nodes.length === 1 && nodes[0] === move.to) return { kind: 'done', outcome: runs };
  const reason = givenUp ?? { code: 'notKept', node: move.to };
  return { kind: 'failed', reason, ending: { ...runs, wanted: move.to } };
}

function ended({ owner }: Migration): MoveState {
  return { kind: 'done', outcome: { code: 'ownerEnded', owner: ownerName(owner) } };
}
