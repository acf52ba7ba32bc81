import * as vscode from 'vscode';
import type { Session } from '../editor/session.ts';
import type { Documents } from '../views/documents.ts';

/** Opens one of the notebooks that come with the extension as an untitled copy, so that the shipped one stays as it is. */
export const openNotebooks = (extensionUri: vscode.Uri) => async () => {
  const folder = vscode.Uri.joinPath(extensionUri, 'notebooks');
  const names = (await vscode.workspace.fs.readDirectory(folder))
    .map(([name]) => name)
    .filter((name) => name.endsWith('.ipynb'));
  const choice = await vscode.window.showQuickPick(names.sort(), { title: 'Notebook' });
  if (!choice) return;
  const target = await copyTarget(choice);
  await vscode.workspace.fs
    .copy(vscode.Uri.joinPath(folder, choice), target, { overwrite: false })
    .then(undefined, (error) => {
      if (!(error instanceof vscode.FileSystemError) || error.code !== 'FileExists') throw error;
    });
  const notebook = await vscode.workspace.openNotebookDocument(target);
  await vscode.window.showNotebookDocument(notebook);
};

/** The ledger: what each applied move was predicted to do, and what happened. */
export const showLedger = (session: Session, documents: Documents) => async () =>
  documents.show('Moves Done', await session.ledger());

/** Checks every source and says what fixes what is missing. */
export const doctor = (session: Session, documents: Documents) => async () =>
  documents.show('Doctor', await session.doctor());

async function copyTarget(name: string): Promise<vscode.Uri> {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder) return vscode.Uri.joinPath(folder.uri, name);
  const chosen = await vscode.window.showSaveDialog({ title: 'Copy the notebook to', saveLabel: 'Copy' });
  if (!chosen) throw new vscode.CancellationError();
  return chosen;
}
