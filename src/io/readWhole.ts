import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** What is read of a file at most, and by which rules. */
export type ReadRules = {
  /** It is refused once more has come, whatever its size is said to be. */
  readonly mostBytes: number;
  /** A file that only we write: a link in its place is not followed. */
  readonly own?: boolean;
};

export const MIB = 2 ** 20;

/** A file that is not read; `message` says why, as a system error's does. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
  readonly code: 'ENOTFILE' | 'ETOOBIG' | 'ELINK';

  constructor(code: UnreadableFile['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * A file's bytes. Only a regular file is read: a pipe would be waited for, and a device may not end.
 * @throws UnreadableFile; a system error
 */
export async function readWhole(file: string, rules: ReadRules): Promise<Buffer> {
  const handle = await openRegular(file, constants.O_RDONLY, rules);
  try {
    return await readAll(handle, rules.mostBytes);
  } finally {
    await handle.close();
  }
}

/** What an open file holds from here on. @throws UnreadableFile; a system error */
export async function readAll(handle: FileHandle, mostBytes: number): Promise<Buffer> {
  const bytes = new Bytes(mostBytes);
  for (;;) {
    const { bytesRead, buffer } = await handle.read({ buffer: Buffer.allocUnsafe(CHUNK_BYTES) });
    if (bytesRead === 0) return bytes.all();
    bytes.add(buffer.subarray(0, bytesRead));
  }
}

/** The same as text in UTF-8. */
export async function readText(file: string, rules: ReadRules): Promise<string> {
  return (await readWhole(file, rules)).toString('utf8');
}

/** The same at once, for what is read before there is anything to wait with. */
export function readTextAtOnce(file: string, rules: ReadRules): string {
  const descriptor = atOpening(() => openSync(file, constants.O_RDONLY | ruled(rules)));
  try {
    refuseUnlessRegular(fstatSync(descriptor));
    const bytes = new Bytes(rules.mostBytes);
    for (;;) {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      const bytesRead = readSync(descriptor, buffer);
      if (bytesRead === 0) return bytes.all().toString('utf8');
      bytes.add(buffer.subarray(0, bytesRead));
    }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Opens a regular file; one that is made is its owner's alone.
 * @param flags of `open(2)`
 * @throws UnreadableFile; a system error
 */
export async function openRegular(file: string, flags: number, rules: Pick<ReadRules, 'own'>): Promise<FileHandle> {
  const handle = await open(file, flags | ruled(rules), OWNERS_FILE).catch((error) => atOpening(() => thrown(error)));
  try {
    refuseUnlessRegular(await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Modes of files and folders that are their owner's alone. */
export const OWNERS_FILE = 0o600;
export const OWNERS_FOLDER = 0o700;

const CHUNK_BYTES = 256 * 1024;

/** Windows has neither flag. Without waiting, a pipe is opened at once, and can be refused. */
function ruled({ own = false }: Pick<ReadRules, 'own'>): number {
  return (constants.O_NONBLOCK ?? 0) | (own ? (constants.O_NOFOLLOW ?? 0) : 0);
}

function refuseUnlessRegular(stats: Stats): void {
  if (stats.isFile()) return;
  const kinds = [
    [stats.isDirectory(), 'a folder'],
    [stats.isFIFO(), 'a pipe'],
    [stats.isSocket(), 'a socket'],
  ] as const;
  const kind = kinds.find(([is]) => is)?.[1] ?? 'a device';
  throw new UnreadableFile('ENOTFILE', `it is ${kind}, not a file`);
}

/** What opening refuses in place of the check above: sockets, pipes without a reader, links. */
function atOpening<T>(opening: () => T): T {
  try {
    return opening();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP') throw new UnreadableFile('ELINK', 'it is a symbolic link, which is not followed here');
    if (code === 'ENXIO') throw new UnreadableFile('ENOTFILE', 'it is a pipe or a device, not a file');
    if (code === 'EISDIR') throw new UnreadableFile('ENOTFILE', 'it is a folder, not a file');
    throw error;
  }
}

function thrown(error: unknown): never {
  throw error;
}

/** Bytes as they come, up to a bound. */
class Bytes {
  readonly #mostBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  add(chunk: Uint8Array): void {
    this.#length += chunk.length;
    if (this.#length > this.#mostBytes) {
      throw new UnreadableFile('ETOOBIG', `it is larger than ${this.#mostBytes / MIB} MiB`);
    }
    this.#chunks.push(chunk);
  }

  all(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
