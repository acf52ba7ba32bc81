import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { SolveProgram } from '../../../src/core/model/program.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/model/settings.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import type { Task } from '../../../src/core/model/task.ts';
import { checkPlan } from '../../../src/core/plan/checkPlan.ts';
import { draftPlan } from '../../../src/core/plan/makePlan.ts';
import { loadSolver } from '../../../src/io/highs.ts';
import { sha256 } from '../../../src/io/sha256.ts';
import { describeRepack } from '../../../src/text/migration.ts';
import { amounts, aNode, aSnapshot, aTask, certain, HOUR, measured, NOW } from '../small.ts';

const checkpoint = { location: 's3://saved', savedAtSeconds: NOW - 600 };
const share = (gpu: number) => amounts(1, 1, gpu);
const onGpu = (gpuIndex: number, more: Partial<Task> = {}): Partial<Task> => ({ gpuIndex, checkpoint, ...more });

/**
 * Two nodes of two GPUs, a fifth of each free, no node a candidate: n1 has 800 and 500 + 300, n2 800 and 700. `waits` asks
 * for 500 of one GPU: it fits on n1 once the 300 has gone to the 300 that is free on n2.
 */
function saturated(small: Partial<Task> = {}): Snapshot {
  return aSnapshot(
    [aNode('n1', amounts(16, 64, 2)), aNode('n2', amounts(16, 64, 2))],
    [
      aTask('five', 'n1', share(0.5), onGpu(1)),
      aTask('eight', 'n1', share(0.8), onGpu(0)),
      aTask('other', 'n2', share(0.8), onGpu(0)),
      aTask('seven', 'n2', share(0.7), onGpu(1)),
      aTask('three', 'n1', share(0.3), onGpu(1, small)),
      aTask('waits', undefined, share(0.5)),
    ],
  );
}

describe('repacking nodes of a saturated cluster', () => {
  let solve: SolveProgram;
  before(async () => {
    solve = await loadSolver();
  });

  const draft = (read: Snapshot, runtimes: Record<string, number> = {}, solver: SolveProgram | 'none' = solve) => {
    const snapshot = measured(read);
    const all = Object.fromEntries(snapshot.tasks.map(({ id }) => [id, 24 * HOUR]));
    return draftPlan({
      snapshot,
      predictions: certain({ ...all, ...runtimes }),
      predictor: { name: 'certain', tasks: 0 },
      settings: DEFAULT_SETTINGS,
      since: {},
      hash: sha256,
      ...(solver !== 'none' && { solve: solver }),
    });
  };

  it('moves what lets the waiting task in, says how good that is, and passes its own check', () => {
    const snapshot = saturated();
    const { moves, migrations, placements } = draft(snapshot);
    assert.deepEqual(
      moves.map(({ id }) => id),
      ['migrate default/three', 'place default/waits'],
    );
    const [advice] = migrations;
    assert.deepEqual([advice?.from, advice?.to, advice?.decision.kind], ['n1', 'n2', 'migrate']);
    const { repack } = advice!;
    assert.deepEqual(repack?.nodes.toSorted(), ['n1', 'n2']);
    assert.deepEqual([repack?.admittedMilli, repack?.boundMilli, repack?.gap], [500, 500, 0]);
    assert.equal(
      describeRepack(repack!),
      `repacks ${repack!.nodes.join(', ')}: lets 0.5 GPU in, at most 0.5 GPU could be (gap 0 %)`,
    );
    assert.equal(placements[0]?.decision.kind, 'place');
    assert.deepEqual(checkPlan({ moves }, snapshot), { kind: 'ok', waits: [] });
  });

  it('moves nothing without a solver, nor where only a task that may not move is in the way', () => {
    assert.deepEqual(
      draft(saturated(), {}, 'none').migrations.map(({ decision }) => decision.kind),
      ['blocked'],
    );
    assert.deepEqual(draft(saturated({ endless: true })).moves, []);
  });

  it('waits where the task in the way ends before a move would pay off', () => {
    // An hour old and to run an hour and 30 s: it is gone before a restart (60 s) would be.
    const { moves, migrations } = draft(saturated(), { 'default/three': HOUR + 30 });
    assert.deepEqual(moves, []);
    assert.ok(migrations.every(({ decision }) => decision.kind !== 'migrate'));
  });
});
