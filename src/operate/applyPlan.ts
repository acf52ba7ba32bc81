import type { Cluster, LeaseTaken } from '../cluster/port.ts';
import { type Move, namespaceOf } from '../core/model/moves.ts';
import type { Settings } from '../core/model/settings.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { checkPlan, type Stale } from '../core/plan/checkPlan.ts';
import type { Plan } from '../core/plan/plan.ts';
import { type PlanPreview, previewPlan } from '../core/plan/previewPlan.ts';
import { isFinal, type Journal, type MoveState, type Operation, stateOf, unfinished } from './journal.ts';
import { Leases, type Notice, namespacesOf } from './leases.ts';
import { endedRows, type Ledger, predictedRows, rowsBehind, undoRows } from './ledger.ts';
import { stepMigration } from './migrate.ts';
import { type Orphan, settleOrphans } from './orphans.ts';
import { answered, Patience, silenceOf } from './patience.ts';
import { isUnwritten, Pen } from './pen.ts';
import { stepPlacement } from './place.ts';
import { stepResize } from './resize.ts';
import { StateError } from './stateError.ts';
import { type Awaited, dueSecondsOf, type Phase, phaseOf, type Step } from './step.ts';
import { type Polling, REAL_CLOCK, type StepContext } from './stepContext.ts';
import { isStopped, stoppedBy } from './stopped.ts';
import { inverseOperation } from './undo.ts';

export type OperateOptions = {
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly settings: Settings;
  /** Called whenever a move has reached another state, once that is in the journal. */
  readonly onStep?: (step: Step) => void;
  /** Aborting it ends what can be ended: a move that has stopped a task is brought to its end first. */
  readonly signal?: AbortSignal;
  /** How long steps are followed; default: by a clock that goes by itself. */
  readonly polling?: Polling;
  /** Called with what is told beside the steps. */
  readonly onNotice?: (notice: Notice) => void;
};

export type ApplyOptions = OperateOptions & {
  /** Asks once, with all that is at stake; false: nothing is done. */
  readonly confirm: (question: Question) => Promise<boolean>;
};

/** What is asked before anything is written. */
export type Question =
  | { readonly kind: 'apply'; readonly preview: PlanPreview; readonly moves: readonly Move[] }
  | { readonly kind: 'undo'; readonly cluster: string; readonly moves: readonly Move[] }
  /** Before records of moves that this journal does not know are acted on. */
  | { readonly kind: 'orphans'; readonly cluster: string; readonly orphans: readonly Orphan[] };

/** What came of it. `waiting`: another apply goes on after `untilSeconds`, the earliest of the waits. */
export type ApplyOutcome =
  | {
      readonly kind: 'applied' | 'waiting';
      readonly done: number;
      readonly failed: number;
      readonly waiting: number;
      readonly untilSeconds?: number;
      readonly steps: readonly Step[];
      /** What kept the journal or the ledger from being written; the records on the objects tell of what was begun. */
      readonly unwritten?: unknown;
    }
  | { readonly kind: 'declined' }
  | ApplyRefused;

/** Why a plan is not carried out at all. */
export type ApplyRefused = { readonly kind: 'refused' } & (
  | { readonly code: 'otherCluster'; readonly planned: string; readonly cluster: string }
  | { readonly code: 'complete' | 'nothing' | 'nothingToUndo' }
  /** The task is in an unfinished move of another plan. */
  | { readonly code: 'busy'; readonly task: string }
  /** Another machine carries out moves in the namespace. */
  | ({ readonly code: 'leased' } & LeaseTaken)
  | { readonly code: 'stale'; readonly stale: readonly Stale[] }
);

/**
 * Carries a plan out: preview, one question, check on a fresh snapshot, then move by move, each tried by the server's
 * dry run first. A complete plan is refused; one that was cut off is resumed, without a second question. The only way
 * that anything is written to a cluster, with `continueMoves` and `undoResizes` below.
 * @throws ClusterUnreachable when the cluster does not answer; what was begun is in the journal then
 */
