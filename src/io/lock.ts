import { constants, copyFile, link, lstat, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { InputError } from '../core/model/input.ts';
import { isRecord } from '../core/model/isRecord.ts';
import { type Holder, mayHaveWritten, newHolder, stateOfHolder } from './holder.ts';
import { MIB, OWNERS_FILE, readText } from './readWhole.ts';

export type Lock = { readonly kind: 'taken'; release(): Promise<void> };

/** Somebody else holds it. `busy`: so many take it at once that we did not get a turn. */
export type Held =
  | { readonly kind: 'held'; readonly by: Holder; readonly elsewhere: boolean }
  | { readonly kind: 'busy' };

/**
 * Takes a lock file, which one process holds at a time, until it lets go of it or ends. Node offers no lock of the
 * system's, so who holds it stands in the file: process, when that began, machine.
 *
 * A lock whose holder has ended is taken over without ever being away. Nobody removes it, since whoever has found it
 * stale may be late, and remove a newer one. It is *followed*: by a file that is named after the holder that ended, and
 * that only one can make. The holder is the last of that chain, if the chain still begins where the lock is. Then it
 * puts itself at the beginning, by a rename, and removes the rest.
 * @param tooOldSeconds a lock of that age is stale whoever holds it; for work that takes no time
 * @throws a system error where the folder is not there, or takes no files
 */
export async function takeLock(file: string, tooOldSeconds = Number.POSITIVE_INFINITY): Promise<Lock | Held> {
  const own = newHolder();
  const draft = `${file}.${own.id}.new`;
  try {
    await writeFile(draft, JSON.stringify(own), { flag: 'wx', mode: OWNERS_FILE });
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const chain = await chainOf(file);
      const last = chain.at(-1);
      if (last && !(await isStale(last, draft, tooOldSeconds))) {
        if (last.holder) return { kind: 'held', by: last.holder, elsewhere: isElsewhere(last) };
        await pause(WRITING_MILLISECONDS);
        continue;
      }
      const name = last ? follower(file, last) : file;
      if (!(await linked(draft, name, own.id))) continue;
      if (!(await chainOf(file)).some(({ id }) => id === own.id)) {
        await rm(name, { force: true }); // what we followed is no longer the lock
        continue;
      }
      if (last) await putFirst(file, draft, own.id);
      return { kind: 'taken', release: () => release(file, own.id) };
    }
    return { kind: 'busy' };
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}

/**
 * Work on a file that nobody else does meanwhile: who came before is waited for.
 * @throws InputError after 10 s; a system error where the folder takes no files
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  for (const until = Date.now() + PATIENCE_MILLISECONDS; ; ) {
    const taken = await takeLock(lock, SHORT_WORK_SECONDS);
    if (taken.kind === 'taken') return work().finally(taken.release);
    if (Date.now() > until) throw new InputError(`Other processes keep writing ${file}. Try again.`);
    await pause(5 + 20 * Math.random());
  }
}

const MOST_ATTEMPTS = 200;
/** A file is written in far less. */
const SHORT_WORK_SECONDS = 30;
const PATIENCE_MILLISECONDS = 10_000;
/** Where files cannot be linked, a lock is empty for a moment. One that stays so is what a full disk or a crash left. */
const WRITING_MILLISECONDS = 50;
const WRITING_SECONDS = 5;

/** A lock or a follower as it stands there. */
type Found = {
  readonly id: string;
  /** Absent where it cannot be read. */
  readonly holder?: Holder;
  /** By the clock of the file system. */
  readonly writtenAtMilliseconds: number;
  /** By version 0.1.0, which wrote the number of the process alone. */
  readonly former?: true;
};

/** The lock and what follows it, each after the one whose end it found; empty where there is none. */
async function chainOf(file: string): Promise<Found[]> {
  const chain: Found[] = [];
  for (let name = file; ; name = follower(file, chain.at(-1)!)) {
    const found = await readFound(name);
    if (!found || chain.some(({ id }) => id === found.id)) return chain;
    chain.push(found);
  }
}

function follower(file: string, { id }: Pick<Found, 'id'>): string {
  return `${file}.after-${id}`;
}

async function readFound(name: string): Promise<Found | undefined> {
  try {
    const { mtimeMs, ino } = await lstat(name);
    const text = await readText(name, { mostBytes: MIB, own: true });
    return { ...parse(text, mtimeMs, ino), writtenAtMilliseconds: mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(text: string, mtimeMs: number, ino: number): Omit<Found, 'writtenAtMilliseconds'> {
  const written = { id: `${ino}-${Math.floor(mtimeMs)}` };
  if (/^\d+$/.test(text)) {
    const sinceSeconds = Math.floor(mtimeMs / 1000);
    return { ...written, holder: { ...written, pid: Number(text), host: '', sinceSeconds }, former: true };
  }
  const holder = parseHolder(text);
  return holder ? { id: holder.id, holder } : written;
}

function parseHolder(text: string): Holder | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { id, pid, began, host, machine, boot, pids, sinceSeconds } = value;
  const named = typeof id === 'string' && /^[\w-]{1,64}$/.test(id) && typeof host === 'string';
  const told = [began, machine, boot, pids].every((each) => each === undefined || typeof each === 'string');
  return named && told && Number.isInteger(pid) && Number.isFinite(sinceSeconds) ? (value as Holder) : undefined;
}

function isElsewhere({ holder, former }: Found): boolean {
  return holder !== undefined && !former && stateOfHolder(holder) === 'elsewhere';
}

async function isStale(found: Found, draft: string, tooOldSeconds: number): Promise<boolean> {
  const { holder, former, writtenAtMilliseconds } = found;
  const ageSeconds = ((await lstat(draft)).mtimeMs - writtenAtMilliseconds) / 1000;
  if (!holder) return ageSeconds > WRITING_SECONDS;
  if (ageSeconds > tooOldSeconds) return true;
  return former ? !mayHaveWritten(holder.pid, holder.sinceSeconds) : stateOfHolder(holder) === 'gone';
}

/** Gives a file a second name, which nobody else has then. False where it is taken. */
async function linked(draft: string, name: string, id: string): Promise<boolean> {
  try {
    await link(draft, name);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    // Over a network the answer to a link that was made may be lost.
    if (code === 'EEXIST') return (await readFound(name))?.id === id;
    if (!WITHOUT_LINKS.includes(code)) throw error;
  }
  try {
    await copyFile(draft, name, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

const WITHOUT_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/**
 * From here on the chain begins with us, so that what we followed, and we as its follower, can go; with it what is left
 * of earlier chains whose holder ended right here. Whoever follows one of those too late is not the lock, and sees it.
 */
async function putFirst(file: string, draft: string, id: string): Promise<void> {
  const prefix = basename(follower(file, { id: '' }));
  const followers = (await readdir(dirname(file))).filter((name) => name.startsWith(prefix) && name !== prefix + id);
  await rename(draft, file);
  for (const name of followers) await rm(join(dirname(file), name), { force: true });
}

async function release(file: string, id: string): Promise<void> {
  if ((await readFound(file))?.id === id) await rm(file, { force: true });
}
