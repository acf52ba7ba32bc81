import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import { goalsOf, type PlanGoal, totalsOf } from '../../../src/core/plan/goals.ts';
import { amounts, aNode, aSnapshot, aTask, HOUR, measured, NOW, used } from '../small.ts';
import { checkpoint, everything, plan } from './everything.ts';

const ids = (goals: readonly PlanGoal[]) => goals.map(({ id }) => id);

describe('the goals of a plan', () => {
  it('are none where it has no moves', () => {
    assert.deepEqual(goalsOf(plan(aSnapshot([], []))), []);
    const { gain, cost } = totalsOf([]);
    assert.deepEqual([gain.starts, gain.nodeSeconds, cost.tasksEnded, cost.lostSeconds], [[], 0, [], 0]);
  });

  it('hold each move once: tasks that start, nodes that come free, what is given back, what is given', () => {
    const made = plan(everything());
    const goals = goalsOf(made);
    assert.deepEqual(
      goals.map(({ id, moveIds, together }) => [id, moveIds, together]),
      [
        ['start default/big', ['migrate default/small', 'place default/big'], true],
        ['place', ['place default/fits'], false],
        ['giveBack', ['resize default/idle'], false],
        ['giveMore', ['resize default/busy'], false],
      ],
    );
    const [start, place, back, more] = goals as [PlanGoal, PlanGoal, PlanGoal, PlanGoal];
    assert.deepEqual(start.gain.starts, ['default/big']);
    assert.deepEqual(start.taskIds, ['default/big', 'default/small']);
    assert.deepEqual(start.nodes, ['n2', 'n1']);
    // `small` holds a quarter of n2 (4 of 16 cores) for the 600 s it loses and the 60 s of its restart.
    assert.deepEqual(start.cost, { nodeSeconds: 0.25 * 660, tasksEnded: ['default/small'], lostSeconds: 600 });
    assert.ok(start.gain.nodeSeconds > start.cost.nodeSeconds);
    assert.deepEqual([place.gain.starts, place.nodes], [['default/fits'], ['n1']]);
    assert.deepEqual([back.gain.givenBack, back.gain.given], [amounts(2), amounts(0)]);
    assert.deepEqual([more.gain.givenBack, more.gain.given], [amounts(0), amounts(1.5)]);
    const { gain, cost } = totalsOf(goals);
    assert.deepEqual(
      [gain.starts, gain.givenBack, gain.given, cost.lostSeconds],
      [['default/big', 'default/fits'], amounts(2), amounts(1.5), 600],
    );
  });

  it('name a task that starts by itself once its migrations are done: the scheduler places it', () => {
    const snapshot = everything();
    const tasks = snapshot.tasks.map((task) => (task.name === 'big' ? { ...task, gated: false } : task));
    const [start] = goalsOf(plan({ ...snapshot, tasks }, {}, { 'unscheduled default/big': NOW - HOUR }));
    assert.deepEqual(
      [start!.id, start!.moveIds, start!.together, start!.gain.starts],
      ['start default/big', ['migrate default/small'], false, ['default/big']],
    );
  });

  it('free nodes, all of a node’s tasks together', () => {
    const nodes = [aNode('n1', amounts(16, 64)), aNode('n2', amounts(16, 64))];
    const tasks = [
      aTask('a', 'n1', amounts(2, 1), { checkpoint }),
      aTask('b', 'n1', amounts(2, 1), { checkpoint }),
      aTask('c', 'n2', amounts(8, 1), { checkpoint }),
    ];
    const since = { 'free n1': NOW - HOUR, 'free n2': NOW - HOUR };
    const goals = goalsOf(plan(measured(aSnapshot(nodes, tasks)), {}, since));
    assert.deepEqual(
      goals.map(({ id, moveIds, together }) => [id, [...moveIds].sort(), together]),
      [['free n1', ['migrate default/a', 'migrate default/b'], true]],
    );
  });

  it('take in a migration of which nobody says what it is for', () => {
    const made = plan(everything());
    const goals = goalsOf({ ...made, migrations: [] });
    assert.deepEqual(ids(goals), ['place', 'migrate', 'giveBack', 'giveMore']);
    assert.equal(goals[1]!.together, false);
  });

  it('are as many as a large plan has purposes, not moves', () => {
    const names = Array.from({ length: 300 }, (_, index) => `t${index}`);
    const usage = Object.fromEntries(names.map((name) => [`default/${name}`, used(amounts(1, 0.6))]));
    const tasks = names.map((name) => aTask(name, 'n1', amounts(4, 1)));
    const snapshot: Snapshot = aSnapshot([aNode('n1', amounts(4000, 4000), { maxTasks: 1000 })], tasks, { usage });
    const goals = goalsOf(plan(snapshot));
    assert.deepEqual(ids(goals), ['giveBack']);
    assert.deepEqual([goals[0]!.moveIds.length, goals[0]!.gain.givenBack], [300, amounts(600)]);
  });
});
