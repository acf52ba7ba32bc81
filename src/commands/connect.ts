import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import * as vscode from 'vscode';
import { parse } from 'yaml';
import { kubeconfigPath } from '../configuration.ts';
import type { Session } from '../session.ts';

const LARGEST_KUBECONFIG_BYTES = 16 * 1024 * 1024;

type Choice = vscode.QuickPickItem & {
  readonly open?: { kubeconfig: string; context: string };
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
  const choice = await vscode.window.showQuickPick(choices(), {
    title: 'Connect to a cluster',
    placeHolder: 'Context',
    matchOnDescription: true,
  });
  if (!choice) return;
  const open = choice.browse ? await browse() : choice.open;
  if (!open) return;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Connecting to ${open.context}`, cancellable: true },
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

async function choices(): Promise<Choice[]> {
  const files = (kubeconfigPath() ?? process.env['KUBECONFIG'] ?? join(homedir(), '.kube', 'config'))
    .split(delimiter)
    .filter(Boolean);
  const found = await Promise.all(files.map(contextsOf));
  return [
    ...found.flat(),
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: '$(folder-opened) Another kubeconfig file…', alwaysShow: true, browse: true },
  ];
}

async function contextsOf(file: string): Promise<Choice[]> {
  try {
    const { current, contexts } = await readContexts(file);
    return contexts.map((context) => ({
      label: context,
      description: context === current ? 'current' : '',
      detail: file,
      open: { kubeconfig: file, context },
    }));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [{ label: `$(warning) ${file}`, description: why.split('\n')[0] ?? '' }];
  }
}

async function browse(): Promise<{ kubeconfig: string; context: string } | undefined> {
  const [file] = (await vscode.window.showOpenDialog({ title: 'kubeconfig file', openLabel: 'Read' })) ?? [];
  if (!file) return undefined;
  const found = (await contextsOf(file.fsPath)).filter(({ open }) => open);
  if (found.length === 0) {
    await vscode.window.showErrorMessage(`${file.fsPath} names no context. Choose a kubeconfig file.`);
    return undefined;
  }
  if (found.length === 1) return found[0]?.open;
  return (await vscode.window.showQuickPick(found, { title: 'Context' }))?.open;
}

/** Names of the contexts in a kubeconfig. @throws Error with a clear text when the file is not one */
async function readContexts(file: string): Promise<{ current: string; contexts: string[] }> {
  const bytes = await readFile(file);
  if (bytes.length > LARGEST_KUBECONFIG_BYTES) throw new Error('larger than 16 MiB, so not a kubeconfig');
  const value: unknown = parse(bytes.toString('utf8'), { maxAliasCount: 100 });
  if (typeof value !== 'object' || value === null || !('contexts' in value) || !Array.isArray(value.contexts)) {
    throw new Error('not a kubeconfig: it has no contexts');
  }
  const names = value.contexts.map((context: unknown) =>
    typeof context === 'object' && context !== null && 'name' in context ? String(context.name) : '',
  );
  const current = 'current-context' in value ? String(value['current-context']) : '';
  return { current, contexts: names.filter(Boolean) };
}
