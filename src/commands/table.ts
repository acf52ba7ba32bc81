import type * as vscode from 'vscode';

/** Ids of all commands in the manifest, without the `stowage.` before them; a test compares the two. */
export type CommandId =
  | 'openSample'
  | 'connect'
  | 'disconnect'
  | 'refresh'
  | 'previewPlan'
  | 'applyPlan'
  | 'whatIfNodeGoes'
  | 'whatIfNodeAdded'
  | 'continueMoves'
  | 'undoResizes'
  | 'advanceSample'
  | 'train'
  | 'openNotebooks'
  | 'filterTasks'
  | 'clearFilter'
  | 'groupTasks'
  | 'pin'
  | 'unpin'
  | 'revealNode'
  | 'placeTask'
  | 'resizeTask'
  | 'migrateTask'
  | 'copyKubectl'
  | 'showLedger'
  | 'doctor'
  | 'showLog'
  | 'showMoreNodes'
  | 'showMoreTasks';

// biome-ignore lint/suspicious/noExplicitAny: VS Code hands a command whatever its menu or caller gives
export type CommandTable = { readonly [id in CommandId]: (...args: any[]) => unknown };

/** Registers every row; a failure is shown, never swallowed. */
export function registerCommands(
  table: CommandTable,
  register: typeof vscode.commands.registerCommand,
  onFailure: (error: unknown) => void,
): vscode.Disposable[] {
  return Object.entries(table).map(([id, handler]) =>
    register(`stowage.${id}`, async (...args: unknown[]) => {
      try {
        return await handler(...args);
      } catch (error) {
        onFailure(error);
      }
    }),
  );
}
