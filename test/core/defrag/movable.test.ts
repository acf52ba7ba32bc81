import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { findCandidates } from '../../../src/core/defrag/candidates.ts';
import { budgetsOf, disrupted, groupTasks, immovable } from '../../../src/core/defrag/movable.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/model/settings.ts';
import { lostWork } from '../../../src/core/model/work.ts';
import { clusterCapacity } from '../../../src/core/place/capacity.ts';
import { amounts, aNode, aSnapshot, aTask, certain, HOUR, measured, NOW, used } from '../small.ts';

describe('what a move loses', () => {
  const lost = (checkpoint?: { location: string; savedAtSeconds?: number }) =>
    lostWork(aTask('a', 'n', amounts(1), checkpoint ? { checkpoint } : {}), NOW);

  it('is the whole run without a checkpoint', () => assert.equal(lost(), HOUR));

  it('is the time since the checkpoint, never more than the run', () => {
    assert.equal(lost({ location: 'x', savedAtSeconds: NOW - 300 }), 300);
    assert.equal(lost({ location: 'x', savedAtSeconds: NOW - 2 * HOUR }), HOUR);
    assert.equal(lost({ location: 'x', savedAtSeconds: NOW + 60 }), 0); // clocks that differ
  });

  it('is nothing for a task that saves when it is told to stop', () => assert.equal(lost({ location: 'x' }), 0));
});

describe('disruption budgets', () => {
  it('are used up by the moves of one plan, one for each task of a group', () => {
    const tasks = ['a', 'b'].map((name) => aTask(name, 'n', amounts(1)));
    const budgets = [{ namespace: 'default', name: 'web', disruptionsAllowed: 1, taskIds: tasks.map(({ id }) => id) }];
    const snapshot = measured(aSnapshot([aNode('n', amounts(4))], tasks, { budgets }));
    const groups = groupTasks(snapshot, clusterCapacity(snapshot), certain({}), DEFAULT_SETTINGS);
    const [a, b] = tasks.map(({ id }) => groups.get(id)!);
    const before = budgetsOf(snapshot);
    assert.equal(immovable(a!, snapshot, before), undefined);
    const reason = { code: 'budget', budget: 'default/web', disruptionsAllowed: 0, needed: 1 };
    assert.deepEqual(immovable(b!, snapshot, disrupted(a!, before)), reason);
  });
});

describe('candidates (S407, S408)', () => {
  it('are nodes with enough free, busiest first; measured usage counts, what is held where nothing is measured', () => {
    const shape = amounts(10, 64);
    const names = ['cordoned', 'full', 'idle', 'worked'];
    const nodes = names.map((name) => aNode(name, shape, { unschedulable: name === 'cordoned' }));
    const tasks = [aTask('f', 'full', amounts(8)), aTask('i', 'idle', amounts(6)), aTask('w', 'worked', amounts(4))];
    const snapshot = aSnapshot(nodes, tasks, { usage: { 'default/i': used(amounts(1)) } });
    const found = findCandidates(snapshot, clusterCapacity(snapshot), DEFAULT_SETTINGS);
    assert.deepEqual(
      found.map(({ node, freeFraction, usageFraction }) => [node, freeFraction.toFixed(1), usageFraction]),
      [
        ['worked', '0.6', 0.4],
        ['idle', '0.4', 0.1],
      ],
    );
  });

  it('are as busy as their tasks were over the node’s own window, where readings reach so far', () => {
    const nodes = ['a', 'b'].map((name) => aNode(name, amounts(10)));
    const tasks = [aTask('x', 'a', amounts(4)), aTask('y', 'b', amounts(4))];
    // x has worked more in the last half hour, y in the last hour.
    const usage = {
      'default/x': { ...used(amounts(3)), nodeWindowMean: amounts(1) },
      'default/y': { ...used(amounts(1)), nodeWindowMean: amounts(2) },
    };
    const snapshot = aSnapshot(nodes, tasks, { usage });
    const found = findCandidates(snapshot, clusterCapacity(snapshot), DEFAULT_SETTINGS);
    assert.deepEqual(
      found.map(({ node, usageFraction }) => [node, usageFraction]),
      [
        ['b', 0.2],
        ['a', 0.1],
      ],
    );
  });

  it('go by their GPUs where they have some', () => {
    const snapshot = aSnapshot([aNode('n', amounts(10, 64, 4))], [aTask('t', 'n', amounts(9, 1, 1))]);
    const [candidate] = findCandidates(snapshot, clusterCapacity(snapshot), DEFAULT_SETTINGS);
    assert.deepEqual([candidate?.resource, candidate?.freeFraction], ['gpuMilli', 0.75]);
  });
});
