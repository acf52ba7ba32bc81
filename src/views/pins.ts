import * as vscode from 'vscode';

/** What the user pinned to the top of a tree, kept over sessions. */
export class Pins implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly memory: vscode.Memento;

  constructor(memory: vscode.Memento) {
    this.memory = memory;
  }

  has(id: string): boolean {
    return this.all().includes(id);
  }

  async set(id: string, pinned: boolean): Promise<void> {
    const others = this.all().filter((other) => other !== id);
    await this.memory.update('pins', pinned ? [...others, id] : others);
    this.changed.fire();
  }

  dispose(): void {
    this.changed.dispose();
  }

  private all(): readonly string[] {
    return this.memory.get<string[]>('pins', []);
  }
}
