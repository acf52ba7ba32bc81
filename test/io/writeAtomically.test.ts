import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { writeAtomically } from '../../src/io/writeAtomically.ts';

describe('an atomic write', () => {
  let directory: string;
  let file: string;

  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'stowage-write-'));
    file = path.join(directory, 'state.json');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('replaces a file, keeps its mode, and leaves nothing beside it', async () => {
    await writeFile(file, 'old');
    chmodSync(file, 0o600);
    await writeAtomically(file, 'new');
    assert.equal(readFileSync(file, 'utf8'), 'new');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(directory), ['state.json']);
  });

  it('makes the directories that are missing', async () => {
    const deep = path.join(directory, 'not', 'yet', 'there.json');
    await writeAtomically(deep, 'new');
    assert.equal(readFileSync(deep, 'utf8'), 'new');
  });

  it('leaves the old file whole when the process is killed between the write and the rename', async () => {
    await writeFile(file, 'old');
    const dying = "fs.rename = () => process.kill(process.pid, 'SIGKILL'); syncBuiltinESMExports();";
    assert.equal((await writeInChild(dying, file)).signal, 'SIGKILL');
    assert.equal(readFileSync(file, 'utf8'), 'old');
    // What would have taken the name was complete.
    const drafts = readdirSync(directory).filter((name) => name.endsWith('.new'));
    assert.deepEqual(
      drafts.map((name) => readFileSync(path.join(directory, name), 'utf8')),
      ['new'],
    );
    await writeAtomically(file, 'newer');
    assert.equal(readFileSync(file, 'utf8'), 'newer');
  });

  it('leaves what one of many writers at once wrote, whole', async () => {
    const contents = Array.from({ length: 20 }, (_, writer) => String(writer).repeat(100_000));
    await Promise.all(contents.map((content) => writeAtomically(file, content)));
    assert.ok(contents.includes(readFileSync(file, 'utf8')));
    assert.deepEqual(readdirSync(directory), ['state.json']);
  });

  it('never shows a reader half of a file', async () => {
    const contents = ['a', 'b'].map((letter) => letter.repeat(1_000_000));
    await writeAtomically(file, contents[0]!);
    let writing = true;
    const writes = (async () => {
      for (let round = 1; round <= 20; round += 1) await writeAtomically(file, contents[round % 2]!);
    })().finally(() => {
      writing = false;
    });
    while (writing) {
      assert.ok(contents.includes(readFileSync(file, 'utf8')));
      await new Promise(setImmediate);
    }
    await writes;
  });

  it('replaces what a link points to, not the link', async () => {
    const link = path.join(directory, 'link.json');
    await writeFile(file, 'old');
    symlinkSync(file, link);
    await writeAtomically(link, 'new');
    assert.equal(readFileSync(file, 'utf8'), 'new');
    assert.deepEqual(readdirSync(directory).sort(), ['link.json', 'state.json']);
  });

  it('makes the file that a link leads to, though it is not there yet', async () => {
    const [first, second] = [path.join(directory, 'first.json'), path.join(directory, 'second.json')];
    symlinkSync('second.json', first);
    symlinkSync(path.join('deep', 'state.json'), second);
    await writeAtomically(first, 'new');
    assert.equal(readFileSync(path.join(directory, 'deep', 'state.json'), 'utf8'), 'new');
    assert.deepEqual(
      [first, second].map((link) => lstatSync(link).isSymbolicLink()),
      [true, true],
    );
  });

  it('names the file when it cannot be replaced, and leaves nothing beside it', async () => {
    mkdirSync(file);
    await assert.rejects(writeAtomically(file, 'new'), { code: 'EISDIR', message: new RegExp(`write '${file}'$`) });
    assert.deepEqual(readdirSync(directory), ['state.json']);
  });

  it('names the file in a directory that takes no new ones', async () => {
    await writeFile(file, 'old');
    chmodSync(directory, 0o555);
    // Nothing is refused to root, so a child that may be root becomes nobody.
    const nobody = 'if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }';
    const { said } = await writeInChild(nobody, file);
    chmodSync(directory, 0o755);
    assert.equal(said, `EACCES: permission denied, write '${file}'`);
    assert.equal(readFileSync(file, 'utf8'), 'old');
  });
});

const SOURCE = new URL('../../src/io/writeAtomically.ts', import.meta.url).href;

/** Writes 'new' to a file in another process, after a preparation there; what it was refused with, or how it was killed. */
function writeInChild(preparation: string, file: string): Promise<{ signal: string | null; said: string }> {
  const script = `
    import fs from 'node:fs/promises';
    import { syncBuiltinESMExports } from 'node:module';
    const { writeAtomically } = await import('${SOURCE}');
    ${preparation}
    await writeAtomically(process.argv[1], 'new').catch((error) => process.stdout.write(error.message));`;
  return new Promise((resolve) => {
    const words = ['--input-type=module', '--eval', script, file];
    const child = execFile(process.execPath, words, (_, said) => resolve({ signal: child.signalCode, said }));
  });
}
