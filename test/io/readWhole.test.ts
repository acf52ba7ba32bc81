import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { MIB, readText, readTextAtOnce } from '../../src/io/readWhole.ts';

describe('reading a file', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-read-'));
    file = join(directory, 'file');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Both ways of reading it. */
  const refused = async (path: string, rules: Parameters<typeof readText>[1], message: RegExp) => {
    await assert.rejects(readText(path, rules), { message });
    assert.throws(() => readTextAtOnce(path, rules), { message });
  };
  const MUCH = { mostBytes: MIB };

  it('gives all of it, empty and of many parts', async () => {
    for (const text of ['', 'größer', 'x'.repeat(MIB)]) {
      writeFileSync(file, text);
      assert.equal(await readText(file, { mostBytes: 2 * MIB, own: true }), text);
      assert.equal(readTextAtOnce(file, { mostBytes: 2 * MIB }), text);
    }
  });

  it('ends at its bound, whatever the size is said to be', async () => {
    writeFileSync(file, '');
    truncateSync(file, MIB + 1);
    await refused(file, MUCH, /^it is larger than 1 MiB$/);
    truncateSync(file, MIB);
    assert.equal((await readText(file, MUCH)).length, MIB);
  });

  it('refuses at once what would be waited for, or may not end', async () => {
    execFileSync('mkfifo', [file]);
    await refused(file, MUCH, /^it is a pipe, not a file$/);
    await refused('/dev/zero', MUCH, /^it is a device, not a file$/);
    await refused(directory, MUCH, /^it is a folder, not a file$/);
  });

  it('refuses a socket', async () => {
    const path = join(directory, 'socket');
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once('listening', resolve));
    await refused(path, MUCH, /not a file$/);
    await new Promise((resolve) => server.close(resolve));
  });

  it('follows a link, but not in the place of a file of our own', async () => {
    writeFileSync(join(directory, 'secret'), 'token');
    symlinkSync(join(directory, 'secret'), file);
    assert.equal(await readText(file, MUCH), 'token');
    await refused(file, { ...MUCH, own: true }, /^it is a symbolic link, which is not followed here$/);
  });

  it('says of what is not there what the system says', async () => {
    mkdirSync(join(directory, 'empty'));
    await assert.rejects(readText(join(directory, 'empty', 'none'), MUCH), { code: 'ENOENT' });
  });
});
