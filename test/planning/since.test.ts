import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { isSystemError } from '../../src/core/model/systemError.ts';
import { readSince, writeSince } from '../../src/planning/since.ts';
import { describeError } from '../../src/text/error.ts';
import { amounts, aNode, aSnapshot } from '../core/small.ts';

describe('since when conditions have held', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-since-'));
    file = join(directory, 'since.json');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const of = (cluster: string) =>
    readSince(directory, { ...aSnapshot([aNode('n', amounts(1, 1))], []), cluster, takenAtSeconds: 1000 });

  it('is kept of each cluster, also where many plans of many clusters write at once', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `cluster ${at}`);
    await Promise.all(names.map((name, at) => writeSince(directory, name, { shrink: at })));
    for (const [at, name] of names.entries()) assert.deepEqual(await of(name), { shrink: at });
    assert.deepEqual(readdirSync(directory), ['since.json']);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('is nothing where the file is none, and of what is sound in it the rest', async () => {
    assert.deepEqual(await of('c'), {});
    for (const text of ['', '{', '[]', 'null', '7']) {
      writeFileSync(file, text);
      assert.deepEqual(await of('c'), {}, text);
    }
    writeFileSync(file, '{"c":{"a":1,"late":2000},"d":{"a":null},"e":[1],"f":7}');
    assert.deepEqual(await of('c'), { a: 1 });
    for (const name of ['d', 'e', 'f', 'constructor', '__proto__']) assert.deepEqual(await of(name), {}, name);
  });

  it('never goes through a link', async () => {
    const other = join(directory, 'bashrc');
    writeFileSync(other, 'export A=1');
    symlinkSync(other, file);
    await writeSince(directory, 'c', { a: 1 });
    assert.equal(readFileSync(other, 'utf8'), 'export A=1');
    assert.deepEqual(await of('c'), { a: 1 });
  });

  it('says why it cannot be kept', async () => {
    writeFileSync(file, '');
    await assert.rejects(writeSince(file, 'c', {}), (error) => {
      assert.equal(describeError(error).indexOf(`Cannot use ${join(file, 'since.json')}: `), 0);
      return isSystemError(error);
    });
  });
});
