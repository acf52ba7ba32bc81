import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { openCluster } from '../cluster/open.ts';
import type { Access, Cluster } from '../cluster/port.ts';
import { errorMessage } from '../core/model/errorMessage.ts';
import { DEFAULT_SETTINGS, type Settings } from '../core/model/settings.ts';
import { PREDICTOR_FILE_NAME } from '../core/model/stateFiles.ts';
import type { ClusterTarget, Plan } from '../core/plan/plan.ts';
import { selectMoves } from '../core/plan/previewPlan.ts';
import { rankAgain } from '../core/plan/rankAgain.ts';
import { describeVerdict } from '../core/predict/card.ts';
import type { Predictor } from '../core/predict/predictor.ts';
import { coalesced } from '../io/coalesce.ts';
import { readPredictor } from '../io/predictors.ts';
import { sha256 } from '../io/sha256.ts';
import {
  type ApplyOutcome,
  applyPlan,
  continueMoves,
  type OperateOptions,
  type Question,
  undoResizes,
} from '../operate/applyPlan.ts';
import { type Journal, openJournal, readOperations, unfinished } from '../operate/journal.ts';
import { openLedger } from '../operate/ledger.ts';
import { PATIENT, RESTLESS } from '../operate/scene.ts';
import type { Step } from '../operate/step.ts';
import { forecastChange, planSituation } from '../planning/plan.ts';
import {
  firstSituation,
  hasOldPast,
  predictRest,
  readSituation,
  type Situation,
  updateSituation,
} from '../planning/situation.ts';
import { type ClusterView, clusterView, KnownRows } from '../rows/clusterView.ts';
import { NOTHING_TOLD, partsTo, type Told } from '../rows/viewParts.ts';
import { doctorText } from '../text/doctor.ts';
import { ledgerText } from '../text/movesDone.ts';
import {
  type Confirmation,
  describeApplyRefused,
  describeProgress,
  describeQuestion,
  describeResult,
  describeStep,
} from '../text/operation.ts';
import { learnOnThread } from '../worker/threads/learning.ts';
import type { Carried, FromPlanner, HistoryFile, IssuedPlan, Opened, ToPlanner, Weighed, WhatIf } from './protocol.ts';

/**
 * The planning thread: the cluster, the last reading of it, and the plans that were issued. One cluster at a time; a new
 * one drops all that belongs to the old.
 */
type Desk = {
  readonly cluster: Cluster;
  readonly target: ClusterTarget;
  readonly directory: string;
  readonly access: Access;
  readonly watching: AbortController;
  readonly plans: Map<string, Plan>;
  /** Tells the trees soon what has changed. */
  readonly changed: () => void;
  /** Predicts soon what has come. */
  readonly owed: () => void;
  /** Reads the past again soon, and predicts everything from it. */
  readonly aged: () => void;
  readonly rows: KnownRows;
  situation?: Situation;
  told: Told;
  /** Ends with all that was begun in turn. */
  turn: Promise<void>;
  renewing?: Promise<void> | undefined;
  /** The plan that was issued last, with what it was made from: what else is asked about it is asked of the same. */
  latest?: { readonly plan: Plan; readonly situation: Situation };
};

/** The trees are not drawn more often, however fast the cluster changes. */
const VIEW_PAUSE_MILLISECONDS = 150;
/** Predictions come behind what is drawn: a replay of the past takes longer than an update. */
const PREDICT_PAUSE_MILLISECONDS = 1000;
/** Reading the past of a large cluster takes seconds, in which changes wait: it has at most a twentieth of the time. */
const RENEW_REST = 19;
/** The rows of a cluster whose tasks take longer to predict are shown without. */
const FIRST_PREDICTIONS_MILLISECONDS = 3000;
/** A quiet cluster is drawn again after this long, since times go on. */
const QUIET_MILLISECONDS = 60_000;
const HANDOVER_MILLISECONDS = 15_000;

/** What is asked of no open cluster, and so waits for none that is being opened. */
const ANY_TIME: ReadonlySet<ToPlanner['type']> = new Set(['connect', 'close', 'settings', 'contexts', 'doctor']);

