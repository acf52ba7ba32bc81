import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { NodeChange } from '../core/forecast/scenarios.ts';
import type { Session, SessionState } from '../editor/session.ts';
import type { StepLog } from '../editor/stepLog.ts';
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
import { NO_CLUSTER } from '../text/session.ts';
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
  /** Id of the plan that the page holds: a plan is large, so it is sent once. */
  private sentPlan: string | undefined;
  /** The steps that the page holds, for the same reason: of which log, and how many. */
  private sentSteps: { readonly log?: StepLog; readonly count: number } = { count: 0 };
  /** What was asked of the plan, as the page holds it. */
  private sentAsked: Asked | undefined;
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
        this.sentPlan = undefined;
        this.sentSteps = { count: 0 };
        this.sentAsked = undefined;
        return this.send(this.session.state);
      case 'refresh':
        return this.handlers.refresh();
      case 'apply':
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

  private send(state: SessionState): void {
    if (!this.panel) return;
    const { plan, ...rest } = shownState(state);
    const isNew = plan !== undefined && rest.planId !== this.sentPlan;
    this.sentPlan = rest.planId;
    const shown: PanelState = {
      zone: readerZone(),
      ...rest,
      ...this.newSteps(state),
      ...this.newlyAsked(state),
      ...(isNew && { plan }),
    };
    void this.panel.webview.postMessage({ type: 'state', state: shown } satisfies ToWebview);
  }

  /** What was asked of the plan, where the page holds something else. */
  private newlyAsked(state: SessionState): Pick<PanelState, 'asked'> {
    const { weighed, whatIfs } = state.kind === 'open' ? state : ({} as Asked);
    const sent = this.sentAsked;
    if (sent && sent.weighed === weighed && sent.whatIfs === whatIfs) return {};
    this.sentAsked = { ...(weighed && { weighed }), ...(whatIfs && { whatIfs }) };
    return { asked: this.sentAsked };
  }

  /** Steps that the page does not hold yet. */
  private newSteps(state: SessionState): Pick<PanelState, 'steps' | 'stepsBefore'> {
    if (state.kind !== 'open') {
      this.sentSteps = { count: 0 };
      return { steps: [], stepsBefore: 0 };
    }
    const log = state.steps;
    const stepsBefore = this.sentSteps.log === log ? this.sentSteps.count : 0;
    this.sentSteps = { log, count: log.length };
    return { steps: log.since(stepsBefore), stepsBefore };
  }
}

function shownState(state: SessionState): Omit<PanelState, 'zone' | 'steps' | 'stepsBefore' | 'asked'> {
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
