import { setTimeout as sleep } from 'node:timers/promises';
import { openCluster } from '../cluster/open.ts';
import type { Cluster } from '../cluster/port.ts';
import { plainValue } from '../core/model/plain.ts';
import type { Settings } from '../core/model/settings.ts';
import type { Plan } from '../core/plan/plan.ts';
import { rankAgain } from '../core/plan/rankAgain.ts';
import { coalesced } from '../io/coalesce.ts';
import { Predictors } from '../io/predictors.ts';
import { openLedger, withEnds } from '../operate/ledger.ts';
import { forecastChange, type PlanOptions, planSituation } from '../planning/plan.ts';
import {
  firstSituation,
  hasOldPast,
  predictRest,
  readSituation,
  type Situation,
  updateSituation,
} from '../planning/situation.ts';
import { clusterView, KnownRows } from '../rows/clusterView.ts';
import { outlookOf } from '../rows/outlook.ts';
import { describeSampling } from '../text/forecast.ts';
import { movesDoneText, runningNow } from '../text/movesDone.ts';
import { describeImportQuestion, describePredictor } from '../text/prediction.ts';
import { CONNECTING, NEWER_PLAN, PLAN_OF_ELSEWHERE, READING } from '../text/session.ts';
import { type Call, type EditorThread, ViewSender } from './editorThread.ts';
import type { ConnectOptions, IssuedPlan, PredictorOffer, Requests, Weighed, WhatIf } from './protocol.ts';

/** The trees are not drawn more often, however fast the cluster changes. */
const UPDATE_PAUSE_MILLISECONDS = 150;
/** Predictions come after the rows: replaying the past takes longer than an update. */
const PREDICT_PAUSE_MILLISECONDS = 1000;
/**
 * A reading of the past of a large cluster takes seconds, in which changes wait. After it comes a pause of so many
 * times its length, so that it has at most a twentieth of the time.
 */
const RELOAD_REST = 19;
/** The rows of a cluster whose tasks take longer to predict are shown without predictions first. */
const FIRST_PREDICTIONS_MILLISECONDS = 3000;
/** A quiet cluster is drawn again after this long, since times go on. */
const QUIET_MILLISECONDS = 60_000;

/** What an open cluster keeps when it is opened again. */
type Kept = { readonly plans: Map<string, Plan>; readonly predictors: Predictors };

/** The open cluster: its last situation, which the editor's view follows, and the plans that were issued. */
export class OpenCluster {
  readonly options: ConnectOptions;
  readonly cluster: Cluster;
  readonly kept: Kept;
  /** The method's settings; they may change while the cluster is open. */
  settings: Settings;
  private situation: Situation;
  /** The plan that was issued last, with its situation: later questions about the plan are answered from the same. */
  private issued: { readonly plan: Plan; readonly situation: Situation } | undefined;
  private readonly rows = new KnownRows();
  private readonly view: ViewSender;
  private readonly closing: AbortController;
  /** Settles when the last work on the situation has ended; each begins after the one before. */
  private lastWork: Promise<void> = Promise.resolve();
  private reloading: Promise<void> | undefined;

