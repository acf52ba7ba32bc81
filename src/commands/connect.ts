import * as vscode from 'vscode';
import { errorMessage } from '../core/model/errorMessage.ts';
import { plainValue } from '../core/model/plain.ts';
import { kubeconfigPath } from '../editor/configuration.ts';
import type { Session } from '../editor/session.ts';

type ContextItem = vscode.QuickPickItem & {
  readonly open?: { readonly kubeconfig?: string; readonly context: string };
  readonly browse?: true;
};

/** Lets the user choose a context of the kubeconfig files that are set, or name another file. */
export const connect = (session: Session) => async () => {
  if (!vscode.workspace.isTrusted) {
    const manage = 'Manage Workspace Trust';
    const text = 'In Restricted Mode no kubeconfig is read: it may name programs to run. Trust the workspace first.';
    if ((await vscode.window.showWarningMessage(text, manage)) === manage) {
      await vscode.commands.executeCommand('workbench.trust.manage');
    }
    return;
  }
  const choice = await vscode.window.showQuickPick(choices(session), {
    title: 'Connect to a cluster',
    placeHolder: 'Context',
    matchOnDescription: true,
  });
  if (!choice) return;
  const open = choice.browse ? await browse(session) : choice.open;
  if (!open) return;
  await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Connecting to ${plainValue(open.context)}`,
      cancellable: true,
    },
    (_progress, token) => session.open({ kind: 'kubernetes', ...open }, abortSignal(token)),
  );
};

/** An abort signal that follows a cancellation token. */
export function abortSignal(token: vscode.CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}

async function choices(session: Session): Promise<ContextItem[]> {
  return [
    ...(await contextsOf(session, kubeconfigPath())),
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: '$(folder-opened) Another kubeconfig file…', alwaysShow: true, browse: true },
  ];
}

/** One row a context; one that says what is wrong where the kubeconfig cannot be read. */
async function contextsOf(session: Session, kubeconfig: string | undefined): Promise<ContextItem[]> {
  try {
    const { contexts, current } = await session.contexts(kubeconfig);
    return contexts.map((context) => ({
      label: plainValue(context),
      description: context === current ? 'current' : '',
      open: { context, ...(kubeconfig && { kubeconfig }) },
    }));
  } catch (error) {
    const why = errorMessage(error);
    return [{ label: '$(warning) No contexts', detail: why }];
  }
}

async function browse(session: Session): Promise<ContextItem['open']> {
  const [file] = (await vscode.window.showOpenDialog({ title: 'kubeconfig file', openLabel: 'Read' })) ?? [];
  if (!file) return undefined;
  const found = await contextsOf(session, file.fsPath);
  const [first, ...others] = found;
  if (!first?.open) {
    await vscode.window.showErrorMessage(first?.detail ?? `${file.fsPath} names no context. Choose a kubeconfig file.`);
    return undefined;
  }
  if (others.length === 0) return first.open;
  return (await vscode.window.showQuickPick(found, { title: 'Context' }))?.open;
}
