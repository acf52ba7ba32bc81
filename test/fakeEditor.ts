import { registerHooks } from 'node:module';

/** The few things of VS Code that are used without a window. Classes only hold what they are given. */
const EDITOR = `
export class TreeItem { constructor(label, collapsibleState) { Object.assign(this, { label, collapsibleState }); } }
export class ThemeIcon { constructor(id, color) { Object.assign(this, { id, color }); } }
export class ThemeColor { constructor(id) { this.id = id; } }
export class EventEmitter {
  listeners = new Set();
  event = (listener) => { this.listeners.add(listener); return { dispose: () => this.listeners.delete(listener) }; };
  fire(value) { for (const listener of [...this.listeners]) listener(value); }
  dispose() { this.listeners.clear(); }
}
export const ProgressLocation = {};
export class CancellationError extends Error {}
export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
export const CompletionItemKind = {};
export const questions = { asked: [], answer: () => undefined };
export const shown = [];
export const logged = [];
export const window = {
  createOutputChannel: () => ({ error: (text) => logged.push(String(text)), dispose: () => {} }),
  showErrorMessage: async (text) => { shown.push(text); },
  withProgress: (_, work) => work({ report: () => {} }, { onCancellationRequested: () => ({ dispose: () => {} }) }),
  showWarningMessage: async (message, { detail }, ...items) => {
    questions.asked.push({ message, detail, items });
    return questions.answer(items);
  },
  showInformationMessage: async (message, ...items) => {
    questions.asked.push({ message, detail: '', items });
    return questions.answer(items);
  },
};
export const commands = { executeCommand: async () => {} };
export const settings = {};
export const workspaceSettings = {};
export const workspace = {
  get workspaceFolders() { throw new Error('no folders today'); },
  isTrusted: true,
  getConfiguration: () => ({
    get: (name, otherwise) => workspaceSettings[name] ?? settings[name] ?? otherwise,
    inspect: (name) => ({ globalValue: settings[name], workspaceValue: workspaceSettings[name] }),
  }),
};
`;
const URL = `data:text/javascript,${encodeURIComponent(EDITOR)}`;

/** Imports what imports `vscode`; all tests of a process share one fake editor, as its modules are loaded once. */
export async function withFakeEditor<T>(load: () => Promise<T>): Promise<T> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'vscode' ? { url: URL, shortCircuit: true } : next(specifier, context),
  });
  try {
    return await load();
  } finally {
    hooks.deregister();
  }
}

/** What the fake editor has shown as errors, and what was logged as such. */
export async function errorsOfFakeEditor(): Promise<{ readonly shown: string[]; readonly logged: string[] }> {
  return import(URL);
}

/** What the fake editor was asked, in modals and beside the work, and how it answers: by one of the buttons, or undefined. */
export type Questions = {
  readonly asked: { readonly message: string; readonly detail: string; readonly items: readonly string[] }[];
  answer: (items: readonly string[]) => string | undefined;
};

export async function questionsOfFakeEditor(): Promise<Questions> {
  return (await import(URL)).questions;
}

/** Those of the folder that is open, which count before the user's. */
export async function workspaceSettingsOfFakeEditor(): Promise<Record<string, unknown>> {
  return (await import(URL)).workspaceSettings;
}

/** The user's settings in the fake editor, without `stowage.`; to be changed. */
export async function settingsOfFakeEditor(): Promise<Record<string, unknown>> {
  return (await import(URL)).settings;
}
