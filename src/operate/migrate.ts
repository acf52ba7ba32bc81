import type { ActResult, OwnerState, Pin } from '../cluster/port.ts';
import type { Migration, OwnerRef } from '../core/model/moves.ts';
import { type Resources, sameResources } from '../core/model/resources.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { Task } from '../core/model/task.ts';
import type { Written } from '../core/model/written.ts';
import { clusterCapacity, withTask } from '../core/place/capacity.ts';
import { nodeFilter, type Refusal } from '../core/place/filter.ts';
import type { MoveState, SavedRun, Wait } from './journal.ts';
import { ownerName, type Reason } from './reasons.ts';
import { act, checkMove, poll, RESUME_RETRY_SECONDS, recordOf, type StepContext } from './stepContext.ts';

/**
 * S410: saves the run information, stops the owner with a record on it, and resumes it on the target. The target is
 * checked before the end, when the wait costs nothing, and again after it; when the wait for it is over, or a task does
 * not start on the target, the owner is resumed where its tasks fit. No way out of here leaves it suspended.
 * One step: what comes next.
 */
export async function stepMigration(context: StepContext, move: Migration, state: MoveState): Promise<MoveState> {
  switch (state.kind) {
    case 'suspending':
      return suspend(context, move, state.saved, state.givenUp);
    case 'stopping':
      return awaitStop(context, move, state.saved, state.givenUp);
    case 'stopped':
      return checkTarget(context, move, state.saved, state);
    case 'resuming':
      return resume(context, move, state.saved, state.pin, state.givenUp);
    case 'starting':
      return awaitStart(context, move, state.saved, state.pin, state.givenUp);
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
  const owner = givenUp === undefined ? move.owner : await present(context, move.owner);
  if (!owner) return ended(move);
  const result = await act(context, (options) => cluster.suspend(owner, record, options));
  if (result.kind === 'done') return { kind: 'stopping', saved, ...(givenUp !== undefined && { givenUp }) };
  if (givenUp === undefined) return { kind: 'failed', reason: { code: 'refused', refused: result } };
  return { kind: 'failed', reason: givenUp, ending: { code: 'queued', task: move.task.id, refused: result } };
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
    return !found.suspended || found.finished || found.active + found.terminating === 0 ? found : undefined;
  });
  if (owner === 'gone' || owner?.finished) return ended(move);
  if (owner && !owner.suspended) return startedElsewhere(move, saved);
  if (givenUp !== undefined) return { kind: 'resuming', saved, pin: { kind: 'none' }, givenUp };
  return checkTarget(context, move, saved, undefined);
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
 * The target again, now that the task is gone from its old node; while it is full the task waits, up to
 * `migrationGiveUpSeconds` in all.
 */
async function checkTarget(
  context: StepContext,
  { to }: Migration,
  saved: SavedRun,
  waited: Wait | undefined,
): Promise<MoveState> {
  const { settings, cluster } = context;
  const refusal = targetRefusal(await context.cluster.readSnapshot(), to, saved.tasks);
  if (!refusal) return { kind: 'resuming', saved, pin: { kind: 'required', node: to } };
  const now = cluster.nowSeconds();
  const sinceSeconds = waited?.sinceSeconds ?? now;
  const endSeconds = sinceSeconds + settings.migrationGiveUpSeconds;
  const reason: Reason =
    refusal === 'gone' ? { code: 'nodeGone', node: to } : { code: 'nodeRefuses', node: to, refusal };
  const mayPass = refusal !== 'gone' && (refusal.code === 'resource' || refusal.code === 'gpuShare');
  if (!mayPass) return { kind: 'resuming', saved, pin: { kind: 'none' }, givenUp: reason };
  if (now >= endSeconds) return { kind: 'resuming', saved, pin: { kind: 'preferred', node: to }, givenUp: reason };
  return {
    kind: 'stopped',
    saved,
    sinceSeconds,
    dueSeconds: Math.min(now + retrySeconds(context), endSeconds),
    reason,
  };
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

/** Tried until it is done: nothing here may end with a suspended owner. */
async function resume(
  context: StepContext,
  move: Migration,
  saved: SavedRun,
  pin: Pin,
  givenUp?: Written<Reason>,
): Promise<MoveState> {
  const { cluster } = context;
  const because = givenUp !== undefined ? { givenUp } : {};
  const { allocation } = saved;
  const result = await act(context, (options) =>
    cluster.resume(move.owner, pin, { ...options, ...(allocation && { allocation }) }),
  );
  if (result.kind === 'done') return { kind: 'starting', saved, pin, ...because };
  const owner = await cluster.readOwner(move.owner);
  if (!owner || owner.finished) return ended(move);
  if (!owner.suspended) return startedElsewhere(move, saved);
  if (pin.kind !== 'none' && !isPassing(result)) {
    return { kind: 'resuming', saved, pin: { kind: 'none' }, givenUp: { code: 'refused', refused: result } };
  }
  return { kind: 'resuming', saved, pin, ...because, dueSeconds: cluster.nowSeconds() + RESUME_RETRY_SECONDS };
}

function isPassing(result: ActResult): boolean {
  return result.kind === 'refused' && (result.code === 'conflict' || result.code === 'forbidden');
}

/** Until all its tasks run. An owner that a full target keeps waiting is stopped and resumed without a pin. */
async function awaitStart(
  context: StepContext,
  move: Migration,
  saved: SavedRun,
  pin: Pin,
  givenUp?: Written<Reason>,
): Promise<MoveState> {
  const { cluster, polling } = context;
  let last: OwnerState | undefined;
  const outcome = await poll(context, polling.attempts, async (): Promise<MoveState | undefined> => {
    last = await cluster.readOwner(move.owner);
    if (!last || last.finished) return ended(move);
    const tasks = livingTasks(last);
    if (last.suspended || tasks.length === 0 || tasks.some(({ phase, node }) => phase === 'pending' || !node))
      return undefined;
    return started(move, tasks, givenUp);
  });
  if (outcome) return outcome;
  if (last?.suspended) {
    const again: Reason = { code: 'suspendedAgain', owner: ownerName(move.owner) };
    return { kind: 'resuming', saved, pin: { kind: 'none' }, givenUp: again };
  }
  const tasks = livingTasks(last!);
  const unbound = tasks.filter(({ node }) => node === undefined).length;
  if (unbound === 0 && tasks.length > 0) return started(move, tasks, givenUp);
  const reason: Reason = { code: 'notTaken', node: move.to, ...(unbound > 0 && { tasks: unbound }) };
  if (pin.kind === 'required') return { kind: 'suspending', saved, givenUp: reason };
  return { kind: 'failed', reason: givenUp ?? reason, ending: { code: 'queued', task: move.task.id } };
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

/** The owner with its generation of now; undefined when it is gone or finished. */
async function present({ cluster }: StepContext, owner: OwnerRef): Promise<OwnerRef | undefined> {
  const found = await cluster.readOwner(owner);
  return found && !found.finished ? { ...owner, generation: found.generation } : undefined;
}
