import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { NodeChange } from '../core/forecast/scenarios.ts';
import type { Session, SessionState } from '../editor/session.ts';
import { StepLog } from '../editor/stepLog.ts';
import { coalesced } from '../io/coalesce.ts';
import {
  type Asked,
  type FromWebview,
  type PanelState,
  type PlanCopy,
  parseFromWebview,
  type ToWebview,
} from '../panel/protocol.ts';
import type { Weighing } from '../planner/protocol.ts';
import { CHECKING, NO_CLUSTER } from '../text/session.ts';
import { readerZone } from '../text/zone.ts';

/** What the panel may ask for; the plan itself never comes back from it, only the ids of an issued plan and its moves. */
export type PanelHandlers = {
  /** In which zone the page's reader is. */
  zone(zone: string): void;
  refresh(): void;
  apply(planId: string, moveIds: readonly string[]): void;
  reveal(what: 'node' | 'task', name: string): void;
  rank(weighing: Weighing): void;
  weigh(weights: Weighing['weights']): void;
  whatIf(kind: NodeChange['kind']): void;
  take(as: PlanCopy): void;
};

/** Steps follow each other fast; the page is updated at most this often. */
const SEND_PAUSE_MILLISECONDS = 100;

/** The plan panel: one at a time, restored after a reload, drawn from the session alone. */
export class PlanPanel implements vscode.WebviewPanelSerializer, vscode.Disposable {
  static readonly type = 'stowage.plan';
  private panel: vscode.WebviewPanel | undefined;
  /** What the page holds; undefined until it runs and has told its zone. */
  private held: Held | undefined;
  /** How far the question is that the page's wish for moves brings: it takes the keyboard from the page. */
  private question: 'none' | 'wished' | 'stands' = 'none';
  private readonly subscriptions: vscode.Disposable[];
  private readonly extensionUri: vscode.Uri;
  private readonly session: Session;
  private readonly handlers: PanelHandlers;
  private readonly log: vscode.LogOutputChannel;

  constructor(extensionUri: vscode.Uri, session: Session, handlers: PanelHandlers, log: vscode.LogOutputChannel) {
    this.extensionUri = extensionUri;
    this.session = session;
    this.handlers = handlers;
    this.log = log;
    this.subscriptions = [
      vscode.window.registerWebviewPanelSerializer(PlanPanel.type, this),
      session.onDidChange(
        coalesced(() => this.send(this.session.state), { pauseMilliseconds: SEND_PAUSE_MILLISECONDS }),
      ),
      session.onDidChange((state) => this.takeFocusBack(state)),
    ];
  }

  get isShown(): boolean {
    return this.panel !== undefined;
  }

  show(): void {
    if (this.panel) return this.panel.reveal(undefined, true);
    const options = { enableFindWidget: true };
    this.adopt(vscode.window.createWebviewPanel(PlanPanel.type, 'Stowage Plan', vscode.ViewColumn.Active, options));
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    this.adopt(panel);
  }

