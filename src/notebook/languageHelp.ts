import * as vscode from 'vscode';
import type { Completion } from './messages.ts';
import type { KernelProcess } from './process.ts';

const KINDS: Readonly<Record<Completion['kind'], vscode.CompletionItemKind>> = {
  function: vscode.CompletionItemKind.Function,
  class: vscode.CompletionItemKind.Class,
  value: vscode.CompletionItemKind.Variable,
  module: vscode.CompletionItemKind.Module,
};

/** Completion and hover in cells, from the live values of the notebook's kernel. */
export function registerLanguageHelp(
  notebookType: string,
  kernelOf: (cell: vscode.TextDocument) => KernelProcess | undefined,
): vscode.Disposable {
  const selector = ['javascript', 'typescript'].map((language) => ({ notebookType, language }));
  const completion: vscode.CompletionItemProvider = {
    async provideCompletionItems(document, position) {
      const kernel = kernelOf(document);
      if (!kernel) return [];
      const before = document.getText(new vscode.Range(new vscode.Position(0, 0), position));
      const typed = typedMember(document, position);
      return (await kernel.complete(before)).map((each) => completionItem(each, typed));
    },
  };
  const hover: vscode.HoverProvider = {
    async provideHover(document, position) {
      const kernel = kernelOf(document);
      const range = document.getWordRangeAtPosition(position, /[A-Za-z_$][\w$]*/);
      if (!kernel || !range) return undefined;
      const before = document.lineAt(position.line).text.slice(0, range.end.character);
      const [expression = ''] = /[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*$/.exec(before) ?? [];
      const markdown = await kernel.describe(expression);
      return markdown === undefined ? undefined : new vscode.Hover(new vscode.MarkdownString(markdown), range);
    },
  };
  return vscode.Disposable.from(
    vscode.languages.registerCompletionItemProvider(selector, completion, '.'),
    vscode.languages.registerHoverProvider(selector, hover),
  );
}

/** A dot and what is typed behind it so far; undefined where the cursor is behind no dot. */
function typedMember(document: vscode.TextDocument, position: vscode.Position): vscode.Range | undefined {
  const [member] = /\.[\w$]*$/.exec(document.lineAt(position.line).text.slice(0, position.character)) ?? [];
  return member === undefined ? undefined : new vscode.Range(position.translate(0, -member.length), position);
}

function completionItem(
  { label, kind, detail, documentation }: Completion,
  typed: vscode.Range | undefined,
): vscode.CompletionItem {
  const item = new vscode.CompletionItem(label, KINDS[kind]);
  if (detail !== undefined) item.detail = detail;
  if (documentation !== undefined) item.documentation = new vscode.MarkdownString(documentation);
  // Before the language server's guesses: these are the notebook's own.
  item.sortText = `0${label}`;
  // The language server replaces the dot, too, and what matches more of what is typed comes first.
  if (typed) {
    item.range = typed;
    item.insertText = `.${label}`;
    item.filterText = `.${label}`;
  }
  return item;
}
