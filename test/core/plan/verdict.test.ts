import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { NO_RESOURCES } from '../../../src/core/model/resources.ts';
import { goalsOf } from '../../../src/core/plan/goals.ts';
import { finishPlan } from '../../../src/core/plan/makePlan.ts';
import { parsePlan } from '../../../src/core/plan/parsePlan.ts';
import type { Plan } from '../../../src/core/plan/plan.ts';
import { freedBy, verdictOf } from '../../../src/core/plan/verdict.ts';
import { sha256 } from '../../../src/io/sha256.ts';
import { titleOfGoal } from '../../../src/text/goals.ts';
import { amounts, aNode, aSnapshot, aTask, HOUR, measured, NOW, used } from '../small.ts';
import { checkpoint, everything, plan, scenario, withForecast } from './everything.ts';

describe('the verdict of a plan', () => {
  it('of an empty cluster is that nothing is gained and nothing lost', () => {
    const nothing = { givenBack: NO_RESOURCES, given: NO_RESOURCES, freedNodes: [], freed: NO_RESOURCES };
    assert.deepEqual(verdictOf(plan(aSnapshot([], []))), {
      starts: [],
      capacity: nothing,
      lost: { seconds: 0, tasksEnded: [] },
    });
  });

  it('tells what is given back, what is given, and what is lost', () => {
    const { capacity, lost } = verdictOf(plan(everything()));
    assert.deepEqual([capacity.givenBack, capacity.given, capacity.freedNodes], [amounts(2), amounts(1.5), []]);
    assert.deepEqual(lost, { seconds: 600, tasksEnded: ['default/small'] });
  });

  it('names the nodes that come free, with what comes free on them', () => {
    const nodes = [aNode('n1', amounts(16, 64)), aNode('n2', amounts(16, 64))];
    const tasks = [aTask('a', 'n1', amounts(2, 1), { checkpoint }), aTask('b', 'n2', amounts(8, 1), { checkpoint })];
    const { capacity } = verdictOf(
      plan(measured(aSnapshot(nodes, tasks)), {}, { 'free n1': NOW - HOUR, 'free n2': NOW - HOUR }),
    );
    assert.deepEqual([capacity.freedNodes, capacity.freed], [['n1'], amounts(16)]);
  });

  it('compares how many tasks wait, at the first moment after now and at the last', () => {
    const made = withForecast(plan(everything()), scenario('nothing', [2, 2, 1], {}), scenario('plan', [0, 1, 0], {}));
    assert.deepEqual(verdictOf(made).waiting, {
      soon: { inSeconds: 900, nothing: 2, plan: 1 },
      later: { inSeconds: 24 * HOUR, nothing: 1, plan: 0 },
    });
  });

  it('names the most urgent task that starts earlier, and by how much', () => {
    // `fits` has the higher priority, but no gate: it starts at once in both.
    const snapshot = everything();
    const tasks = snapshot.tasks.map((task) => (task.node === undefined ? { ...task, gated: false } : task));
    const made = plan({ ...snapshot, tasks }, {}, { 'unscheduled default/big': NOW - HOUR });
    const soon = { 'default/fits': 0, 'default/big': 0 };
    const late = { ...soon, 'default/big': 5 * HOUR };
    assert.deepEqual(
      verdictOf(withForecast(made, scenario('nothing', [2], late), scenario('plan', [0], soon))).urgent,
      {
        taskId: 'default/big',
        nothing: { kind: 'in', p10: 5 * HOUR, p50: 5 * HOUR, p90: 5 * HOUR },
        plan: { kind: 'now' },
        earlier: true,
        savedSeconds: 5 * HOUR,
      },
    );
    const same = verdictOf(withForecast(made, scenario('nothing', [2], late), scenario('plan', [2], late))).urgent!;
    assert.deepEqual([same.taskId, same.earlier], ['default/fits', false]);
  });

  it('says of the migrations for that task the same as of the task: what the forecast sees', () => {
    const snapshot = everything();
    const tasks = snapshot.tasks.map((task) => (task.node === undefined ? { ...task, gated: false } : task));
    const made = plan({ ...snapshot, tasks }, {}, { 'unscheduled default/big': NOW - HOUR });
    const adviceIn = ({ migrations }: Plan) => migrations.find(({ goal }) => goal.kind === 'start')!;
    const before = adviceIn(made);
    assert.equal(before.decision.kind, 'migrate');
    const starting = (seconds: number) => scenario('nothing', [2], { 'default/big': seconds });
    const finished = (seconds: number) => {
      const { id: _, format: __, ...draft } = made;
      const { forecast } = withForecast(made, starting(seconds), scenario('plan', [0], { 'default/big': 0 }));
      return finishPlan(draft, sha256, forecast ? { forecast } : {});
    };
    for (const seconds of [5 * HOUR, 0]) {
      const { goal, gainNodeSeconds } = adviceIn(finished(seconds));
      assert.equal(goal.savedSeconds, seconds);
      const perSecond = before.gainNodeSeconds / before.goal.savedSeconds;
      assert.ok(Math.abs(gainNodeSeconds - perSecond * seconds) < 1e-6);
    }
    assert.match(titleOfGoal(goalsOf(finished(5 * HOUR))[0]!), /^Start big on n\d+ 5 h earlier$/);
    assert.match(titleOfGoal(goalsOf(finished(0))[0]!), /^Start big on n\d+$/);
  });

  it('knows no seconds for a task that would stay behind its gate', () => {
    const made = withForecast(plan(everything()), scenario('nothing', [2], {}), scenario('plan', [0], {}));
    assert.deepEqual(verdictOf(made).urgent, {
      taskId: 'default/fits',
      nothing: { kind: 'gated' },
      plan: { kind: 'now' },
      earlier: true,
    });
  });
});

describe('what a plan frees', () => {
  it('is nothing without resizes', () => {
    assert.deepEqual(freedBy(plan(aSnapshot([], []))), { teams: [], pools: [] });
  });

  it('is told by team, and by pool where nodes name theirs; plans of 0.1.0 know no pools', () => {
    const nodes = [
      aNode('n1', amounts(16, 64), { labels: { 'karpenter.sh/nodepool': 'general', pool: 'other' } }),
      aNode('n2', amounts(16, 64)),
    ];
    const tasks = [
      aTask('idle', 'n1', amounts(4, 1)),
      aTask('busy', 'n1', amounts(5, 1)),
      aTask('far', 'n2', amounts(4, 1), { id: 'team/far', namespace: 'team' }),
    ];
    const usage = {
      'default/idle': used(amounts(1, 0.6)),
      'default/busy': used(amounts(5, 0.6)),
      'team/far': used(amounts(1, 0.6)),
    };
    const made = plan(aSnapshot(nodes, tasks, { usage }));
    const general = { moves: 2, givenBack: amounts(2), given: amounts(1.5) };
    assert.deepEqual(freedBy(made), {
      teams: [
        { name: 'default', ...general },
        { name: 'team', moves: 1, givenBack: amounts(2), given: amounts(0) },
      ],
      pools: [{ name: 'general', ...general }],
    });
    const { id: _, format: __, ...draft } = made;
    const { pools: ___, ...snapshot } = draft.snapshot;
    const old = parsePlan(JSON.parse(JSON.stringify(finishPlan({ ...draft, snapshot }, sha256))), sha256);
    assert.deepEqual(freedBy(old).pools, []);
  });
});
