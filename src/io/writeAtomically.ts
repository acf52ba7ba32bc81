import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { naming } from '../core/model/systemError.ts';
import { makeFolder } from './makeFolder.ts';
import { OWNERS_FILE } from './readWhole.ts';

/**
 * Replaces a file whole, or makes it and its directory. Whoever reads it, also after a crash, finds the old content or
 * the new: a file beside it takes the content, is flushed to the disk, and then takes the name. Links and the mode stay
 * as they are. Of two writers at once, the later rename wins. A pipe or a device is written to.
 *
 * The package write-file-atomic would not do: it hooks into the exit of the process, which is the editor's, and does
 * not flush the directory, so that a power cut may undo the rename.
 * @param own a file that only we write: it and folders made for it are its owner's alone, and what stands in its place,
 * a link for one, is replaced, not followed
 * @throws a system error that names `file`; nothing is left beside it then
 */
export async function writeAtomically(file: string, content: string, own = false): Promise<void> {
  try {
    await (own ? replaceOwn(file, content) : replace(file, content));
  } catch (error) {
    throw naming(file, error);
  }
}

async function replace(file: string, content: string): Promise<void> {
  const target = await targetOf(file);
  const present = await unlessAbsent(stat(target), undefined);
  if (present && !present.isFile()) return writeFile(target, content);
  await mkdir(path.dirname(target), { recursive: true });
  await put(target, content, (draft) => (present ? chmod(draft, present.mode & PERMISSIONS) : undefined));
}

async function replaceOwn(file: string, content: string): Promise<void> {
  await makeFolder(path.dirname(file));
  await put(file, content, (draft) => chmod(draft, OWNERS_FILE));
}

/** Gives the content the name, by way of a draft beside it. */
async function put(target: string, content: string, allow: (draft: string) => unknown): Promise<void> {
  const draft = `${target}.${randomBytes(6).toString('hex')}.new`;
  try {
    await writeFile(draft, content, { flag: 'wx', flush: true });
    await allow(draft);
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
  await flushDirectory(path.dirname(target));
}

/** The file that a path leads to, also through a link to what is not there yet. */
async function targetOf(file: string): Promise<string> {
  const found = await unlessAbsent(realpath(file), undefined);
  if (found !== undefined) return found;
  const link = await readlink(file).catch(() => undefined);
  if (link === undefined) return file;
  // A link leads on from where it really stands.
  return targetOf(path.resolve(await realpath(path.dirname(file)), link));
}

/** The bits of a mode that say who may do what; the others say what kind of file it is. */
const PERMISSIONS = 0o7777;

/** Makes the rename outlast a power cut. Windows opens no directory, and some file systems flush none. */
async function flushDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {
    // The file is whole either way.
  }
}

async function unlessAbsent<T, U>(found: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise;
    throw error;
  }
}