  /**
   * Opens a cluster, and sends the editor its rows; their predictions, too, unless they take long.
   * @param kept of the cluster that was open, when it is opened again
   * @throws InputError, ClusterUnreachable; the signal's reason when the call is cancelled
   */
  static async open(
    options: ConnectOptions & { readonly advanceSeconds?: number },
    { signal, onProgress }: Pick<Call, 'signal' | 'onProgress'>,
    editor: EditorThread,
    kept?: Kept,
  ): Promise<OpenCluster> {
    const { target, stateDirectory, access, settings, advanceSeconds } = options;
    let open: OpenCluster | undefined;
    onProgress(CONNECTING);
    const cluster = await openCluster(target, {
      signal,
      ...access,
      windows: () => open?.settings ?? settings,
      runsDirectory: stateDirectory,
      ...(advanceSeconds !== undefined && { advanceSeconds }),
    });
    const closing = new AbortController();
    const cancel = () => closing.abort(signal.reason);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      signal.throwIfAborted();
      onProgress(READING);
      // Watched before the first reading, so that a large cluster is listed once.
      cluster.watch(() => open?.requestUpdate(), closing.signal);
      const situation = await firstSituation(cluster, closing.signal);
      const plain = { target, stateDirectory, access, settings };
      open = new OpenCluster(plain, cluster, situation, { editor, closing, kept });
      await open.show();
      return open;
    } catch (error) {
      closing.abort();
      await cluster.close();
      throw error;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  private constructor(
    options: ConnectOptions,
    cluster: Cluster,
    situation: Situation,
    { editor, closing, kept }: { editor: EditorThread; closing: AbortController; kept: Kept | undefined },
  ) {
    this.options = options;
    this.cluster = cluster;
    this.settings = options.settings;
    this.situation = situation;
    this.kept = kept ?? { plans: new Map(), predictors: new Predictors(options.stateDirectory, cluster.identity) };
    this.view = new ViewSender(editor, closing.signal);
    this.closing = closing;
  }

  /** Reads the cluster again, with all that belongs to it, and shows it. */
  refresh(signal: AbortSignal): Promise<void> {
    return this.inTurn(async () => {
      this.situation = await this.read(signal);
      await this.sendView();
    });
  }

  /** The situation, read again. */
  async readAgain(signal: AbortSignal): Promise<Situation> {
    await this.inTurn(async () => {
      this.situation = await this.read(signal);
    });
    return this.situation;
  }

  /** Plans the cluster as it is now; the plan can be applied as long as the cluster is open. */
  async plan({ signal, onProgress }: Call): Promise<IssuedPlan> {
    onProgress(READING);
    const situation = await this.readAgain(signal);
    signal.throwIfAborted();
    const { target, stateDirectory } = this.options;
    const options = { signal, onProgress: forecastProgress(onProgress) };
    const plan = await planSituation(situation, target, this.settings, stateDirectory, options);
    this.kept.plans.set(plan.id, plan);
    this.issued = { plan, situation };
    await this.expect(outlookOf(plan));
    const moves = plan.moves.map(({ id, kind, task }) => ({ id, kind, taskId: task.id }));
    return { id: plan.id, json: new TextEncoder().encode(JSON.stringify(plainValue(plan))), moves };
  }

  /** Shows what a plan says of pending tasks with their rows; an empty map: nothing any more. */
  expect(outlooks: ReturnType<typeof outlookOf>): Promise<void> {
    this.rows.expect(outlooks);
    return this.inTurn(() => this.sendView());
  }

  /** The import that nobody has said yet whether this cluster is to use it. */
  async offer(): Promise<PredictorOffer | undefined> {
    const { cluster, kept } = this;
    const found = await kept.predictors.unanswered();
    if (!found) return undefined;
    const hasOwn = (await kept.predictors.own()) !== undefined;
    const { file, digest, predictor } = found;
    return {
      cluster: cluster.identity.key,
      file,
      digest,
      question: describeImportQuestion(predictor.card, cluster.identity, hasOwn),
    };
  }

  /** Keeps whether the cluster is to use an import, and uses it at once. An answer about another cluster comes too late. */
  async answerOffer({ offer, use }: Requests['answerOffer'], signal: AbortSignal): Promise<void> {
    if (offer.cluster !== this.cluster.identity.key) return;
    await this.kept.predictors.answer(offer, use);
    if (use) await this.refresh(signal);
  }

  /** A plan that was issued while the cluster is open. @throws Error for any other */
  planOf(planId: string): Plan {
    const plan = this.kept.plans.get(planId);
    if (plan) return plan;
    throw new Error(PLAN_OF_ELSEWHERE);
  }

  /** Ranks a pending task of the last plan by other weights. */
  rank({ planId, taskId, weights }: Requests['rank']): Weighed {
    const { plan, situation } = this.lastIssued(planId);
    const { ranked, fitting } = rankAgain(plan, taskId, weights, { ...situation, settings: this.settings });
    return { planId, taskId, weights, ranked, fitting };
  }

  /** Forecasts the last plan's cluster with a change of its nodes. */
  async whatIf({ planId, change }: Requests['whatIf'], { signal, onProgress }: Call): Promise<WhatIf> {
    const { situation } = this.lastIssued(planId);
    const options = { signal, onProgress: forecastProgress(onProgress) };
    return { planId, change, forecast: await forecastChange(situation, change, this.settings, options) };
  }

  /** The moves done, as Markdown, with what is known now of their tasks. */
  async movesDone(): Promise<string> {
    const ledger = await openLedger(this.options.stateDirectory);
    const { snapshot, history } = this.situation;
    return movesDoneText(withEnds(ledger.rows(), snapshot.cluster, history), runningNow(snapshot));
  }

  /** Shows soon what has changed. */
  readonly requestUpdate = coalesced(() => this.inBackground(() => this.update()), {
    pauseMilliseconds: UPDATE_PAUSE_MILLISECONDS,
  });

  async close(): Promise<void> {
    this.closing.abort();
    await this.cluster.close();
  }

  /** Predicts soon the tasks that have come. */
  private readonly requestPrediction = coalesced(() => this.inBackground(() => this.predictRest()), {
    pauseMilliseconds: PREDICT_PAUSE_MILLISECONDS,
  });

  /** Reads the past again soon, and predicts everything from it. */
  private readonly requestReload = coalesced(() => this.inBackground(() => this.reload()), {
    pauseMilliseconds: PREDICT_PAUSE_MILLISECONDS,
    rest: RELOAD_REST,
  });

  /** Shows the cluster for the first time, and again whenever it changes. Fails where its past cannot be read at once. */
  private async show(): Promise<void> {
    await this.inTurn(() => this.sendView());
    const predicted = this.reload();
    predicted.catch(() => {}); // where it takes longer nobody waits for it any more
    await Promise.race([predicted, sleep(FIRST_PREDICTIONS_MILLISECONDS)]);
    if (this.options.target.kind !== 'kubernetes') return;
    const quiet = setInterval(this.requestUpdate, QUIET_MILLISECONDS).unref();
    this.closing.signal.addEventListener('abort', () => clearInterval(quiet), { once: true });
  }

  /** What the cluster is now, at once; what that means for predictions, soon. */
  private update(): Promise<void> {
    return this.inTurn(async () => {
      this.situation = await updateSituation(this.cluster, this.situation, this.closing.signal);
      await this.sendView();
      if (this.situation.unpredicted.length > 0) this.requestPrediction();
      if (hasOldPast(this.situation)) this.requestReload();
    });
  }

  /** Predicts the tasks that have come since the past was read, if it has been. */
  private predictRest(): Promise<void> {
    return this.inTurn(async () => {
      if (!Number.isFinite(this.situation.past.readAtSeconds)) return;
      this.situation = predictRest(this.situation);
      await this.sendView();
    });
  }

  /** Reads the past again and predicts everything, while updates go on. One at a time. */
  private reload(): Promise<void> {
    this.reloading ??= this.reloadNow().finally(() => {
      this.reloading = undefined;
    });
    return this.reloading;
  }

  private async reloadNow(): Promise<void> {
    const { signal } = this.closing;
    const whole = await this.read(signal);
    await this.inTurn(async () => {
      this.situation = await updateSituation(this.cluster, whole, signal);
      await this.sendView();
      if (this.situation.unpredicted.length > 0) this.requestPrediction();
    });
  }

  private async read(signal: AbortSignal): Promise<Situation> {
    const predictor = await this.kept.predictors.own();
    return readSituation(this.cluster, this.options.stateDirectory, predictor, signal);
  }

  private sendView(): Promise<void> {
    const { snapshot, predictions, predictor: used } = this.situation;
    return this.view.send(clusterView(snapshot, predictions, this.settings, describePredictor(used), this.rows));
  }

  private lastIssued(planId: string): NonNullable<OpenCluster['issued']> {
    if (this.issued?.plan.id === planId) return this.issued;
    throw new Error(NEWER_PLAN);
  }

  /** One after the other: each work begins with the situation and the view that the one before has left. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.lastWork.then(work);
    this.lastWork = done.catch(() => {});
    return done;
  }

  /** Work that nobody asked for fails silently; the next refresh says what is wrong. */
  private async inBackground(work: () => Promise<void>): Promise<void> {
    await work().catch(() => {});
  }
}

function forecastProgress(onProgress: Call['onProgress']): NonNullable<PlanOptions['onProgress']> {
  return ({ samples, of }) => onProgress(describeSampling(samples, of), samples / of);
}
