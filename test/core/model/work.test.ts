import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { elapsedSeconds, keptWork, lostWork } from '../../../src/core/model/work.ts';

const seconds = fc.integer({ min: 0, max: 10_000 });

describe('the work of a run', () => {
  it('is lost whole without a checkpoint, and since it was saved with one', () => {
    assert.deepEqual([lostWork({ startedAtSeconds: 100 }, 700), keptWork({ startedAtSeconds: 100 }, 700)], [600, 0]);
    const saved = { startedAtSeconds: 100, checkpoint: { location: 's3', savedAtSeconds: 500 } };
    assert.deepEqual([lostWork(saved, 700), keptWork(saved, 700)], [200, 400]);
  });

  it('is kept whole where the task saves when it is told to stop', () => {
    const saves = { startedAtSeconds: 100, checkpoint: { location: 's3' } };
    assert.deepEqual([lostWork(saves, 700), keptWork(saves, 700)], [0, 600]);
  });

  it('is nothing of a task that has not started', () => {
    assert.deepEqual([lostWork({}, 700), keptWork({ checkpoint: { location: 's3' } }, 700)], [0, 0]);
  });

  it('is lost or kept, each second once, whatever the clocks say', () => {
    const checkpoint = fc.option(fc.record({ location: fc.constant('s3'), savedAtSeconds: seconds }), {
      nil: undefined,
    });
    fc.assert(
      fc.property(seconds, seconds, checkpoint, (startedAtSeconds, now, saved) => {
        const task = { startedAtSeconds, ...(saved && { checkpoint: saved }) };
        const [lost, kept] = [lostWork(task, now), keptWork(task, now)];
        assert.ok(lost >= 0 && kept >= 0);
        assert.equal(lost + kept, elapsedSeconds(task, now));
      }),
    );
  });
});
