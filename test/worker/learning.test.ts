import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { InputError } from '../../src/core/model/input.ts';
import { learnOnThread } from '../../src/worker/threads/learning.ts';
import { recurringHistory } from '../core/predict/histories.ts';

describe('learning on its own thread', () => {
  it('stops when it is cancelled, and leaves no predictor behind', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stowage-learning-'));
    try {
      const out = join(directory, 'predictor.json');
      const cancel = new AbortController();
      const question = { type: 'train', history: { tasks: recurringHistory(3000) }, seed: 1, out } as const;
      const onProgress = () => cancel.abort(new Error('enough'));
      await assert.rejects(learnOnThread(question, { signal: cancel.signal, onProgress }), /enough/);
      assert.equal(existsSync(out), false);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('does not begin when it is cancelled already', async () => {
    const question = { type: 'evaluate', files: [], seed: 1, pretrained: 'no' } as const;
    await assert.rejects(learnOnThread(question, { signal: AbortSignal.abort(new Error('never')) }), /never/);
  });

  it('tells bad input in the thread’s own words', async () => {
    const question = { type: 'evaluate', files: [{ path: 'gone.swf' }], seed: 1, pretrained: 'no' } as const;
    await assert.rejects(
      learnOnThread(question),
      (error: Error) => error instanceof InputError && /gone\.swf/.test(error.message),
    );
  });
});
