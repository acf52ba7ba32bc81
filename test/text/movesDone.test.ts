import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { LedgerRow } from '../../src/operate/ledger.ts';
import { movesDoneLines, movesDoneText, type RunningNow, runningNow } from '../../src/text/movesDone.ts';
import { amounts, aSnapshot, aTask, NOW } from '../core/small.ts';
import { inZone } from './zones.ts';

const HOUR = 3600;
const T = Date.UTC(2026, 10, 2, 14) / 1000;

const row: LedgerRow = {
  ...{ planId: 'p', moveId: 'm', cluster: 'c', taskId: 'team/train-1', predictedAtSeconds: T },
  move: 'placement',
  what: { kind: 'placement', to: 'gpu-3', task: { id: 'team/train-1' } },
  predicted: { remainingSeconds: 2 * HOUR, remainingBand: { p10: HOUR, p90: 4 * HOUR } },
};
const resize: LedgerRow = {
  ...row,
  move: 'resize',
  what: {
    ...{ kind: 'resize', direction: 'shrink', task: { id: 'team/train-1' } },
    ...{ from: amounts(8, 4), to: amounts(4, 4) },
  },
  predicted: { remainingSeconds: HOUR },
};
const done = (outcome: NonNullable<LedgerRow['outcome']>['state']) => ({
  outcome: { kind: 'done' as const, atSeconds: T + 60, ...(outcome && { state: outcome }) },
});
const runs = { kind: 'done', outcome: { code: 'taskRuns', task: 'team/train-1', node: 'gpu-3' } } as const;

/** What is said of one row: when, the move, what was predicted, what came of it. */
const said = (one: LedgerRow, now?: RunningNow) => {
  const line = inZone('UTC', () => movesDoneText([one], now))
    .split('\n')
    .find((each) => /^\| \d/.test(each));
  return line!
    .slice(2, -2)
    .split(/ \| | <br> /)
    .map((cell) => cell.replaceAll('\\', '').replaceAll('\u2011', '-').replaceAll('\u00a0', ' '));
};