let desk: Desk | undefined;
let opening: Promise<void> = Promise.resolve();
let following: AbortController | undefined;
let stored: { path: string; changedAt: number; predictor: Predictor } | undefined;
let settings: Settings = DEFAULT_SETTINGS;
const running = new Map<number, AbortController>();
const questions = new Map<number, (yes: boolean) => void>();
/** Parts that were told and not taken yet, oldest first. */
const untaken: ((number: number) => void)[] = [];

parentPort?.on('message', (request: ToPlanner) => void answer(request));

async function answer(request: ToPlanner): Promise<void> {
  const { id } = request;
  if (request.type === 'cancel') return running.get(request.request)?.abort();
  if (request.type === 'taken') return untaken.shift()?.(request.number);
  if (request.type === 'confirmed') return questions.get(id)?.(request.yes);
  const abort = new AbortController();
  running.set(id, abort);
  try {
    say({ type: 'answer', id, result: await carryOut(request, abort.signal) });
  } catch (error) {
    const message = errorMessage(error);
    say({ type: 'failure', id, message, cancelled: abort.signal.aborted });
  } finally {
    running.delete(id);
  }
}

async function carryOut(request: ToPlanner, signal: AbortSignal): Promise<unknown> {
  if (!ANY_TIME.has(request.type)) await opening;
  switch (request.type) {
    case 'connect':
      return opens(connect(request.id, request.target, request.stateDirectory, request.access, signal));
    case 'settings':
      settings = request.settings;
      return undefined;
    case 'refresh': {
      const at = opened();
      return inTurn(at, async () => {
        await look(at, signal);
        await tell(at);
      });
    }
    case 'advance': {
      const { target, directory, access, plans } = opened();
      return opens(connect(request.id, target, directory, access, signal, { advanceSeconds: request.seconds, plans }));
    }
    case 'contexts': {
      const { listContexts } = await import('../cluster/kubernetes/api/kubeconfig.ts');
      return listContexts(request.kubeconfig);
    }
    case 'plan':
      return plan(request.id, opened(), signal);
    case 'rank':
      return rank(request);
    case 'whatIf':
      return whatIf(request, signal);
    case 'apply':
      return apply(request.id, request.planId, request.moveIds, signal);
    case 'continue': {
      const { cluster } = opened();
      const journal = journalOnceFree(opened().directory, signal);
      return operate(request.id, signal, (options) => continueMoves(cluster, options), { journal });
    }
    case 'undo': {
      const { cluster } = opened();
      const confirm = (question: Question) => ask(request.id, describeQuestion(question));
      return operate(request.id, signal, (options) => undoResizes(cluster, { ...options, confirm }));
    }
    case 'train':
      return train(request, signal);
    case 'ledger':
      return ledgerText((await openLedger(opened().directory)).rows());
    case 'doctor':
      return doctor(request.target, request.name, request.access, signal);
    case 'close':
      return close();
    case 'cancel':
    case 'confirmed':
    case 'taken':
      return undefined;
    default:
      return request satisfies never;
  }
}

/** What asks for the open cluster meanwhile finds this one, or none if it cannot be opened. */
function opens(connecting: Promise<Opened>): Promise<Opened> {
  opening = connecting.then(
    () => undefined,
    () => undefined,
  );
  return connecting;
}

async function connect(
  id: number,
  target: ClusterTarget,
  directory: string,
  access: Access,
  signal: AbortSignal,
  again: { readonly advanceSeconds?: number; readonly plans?: Desk['plans'] } = {},
): Promise<Opened> {
  await close();
  if (target.kind === 'kubernetes') await follow(target);
  const { advanceSeconds, plans = new Map() } = again;
  const cluster = await openCluster(target, {
    signal,
    ...access,
    windows: () => settings,
    runsDirectory: directory,
    ...(advanceSeconds !== undefined && { advanceSeconds }),
  });
  if (signal.aborted) {
    await cluster.close();
    signal.throwIfAborted();
  }
  const next: Desk = {
    ...{ cluster, target, directory, access, plans },
    changed: coalesced(() => quietly(() => show(next)), { pauseMilliseconds: VIEW_PAUSE_MILLISECONDS }),
    owed: coalesced(() => quietly(() => predictNew(next)), { pauseMilliseconds: PREDICT_PAUSE_MILLISECONDS }),
    aged: coalesced(() => quietly(() => renew(next)), {
      pauseMilliseconds: PREDICT_PAUSE_MILLISECONDS,
      rest: RENEW_REST,
    }),
    watching: new AbortController(),
    rows: new KnownRows(),
    told: NOTHING_TOLD,
    turn: Promise.resolve(),
  };
  desk = next;
  // watched from the start, so that a large cluster is listed once; shown again only after the first look at it
  cluster.watch(() => next.situation && next.changed(), next.watching.signal);
  say({ type: 'progress', id, text: 'reading the cluster' });
  await inTurn(next, async () => {
    next.situation = await firstSituation(cluster, signal);
    await tell(next);
  });
  await Promise.race([renew(next), sleep(FIRST_PREDICTIONS_MILLISECONDS)]);
  const quiet = target.kind === 'kubernetes' && setInterval(() => next.changed(), QUIET_MILLISECONDS).unref();
  if (quiet) next.watching.signal.addEventListener('abort', () => clearInterval(quiet), { once: true });
  return { underWay: await movesUnderWay(next) };
}

