import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { FIRST_LOCAL_INPUT, makeFeatureStore } from '../../../src/core/predict/features.ts';
import { replayRuns } from '../../../src/core/predict/past.ts';
import { runsOf } from '../../../src/core/predict/runs.ts';
import { finished } from './histories.ts';

/** Where the context tells of the runs of the same creator that run now: how many, and the age of the oldest. */
const [RUNNING, OLDEST] = [4 + 3 * 16 + 11, 4 + 3 * 16 + 13];

describe('the features of a run that is under way', () => {
  const tasks = [
    finished({ submittedAtSeconds: 0, runtime: 900 }),
    finished({ submittedAtSeconds: 10, runtime: 900 }),
    finished({ submittedAtSeconds: 20, runtime: 30 }),
    finished({ submittedAtSeconds: 500, runtime: 10 }),
  ];
  const runs = runsOf(tasks);
  const seen: { before: number[]; stored: number[]; again: number[]; atoms: number[]; atomsBefore: number[] }[] = [];
  const store = makeFeatureStore(runs);
  replayRuns(
    runs,
    ({ kind, row }, past) => {
      if (kind === 'ended') return store.ended(row, past);
      if (kind === 'submitted') return store.submitted(row, past);
      const before = [...store.contextOf(row)];
      const atomsBefore = [...store.atomsOf(row)];
      const again = store.renewed(row, past);
      seen.push({
        before,
        atomsBefore,
        stored: [...store.contextOf(row)],
        again: [...again.contextOf(row)],
        atoms: [...again.atomsOf(row)],
      });
    },
    { rows: Int32Array.of(0), seconds: Float64Array.of(100) },
  );
  const [{ before, stored, again, atoms, atomsBefore }] = seen as [(typeof seen)[number]];

  it('count the others that run, not itself', () => {
    // At 100 s only row 1 runs beside it, since 90 s; row 2 has ended and is an atom now.
    assert.ok(Math.abs(again[RUNNING]! - Math.log(2) / 2) < 1e-6);
    assert.ok(Math.abs(again[OLDEST]! - (Math.log(91) - Math.log(30)) / 2) < 1e-6);
    assert.deepEqual([atomsBefore.includes(2), atoms.includes(2)], [false, true]);
  });

  it('leave those of its submit as they were, bit for bit', () => {
    assert.deepEqual(stored, before);
    assert.notDeepEqual(again.slice(0, FIRST_LOCAL_INPUT), before.slice(0, FIRST_LOCAL_INPUT));
  });
});
