import * as vscode from 'vscode';

/** What the user pinned to the top of a tree, kept over sessions. */
export class Pins implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly memory: vscode.Memento;
  private ids: ReadonlySet<string>;

  constructor(memory: vscode.Memento) {
    this.memory = memory;
    this.ids = new Set(memory.get<string[]>('pins', []));
  }

  /** `node:NAME` and `task:ID`; replaced whole when one changes. */
  get all(): ReadonlySet<string> {
    return this.ids;
  }

  async set(id: string, pinned: boolean): Promise<void> {
    const others = [...this.ids].filter((other) => other !== id);
    this.ids = new Set(pinned ? [...others, id] : others);
    this.changed.fire();
    await this.memory.update('pins', [...this.ids]);
  }

  dispose(): void {
    this.changed.dispose();
  }
}