/** Tells of changes of the kubeconfig, so that a mended one is tried at once, until the next cluster is opened. */
async function follow({ kubeconfig }: Extract<ClusterTarget, { kind: 'kubernetes' }>): Promise<void> {
  const [{ kubeconfigFiles }, { followFiles }] = await Promise.all([
    import('../cluster/kubernetes/api/kubeconfig.ts'),
    import('../cluster/kubernetes/api/followFiles.ts'),
  ]);
  following = new AbortController();
  followFiles(kubeconfigFiles(kubeconfig), () => say({ type: 'kubeconfigChanged' }), following.signal);
}

/** Looks at every source of a cluster, whether it is open or could not be opened. */
async function doctor(target: ClusterTarget, name: string, access: Access, signal: AbortSignal): Promise<string> {
  const situation = desk && (await read(desk, signal));
  if (target.kind === 'sample') return doctorText(name, [], situation);
  const { diagnose } = await import('../cluster/kubernetes/diagnose.ts');
  const { kubeconfig, context } = target;
  return doctorText(name, await diagnose({ ...access, kubeconfig, context, signal }), situation);
}

/** The cluster as it is now; undefined when it cannot be read, of which the doctor's findings say why. */
async function read(at: Desk, signal: AbortSignal): Promise<Situation | undefined> {
  try {
    await inTurn(at, () => look(at, signal));
    return at.situation;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function movesUnderWay({ cluster, directory }: Desk): Promise<number> {
  const own = (await readOperations(directory)).filter((operation) => operation.cluster === cluster.name);
  return own.reduce((sum, operation) => sum + unfinished(operation).length, 0);
}

async function close(): Promise<void> {
  const last = desk;
  desk = undefined;
  following?.abort();
  last?.watching.abort();
  await last?.cluster.close();
}

/** One after the other: each finds the situation and what was told as the one before has left it. */
function inTurn(at: Desk, work: () => Promise<void>): Promise<void> {
  const done = at.turn.then(work);
  at.turn = done.catch(() => {});
  return done;
}

/** Reads the cluster anew, and all that belongs to it. */
async function look(at: Desk, signal?: AbortSignal): Promise<void> {
  const predictor = await storedPredictor(at.directory);
  at.situation = await readSituation(at.cluster, at.directory, predictor, signal);
}

/** After a change of the cluster: what it is now, at once; what that means for predictions, soon. */
function show(at: Desk): Promise<void> {
  const { signal } = at.watching;
  return inTurn(at, async () => {
    at.situation = await updateSituation(at.cluster, at.situation!, signal);
    await tell(at);
    if (at.situation.unpredicted.length > 0) at.owed();
    if (hasOldPast(at.situation)) at.aged();
  });
}

/** Predicts the tasks that have come since the past was read, if it has been. */
function predictNew(at: Desk): Promise<void> {
  return inTurn(at, async () => {
    if (!Number.isFinite(at.situation!.past.readAtSeconds)) return;
    at.situation = predictRest(at.situation!);
    await tell(at);
  });
}

/** Reads the past again and predicts everything; the trees are drawn meanwhile. One at a time. */
function renew(at: Desk): Promise<void> {
  at.renewing ??= renewed(at).finally(() => {
    at.renewing = undefined;
  });
  return at.renewing;
}

async function renewed(at: Desk): Promise<void> {
  const { signal } = at.watching;
  const predictor = await storedPredictor(at.directory);
  const whole = await readSituation(at.cluster, at.directory, predictor, signal);
  await inTurn(at, async () => {
    at.situation = await updateSituation(at.cluster, whole, signal);
    await tell(at);
    if (at.situation.unpredicted.length > 0) at.owed();
  });
}

/** The next refresh says what is wrong; a watch only brings news. */
async function quietly(work: () => Promise<void>): Promise<void> {
  await work().catch(() => {});
}

/** Tells the trees what is different from what they were told before. */
function tell(at: Desk): Promise<void> {
  const { snapshot, predictions, predictor: used } = at.situation!;
  const predictor = `${used.name}, from ${used.tasks} finished tasks`;
  return tellView(at, clusterView(snapshot, predictions, settings, predictor, at.rows));
}

/** Each part once the one before it was taken; from the start where that did not fit; none once another cluster is open. */
async function tellView(at: Desk, view: ClusterView): Promise<void> {
  let { number } = at.told;
  for (const part of partsTo(at.told, view)) {
    if (desk !== at) return;
    say({ type: 'part', part });
    number = await new Promise<number>((resolve) => untaken.push(resolve));
    if (number === part.number) continue;
    at.told = NOTHING_TOLD;
    return tellView(at, view);
  }
  at.told = { view, number };
}

async function plan(id: number, at: Desk, signal: AbortSignal): Promise<IssuedPlan> {
  say({ type: 'progress', id, text: 'reading the cluster' });
  await inTurn(at, () => look(at, signal));
  signal.throwIfAborted();
  const onProgress = ({ samples, of }: { samples: number; of: number }) =>
    say({ type: 'progress', id, text: `forecasting: ${samples} of ${of} futures`, fraction: samples / of });
  const situation = at.situation!;
  const made = await planSituation(situation, at.target, settings, at.directory, { signal, onProgress });
  at.plans.set(made.id, made);
  at.latest = { plan: made, situation };
  const moves = made.moves.map((move) => ({ id: move.id, kind: move.kind, taskId: move.task.id }));
  return { id: made.id, json: new TextEncoder().encode(JSON.stringify(made)), moves };
}

function rank({ planId, taskId, weights }: Extract<ToPlanner, { type: 'rank' }>): Weighed {
  const { plan: issued, situation } = latest(planId);
  const { ranked, fitting } = rankAgain(issued, taskId, weights, situation.snapshot, situation.predictions, settings);
  return { planId, taskId, weights, ranked, fitting };
}

async function whatIf(
  { id, planId, change }: Extract<ToPlanner, { type: 'whatIf' }>,
  signal: AbortSignal,
): Promise<WhatIf> {
  const onProgress = ({ samples, of }: { samples: number; of: number }) =>
    say({ type: 'progress', id, text: `forecasting: ${samples} of ${of} futures`, fraction: samples / of });
  const { situation } = latest(planId);
  return { planId, change, forecast: await forecastChange(situation, change, settings, { signal, onProgress }) };
}

/** The issued plan with its situation. */
function latest(planId: string): NonNullable<Desk['latest']> {
  const { latest: issued } = opened();
  if (issued?.plan.id !== planId) throw new Error('There is a newer plan of this cluster. Preview the plan again.');
  return issued;
}

async function apply(id: number, planId: string, moveIds: readonly string[] | undefined, signal: AbortSignal) {
  const at = opened();
  const issued = at.plans.get(planId);
  if (!issued) throw new Error('This plan is not of this window. Preview the plan again, then apply it.');
  const chosen =
    moveIds && moveIds.length < issued.moves.length ? selectMoves(issued, new Set(moveIds), sha256) : issued;
  const confirm = (question: Question) => ask(id, describeQuestion(question));
  const moves = chosen.moves.length;
  return operate(id, signal, (options) => applyPlan(chosen, at.cluster, { ...options, confirm }), { moves });
}

/**
 * Does work that writes, with the journal of the open cluster for as long as it takes; each step is told to the views and
 * as the request's progress.
 * @param known the journal, where it is being opened already, and how many moves the work has
 */
async function operate(
  id: number,
  signal: AbortSignal,
  work: (options: OperateOptions) => Promise<ApplyOutcome>,
  known: { readonly journal?: Promise<Journal>; readonly moves?: number } = {},
): Promise<Carried> {
  const { cluster, directory, target, changed } = opened();
  const journal = await (known.journal ?? openJournal(directory));
  const told = new Set<string>();
  const ended = new Set<string>();
  const onStep = (taken: Step) => {
    const step = describeStep(taken);
    told.add(step.moveId);
    if (step.state === 'done' || step.state === 'failed') ended.add(step.moveId);
    const reached = known.moves ? { fraction: ended.size / known.moves } : {};
    say({ type: 'progress', id, text: describeProgress(step, ended.size, known.moves), ...reached });
    say({ type: 'step', step });
    changed();
  };
  try {
    const patience = target.kind === 'sample' ? RESTLESS : PATIENT;
    const ledger = await openLedger(directory);
    const outcome = await work({ journal, ledger, settings, signal, onStep, patience });
    // A wait of an earlier window that goes on has come to no other state, and is yet to be seen in this one.
    const steps = 'steps' in outcome ? outcome.steps.map(describeStep) : [];
    for (const step of steps) if (step.state === 'waiting' && !told.has(step.moveId)) say({ type: 'step', step });
    return carried(outcome, cluster);
  } finally {
    await journal.close();
  }
}

/** The window before a reload holds the journal until its own thread has ended. */
async function journalOnceFree(directory: string, signal: AbortSignal): Promise<Journal> {
  for (const until = Date.now() + HANDOVER_MILLISECONDS; ; await sleep(500)) {
    try {
      return await openJournal(directory);
    } catch (error) {
      if (signal.aborted || Date.now() > until) throw error;
    }
  }
}

/** What came of an operation; a refusal is an error with its reason. */
function carried(outcome: ApplyOutcome, cluster: Cluster): Carried {
  switch (outcome.kind) {
    case 'declined':
      return { text: '', trouble: false, ended: 0 };
    case 'refused':
      throw new Error(describeApplyRefused(outcome));
    case 'applied':
    case 'waiting': {
      const { done, failed, waiting, untilSeconds } = outcome;
      const now = cluster.nowSeconds();
      return {
        text: describeResult(outcome, now),
        trouble: failed > 0,
        ended: done + failed,
        ...(waiting > 0 && untilSeconds !== undefined && { dueInSeconds: Math.max(0, untilSeconds - now) }),
      };
    }
  }
}

function ask(id: number, preview: Confirmation): Promise<boolean> {
  return new Promise((resolve) => {
    questions.set(id, (yes) => {
      questions.delete(id);
      resolve(yes);
    });
    say({ type: 'confirm', id, preview });
  });
}

function opened(): Desk {
  if (!desk) throw new Error('No cluster is open. Open one from the Stowage view.');
  return desk;
}

function say(message: FromPlanner): void {
  parentPort?.postMessage(message);
}

/** Learns on a thread of its own, from a file or from the open cluster; the predictor is used from the next look on. */
async function train(
  { id, history, out, update, workspace }: Extract<ToPlanner, { type: 'train' }>,
  signal: AbortSignal,
): Promise<string> {
  const onProgress = (fraction: number, text: string) => say({ type: 'progress', id, text, fraction });
  const from = history?.map(historyFile) ?? { tasks: [...(await opened().cluster.readHistory(signal)).tasks] };
  const more = { ...(update && { update: out }), ...(workspace !== undefined && { workspace }) };
  const question = { type: 'train', history: from, seed: 1, out, ...more } as const;
  const { card, scores } = await learnOnThread(question, { signal, onProgress });
  return `Learned from ${card.tasks} finished tasks. ${describeVerdict(scores)}`;
}

function historyFile({ path, columns }: HistoryFile) {
  const map = Object.entries(columns ?? {}).map(([field, column]) => `${field}=${column}`);
  return { path, ...(map.length > 0 && { columns: map.join(',') }) };
}

/** The workspace's predictor; undefined where none was trained. */
async function storedPredictor(directory: string): Promise<Predictor | undefined> {
  const path = join(directory, PREDICTOR_FILE_NAME);
  const changedAt = (await stat(path).catch(() => undefined))?.mtimeMs;
  if (changedAt === undefined) return undefined;
  if (stored?.path !== path || stored.changedAt !== changedAt) {
    stored = { path, changedAt, predictor: await readPredictor(path) };
  }
  return stored.predictor;
}