export async function applyPlan(plan: Plan, cluster: Cluster, options: ApplyOptions): Promise<ApplyOutcome> {
  const { journal, ledger, confirm, signal } = options;
  if (plan.snapshot.cluster !== cluster.name) {
    return { kind: 'refused', code: 'otherCluster', planned: plan.snapshot.cluster, cluster: cluster.name };
  }
  const begun = journal.operations().find(({ planId }) => planId === plan.id);
  if (begun) {
    if (unfinished(begun).length === 0) return { kind: 'refused', code: 'complete' };
    return leased([], cluster, options, (patience, held) => carryOut([begun], patience, held));
  }
  if (plan.moves.length === 0) return { kind: 'refused', code: 'nothing' };
  const before = refusalOf(plan, await cluster.readSnapshot(signal), journal);
  if (before) return before;
  if (!(await confirm({ kind: 'apply', preview: previewPlan(plan), moves: plan.moves }))) return { kind: 'declined' };
  return leased(plan.moves, cluster, options, async (patience, held) => {
    const after = refusalOf(plan, await cluster.readSnapshot(signal), journal);
    if (after) return after;
    await ledger.put(predictedRows(plan));
    const operation = await begin(plan, cluster, journal);
    return carryOut([operation], patience, held);
  });
}

/**
 * Work on moves in namespaces in which no other machine carries out any meanwhile. Those that are named have to be ours
 * before it begins; each other is asked for when a move there comes to its next step.
 */
async function leased<Options extends OperateOptions>(
  moves: readonly Move[],
  cluster: Cluster,
  options: Options,
  work: (patience: Patience, options: Options & Leased) => Promise<ApplyOutcome>,
): Promise<ApplyOutcome> {
  const patience = patienceWith(cluster, options);
  const leases = new Leases(patience.cluster, options);
  try {
    const taken = await leases.take(namespacesOf(moves));
    return taken ? { kind: 'refused', code: 'leased', ...taken } : await work(patience, { ...options, leases });
  } finally {
    await leases.release();
  }
}

/**
 * Resumes everything that has not ended: waits that are over and moves that were cut off, from the journal, and, after
 * a question, what other machines left on the cluster's objects.
 */
export async function continueMoves(cluster: Cluster, options: ApplyOptions): Promise<ApplyOutcome> {
  const open = options.journal
    .operations()
    .filter(({ cluster: name, ...rest }) => name === cluster.name && unfinished({ cluster: name, ...rest }).length > 0);
  return leased([], cluster, options, (patience, held) => goOn(open, patience, held));
}

async function goOn(
  open: readonly Operation[],
  patience: Patience,
  options: ApplyOptions & Leased,
): Promise<ApplyOutcome> {
  const { confirm, signal } = options;
  const { cluster } = patience;
  const own = new Set(open.flatMap((operation) => unfinished(operation).map(({ id }) => `${operation.planId} ${id}`)));
  const reached = await carryOut(open, patience, options);
  if (patience.isUsedUp || signal?.aborted || 'unwritten' in reached) return reached;
  const settling = settleOrphans(cluster, own, {
    ...options,
    confirm: (orphans) => confirm({ kind: 'orphans', cluster: cluster.name, orphans }),
  });
  const settled = await settling.catch((error: unknown): Step[] => {
    if (signal?.aborted && reached.steps.length > 0) return []; // cancelled before it began
    throw error;
  });
  return { ...outcomeOf([...reached.steps, ...settled]), ...(await noteEnds(cluster, options)) };
}

/**
 * Tells the ledger which of its moves have ended, where a process ended before it could, and which of their tasks. A
 * cluster that is silent tells the next apply.
 */
async function noteEnds(
  cluster: Cluster,
  { journal, ledger, signal }: OperateOptions,
): Promise<{ readonly unwritten?: unknown }> {
  try {
    await ledger.put(rowsBehind(ledger, journal.operations()));
    const { tasks } = await cluster.readHistory(signal);
    await ledger.put(endedRows(ledger.rows(), cluster.name, tasks));
  } catch (error) {
    if (isUnwritten(error)) return { unwritten: error };
    if (!signal?.aborted && !silenceOf(error)) throw error;
  }
  return {};
}

