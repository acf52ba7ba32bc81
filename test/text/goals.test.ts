import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { goalsOf, type PlanGoal } from '../../src/core/plan/goals.ts';
import {
  costOfGoal,
  describePart,
  describeTogether,
  gainOfGoal,
  reasonOfGoal,
  titleOfGoal,
} from '../../src/text/goals.ts';
import { everything, plan } from '../core/plan/everything.ts';
import { amounts, aNode, aSnapshot, aTask, HOUR, measured, NOW } from '../core/small.ts';

const saved = { location: 's3://saved', savedAtSeconds: NOW - 600 };

describe('a goal in words', () => {
  const made = plan(everything());
  const goals = goalsOf(made);
  const [start] = goals as [PlanGoal];

  it('says what its moves do, why, what they bring and what they cost', () => {
    assert.deepEqual(
      goals.map((goal) => [titleOfGoal(goal), reasonOfGoal(goal, made.rules), gainOfGoal(goal), costOfGoal(goal)]),
      [
        [
          'Start big on n2 22 h 59 min earlier',
          'No node has room for it; 1 task moves away and makes room.',
          '11 node-hours saved',
          '10 min of work lost, 1 task ended',
        ],
        [
          'Place 1 task that fits now',
          'It waits behind its gate, and a node has room: fits.',
          '1 task starts now',
          'no work is lost',
        ],
        ['Shrink 1 task', 'It uses less than 50 % of what it asked for.', '2 CPU given back', 'no work is lost'],
        [
          'Expand 1 task',
          'It uses more than 90 % of what it asked for.',
          '1 task gets what it lacks',
          '1.5 CPU less free',
        ],
      ],
    );
  });

  it('says who places a task that has no gate', () => {
    const snapshot = everything();
    const tasks = snapshot.tasks.map((task) => (task.name === 'big' ? { ...task, gated: false } : task));
    const without = plan({ ...snapshot, tasks }, {}, { 'unscheduled default/big': NOW - HOUR });
    assert.match(
      reasonOfGoal(goalsOf(without)[0]!, without.rules),
      /makes room, and the cluster's scheduler places it\./,
    );
  });

  it('frees a node, its tasks together', () => {
    const nodes = [aNode('n1', amounts(16, 64)), aNode('n2', amounts(16, 64))];
    const tasks = ['a', 'b'].map((name) => aTask(name, 'n1', amounts(2, 1), { checkpoint: saved }));
    const other = aTask('c', 'n2', amounts(8, 1), { checkpoint: saved });
    const since = { 'free n1': NOW - HOUR, 'free n2': NOW - HOUR };
    const freeing = plan(measured(aSnapshot(nodes, [...tasks, other])), {}, since);
    const [goal] = goalsOf(freeing) as [PlanGoal];
    assert.equal(titleOfGoal(goal), 'Free 16 CPU on n1 22 h 59 min earlier');
    assert.match(reasonOfGoal(goal, freeing.rules), /^Its 2 tasks go to other nodes/);
    assert.equal(costOfGoal(goal), '20 min of work lost, 2 tasks ended');
  });

  it('says that moves are of no use alone, and of a part that it is of no use', () => {
    assert.equal(describeTogether(start), 'One of these 2 moves alone is of no use: choose all or none.');
    assert.equal(describePart(start, 1), 'Of no use without the other # move of this goal.'.replace('#', '1'));
    assert.deepEqual([describePart(start, 0), describePart(start, 2)], [undefined, undefined]);
    const [, place] = goals as [PlanGoal, PlanGoal];
    assert.deepEqual([describeTogether(place), describePart(place, 1)], [undefined, undefined]);
  });
});
