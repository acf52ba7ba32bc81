import * as vscode from 'vscode';

const SCHEME = 'stowage';

/** Texts that commands make: nothing to edit, nothing to save. Shown again, a text is replaced. */
export class Documents implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly texts = new Map<string, string>();
  private readonly registration: vscode.Disposable;

  constructor() {
    this.registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? 'The window was reloaded. Ask for this text again from the Stowage view.';
  }

  /** Rendered. @param name the tab's title @param markdown names of a cluster are escaped in it */
  async show(name: string, markdown: string): Promise<void> {
    await vscode.commands.executeCommand('markdown.showPreview', this.put(`${name}.md`, markdown));
  }

  /** As it is. @param name the tab's title */
  async showPlain(name: string, text: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(this.put(`${name}.txt`, text));
    await vscode.window.showTextDocument(document, { preview: true });
  }

  private put(file: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${file}` });
    this.texts.set(uri.path, text);
    this.changed.fire(uri);
    return uri;
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}
