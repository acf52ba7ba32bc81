import { constants } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { STATE_DIRECTORY_NAME } from '../core/model/stateFiles.ts';
import { withLock } from './lock.ts';
import { makeFolder } from './makeFolder.ts';
import { openRegular, readText } from './readWhole.ts';
import { writeAtomically } from './writeAtomically.ts';

/** Files that only Stowage writes, in a state directory: their owner's alone, and never reached by a link. */

/** Whether a path leads into a state directory. */
export function isOwn(file: string): boolean {
  return dirname(resolve(file)).split(sep).includes(STATE_DIRECTORY_NAME);
}

/** @returns undefined where there is none @throws UnreadableFile; a system error */
export async function readOwn(file: string, mostBytes: number): Promise<string | undefined> {
  try {
    return await readText(file, { mostBytes, own: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Reads a file and replaces it by what is made of it, while no other process does: of two writers neither's is lost.
 * @param change may be told that there is no file, or none that can be read
 * @throws InputError where others keep writing it; a system error
 */
export async function changeOwn(
  file: string,
  mostBytes: number,
  change: (before: string | undefined) => string,
): Promise<void> {
  await makeFolder(dirname(file));
  await withLock(file, async () => {
    const before = await readOwn(file, mostBytes).catch(() => undefined);
    await writeAtomically(file, change(before), true);
  });
}

/** Adds to the end of a file, or makes it. @throws UnreadableFile; a system error */
export async function appendOwn(file: string, text: string): Promise<void> {
  const { O_APPEND, O_CREAT, O_WRONLY } = constants;
  const handle = await openRegular(file, O_APPEND | O_CREAT | O_WRONLY, { own: true });
  try {
    await handle.appendFile(text);
  } finally {
    await handle.close();
  }
}