  dispose(): void {
    this.panel?.dispose();
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private adopt(panel: vscode.WebviewPanel): void {
    this.panel?.dispose();
    this.panel = panel;
    this.held = undefined;
    const scripts = vscode.Uri.joinPath(this.extensionUri, 'dist', 'webview');
    panel.iconPath = vscode.Uri.joinPath(this.extensionUri, 'media', 'icon.png');
    panel.webview.options = { enableScripts: true, localResourceRoots: [scripts] };
    const received = panel.webview.onDidReceiveMessage((value: unknown) => this.receive(value));
    panel.onDidDispose(() => {
      received.dispose();
      if (this.panel === panel) this.panel = undefined;
    });
    panel.webview.html = page(panel.webview, vscode.Uri.joinPath(scripts, 'panel.js'));
  }

  private receive(value: unknown): void {
    const message = parseFromWebview(value);
    if (!message) {
      this.log.warn('The plan panel sent a message that is out of shape; it was ignored.');
      return;
    }
    this.act(message);
  }

  private act(message: FromWebview): void {
    switch (message.type) {
      case 'ready':
        if (message.zone !== undefined) this.handlers.zone(message.zone);
        this.held = {};
        return this.send(this.session.state);
      case 'refresh':
        return this.handlers.refresh();
      case 'apply':
        this.question = 'wished';
        return this.handlers.apply(message.planId, message.moveIds);
      case 'reveal':
        return this.handlers.reveal(message.what, message.name);
      case 'rank':
        return this.handlers.rank({ planId: message.planId, taskId: message.taskId, weights: message.weights });
      case 'weigh':
        return this.handlers.weigh(message.weights);
      case 'whatIf':
        return this.handlers.whatIf(message.kind);
      case 'take':
        return this.handlers.take(message.as);
      default:
        message satisfies never;
    }
  }

  /** Once the question is answered the page has the keyboard again, where the reader has not gone elsewhere. */
  private takeFocusBack(state: SessionState): void {
    const isChecking = state.kind === 'open' && state.busy === CHECKING;
    if (isChecking && this.question === 'wished') this.question = 'stands';
    if (isChecking || this.question !== 'stands') return;
    this.question = 'none';
    if (this.panel?.active) this.panel.reveal();
  }

  private send(state: SessionState): void {
    const { panel, held } = this;
    if (!panel || !held) return;
    const { plan, ...shown } = shownState(state);
    const { steps = new StepLog(), weighed, whatIfs } = state.kind === 'open' ? state : {};
    const stepsBefore = held.steps === steps ? (held.stepCount ?? 0) : 0;
    const asked: Asked = { ...(weighed && { weighed }), ...(whatIfs && { whatIfs }) };
    const isAsked = held.asked?.weighed !== weighed || held.asked?.whatIfs !== whatIfs;
    this.held = { ...(shown.planId !== undefined && { planId: shown.planId }), steps, stepCount: steps.length, asked };
    const next: PanelState = {
      zone: readerZone(),
      ...shown,
      steps: steps.since(stepsBefore),
      stepsBefore,
      ...(steps.confirmed > 0 && { confirmed: steps.confirmed }),
      ...(isAsked && { asked }),
      ...(plan && shown.planId !== held.planId && { plan }),
    };
    void panel.webview.postMessage({ type: 'state', state: next } satisfies ToWebview);
  }
}

/** What the page holds already: a plan is large and steps are many, so that each is sent once. */
type Held = {
  readonly planId?: string;
  /** Of which log it has steps, and how many. */
  readonly steps?: StepLog;
  readonly stepCount?: number;
  readonly asked?: Asked;
};

function shownState(state: SessionState): Omit<PanelState, 'zone' | 'steps' | 'stepsBefore' | 'confirmed' | 'asked'> {
  switch (state.kind) {
    case 'closed':
      return { cluster: '', failure: NO_CLUSTER };
    case 'connecting':
      return { cluster: state.name, busy: `connecting to ${state.name}` };
    case 'failed':
      return { cluster: state.name, failure: state.message };
    case 'open':
      return {
        cluster: state.view.cluster,
        nowSeconds: state.view.takenAtSeconds,
        ...(state.plan && { plan: state.plan.json, planId: state.plan.id }),
        ...(state.busy && { busy: state.busy }),
        ...(state.readOnly && { readOnly: state.readOnly }),
      };
  }
}

/** Plotly writes style elements, so styles may be inline; scripts only ours, by nonce; nothing from the network. */
function page(webview: vscode.Webview, script: vscode.Uri): string {
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'none'",
    `style-src ${webview.cspSource} 'unsafe-inline'`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data: blob:`,
    `script-src 'nonce-${nonce}'`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stowage Plan</title>
</head>
<body>
<main id="root" aria-busy="true"><p>Loading the plan …</p></main>
<script nonce="${nonce}" src="${webview.asWebviewUri(script)}"></script>
</body>
</html>`;
}
