import { dirname } from 'node:path';
import * as vscode from 'vscode';
import type { CellLanguage } from './cell.ts';
import { registerLanguageHelp } from './languageHelp.ts';
import type { KernelContext } from './messages.ts';
import { OutputWriter } from './outputs.ts';
import { KernelProcess } from './process.ts';

/** The notebook type of VS Code's own .ipynb editor. */
const NOTEBOOK_TYPE = 'jupyter-notebook';
const LANGUAGES: readonly CellLanguage[] = ['javascript', 'typescript'];

/** What the notebook's kernel stands for in a file's metadata; such notebooks choose it by themselves. */
const KERNEL_NAME = 'stowage';

export type NotebookOptions = {
  /** The kernel's bundle. */
  readonly script: string;
  /** Folder of cells whose notebook is not in a file. */
  readonly folder: string;
  /** What `stowage` in cells works on; `onDidChange` says that it is another. */
  readonly context: () => KernelContext;
  readonly onDidChange: vscode.Event<unknown>;
  readonly log: vscode.LogOutputChannel;
};

/**
 * Offers the kernel for .ipynb files, in trusted workspaces only: in Restricted Mode there is none until trust is granted.
 * @returns what takes everything down, running kernels included
 */
export function registerNotebooks(options: NotebookOptions): vscode.Disposable {
  if (vscode.workspace.isTrusted) return new Notebooks(options);
  let notebooks: vscode.Disposable | undefined;
  const granted = vscode.workspace.onDidGrantWorkspaceTrust(() => {
    notebooks = new Notebooks(options);
  });
  return new vscode.Disposable(() => {
    granted.dispose();
    notebooks?.dispose();
  });
}

/** The controller and one kernel process for each notebook that has run a cell. */
class Notebooks implements vscode.Disposable {
  private readonly controller: vscode.NotebookController;
  private readonly options: NotebookOptions;
  private readonly open = new Map<vscode.NotebookDocument, OpenNotebook>();
  private readonly disposables: vscode.Disposable[] = [];

  constructor(options: NotebookOptions) {
    this.options = options;
    this.controller = vscode.notebooks.createNotebookController(KERNEL_NAME, NOTEBOOK_TYPE, 'Stowage (JavaScript)');
    this.controller.supportedLanguages = [...LANGUAGES];
    this.controller.supportsExecutionOrder = true;
    this.controller.description = 'JavaScript and TypeScript with stowage, tf, dfd, Plotly and display';
    this.controller.executeHandler = (cells, notebook) => this.of(notebook).run(cells);
    this.controller.interruptHandler = (notebook) => this.open.get(notebook)?.interrupt();
    this.disposables.push(
      this.controller,
      vscode.workspace.onDidOpenNotebookDocument((notebook) => this.prefer(notebook)),
      vscode.workspace.onDidCloseNotebookDocument((notebook) => this.close(notebook)),
      vscode.window.onDidChangeActiveNotebookEditor(tellWhose),
      vscode.commands.registerCommand('stowage.restartKernel', (target?: unknown) => this.restart(target)),
      options.onDidChange(() => {
        for (const { kernel } of this.open.values()) kernel.setContext(options.context());
      }),
      registerLanguageHelp(NOTEBOOK_TYPE, (document) => this.kernelOf(document)),
    );
    for (const notebook of vscode.workspace.notebookDocuments) this.prefer(notebook);
    tellWhose(vscode.window.activeNotebookEditor);
  }

