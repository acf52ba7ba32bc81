import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import { CurrentCluster } from '../../src/planner/currentCluster.ts';
import { EditorThread } from '../../src/planner/editorThread.ts';

describe('the cluster that is open', () => {
  let directory: string;
  let editor: EditorThread;
  let current: CurrentCluster;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-current-'));
    editor = new EditorThread((message) => {
      if (message.type === 'delta') setImmediate(() => editor.acknowledged(message.delta.number));
    });
    current = new CurrentCluster(editor);
  });

  afterEach(async () => {
    await current.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const call = () => editor.call(1, new AbortController().signal);
  const connect = (seed: number) =>
    current.connect(
      {
        target: { kind: 'sample', seed, directory },
        stateDirectory: directory,
        access: {},
        settings: DEFAULT_SETTINGS,
      },
      call(),
    );

  it('is the one that was asked for last, whatever was being opened before', async () => {
    const overtaken = connect(7);
    const asked = current.get();
    await Promise.all([connect(12), assert.rejects(overtaken, { name: 'AbortError' })]);
    const open = await asked;
    assert.deepEqual(open.options.target, { kind: 'sample', seed: 12, directory });
    assert.equal(current.now, open);
  });

  it('is the one that was asked for last, though memory is tidied up meanwhile', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const overtaken = connect(7);
    const opened = connect(12);
    const tidying = setInterval(collect, 20);
    try {
      await Promise.all([opened, assert.rejects(overtaken, { name: 'AbortError' })]);
    } finally {
      clearInterval(tidying);
    }
  });

  it('is the one that was asked for while the clock of another was advanced', async () => {
    await connect(7);
    const overtaken = current.advance(3600, call());
    await Promise.all([connect(12), assert.rejects(overtaken, { name: 'AbortError' })]);
    const open = await current.get();
    assert.deepEqual(open.options.target, { kind: 'sample', seed: 12, directory });
  });

  it('is none once it was closed, though it was being opened', async () => {
    const overtaken = connect(7);
    await Promise.all([current.close(), assert.rejects(overtaken, { name: 'AbortError' })]);
    assert.equal(await current.settled(), undefined);
    await assert.rejects(current.get(), /No cluster is open/);
  });

  it('is none where the predictor that was trained for it cannot be used, and says so', async () => {
    mkdirSync(join(directory, 'predictors'));
    writeFileSync(join(directory, 'predictors/sample-7.json'), '{}');
    await assert.rejects(connect(7), { name: 'InputError', message: /sample-7\.json/ });
    assert.equal(await current.settled(), undefined);
  });
});
