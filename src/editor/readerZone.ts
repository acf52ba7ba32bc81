import type * as vscode from 'vscode';
import { useZone } from '../text/zone.ts';

/**
 * In which zone a window tells its times: the one that a page of ours in the user's browser told last, in this window or in one
 * before; else this process's own, which on a remote host is the server's.
 */
const KEY = 'readerZone';

/** Takes up what was told in an earlier window. @param memory of the user's, over all workspaces */
export function recallZone(memory: vscode.Memento): void {
  useZone(memory.get(KEY));
}

/** Takes up what a page has told, for later windows too. @returns whether times are told in another zone from now on */
export function learnZone(zone: string, memory: vscode.Memento): boolean {
  const isNew = useZone(zone);
  if (isNew) void memory.update(KEY, zone);
  return isNew;
}