  dispose(): void {
    for (const notebook of [...this.open.keys()]) this.close(notebook);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** Notebooks that name our kernel, or JavaScript and no other kernel, get it without a question. */
  private prefer(notebook: vscode.NotebookDocument): void {
    if (notebook.notebookType !== NOTEBOOK_TYPE || !isOurs(notebook)) return;
    this.controller.updateNotebookAffinity(notebook, vscode.NotebookControllerAffinity.Preferred);
  }

  private of(notebook: vscode.NotebookDocument): OpenNotebook {
    const present = this.open.get(notebook);
    if (present) return present;
    const opened = new OpenNotebook(notebook, this.controller, this.options);
    this.open.set(notebook, opened);
    return opened;
  }

  /** The kernel of a notebook's cell, for help while typing; only where ours is the notebook's kernel. */
  private kernelOf(cell: vscode.TextDocument): KernelProcess | undefined {
    const notebook = vscode.workspace.notebookDocuments.find((each) =>
      each.getCells().some(({ document }) => document === cell),
    );
    return notebook && (this.open.has(notebook) || isOurs(notebook)) ? this.of(notebook).kernel : undefined;
  }

  /** @param target the notebook's tool bar hands over its notebook; the palette nothing, and the active one is meant */
  private async restart(target: unknown): Promise<void> {
    const uri = (target as { notebookEditor?: { notebookUri?: vscode.Uri } } | undefined)?.notebookEditor?.notebookUri;
    const notebook =
      vscode.workspace.notebookDocuments.find((each) => uri && each.uri.toString() === uri.toString()) ??
      vscode.window.activeNotebookEditor?.notebook;
    if (notebook) await this.open.get(notebook)?.kernel.restart();
  }

  private close(notebook: vscode.NotebookDocument): void {
    void this.open.get(notebook)?.kernel.dispose();
    this.open.delete(notebook);
  }
}

/** A notebook that has run a cell: its process, and the executions on the screen. */
class OpenNotebook {
  readonly kernel: KernelProcess;
  private readonly controller: vscode.NotebookController;
  private readonly log: vscode.LogOutputChannel;
  private readonly writers = new Map<number, OutputWriter>();
  private queue: Promise<void> = Promise.resolve();
  private round = 0;

  constructor(notebook: vscode.NotebookDocument, controller: vscode.NotebookController, options: NotebookOptions) {
    this.controller = controller;
    this.log = options.log;
    const directory = notebook.uri.scheme === 'file' ? dirname(notebook.uri.fsPath) : options.folder;
    this.kernel = new KernelProcess({ script: options.script, directory, context: options.context() }, (message) =>
      this.writers.get(message.run)?.take(message),
    );
  }

  /** Runs cells one after the other; the first that does not end well ends the round, as Run All does. */
  run(cells: readonly vscode.NotebookCell[]): Promise<void> {
    const executions = cells.map((cell) => this.controller.createNotebookCellExecution(cell));
    const round = this.round;
    this.queue = this.queue.then(async () => {
      let goesOn = true;
      for (const execution of executions) {
        if (goesOn && round === this.round) goesOn = await this.runCell(execution);
        else end(execution, undefined);
      }
    });
    return this.queue;
  }

  /** Stops the running cell and drops those that wait. */
  async interrupt(): Promise<void> {
    this.round += 1;
    await this.kernel.interrupt();
  }

  private async runCell(execution: vscode.NotebookCellExecution): Promise<boolean> {
    const { cell } = execution;
    const run = this.kernel.next;
    execution.executionOrder = run;
    execution.start(Date.now());
    const writer = new OutputWriter(execution, this.controller);
    this.forgetRunsOf(cell);
    this.writers.set(run, writer);
    try {
      await execution.clearOutput();
      const { languageId } = cell.document;
      const language = languageId === 'typescript' ? 'typescript' : 'javascript';
      const outcome = await this.kernel.run(cell.document.getText(), language);
      if (outcome.how === 'died') {
        this.log.warn(outcome.reason);
        writer.fail({ name: 'Kernel ended', message: outcome.reason, stack: outcome.reason });
        this.round += 1;
      }
      await writer.finish();
      end(execution, outcome.how === 'done');
      return outcome.how === 'done';
    } catch (error) {
      this.log.error(error instanceof Error ? error : String(error));
      end(execution, false);
      return false;
    }
  }

  /** What an earlier run of the same cell still sends has no place any more. */
  private forgetRunsOf(cell: vscode.NotebookCell): void {
    for (const [run, writer] of this.writers) if (writer.cell === cell) this.writers.delete(run);
  }
}

/** Ends an execution that was never started too: it must be started to leave the "waiting" state. */
function end(execution: vscode.NotebookCellExecution, success: boolean | undefined): void {
  if (success === undefined) execution.start();
  execution.end(success, success === undefined ? undefined : Date.now());
}

/** Says for keys whether the notebook on the screen is ours: until a cell has run, VS Code names no kernel for it. */
function tellWhose(editor: vscode.NotebookEditor | undefined): void {
  const ours = editor !== undefined && editor.notebook.notebookType === NOTEBOOK_TYPE && isOurs(editor.notebook);
  void vscode.commands.executeCommand('setContext', 'stowage.notebook', ours);
}

function isOurs(notebook: vscode.NotebookDocument): boolean {
  const metadata = notebook.metadata as { metadata?: { kernelspec?: { name?: string; language?: string } } };
  const { name, language } = metadata.metadata?.kernelspec ?? {};
  if (name !== undefined) return name === KERNEL_NAME;
  return LANGUAGES.some((each) => each === language);
}
