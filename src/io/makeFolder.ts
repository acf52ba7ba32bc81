import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OWNERS_FOLDER } from './readWhole.ts';

/**
 * Makes a folder that is its owner's alone, and those that it lies in. One that is there stays as it is.
 *
 * Node's own `recursive` goes on for ever where a folder is there, but takes none (/proc).
 * @throws a system error
 */
export async function makeFolder(folder: string): Promise<void> {
  if (await isMade(folder)) return;
  await makeFolder(dirname(folder));
  if (!(await isMade(folder))) throw Object.assign(new Error(`ENOENT: ${folder} cannot be made`), { code: 'ENOENT' });
}

/** @returns false where what it lies in is not there */
async function isMade(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: OWNERS_FOLDER });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(folder) !== folder) return false;
    // Some systems say of a folder that is there that it may not be made, or that its file system is read-only.
    const there = await stat(folder).catch(() => undefined);
    if (there?.isDirectory()) return true;
    throw error;
  }
}
