import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { FromKernel } from '../../src/notebook/messages.ts';
import { Runner } from '../../src/notebook/runner.ts';

describe('the runner of cells', () => {
  it('runs nothing of a cell that was stopped before it began, and the next as ever', async () => {
    const sent: FromKernel[] = [];
    const runner = new Runner({
      send: (message) => sent.push(message),
      isOurs: () => false,
      notebookPath: import.meta.filename,
      bundled: () => undefined,
      prepareFor: async () => {},
    });
    runner.interrupt(2);
    for (const run of [1, 2, 3]) await runner.run(run, `globalThis.lastRun = ${run}`, 'javascript');
    assert.deepEqual(
      sent.flatMap((message) => (message.type === 'ended' ? [[message.run, message.how]] : [])),
      [
        [1, 'done'],
        [2, 'interrupted'],
        [3, 'done'],
      ],
    );
    runner.interrupt(4);
    await runner.run(4, 'globalThis.lastRun = 4', 'javascript');
    assert.equal((globalThis as { lastRun?: number }).lastRun, 3);
  });
});
