import * as vscode from 'vscode';
import type { Session, SessionState } from '../editor/session.ts';

/** Keeps the when-clause contexts true to the session. */
export function bindContextKeys(session: Session): vscode.Disposable {
  const last = new Map<string, boolean>();
  const update = (state: SessionState) => {
    for (const [key, value] of Object.entries(contextKeys(state))) {
      if (last.get(key) === value) continue;
      last.set(key, value);
      void vscode.commands.executeCommand('setContext', key, value);
    }
  };
  update(session.state);
  return session.onDidChange(update);
}

function contextKeys(state: SessionState): Record<string, boolean> {
  const open = state.kind === 'open';
  return {
    'stowage.connected': open,
    'stowage.connecting': state.kind === 'connecting',
    'stowage.failed': state.kind === 'failed',
    'stowage.sample': open && state.target.kind === 'sample',
    'stowage.planned': open && state.plan !== undefined,
    'stowage.readOnly': open && state.readOnly !== undefined,
  };
}
