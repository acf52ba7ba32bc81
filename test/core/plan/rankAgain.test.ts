import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { DEFAULT_SETTINGS } from '../../../src/core/model/settings.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import { movesThatFit } from '../../../src/core/plan/checkPlan.ts';
import { draftPlan } from '../../../src/core/plan/makePlan.ts';
import { rankAgain } from '../../../src/core/plan/rankAgain.ts';
import { sha256 } from '../../../src/io/sha256.ts';
import { amounts, aNode, aSnapshot, aTask, certain, HOUR, used } from '../small.ts';

const predictor = { name: 'certain', tasks: 0 };

function draft(snapshot: Snapshot) {
  const predictions = certain(Object.fromEntries(snapshot.tasks.map(({ id }) => [id, 24 * HOUR])));
  const made = draftPlan({ snapshot, predictions, predictor, settings: DEFAULT_SETTINGS, since: {}, hash: sha256 });
  const again = (taskId: string, weights: Readonly<Record<string, number>>) =>
    rankAgain(made, taskId, weights, { snapshot, predictions, settings: DEFAULT_SETTINGS });
  return { made, again };
}

/** `idle` on `full` gives back 2 of its 4 cores; `first` (4 cores) is placed before `second` (2 cores). */
const snapshot = aSnapshot(
  [aNode('full', amounts(4, 64)), aNode('large', amounts(16, 64)), aNode('wide', amounts(32, 64))],
  [
    aTask('idle', 'full', amounts(4, 1)),
    aTask('runs', 'large', amounts(2, 1)),
    aTask('first', undefined, amounts(4, 1), { priority: 1 }),
    aTask('second', undefined, amounts(2, 1)),
  ],
  { usage: { 'default/idle': used(amounts(1, 0.6)) } },
);

describe('ranking a pending task of a plan again', () => {
  it('gives what the plan gave when the weights are the plan’s', () => {
    const { made, again } = draft(snapshot);
    for (const { taskId, ranked, fitting } of made.placements) {
      const ranking = again(taskId, { timeFit: 1 });
      assert.deepEqual(ranking.ranked, ranked, taskId);
      assert.equal(ranking.fitting, fitting);
    }
  });

  it('ranks by the weights at once, and shows each policy as a part', () => {
    const { again } = draft(snapshot);
    const emptiest = again('default/second', { leastAllocated: 1 }).ranked;
    const fullest = again('default/second', { mostAllocated: 2, timeFit: 0.5 }).ranked;
    assert.equal(emptiest[0]?.node, 'wide');
    assert.equal(fullest[0]?.node, 'full');
    assert.deepEqual(
      fullest[0]?.parts.map(({ policy, weight }) => [policy, weight]),
      [
        ['mostAllocated', 2],
        ['timeFit', 0.5],
      ],
    );
  });

  it('refuses a task that is not pending in the plan, and weights that weigh nothing', () => {
    const { again } = draft(snapshot);
    assert.throws(() => again('default/runs', { timeFit: 1 }), /default\/runs is not pending/);
    assert.throws(() => again('default/second', { timeFit: 0 }), /No policy has a weight/);
  });
});

describe('moves that fit without the others', () => {
  it('are all of a plan, and of a part those that need nothing of the rest', () => {
    const { made } = draft(snapshot);
    assert.deepEqual(movesThatFit(made.moves, snapshot), made.moves);
    // `second` goes to `full`, where it fits only once `idle` has shrunk.
    const ids = made.moves.map(({ id }) => id);
    assert.ok(ids.includes('resize default/idle'), ids.join());
    const gated = { ...snapshot, tasks: snapshot.tasks.map((task) => ({ ...task, gated: task.phase === 'pending' })) };
    const onFull = {
      kind: 'placement',
      id: 'place default/second',
      task: { id: 'default/second', uid: gated.tasks[3]!.uid, generation: 1 },
      to: 'full',
      request: amounts(2, 1),
    } as const;
    const shrink = made.moves.find(({ id }) => id === 'resize default/idle')!;
    assert.deepEqual(movesThatFit([onFull], gated), []);
    assert.deepEqual(movesThatFit([shrink, onFull], gated), [shrink, onFull]);
  });
});
