import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import * as vscode from 'vscode';
import type { HistoryFile } from '../protocol.ts';
import type { Session } from '../session.ts';
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

/** Trains the runtime predictor on the open cluster's own history or on a file, and promotes it to the planner. */
export const train = (session: Session, stateDirectory: string) => async () => {
  const own = session.state.kind === 'open';
  const choices = [
    ...(own ? [{ label: '$(history) History of the open cluster', file: false }] : []),
    { label: '$(file) History file…', description: 'SWF, CSV, JSON lines or Parquet, also .gz', file: true },
  ];
  const choice = await vscode.window.showQuickPick(choices, { title: 'Train the runtime predictor on' });
  if (!choice) return;
  const history = choice.file ? await chooseFile() : undefined;
  if (choice.file && !history) return;
  await withProgress(
    'Training the runtime predictor',
    (signal, onProgress) => session.train(history, join(stateDirectory, 'predictor.json'), signal, onProgress),
    (summary) => void vscode.window.showInformationMessage(summary),
  );
};

async function chooseFile(): Promise<HistoryFile | undefined> {
  const [file] = (await vscode.window.showOpenDialog({ title: 'History of finished tasks', openLabel: 'Train' })) ?? [];
  if (!file) return undefined;
  if (!/\.(csv|tsv)(\.gz)?$/i.test(file.fsPath)) return { path: file.fsPath };
  const columns = await mapColumns(await firstLine(file.fsPath));
  return columns && { path: file.fsPath, columns };
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