describe('the moves done', () => {
  it('say of a move when it was done, what it did, and what was predicted with its band', () => {
    assert.deepEqual(said({ ...row, ...done(runs) }), [
      ...['2026-11-02 14:01', 'Place team/train-1 on gpu-3', 'runs 2 h (80 %: 1–4 h)', 'team/train-1 runs on gpu-3.'],
    ]);
    assert.deepEqual(said(row), [
      '2026-11-02 14:00',
      'Place team/train-1 on gpu-3',
      'runs 2 h (80 %: 1–4 h)',
      'under way',
    ]);
    const migration: LedgerRow = {
      ...{ ...row, move: 'migration', ownerId: 'team/train' },
      what: { kind: 'migration', from: 'n1', to: 'n2', owner: { namespace: 'team', name: 'train' } },
      predicted: { remainingSeconds: HOUR, lostSeconds: 600, gainNodeSeconds: 7200, costNodeSeconds: 3600 },
    };
    assert.deepEqual(said(migration).slice(1, 3), [
      'Migrate team/train from n1 to n2',
      '1 h to go, loses 10 min of work, saves 2 node-hours, costs 1 node-hour',
    ]);
  });

  it('say the real runtime once the task has ended, and where it lies to the prediction', () => {
    const ended = (hours: number): LedgerRow => ({
      ...{ ...row, ...done(runs) },
      ended: { atSeconds: T + 120 + hours * HOUR, startedAtSeconds: T + 120, how: 'succeeded' },
    });
    assert.match(
      said(ended(2.4))[3]!,
      /It succeeded after 2 h 24 min, 1\.20 times what was predicted, inside the 80 % band\.$/,
    );
    assert.match(said(ended(0.5))[3]!, /after 30 min, 0\.25 times what was predicted, below the 80 % band\.$/);
    assert.match(said(ended(5))[3]!, /above the 80 % band\.$/);
  });

  it('say of a task that runs how much is left by that prediction, or that it runs longer', () => {
    const now = (afterSeconds: number): RunningNow => ({
      ...{ cluster: 'c', nowSeconds: T + afterSeconds },
      startedAtSeconds: new Map([['team/train-1', T + 120]]),
    });
    const running = { ...row, ...done(runs) };
    assert.match(said(running, now(120 + HOUR))[3]!, /It has run for 1 h; 1 h left by that prediction\.$/);
    assert.match(said(running, now(120 + 3 * HOUR))[3]!, /It has run for 3 h, 1 h longer than predicted\.$/);
    assert.doesNotMatch(said(running, { ...now(HOUR), cluster: 'other' })[3]!, /has run/);
    assert.doesNotMatch(said(running)[3]!, /has run/);
    // What a resized task had left counts from the plan, not from its start.
    assert.match(said({ ...resize, ...done(runs) }, now(HOUR / 2))[3]!, /30 min left by that prediction/);
  });

  it('say what was not granted and why, and which resize was taken back', () => {
    const reason = { code: 'notGranted', task: 'team/train-1', message: 'Node is full' } as const;
    const ending = { code: 'takenBack' } as const;
    const state = { kind: 'failed', reason, ending } as const;
    assert.equal(
      said({ ...resize, outcome: { kind: 'failed', atSeconds: T, state } })[3],
      'Not done. The node of team/train-1 has not granted the resize yet: Node is full. The resize is taken back.',
    );
    const resized = { code: 'resized', task: 'team/train-1', from: amounts(8, 4), to: amounts(4, 4) } as const;
    const undone = { ...resize, ...done({ kind: 'done', outcome: resized }), undone: { atSeconds: T + 300 } };
    assert.equal(said(undone)[3], 'team/train-1 is resized from 8 to 4 CPU. Undone 2026-11-02 14:05.');
    const undo = { ...resize, undoes: 'p', predicted: {}, ...done({ kind: 'done', outcome: resized }) };
    assert.deepEqual(said(undo).slice(1, 3), ['Undo: Shrink team/train-1 from 8 to 4 CPU', '']);
  });

  it('still read what 0.1.0 wrote', () => {
    const { what: _, ...old } = { ...row, predicted: { remainingSeconds: HOUR } };
    const outcome = { kind: 'done', atSeconds: T } as const;
    const ended = { atSeconds: T + HOUR, how: 'failed' } as const;
    assert.deepEqual(said({ ...old, outcome, ended }).slice(1), [
      ...['Place team/train-1', 'runs 1 h', 'Done. It failed after 1 h, 1.00 times what was predicted.'],
    ]);
  });

  it('are the newest first and no more than a page; the rest is counted', () => {
    const rows = Array.from({ length: 1300 }, (_, index) => ({
      ...row,
      moveId: `${index}`,
      taskId: `t/${index}`,
      what: undefined!,
    }));
    const text = movesDoneText(rows);
    assert.equal(text.split('\n').filter((line) => /^\| \d/.test(line)).length, 200);
    assert.ok(text.indexOf('t/1299') < text.indexOf('t/1298'));
    assert.match(text, /\n1,100 older ones are in \.stowage\/ledger\.jsonl\.\n$/);
    assert.equal(
      movesDoneLines(rows, 2)
        .split('\n')
        .filter((line) => line.includes('Place')).length,
      2,
    );
  });

  it('show hostile names as text', () => {
    const taskId = 'n/<img src=x>|[click](command:x)\n# owned';
    const text = movesDoneText([{ ...row, what: { kind: 'placement', to: 'n', task: { id: taskId } } }]);
    assert.ok(text.includes('n/\\<img src=x\\>\\|\\[click\\](command:x) \\# owned'), text);
  });

  it('say that there are none', () => {
    assert.match(movesDoneText([]), /^# Moves Done\n\nNothing was applied yet\./);
    assert.match(movesDoneLines([]), /^Nothing was applied yet\./);
  });

  it('know what runs: tasks by id, and owners by their name in their namespace', () => {
    const owner = {
      kind: 'Job',
      apiVersion: 'batch/v1',
      name: 'job',
      uid: 'u',
      generation: 1,
      parallelism: 1,
      suspended: false,
    };
    const running = aTask('a', 'n', amounts(1, 1), { startedAtSeconds: NOW - 5, owner });
    const now = runningNow(aSnapshot([], [running, aTask('b', undefined, amounts(1, 1))]));
    assert.deepEqual(
      [...now.startedAtSeconds],
      [
        ['default/a', NOW - 5],
        ['default/job', NOW - 5],
      ],
    );
  });
});
