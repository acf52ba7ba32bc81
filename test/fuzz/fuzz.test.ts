import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { isFull } from '../full.ts';
import { runCase } from './cases.ts';
import { fuzz } from './run.ts';
import { TARGETS } from './targets.ts';

const SECONDS = isFull ? 60 : 15;

describe('every parser', () => {
  it('takes what its seeds hold', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stowage-seeds-'));
    try {
      for (const { name, seeds, read } of TARGETS)
        for (const seed of seeds) await assert.doesNotReject(async () => read(seed, directory), name);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it(`says in words what is wrong with ${SECONDS} s of mutated inputs, and lets nothing absurd pass`, async () => {
    const { cases, failures } = await fuzz({ milliseconds: SECONDS * 1000, first: 1, workers: 1 });
    assert.deepEqual(failures.slice(0, 5), []);
    assert.ok(cases > 100, `${cases} cases`);
  });

  it('is given the same input by the same number', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stowage-same-'));
    const [once, again] = [await runCase(17, directory), await runCase(17, directory)];
    assert.deepEqual([once.target, once.input], [again.target, again.input]);
    rmSync(directory, { recursive: true });
  });
});
