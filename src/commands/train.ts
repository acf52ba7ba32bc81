import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import * as vscode from 'vscode';
import type { ClusterIdentity } from '../core/model/clusterIdentity.ts';
import { IMPORT_FILE_NAME, predictorFileName } from '../core/model/stateFiles.ts';
import type { Session } from '../editor/session.ts';
import type { HistorySource } from '../planner/protocol.ts';
import { NO_CLUSTER } from '../text/session.ts';
import { offerPredictor } from './offerPredictor.ts';
import { withProgress } from './plan.ts';

/** Columns a CSV history must or may name, with what they mean. */
const COLUMNS = [
  { name: 'submit', text: 'time of submission', required: true },
  { name: 'start', text: 'time of start', required: false },
  { name: 'end', text: 'time of end', required: false },
  { name: 'runtime', text: 'runtime in seconds, where there is no end', required: false },
  { name: 'creator', text: 'who submitted it', required: false },
  { name: 'name', text: 'name of what recurs', required: false },
  { name: 'type', text: 'type of task', required: false },
  { name: 'framework', text: 'framework', required: false },
  { name: 'size', text: 'processors or GPUs it asked for', required: false },
  { name: 'request', text: 'runtime limit in seconds', required: false },
] as const;

const NONE = '(none)';

/** Where the open folder may hold histories; what Stowage keeps there is none. */
const HISTORY_FILES = '**/*.{swf,csv,tsv,jsonl,ndjson,parquet,swf.gz,csv.gz,tsv.gz,jsonl.gz,ndjson.gz}';
const NO_HISTORY = '{**/node_modules/**,**/.*/**}';
const MOST_LISTED = 500;

type HistoryItem = vscode.QuickPickItem & { readonly files?: () => Thenable<readonly vscode.Uri[] | undefined> };

/**
 * Trains the runtime predictor: on the open cluster's own history, for that cluster; or on files, and then asks whether
 * the open cluster is to use it.
 */
export const train = (session: Session, stateDirectory: string) => async () => {
  const source = await vscode.window.showQuickPick(sources(session), { title: 'Train the runtime predictor on' });
  if (!source) return;
  const history = source.files && (await historyFiles(await source.files()));
  if (source.files && !history) return;
  const out = join(stateDirectory, history ? IMPORT_FILE_NAME : predictorFileName(identityOf(session)));
  const update = existsSync(out) ? await chooseUpdate() : false;
  if (update === undefined) return;
  await withProgress(
    'Training the runtime predictor',
    (signal, onProgress) => session.train(history, { out, update }, signal, onProgress),
    (summary) => {
      void tellWithCard(summary, out.replace(/\.json$/, '.md'));
      if (history) void offerPredictor(session)();
    },
  );
};

/** @throws Error where no cluster is open */
function identityOf({ state }: Session): ClusterIdentity {
  if (state.kind !== 'open') throw new Error(NO_CLUSTER);
  return state.identity;
}

async function sources(session: Session): Promise<HistoryItem[]> {
  const here = await vscode.workspace.findFiles(HISTORY_FILES, NO_HISTORY, MOST_LISTED);
  const description = 'SWF, CSV, JSON lines or Parquet, also .gz; one or several';
  return [
    ...(session.state.kind === 'open' ? [{ label: '$(history) History of the open cluster' }] : []),
    ...(here.length > 0
      ? [{ label: '$(folder) Files of this folder…', description: `${here.length} found`, files: () => tick(here) }]
      : []),
    { label: '$(file) History files…', description, files: browse },
  ];
}

/** Several of the folder's files at once, which a browser's file dialog cannot give. */
async function tick(files: readonly vscode.Uri[]): Promise<readonly vscode.Uri[] | undefined> {
  const items = files
    .map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }))
    .sort((a, b) => a.label.localeCompare(b.label));
  const ticked = await vscode.window.showQuickPick(items, {
    title: 'History of finished tasks',
    placeHolder: 'One or several files; they are read as one history',
    canPickMany: true,
    ignoreFocusOut: true,
  });
  return ticked?.map(({ uri }) => uri);
}

function browse(): Thenable<readonly vscode.Uri[] | undefined> {
  return vscode.window.showOpenDialog({
    title: 'History of finished tasks',
    openLabel: 'Train',
    canSelectMany: true,
  });
}

/** Whether to continue with the predictor there is; undefined when the user leaves. */
async function chooseUpdate(): Promise<boolean | undefined> {
  const choices = [
    { label: '$(add) Go on with the predictor', description: 'learns only what has ended since', update: true },
    { label: '$(refresh) Start over', description: 'makes a new one', update: false },
  ];
  const choice = await vscode.window.showQuickPick(choices, {
    title: 'This workspace has a predictor',
    ignoreFocusOut: true,
  });
  return choice?.update;
}

const SHOW_CARD = 'Show Model Card';

async function tellWithCard(summary: string, card: string): Promise<void> {
  const choice = await vscode.window.showInformationMessage(summary, SHOW_CARD);
  if (choice === SHOW_CARD) await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.file(card));
}

/** The chosen files, with what a table's columns mean; undefined when the user leaves. The first table speaks for all. */
async function historyFiles(files: readonly vscode.Uri[] | undefined): Promise<readonly HistorySource[] | undefined> {
  if (!files || files.length === 0) return undefined;
  const isTable = (path: string) => /\.(csv|tsv)(\.gz)?$/i.test(path);
  const table = files.find(({ fsPath }) => isTable(fsPath));
  const columns = table && (await mapColumns(await firstLine(table.fsPath)));
  if (table && !columns) return undefined;
  return files.map(({ fsPath }) => ({ path: fsPath, ...(columns && isTable(fsPath) && { columns }) }));
}

/** One quick pick a column, with step numbers; undefined when the user leaves. */
async function mapColumns(header: readonly string[]): Promise<Record<string, string> | undefined> {
  const columns: Record<string, string> = {};
  for (const [index, { name, text, required }] of COLUMNS.entries()) {
    const likely = header.filter((column) => column.toLowerCase().includes(name.toLowerCase()));
    const others = header.filter((column) => !likely.includes(column));
    const items = required ? [...likely, ...others] : [...likely, NONE, ...others];
    const choice = await vscode.window.showQuickPick(items, {
      title: `Column for ${text} (${index + 1}/${COLUMNS.length})`,
      placeHolder: required ? `${name} (required)` : name,
      ignoreFocusOut: true,
    });
    if (choice === undefined) return undefined;
    if (choice !== NONE) columns[name] = choice;
  }
  return columns;
}

async function firstLine(path: string): Promise<string[]> {
  const raw = createReadStream(path);
  const lines = createInterface({ input: path.endsWith('.gz') ? raw.pipe(createGunzip()) : raw });
  try {
    for await (const line of lines) return line.split(/[,;\t]/).map((word) => word.trim().replace(/^"|"$/g, ''));
    return [];
  } finally {
    raw.destroy();
  }
}
