import * as vscode from 'vscode';
import type { CommandId } from './commandIds.ts';

/** Runs one of our commands, as if the user had chosen it. */
export async function runCommand(id: CommandId): Promise<void> {
  await vscode.commands.executeCommand(id);
}
