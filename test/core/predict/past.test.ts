import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { replayRuns } from '../../../src/core/predict/past.ts';
import { runsOf } from '../../../src/core/predict/runs.ts';
import { finished } from './histories.ts';

const CREATOR = 3;

const at = (submittedAtSeconds: number, runtime: number) => finished({ submittedAtSeconds, runtime });

function seenAtSubmit(tasks: Parameters<typeof runsOf>[0], row: number) {
  const runs = runsOf(tasks);
  let seen: { ended: number[]; running: number[]; queued: number } | undefined;
  replayRuns(runs, (event, past) => {
    if (event.kind !== 'submitted' || event.row !== row) return;
    const group = runs.groups[CREATOR]![row]!;
    seen = {
      ended: [...past.endedIn(CREATOR, group)],
      running: [...past.runningIn(CREATOR, group)],
      queued: past.queuedIn(CREATOR, group),
    };
  });
  return seen;
}

describe('the past at a submit', () => {
  it('holds what has ended by then, what runs, and what still waits', () => {
    const tasks = [
      finished({ submittedAtSeconds: 0, runtime: 10 }),
      finished({ submittedAtSeconds: 1, runtime: 1000 }),
      finished({ submittedAtSeconds: 2, startedAtSeconds: 500, endedAtSeconds: 600 }),
      finished({ submittedAtSeconds: 100 }),
    ];
    assert.deepEqual(seenAtSubmit(tasks, 3), { ended: [0], running: [1], queued: 1 });
  });

  it('counts a run that ends in this very second as ended', () => {
    const tasks = [finished({ submittedAtSeconds: 0, runtime: 100 }), finished({ submittedAtSeconds: 100 })];
    assert.deepEqual(seenAtSubmit(tasks, 1), { ended: [0], running: [], queued: 0 });
  });

  it('does not see a run of the same second that comes later, even if it starts at once', () => {
    const tasks = [finished({ submittedAtSeconds: 5 }), finished({ submittedAtSeconds: 5 })];
    assert.deepEqual(seenAtSubmit(tasks, 0), { ended: [], running: [], queued: 0 });
    assert.deepEqual(seenAtSubmit(tasks, 1), { ended: [], running: [0], queued: 0 });
  });

  it('orders runs by their ends, not by their submits', () => {
    const tasks = [
      finished({ submittedAtSeconds: 0, runtime: 50 }),
      finished({ submittedAtSeconds: 1, runtime: 10 }),
      finished({ submittedAtSeconds: 100 }),
    ];
    assert.deepEqual(seenAtSubmit(tasks, 2)?.ended, [1, 0]);
  });

  it('stops at the moments it is asked to, after the ends of that instant and before its submits', () => {
    const tasks = [at(0, 50), at(10, 200), at(50, 100)];
    const told: string[] = [];
    replayRuns(runsOf(tasks), (event) => told.push(`${event.kind} ${event.row}`), {
      rows: Int32Array.of(1, 1, 2),
      seconds: Float64Array.of(50, Number.POSITIVE_INFINITY, 120),
    });
    assert.deepEqual(told, [
      'submitted 0',
      'submitted 1',
      'ended 0',
      'reached 1',
      'submitted 2',
      'reached 2',
      'ended 2',
      'ended 1',
    ]);
  });

  it('takes a clock that jumped back as no time: nothing starts before its submit', () => {
    const runs = runsOf([finished({ submittedAtSeconds: 100, startedAtSeconds: 50, endedAtSeconds: 60 })]);
    assert.equal(runs.start[0], 100);
    assert.equal(runs.end[0], 100);
  });
});
