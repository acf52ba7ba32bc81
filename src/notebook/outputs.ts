import * as vscode from 'vscode';
import type { CellError, MimeBundle } from './messages.ts';
import type { CellMessage } from './process.ts';

/** Text and updates are put on the screen at most this often, so that a cell that prints a lot does not keep the editor busy. */
const EVERY_MILLISECONDS = 60;

/**
 * Writes what a cell sends under it, in order: text of one stream grows in one output, a display that is updated is
 * replaced where it stands. What comes after the cell has ended opens the cell's execution once more for it.
 */
export class OutputWriter {
  readonly cell: vscode.NotebookCell;
  private readonly controller: vscode.NotebookController;
  private execution: vscode.NotebookCellExecution | undefined;
  private waiting: CellMessage[] = [];
  private timer: NodeJS.Timeout | undefined;
  private written: Promise<void> = Promise.resolve();
  private readonly displays = new Map<number, vscode.NotebookCellOutput>();
  private last: { readonly stream: string; readonly output: vscode.NotebookCellOutput } | undefined;
  private success: boolean | undefined;

  constructor(execution: vscode.NotebookCellExecution, controller: vscode.NotebookController) {
    this.execution = execution;
    this.cell = execution.cell;
    this.controller = controller;
  }

  take(message: CellMessage): void {
    if (message.type === 'ended') {
      this.success = message.how === 'done';
      return;
    }
    this.waiting.push(message);
    this.timer ??= setTimeout(() => this.write(), EVERY_MILLISECONDS);
  }

  fail(error: CellError): void {
    this.success = false;
    this.waiting.push({ type: 'error', run: 0, error });
  }

  /** Everything taken so far is on the screen when this resolves; the cell has ended. */
  async finish(): Promise<void> {
    this.write();
    await this.written;
    this.execution = undefined;
  }

  private write(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const messages = merge(this.waiting);
    this.waiting = [];
    if (messages.length > 0) this.written = this.written.then(() => this.put(messages)).catch(() => {});
  }

  private async put(messages: readonly CellMessage[]): Promise<void> {
    const late = this.execution === undefined;
    const execution = this.execution ?? this.reopen();
    for (const message of messages) {
      if (message.type === 'text') await this.putText(execution, message.stream, message.text);
      else if (message.type === 'display') await this.putDisplay(execution, message.display, message.bundle);
      else if (message.type === 'error') await this.putError(execution, message.error);
    }
    if (late) execution.end(this.success);
  }

  private reopen(): vscode.NotebookCellExecution {
    const execution = this.controller.createNotebookCellExecution(this.cell);
    execution.executionOrder = this.cell.executionSummary?.executionOrder;
    execution.start();
    return execution;
  }

  private async putText(
    execution: vscode.NotebookCellExecution,
    stream: 'stdout' | 'stderr',
    text: string,
  ): Promise<void> {
    const item = vscode.NotebookCellOutputItem[stream](text);
    if (this.last?.stream === stream) {
      await execution.appendOutputItems(item, this.last.output);
      return;
    }
    const output = new vscode.NotebookCellOutput([item]);
    this.last = { stream, output };
    await execution.appendOutput(output);
  }

  private async putDisplay(
    execution: vscode.NotebookCellExecution,
    display: number,
    bundle: MimeBundle,
  ): Promise<void> {
    const items = bundle.map(({ mime, text }) => vscode.NotebookCellOutputItem.text(text, mime));
    const present = this.displays.get(display);
    if (present) {
      await execution.replaceOutputItems(items, present);
      return;
    }
    const output = new vscode.NotebookCellOutput(items);
    this.displays.set(display, output);
    this.last = undefined;
    await execution.appendOutput(output);
  }

  private async putError(execution: vscode.NotebookCellExecution, { name, message, stack }: CellError): Promise<void> {
    this.last = undefined;
    const item = vscode.NotebookCellOutputItem.error({ name, message, stack });
    // VS Code stores these lines. Without them it splits the stack into lines that keep their ends, and joins them by
    // further ends when the file is read again: each line came back doubled.
    const originalError = { output_type: 'error', ename: name, evalue: message, traceback: stack.split('\n') };
    await execution.appendOutput(new vscode.NotebookCellOutput([item], { originalError }));
  }
}

/** Neighbouring texts of one stream as one, of several states of a display the last, where the first stood. */
function merge(messages: readonly CellMessage[]): CellMessage[] {
  const merged: CellMessage[] = [];
  const displayAt = new Map<number, number>();
  for (const message of messages) {
    const before = merged.at(-1);
    if (message.type === 'text' && before?.type === 'text' && before.stream === message.stream) {
      merged[merged.length - 1] = { ...before, text: before.text + message.text };
    } else if (message.type === 'display' && displayAt.has(message.display)) {
      merged[displayAt.get(message.display)!] = message;
    } else {
      if (message.type === 'display') displayAt.set(message.display, merged.length);
      merged.push(message);
    }
  }
  return merged;
}
