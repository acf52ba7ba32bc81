import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { readHistoryFile } from '../../src/io/history.ts';
import { parquet } from './parquetFile.ts';

describe('a Parquet table', () => {
  let directory: string;
  let path: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-parquet-'));
    path = join(directory, 'tasks.parquet');
    writeFileSync(path, parquet({ created: [100, 200, 300], finished: [160, 190, 400], user: ['ana', 'ben', 'ana'] }));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('is read by its column map; a row that ends before it starts is listed by its number', async () => {
    const { tasks, problems } = await readHistoryFile({ path, columns: 'submit=created,end=finished,creator=user' });
    assert.deepEqual(
      tasks.map(({ parameters, submittedAtSeconds, endedAtSeconds }) => [
        parameters.creator,
        submittedAtSeconds,
        endedAtSeconds,
      ]),
      [
        ['ana', 100, 160],
        ['ana', 300, 400],
      ],
    );
    assert.deepEqual(problems, [{ line: 2, code: 'endsBeforeStart', reason: 'it ends 10 s before it starts' }]);
  });

  it('says what its columns are when none bears our names, or a mapped one is missing', async () => {
    await assert.rejects(readHistoryFile({ path }), /its columns are created, finished, user; say what they mean/);
    await assert.rejects(readHistoryFile({ path, columns: 'submit=created,end=done' }), /no column "done" \(end\)/);
  });

  it('is refused in one clear text when it is cut off', async () => {
    const cut = join(directory, 'cut.parquet');
    writeFileSync(cut, parquet({ submit: [1], end: [2] }).subarray(0, 60));
    await assert.rejects(readHistoryFile({ path: cut }), /Cannot read .*cut\.parquet/);
  });
});
