import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FinishedTask } from '../../src/core/model/finished.ts';
import { endedRows, type LedgerRow, openLedger } from '../../src/operate/ledger.ts';

const row: LedgerRow = {
  planId: 'p',
  moveId: 'm',
  cluster: 'c',
  taskId: 'team/train-1-x7k2p',
  move: 'placement',
  predictedAtSeconds: 100,
  predicted: { remainingSeconds: 60 },
  outcome: { kind: 'done', atSeconds: 110 },
};
const finished = (id: string, endedAtSeconds: number): FinishedTask => ({
  id,
  parameters: {},
  request: { milliCpu: 1, memoryBytes: 1, gpuMilli: 0, extended: {} },
  size: 1,
  submittedAtSeconds: 0,
  startedAtSeconds: 50,
  endedAtSeconds,
  outcome: 'succeeded',
});

describe('the ledger', () => {
  it('learns from history when a moved task has ended, by its own name or its owner’s', () => {
    const ended = { atSeconds: 170, how: 'succeeded' };
    assert.deepEqual(endedRows([row], 'c', [finished('team/train-1-x7k2p', 170)]), [{ ...row, ended }]);
    assert.deepEqual(endedRows([row], 'c', [finished('team/train-1', 170)]), [{ ...row, ended }]);
  });

  it('learns nothing from another cluster, an older run, or of a move that was not done', () => {
    const history = [finished('team/train-1', 170)];
    const { outcome: _, ...open } = row;
    assert.deepEqual(endedRows([row], 'other', history), []);
    assert.deepEqual(endedRows([row], 'c', [finished('team/train-1', 90)]), []);
    assert.deepEqual(endedRows([open, { ...row, outcome: { kind: 'failed', atSeconds: 1 } }], 'c', history), []);
    assert.deepEqual(endedRows([], 'c', history), []);
  });

  it('keeps the latest row of each move on disk, whatever else is in the file', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'stowage-ledger-'));
    try {
      const { outcome: _, ...open } = row;
      const ledger = await openLedger(directory);
      await ledger.put(open);
      await ledger.put(row);
      await ledger.put({ ...row, moveId: 'another' });
      await appendFile(path.join(directory, 'ledger.jsonl'), '{"planId":"cut o');
      const again = await openLedger(directory);
      assert.deepEqual(again.rows(), [row, { ...row, moveId: 'another' }]);
      await again.put({ ...row, moveId: 'third' });
      assert.equal((await openLedger(directory)).rows().length, 3);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