/** Takes back the resizes that were applied last, each to what the task had before. */
export async function undoResizes(cluster: Cluster, options: ApplyOptions): Promise<ApplyOutcome> {
  const { journal, ledger, confirm } = options;
  const inverse = await inverseOperation(journal.operations(), cluster);
  if (!inverse) return { kind: 'refused', code: 'nothingToUndo' };
  const { moves } = inverse;
  if (!(await confirm({ kind: 'undo', cluster: cluster.name, moves }))) return { kind: 'declined' };
  return leased(moves, cluster, options, async (patience, held) => {
    await ledger.put(undoRows(inverse));
    await journal.append({ type: 'begin', ...inverse });
    return carryOut([operationOf(journal, inverse.planId)], patience, held);
  });
}

function refusalOf(plan: Plan, fresh: Snapshot, journal: Journal): ApplyRefused | undefined {
  const busy = touchedBy(journal, plan);
  if (busy) return { kind: 'refused', code: 'busy', task: busy };
  const check = checkPlan(plan, fresh);
  return check.kind === 'ok' ? undefined : { kind: 'refused', code: 'stale', stale: check.reasons };
}

/** A task or owner of the plan that an unfinished move of another plan is about. */
function touchedBy(journal: Journal, plan: Plan): string | undefined {
  const others = journal
    .operations()
    .filter(({ planId, cluster }) => planId !== plan.id && cluster === plan.snapshot.cluster);
  const taken = new Set(others.flatMap((operation) => unfinished(operation).flatMap(uidsOf)));
  return plan.moves.find((move) => uidsOf(move).some((uid) => taken.has(uid)))?.task.id;
}

function uidsOf(move: Move): string[] {
  return move.kind === 'migration' ? [move.task.uid, move.owner.uid] : [move.task.uid];
}

async function begin(plan: Plan, cluster: Cluster, journal: Journal): Promise<Operation> {
  await journal.append({
    type: 'begin',
    planId: plan.id,
    cluster: cluster.name,
    ...(plan.target && { target: plan.target }),
    atSeconds: cluster.nowSeconds(),
    moves: plan.moves,
  });
  return operationOf(journal, plan.id);
}

function operationOf(journal: Journal, planId: string): Operation {
  const operation = journal.operations().find((each) => each.planId === planId);
  if (!operation) throw new StateError({ code: 'planLost', planId });
  return operation;
}

function patienceWith(cluster: Cluster, { polling = REAL_CLOCK, onNotice }: OperateOptions): Patience {
  return new Patience(cluster, { sleep: polling.sleep, onSilence: (why) => onNotice?.({ code: 'silent', why }) });
}

/**
 * Every unfinished move of the operations, in order, as far as it goes now. Once the cluster is silent, or nothing can
 * be written down any more, no move is begun; those with stopped tasks go on all the same.
 */
async function carryOut(
  operations: readonly Operation[],
  patience: Patience,
  options: OperateOptions & Leased,
): Promise<Extract<ApplyOutcome, { steps: unknown }>> {
  const reached: Step[] = [];
  const pen = new Pen(options);
  for (const operation of operations) {
    const underWay: Move[] = [];
    for (const move of operation.moves) {
      const state = stateOf(operation, move.id);
      const begins = !patience.isUsedUp && !pen.isBroken;
      const goesOn = begins || isStopped(state);
      const step = goesOn ? await carryOn({ operation, move, underWay }, patience, pen, options) : stepOf(move, state);
      reached.push(step);
      if (step.state.kind === 'awaited' || !isFinal(step.state)) underWay.push(move);
    }
  }
  const outcome = outcomeOf(reached);
  return pen.isBroken ? { ...outcome, unwritten: pen.fault } : outcome;
}

/** What is carried out while these are held. */
type Leased = { readonly leases: Leases };

/** A move of an operation, and those moves before it that are not at their end. */
type UnderWay = { readonly operation: Operation; readonly move: Move; readonly underWay: readonly Move[] };

