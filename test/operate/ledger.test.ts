import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FinishedTask } from '../../src/core/model/finished.ts';
import type { Placement, Resize } from '../../src/core/model/moves.ts';
import { type JournalEntry, operationsOf } from '../../src/operate/journal.ts';
import {
  endedRows,
  type LedgerRow,
  openLedger,
  rowsAtEnd,
  rowsBehind,
  undoRows,
  withEnds,
} from '../../src/operate/ledger.ts';
import { amounts } from '../core/small.ts';

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
    const ended = { atSeconds: 170, how: 'succeeded', startedAtSeconds: 50 };
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

  it('keeps the order of the rows, and those that are open', () => {
    const rows = [{ ...row, taskId: 'team/other' }, row];
    const all = withEnds(rows, 'c', [finished('team/train-1', 170)]);
    assert.equal(all[0], rows[0]);
    assert.equal(all[1]?.ended?.atSeconds, 170);
    assert.equal(endedRows(rows, 'c', [finished('team/train-1', 170)]).length, 1);
  });

  it('has a row for each move of an undo, and marks what it takes back once that is done', () => {
    const resize = (from: number, to: number): Resize => ({
      ...{ kind: 'resize', id: 'undo m', direction: 'expand', task: { id: row.taskId, uid: 'u', generation: 1 } },
      ...{ from: amounts(from, 1), to: amounts(to, 1), request: amounts(8, 1) },
    });
    const undo = { planId: 'undo p', cluster: 'c', atSeconds: 300, moves: [resize(4, 8)], undoes: 'p' };
    const [begun] = undoRows(undo);
    assert.deepEqual(begun?.what, {
      ...{ kind: 'resize', direction: 'expand', task: { id: row.taskId } },
      ...{ from: amounts(4, 1), to: amounts(8, 1) },
    });
    const rows = [row, begun!];
    const find = (planId: string, moveId: string) =>
      rows.find((each) => each.planId === planId && each.moveId === moveId);
    const outcome = { code: 'resized', task: row.taskId, from: amounts(4, 1), to: amounts(8, 1) } as const;
    const done = { kind: 'done', outcome } as const;
    assert.deepEqual(rowsAtEnd({ find }, undo, 'undo m', { state: done, atSeconds: 310 }), [
      { ...begun, outcome: { kind: 'done', atSeconds: 310, state: done } },
      { ...row, undone: { atSeconds: 310 } },
    ]);
    const taskEnded = { kind: 'done', outcome: { code: 'taskEnded', task: row.taskId } } as const;
    assert.equal(rowsAtEnd({ find }, undo, 'undo m', { state: taskEnded, atSeconds: 310 }).length, 1);
    assert.deepEqual(rowsAtEnd({ find }, undo, 'unknown', { state: done, atSeconds: 310 }), []);
  });

  it('takes up from the journal an end that a crash kept from it, with its time', () => {
    const { outcome: _, ...open } = row;
    const task = { id: row.taskId, uid: 'u', generation: 1 };
    const move: Placement = { kind: 'placement', id: row.moveId, task, to: 'a', request: amounts(1, 1) };
    const state = { kind: 'failed', reason: { code: 'cancelled' } } as const;
    const step = { type: 'step', planId: row.planId, moveId: row.moveId, atSeconds: 120, state } as const;
    const begin = { type: 'begin', planId: row.planId, cluster: row.cluster, atSeconds: 100, moves: [move] } as const;
    const behind = (rows: readonly LedgerRow[], entries: readonly JournalEntry[]) => {
      const find = (planId: string, moveId: string) =>
        rows.find((each) => each.planId === planId && each.moveId === moveId);
      return rowsBehind({ find }, operationsOf(entries));
    };
    assert.deepEqual(behind([open], [begin, step]), [{ ...open, outcome: { kind: 'failed', atSeconds: 120, state } }]);
    assert.deepEqual(behind([row], [begin, step]), [], 'it knows of that end');
    assert.deepEqual(behind([open], [begin]), [], 'the move is under way');
    assert.deepEqual(behind([], [begin, step]), [], 'it does not know the move');
  });

  it('keeps the latest row of each move on disk, whatever else is in the file', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'stowage-ledger-'));
    try {
      const { outcome: _, ...open } = row;
      const ledger = await openLedger(directory);
      await ledger.put([open]);
      await ledger.put([row]);
      await ledger.put([{ ...row, moveId: 'another' }]);
      await appendFile(path.join(directory, 'ledger.jsonl'), '{"planId":"cut o');
      assert.equal(ledger.find('p', 'm'), row);
      assert.equal(ledger.find('p', 'none'), undefined);
      const again = await openLedger(directory);
      assert.deepEqual(again.rows(), [row, { ...row, moveId: 'another' }]);
      await again.put([{ ...row, moveId: 'third' }]);
      assert.equal((await openLedger(directory)).rows().length, 3);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
