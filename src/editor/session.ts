import * as vscode from 'vscode';
import { changeName, type NodeChange } from '../core/forecast/scenarios.ts';
import type { ClusterIdentity } from '../core/model/clusterIdentity.ts';
import { sampleName } from '../core/model/clusterIdentity.ts';
import { errorMessage } from '../core/model/errorMessage.ts';
import { plainValue } from '../core/model/plain.ts';
import type { ClusterTarget } from '../core/plan/plan.ts';
import { Cancelled, Planner } from '../planner/client.ts';
import type {
  ConnectOptions,
  Contexts,
  HistorySource,
  IssuedPlan,
  OperationResult,
  PredictorOffer,
  Request,
  Weighed,
  Weighing,
  WhatIf,
} from '../planner/protocol.ts';
import type { ClusterView } from '../rows/clusterView.ts';
import { type Confirmation, describeProduction, SHOW_MOVES, type StepText, stepLine } from '../text/operation.ts';
import type { PlanFormat } from '../text/plan/formats.ts';
import {
  CHECKING,
  CONNECTING,
  describeNoAnswer,
  describeReadOnly,
  NO_CLUSTER,
  PLANNER_STOPPED,
} from '../text/session.ts';
import { access, matchesSetting, methodSettings } from './configuration.ts';
import { StepLog } from './stepLog.ts';
import { WaitTimer } from './waitTimer.ts';

/** The editor's state as one readonly value, replaced whole; views redraw from it. */
export type SessionState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'connecting'; readonly target: ClusterTarget; readonly name: string }
  | { readonly kind: 'failed'; readonly target: ClusterTarget; readonly name: string; readonly message: string }
  | OpenState;

export type OpenState = {
  readonly kind: 'open';
  readonly target: ClusterTarget;
  readonly name: string;
  readonly identity: ClusterIdentity;
  readonly view: ClusterView;
  readonly readOnly?: string;
  /** Made and kept by the planning thread; only its id is ever sent back. */
  readonly plan?: IssuedPlan;
  /** The ranking of one of its pending tasks by weights that were tried. */
  readonly weighed?: Weighed;
  /** Its forecast with changes of nodes that were asked for, latest last. */
  readonly whatIfs?: readonly WhatIf[];
  /** Moves of earlier windows that had not ended when the cluster was opened. */
  readonly underWay: number;
  /** Grows in place; another log begins with each plan. */
  readonly steps: StepLog;
  readonly busy?: string;
  /** Why the last reading failed; the view is the last good one. */
  readonly stale?: string;
};

/** Parts of an open state that come and go. */
type Passing = 'busy' | 'stale' | 'readOnly' | 'weighed' | 'whatIfs';

/** Called with how far long work has come. */
export type Progress = (text: string, fraction?: number) => void;

/** How work that asks before it writes is followed. */
export type Asking = {
  readonly signal: AbortSignal;
  readonly onProgress: Progress;
  /** The question is on the screen. */
  readonly onAsked: () => void;
  /** The answer was yes, or there was nothing to ask: the work has begun. */
  readonly onBegun: () => void;
};

/** More lines than these in one chart cannot be told apart. */
const MOST_WHAT_IFS = 3;
const CONNECT_TIMEOUT_SECONDS = 10;
const TARGET_KEY = 'target';