/** One move from where it stands to its end, or to a wait, or until the cluster no longer says what comes of it. */
async function carryOn(
  { operation, move, underWay }: UnderWay,
  patience: Patience,
  pen: Pen,
  { settings, signal, onStep, leases, polling = REAL_CLOCK }: OperateOptions & Leased,
): Promise<Step> {
  const { cluster } = patience;
  const { planId, undoes } = operation;
  const context = { cluster, settings, planId, polling, undoing: undoes !== undefined, earlier: underWay };
  const isEnding = () => signal?.aborted || pen.isBroken;
  let state = awake(stateOf(operation, move.id));
  while (!isFinal(state) && !(isResting(state, cluster.nowSeconds()) && !isEnding())) {
    const ending = isEnding() ? cancelled(state) : undefined;
    if (isEnding() && !ending && isResting(state, cluster.nowSeconds()) && !isStopped(state)) break; // it waits on
    const next = ending ?? (await answered(cluster, stepWhereOurs(leases, context, move, state)));
    if (next.kind === 'awaited') {
      const silent = stepOf(move, state, next);
      onStep?.(silent);
      return silent;
    }
    const atSeconds = cluster.nowSeconds();
    await pen.write(operation, move, next, atSeconds);
    if (pen.isBroken && !isFinal(next) && !isStopped(state) && !isStopped(next)) break; // nobody is stopped
    state = next;
    onStep?.({ move, state });
    if (isEnding() && isResting(state, atSeconds)) break;
  }
  return stepOf(move, state);
}

/** A move and where it stands, with whose tasks that leaves stopped. `told`: what is said in place of its state. */
function stepOf(move: Move, state: MoveState, told: Step['state'] = state): Step {
  const stopped = stoppedBy(move, state);
  return { move, state: told, ...(stopped && { stopped }) };
}

/** The next step, unless another machine is at work in the move's namespace: then it is left to that one. */
async function stepWhereOurs(
  leases: Leases,
  context: StepContext,
  move: Move,
  state: MoveState,
): Promise<MoveState | Awaited> {
  const other = await leases.otherAt(namespaceOf(move));
  if (!other) return step(context, move, state);
  return { kind: 'awaited', reason: { code: 'otherMachine', ...other } };
}

function step(context: StepContext, move: Move, state: MoveState): Promise<MoveState> {
  switch (move.kind) {
    case 'placement':
      return stepPlacement(context, move, state);
    case 'resize':
      return stepResize(context, move, state);
    case 'migration':
      return stepMigration(context, move, state);
  }
}

/** A task that is stopped is looked after at once by whoever comes, though its wait is not over. */
function awake(state: MoveState): MoveState {
  return state.kind === 'stopped' || state.kind === 'resuming' ? { ...state, dueSeconds: 0 } : state;
}

function isResting(state: MoveState, nowSeconds: number): boolean {
  return 'dueSeconds' in state && state.dueSeconds !== undefined && state.dueSeconds > nowSeconds;
}

/**
 * What becomes of a cancelled move: it does not begin, is taken back, or its stopped tasks are resumed; else it goes
 * on.
 */
function cancelled(state: MoveState): MoveState | undefined {
  switch (state.kind) {
    case 'planned':
    case 'waiting':
      return { kind: 'cancelled' };
    case 'granting': {
      const { dueSeconds, resized } = state;
      if (dueSeconds === undefined) return undefined;
      return { kind: 'reverting', reason: { code: 'cancelled' }, ...(resized && { resized }) };
    }
    case 'stopped':
      return { kind: 'resuming', saved: state.saved, pin: { kind: 'none' }, givenUp: { code: 'cancelled' } };
    default:
      return undefined;
  }
}

function outcomeOf(steps: readonly Step[]): Extract<ApplyOutcome, { steps: unknown }> {
  const count = (...phases: readonly Phase[]) => steps.filter((step) => phases.includes(phaseOf(step))).length;
  const waiting = count('waiting', 'running');
  const dues = steps.map(dueSecondsOf).filter((due) => due !== undefined);
  return {
    kind: waiting > 0 ? 'waiting' : 'applied',
    done: count('done'),
    failed: count('failed'),
    waiting,
    ...(dues.length > 0 && { untilSeconds: Math.min(...dues) }),
    steps,
  };
}
