import * as vscode from 'vscode';
import type { CommandId, CommandName } from '../editor/commandIds.ts';

// biome-ignore lint/suspicious/noExplicitAny: VS Code hands a command whatever its menu or caller gives
export type CommandTable = { readonly [Name in CommandName]: (...args: any[]) => unknown };

/** Registers every row; a failure is shown, never swallowed. */
export function registerCommands(table: CommandTable, onFailure: (error: unknown) => void): vscode.Disposable {
  const names = Object.keys(table) as CommandName[];
  return vscode.Disposable.from(
    ...names.map((name) => {
      const id: CommandId = `stowage.${name}`;
      return vscode.commands.registerCommand(id, async (...args: unknown[]) => {
        try {
          return await table[name](...args);
        } catch (error) {
          onFailure(error);
        }
      });
    }),
  );
}