/** The only mutable state on the editor's side: which cluster is open, its last view, the issued plan, the running moves. */
export class Session implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<SessionState>();
  readonly onDidChange = this.changed.event;
  private readonly rowsChanged = new vscode.EventEmitter<SessionState>();
  /** Fires when the trees show something else, not for each step of a move. */
  readonly onDidChangeRows = this.rowsChanged.event;
  private readonly opened = new vscode.EventEmitter<OpenState>();
  /** Fires after a cluster was opened, not after each reading of it. */
  readonly onDidOpen = this.opened.event;
  private readonly movesAsked = new vscode.EventEmitter<string>();
  /** Fires when a question is answered by the wish to see its moves, with a line for each. */
  readonly onDidAskForMoves = this.movesAsked.event;
  private readonly due = new vscode.EventEmitter<void>();
  /** Fires when a move's wait is over and it can be resumed. */
  readonly onDidComeDue = this.due.event;
  private readonly waits = new WaitTimer({
    now: () => this.clusterSeconds(),
    busy: () => this.current.kind === 'open' && this.current.busy !== undefined,
    onDue: () => this.readOnly === undefined && this.due.fire(),
  });
  /** How far the sample's clock was advanced since it was opened. */
  private advancedSeconds = 0;
  private readonly planner: Planner;
  private readonly stateDirectory: string;
  private readonly log: vscode.LogOutputChannel;
  private readonly memory: vscode.Memento;
  private current: SessionState = { kind: 'closed' };
  private connection = new AbortController();
  private weighings = 0;

  /** @param memory keeps which cluster was open over reloads of the window */
  constructor(script: string, stateDirectory: string, memory: vscode.Memento, log: vscode.LogOutputChannel) {
    this.stateDirectory = stateDirectory;
    this.memory = memory;
    this.log = log;
    this.planner = new Planner(script, {
      onView: (view) => this.updateOpen({ view }),
      onStep: (step) => this.step(step),
      onKubeconfig: () => void this.kubeconfigChanged(),
      onDied: (reason) => this.plannerDied(reason),
    });
  }

  get state(): SessionState {
    return this.current;
  }

  /**
   * Opens the cluster that was open before the window was reloaded; in Restricted Mode only the sample.
   * @returns whether there was one
   */
  async reopen(): Promise<boolean> {
    const target = this.memory.get<ClusterTarget>(TARGET_KEY);
    if (target && (target.kind === 'sample' || vscode.workspace.isTrusted)) await this.open(target);
    return target !== undefined;
  }

  /**
   * Opens a cluster; what was under way on an earlier one is aborted and leaves the screen at once.
   * The outcome is in `state`; a cancelled or overtaken call changes nothing.
   */
  async open(target: ClusterTarget, signal?: AbortSignal): Promise<void> {
    this.connection.abort();
    const connection = new AbortController();
    this.connection = connection;
    this.waits.forget();
    this.advancedSeconds = 0;
    const name = targetName(target);
    this.become({ kind: 'connecting', target, name });
    const timeout = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const stop = AbortSignal.any([connection.signal, ...(signal ? [signal] : []), timeout.signal]);
    // It counts from the first request, not from the start of the thread; a large cluster takes longer to read.
    const onProgress = (text: string) => {
      clearTimeout(timer);
      if (text === CONNECTING) timer = setTimeout(() => timeout.abort(), CONNECT_TIMEOUT_SECONDS * 1000);
    };
    try {
      const { stateDirectory } = this;
      const options: ConnectOptions = { target, stateDirectory, access: access(), settings: methodSettings() };
      const { identity, underWay } = await this.planner.ask(
        { type: 'connect', ...options },
        { signal: stop, onProgress },
      );
      if (this.connection !== connection) return;
      const readOnly = readOnlyReason(target);
      const { view } = this.planner;
      const state: OpenState = {
        kind: 'open',
        target,
        name,
        identity,
        view,
        underWay,
        steps: new StepLog(),
        ...(readOnly && { readOnly }),
      };
      this.become(state);
      await this.memory.update(TARGET_KEY, target);
      this.opened.fire(state);
    } catch (error) {
      if (this.connection !== connection) return;
      if (timeout.signal.aborted) {
        this.become({ kind: 'failed', target, name, message: describeNoAnswer(name, CONNECT_TIMEOUT_SECONDS) });
      } else if (error instanceof Cancelled) {
        this.become({ kind: 'closed' });
      } else {
        this.become({ kind: 'failed', target, name, message: errorMessage(error) });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    this.connection.abort();
    this.waits.forget();
    this.become({ kind: 'closed' });
    await this.memory.update(TARGET_KEY, undefined);
    await this.planner.ask({ type: 'close' });
  }

  async refresh(): Promise<void> {
    const state = this.current;
    if (state.kind === 'failed') return this.open(state.target);
    if (state.kind !== 'open') return;
    try {
      await this.planner.ask({ type: 'refresh' });
      this.updateOpen({}, ['stale']);
    } catch (error) {
      if (!(error instanceof Cancelled)) this.updateOpen({ stale: errorMessage(error) });
    }
  }

  /** Tries again what may have failed with the old kubeconfig. */
  private async kubeconfigChanged(): Promise<void> {
    return this.current.kind === 'connecting' ? this.open(this.current.target) : this.refresh();
  }

  async advance(seconds: number): Promise<void> {
    await this.busy('advancing the clock', () => this.planner.ask({ type: 'advance', seconds }));
    this.advancedSeconds += seconds;
    await this.refresh();
    this.waits.check();
  }

  /** Makes a plan of the cluster as it is now and keeps it as the issued one. */
  async plan(signal: AbortSignal, onProgress: Progress): Promise<void> {
    await this.busy(
      'planning',
      () => this.planner.ask({ type: 'plan' }, { signal, onProgress }),
      (plan) => ({ plan, steps: new StepLog(this.waitingSteps()) }),
      ['weighed', 'whatIfs'],
    );
  }

  /** Ranks a pending task of the issued plan by other weights. Of several calls only the latest counts. */
  async rank(weighing: Weighing): Promise<void> {
    this.weighings += 1;
    const latest = this.weighings;
    const weighed = await this.planner.ask({ type: 'rank', ...weighing });
    if (latest === this.weighings && this.isIssued(weighed.planId)) this.updateOpen({ weighed });
  }

  /** Forecasts the issued plan's cluster with a change of its nodes; the latest `MOST_WHAT_IFS` are kept. */
  async whatIf(change: NodeChange, signal: AbortSignal, onProgress: Progress): Promise<void> {
    const { current } = this;
    if (current.kind !== 'open' || !current.plan) return;
    const planId = current.plan.id;
    const made = await this.planner.ask({ type: 'whatIf', planId, change }, { signal, onProgress });
    if (this.current.kind !== 'open' || !this.isIssued(made.planId)) return;
    const others = (this.current.whatIfs ?? []).filter((each) => changeName(each.change) !== changeName(change));
    this.updateOpen({ whatIfs: [...others, made].slice(-MOST_WHAT_IFS) });
  }

  /** Steps of earlier plans that still wait, to be shown beside a new plan. */
  private waitingSteps(): readonly StepText[] {
    return this.current.kind === 'open' ? this.current.steps.waiting() : [];
  }

  private isIssued(planId: string): boolean {
    return this.current.kind === 'open' && this.current.plan?.id === planId;
  }

  /** Applies moves of the issued plan; `undefined` means all. Asks once, in the modal. */
  async apply(planId: string, moveIds: readonly string[] | undefined, asking: Asking): Promise<OperationResult> {
    return this.operateAsking('applying', { type: 'apply', planId, ...(moveIds && { moveIds }) }, asking);
  }

  /**
   * Resumes every move that has not ended; one that still waits is resumed when its wait is over. Those that were begun
   * elsewhere are asked about in the modal; `unasked`, as when a wait is over, they are left as they are.
   */
  async continueMoves(signal: AbortSignal, onProgress: Progress, unasked = false): Promise<OperationResult> {
    const confirm = (confirmation: Confirmation) => this.confirm(confirmation);
    return this.operate('resuming', async () => {
      const result = await this.planner.ask({ type: 'continue', unasked }, { signal, onProgress, confirm });
      this.waits.forget();
      return result;
    });
  }

  async undo(asking: Asking): Promise<OperationResult> {
    return this.operateAsking('undoing', { type: 'undo' }, asking);
  }

  async train(
    history: readonly HistorySource[] | undefined,
    { out, update }: { readonly out: string; readonly update: boolean },
    signal: AbortSignal,
    onProgress: Progress,
  ): Promise<string> {
    const folder = vscode.workspace.isTrusted ? vscode.workspace.workspaceFolders?.[0]?.uri.fsPath : undefined;
    const from = { ...(history && { history }), ...(folder !== undefined && { workspace: folder }) };
    const request = { type: 'train', out, update, ...from } as const;
    const summary = await this.planner.ask(request, { signal, onProgress });
    await this.refresh();
    return summary;
  }

  /** A predictor that is not the open cluster's own, about which nobody has said whether it is to be used there. */
  async predictorOffer(): Promise<PredictorOffer | undefined> {
    return this.current.kind === 'open' ? this.planner.ask({ type: 'offer' }) : undefined;
  }

  async answerOffer(offer: PredictorOffer, use: boolean): Promise<void> {
    await this.planner.ask({ type: 'answerOffer', offer, use });
  }

  /** Names of the contexts in a kubeconfig; absent: where `kubectl` looks. @throws Error that says what is wrong with it */
  async contexts(kubeconfig: string | undefined): Promise<Contexts> {
    return this.planner.ask({ type: 'contexts', ...(kubeconfig && { kubeconfig }) });
  }

  /** The issued plan in one of the formats; undefined where there is none. */
  async planAs(format: PlanFormat): Promise<string | undefined> {
    const { current } = this;
    if (current.kind !== 'open' || !current.plan) return undefined;
    return this.planner.ask({ type: 'planAs', planId: current.plan.id, format });
  }

  async ledger(): Promise<string> {
    return this.planner.ask({ type: 'ledger' });
  }

  async doctor(): Promise<string> {
    const state = this.current;
    if (state.kind === 'closed') throw new Error(NO_CLUSTER);
    const { target, name } = state;
    return this.planner.ask({ type: 'doctor', target, name, access: access() });
  }

  /** All settings count at once, but for those by which a cluster is reached: they count when it is opened next. */
  async settingsChanged(): Promise<void> {
    if (this.current.kind === 'open') {
      const readOnly = readOnlyReason(this.current.target);
      if (readOnly === undefined) this.updateOpen({}, ['readOnly']);
      else this.updateOpen({ readOnly });
    }
    await this.planner.ask({ type: 'settings', settings: methodSettings() });
    await this.refresh();
  }

  /** Why nothing may be changed on the open cluster. */
  private get readOnly(): string | undefined {
    return this.current.kind === 'open' ? this.current.readOnly : undefined;
  }

  /** Times are told in another zone from now on: all that shows some is drawn again. */
  zoneChanged(): void {
    this.planner.tellZone();
    this.changed.fire(this.current);
    this.rowsChanged.fire(this.current);
  }

  dispose(): void {
    this.connection.abort();
    this.waits.forget();
    this.changed.dispose();
    this.due.dispose();
    this.movesAsked.dispose();
    this.rowsChanged.dispose();
    this.opened.dispose();
    void this.planner.dispose();
  }

  /** Shows work as under way, then its end and its result in one change, so that no old plan looks free in between. */
  private async busy<T>(
    text: string,
    work: () => Promise<T>,
    change: (result: T) => Partial<OpenState> = () => ({}),
    remove: readonly Passing[] = [],
  ): Promise<T> {
    this.updateOpen({ busy: text });
    try {
      const result = await work();
      this.updateOpen(change(result), ['busy', ...remove]);
      return result;
    } catch (error) {
      this.updateOpen({}, ['busy']);
      throw error;
    }
  }

  /** Work that writes. A wait that comes of it joins those that are followed already. */
  private async operate(text: string, work: () => Promise<OperationResult>): Promise<OperationResult> {
    const { connection, readOnly } = this;
    if (readOnly !== undefined) throw new Error(readOnly);
    const result = await this.busy(text, work);
    if (connection === this.connection) this.waits.add(result.dueInSeconds);
    await this.refresh();
    return result;
  }

  /** Work that writes once its question is answered with yes; nothing says that it is under way before. */
  private operateAsking(
    doing: string,
    request: Request<'apply' | 'undo'>,
    { signal, onProgress, onAsked, onBegun }: Asking,
  ): Promise<OperationResult> {
    let begun = false;
    const begin = () => {
      if (begun) return;
      begun = true;
      if (request.type === 'apply') this.confirmed(request);
      this.updateOpen({ busy: doing });
      onBegun();
    };
    const told: Progress = (text, fraction) => {
      begin();
      onProgress(text, fraction);
    };
    const confirm = async (confirmation: Confirmation) => {
      onAsked();
      const yes = await this.confirm(confirmation);
      if (yes) begin();
      return yes;
    };
    return this.operate(CHECKING, () => this.planner.ask(request, { signal, onProgress: told, confirm }));
  }

  /** Counts the moves that were said yes to, so that progress tells how many are left. */
  private confirmed({ planId, moveIds }: Request<'apply'>): void {
    if (this.current.kind !== 'open' || this.current.plan?.id !== planId) return;
    const { plan, steps } = this.current;
    steps.confirm(moveIds ?? plan.moves.map(({ id }) => id));
  }

  private clusterSeconds(): number {
    const ofSample = this.current.kind === 'open' && this.current.target.kind === 'sample';
    return ofSample ? this.advancedSeconds : Date.now() / 1000;
  }

  /** The first button has the keyboard, so that Enter shows the moves and changes nothing. */
  private async confirm({ message, detail, verb, moves }: Confirmation): Promise<boolean> {
    const state = this.current;
    if (state.kind !== 'open' || state.readOnly) return false;
    const production = state.target.kind === 'kubernetes' && matchesSetting('safety.productionContexts', state.name);
    const whole = production ? `${describeProduction(state.name)}\n${detail}` : detail;
    const choice = await vscode.window.showWarningMessage(message, { modal: true, detail: whole }, SHOW_MOVES, verb);
    if (choice === SHOW_MOVES) this.movesAsked.fire(moves);
    if (choice !== verb) return false;
    if (!production) return true;
    const typed = await vscode.window.showInputBox({
      title: `${verb} on a production cluster`,
      prompt: `Type ${state.name} to confirm`,
      ignoreFocusOut: true,
    });
    return typed === state.name;
  }

  private step(step: StepText): void {
    this.log.info(stepLine(step, this.planner.view.takenAtSeconds));
    if (this.current.kind !== 'open') return;
    this.current.steps.add(step);
    this.updateOpen({});
  }

  private plannerDied(reason: string): void {
    this.log.error(`The planning thread stopped: ${reason}`);
    this.waits.forget();
    const state = this.current;
    if (state.kind !== 'open' && state.kind !== 'connecting') return;
    const message = PLANNER_STOPPED;
    this.become({ kind: 'failed', target: state.target, name: state.name, message });
  }

  private updateOpen(change: Partial<OpenState>, remove: readonly Passing[] = []): void {
    if (this.current.kind !== 'open') return;
    const next = { ...this.current, ...change };
    for (const key of remove) delete next[key];
    this.become(next);
  }

  private become(state: SessionState): void {
    if (state.kind === 'failed') this.log.error(`${state.name}: ${state.message}`);
    const news = rowsOf(state).some((part, index) => part !== rowsOf(this.current)[index]);
    this.current = state;
    this.changed.fire(state);
    if (news) this.rowsChanged.fire(state);
  }
}

function rowsOf(state: SessionState): readonly unknown[] {
  return state.kind === 'open' ? [state.view, state.stale] : [state];
}

export function targetName(target: ClusterTarget): string {
  return target.kind === 'sample' ? sampleName(target.seed) : plainValue(target.context ?? 'current context');
}

function readOnlyReason(target: ClusterTarget): string | undefined {
  if (target.kind === 'kubernetes' && matchesSetting('safety.readOnlyContexts', target.context ?? '')) {
    return describeReadOnly(target.context && plainValue(target.context));
  }
  return undefined;
}
