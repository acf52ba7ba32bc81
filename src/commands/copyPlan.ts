import * as vscode from 'vscode';
import type { Session } from '../editor/session.ts';
import { isPlanFormat, PLAN_FORMATS, type PlanFormat } from '../text/plan/formats.ts';
import { NO_PLAN } from '../text/session.ts';
import type { Documents } from '../views/documents.ts';

/** Puts the issued plan on the clipboard, as Markdown. */
export const copyPlan = (session: Session) => async () => {
  await vscode.env.clipboard.writeText(await planAs(session, 'markdown'));
  vscode.window.setStatusBarMessage('Copied the plan as Markdown', 4000);
};

/** Shows the issued plan as the terminal does, read-only. */
export const openPlanText = (session: Session, documents: Documents) => async () =>
  documents.showPlain('Plan', await planAs(session, 'text'));

/** Writes the issued plan into a file of the user's, in a format of the user's. */
export const savePlan = (session: Session) => async () => {
  const items = Object.entries(PLAN_FORMATS).flatMap(([format, { ending, title }]) => {
    const [label = '', detail = ''] = title.split(': ');
    return isPlanFormat(format) ? [{ label, description: `.${ending}`, detail, format }] : [];
  });
  const choice = await vscode.window.showQuickPick(items, { title: 'Save the plan as' });
  if (!choice) return;
  const text = await planAs(session, choice.format);
  const { ending } = PLAN_FORMATS[choice.format];
  const target = await vscode.window.showSaveDialog({
    title: 'Save the plan as',
    filters: { [choice.label]: [ending] },
    defaultUri: defaultUri(`plan.${ending}`),
  });
  if (!target) return;
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
  vscode.window.setStatusBarMessage(`Saved the plan to ${vscode.workspace.asRelativePath(target)}`, 4000);
};

async function planAs(session: Session, format: PlanFormat): Promise<string> {
  const text = await session.planAs(format);
  if (text === undefined) throw new Error(NO_PLAN);
  return text;
}

function defaultUri(name: string): vscode.Uri {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  return folder ? vscode.Uri.joinPath(folder.uri, name) : vscode.Uri.file(name);
}
