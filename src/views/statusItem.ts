import * as vscode from 'vscode';
import type { CommandId } from '../editor/commandIds.ts';
import { matchesSetting } from '../editor/configuration.ts';
import type { Session, SessionState } from '../editor/session.ts';
import { duration } from '../text/format.ts';

const TICK_MILLISECONDS = 15_000;

/** One status item: which cluster is open, how old its view is, and whether it may be changed. */
export function createStatusItem(session: Session): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('stowage.cluster', vscode.StatusBarAlignment.Left, 10);
  item.name = 'Stowage cluster';
  let seenAt = Date.now();
  let shown: unknown;
  const draw = (state: SessionState) => {
    if (state.kind === 'open' && state.view !== shown) {
      shown = state.view;
      seenAt = Date.now();
    }
    render(item, state, (Date.now() - seenAt) / 1000);
  };
  draw(session.state);
  item.show();
  const timer = setInterval(() => draw(session.state), TICK_MILLISECONDS);
  return vscode.Disposable.from(item, session.onDidChange(draw), { dispose: () => clearInterval(timer) });
}

function render(item: vscode.StatusBarItem, state: SessionState, ageSeconds: number): void {
  item.backgroundColor = undefined;
  switch (state.kind) {
    case 'closed':
      item.text = '$(package) Stowage';
      item.tooltip = 'No cluster is open. Click to connect to one.';
      item.command = 'stowage.connect' satisfies CommandId;
      return;
    case 'connecting':
      item.text = `$(sync~spin) ${state.name}`;
      item.tooltip = 'Connecting …';
      item.command = 'stowage.disconnect' satisfies CommandId;
      return;
    case 'failed':
      item.text = `$(error) ${state.name}`;
      item.tooltip = state.message;
      item.command = 'stowage.connect' satisfies CommandId;
      item.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
      return;
    case 'open': {
      const lock = state.readOnly ? '$(lock) ' : '';
      const spin = state.busy ? '$(sync~spin) ' : state.stale ? '$(warning) ' : '$(package) ';
      item.text = `${spin}${lock}${state.name} · ${ageSeconds < 20 ? 'now' : `${duration(ageSeconds)} ago`}`;
      const stale = state.stale && `not up to date: ${state.stale}`;
      item.tooltip = [state.view.cluster, stale, `predictor: ${state.view.predictor}`, state.readOnly, state.busy]
        .filter(Boolean)
        .join('\n');
      item.command = 'stowage.previewPlan' satisfies CommandId;
      if (state.target.kind === 'kubernetes' && matchesSetting('safety.productionContexts', state.name)) {
        item.backgroundColor = new vscode.ThemeColor('statusBarItem.errorBackground');
      }
    }
  }
}
