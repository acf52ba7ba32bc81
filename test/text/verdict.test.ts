import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Plan } from '../../src/core/plan/plan.ts';
import { verdictOf } from '../../src/core/plan/verdict.ts';
import { describeNoMigrations, describeTriggers } from '../../src/text/migration.ts';
import { describeNoResizes } from '../../src/text/resize.ts';
import { describeFreed, describeVerdict, verdictFigures } from '../../src/text/verdict.ts';
import { everything, plan, scenario, withForecast } from '../core/plan/everything.ts';
import { amounts, aNode, aSnapshot, aTask, HOUR, NOW, used } from '../core/small.ts';

const values = (made: Plan) =>
  verdictFigures(verdictOf(made)).map(({ label, value, note }) => `${label}: ${value} (${note})`);

describe('the verdict in words', () => {
  const late = { 'default/fits': 0, 'default/big': 5 * HOUR };
  const soon = { 'default/fits': 0, 'default/big': 0 };

  it('is one sentence of what is won and lost, and four figures', () => {
    const snapshot = everything();
    const tasks = snapshot.tasks.map((task) => (task.node === undefined ? { ...task, gated: false } : task));
    const made = plan({ ...snapshot, tasks }, {}, { 'unscheduled default/big': NOW - HOUR });
    const forecast = withForecast(made, scenario('nothing', [2, 2, 1], late), scenario('plan', [2, 1, 1], soon));
    assert.equal(
      describeVerdict(forecast),
      '1 instead of 2 tasks wait in 15 min and default/big starts 5 h earlier, for 10 min of lost work.',
    );
    assert.deepEqual(values(forecast), [
      'Waiting tasks: 1 instead of 2 (in 15 min; 1 either way after 1 d)',
      'Most urgent start: now (default/big, 5 h earlier)',
      'Capacity gained: 0.5 CPU (2 CPU given back by tasks that do not use it; 1.5 CPU given to tasks that lack it)',
      'Work lost: 10 min (1 running task is ended and started again)',
    ]);
  });

  it('names the gate that only the plan lifts', () => {
    const made = withForecast(plan(everything()), scenario('nothing', [2], {}), scenario('plan', [0], {}));
    assert.match(describeVerdict(made), /default\/fits starts now instead of staying behind its gate/);
    assert.equal(values(made)[1], 'Most urgent start: now (default/fits, instead of staying behind its gate)');
  });

  it('tells of capacity where no task starts, and of starts where nothing is forecast', () => {
    const snapshot = everything();
    const running = snapshot.tasks.filter(({ node }) => node !== undefined);
    assert.equal(
      describeVerdict(plan({ ...snapshot, tasks: running })),
      '2 CPU given back and 1.5 CPU given; no work is lost.',
    );
    const placing = plan({ ...snapshot, usage: {}, tasks: snapshot.tasks.filter(({ name }) => name === 'fits') });
    assert.equal(describeVerdict(placing), '1 pending task starts; no work is lost.');
  });

  it('of a plan without moves says which rules hold, and when to look again', () => {
    assert.equal(
      describeVerdict(plan(aSnapshot([aNode('n1', amounts(4, 8))], []))),
      'Nothing to do now: no task is pending and no task runs; plan again when tasks come or end.',
    );
    assert.match(describeVerdict(plan(aSnapshot([], []))), /^Nothing can be planned: no node is seen\./);
    // `big` has waited 4 of the 15 min; 11 are left.
    const nodes = [aNode('n1', amounts(8, 64)), aNode('n2', amounts(8, 64))];
    const big = aTask('big', undefined, amounts(6, 1), { createdAtSeconds: NOW - 240 });
    const tasks = [aTask('a', 'n1', amounts(4, 1)), aTask('b', 'n2', amounts(4, 1)), big];
    assert.match(
      describeVerdict(plan(aSnapshot(nodes, tasks))),
      /no node can take the 1 pending task now, .* and default\/big has waited 4 min of the 15 min before others move; plan again at \d\d:\d\d\.$/,
    );
  });

  it('says what is freed by team and by pool', () => {
    assert.deepEqual(describeFreed(plan(everything())), ['by team: default 2 CPU given back and 1.5 CPU given']);
    assert.deepEqual(describeFreed(plan(aSnapshot([], []))), []);
    const n1 = aNode('n1', amounts(8, 64), { labels: { 'karpenter.sh/nodepool': 'general' } });
    const idle = { 'default/idle': used(amounts(1, 0.7)) };
    assert.deepEqual(describeFreed(plan(aSnapshot([n1], [aTask('idle', 'n1', amounts(4, 1))], { usage: idle }))), [
      'by team: default 2 CPU given back',
      'by pool: general 2 CPU given back',
    ]);
  });
});

describe('that nothing is moved', () => {
  const nodes = [aNode('n1', amounts(8, 64)), aNode('n2', amounts(8, 64))];

  it('is said with the rule: no trigger, one that has not held yet, or nothing in the way', () => {
    const full = ['n1', 'n2'].map((node) => aTask(`on-${node}`, node, amounts(7, 1)));
    assert.equal(
      describeNoMigrations(plan(aSnapshot(nodes, full))),
      'Nothing is moved: no pending task would fit if what is free lay together, and fewer than two nodes keep more than 30 % free.',
    );
    const waiting = aTask('finetune', undefined, amounts(6, 1), { createdAtSeconds: NOW - 240 });
    const half = ['n1', 'n2'].map((node) => aTask(`on-${node}`, node, amounts(4, 1)));
    const soon = plan(aSnapshot(nodes, [...half, waiting]));
    assert.match(
      describeNoMigrations(soon),
      /^Nothing is moved yet: finetune fits nowhere although the nodes together have room, for 4 min of the 15 min it must hold; plan again at \d\d:\d\d\.$/,
    );
    const [free, unscheduled] = describeTriggers(soon);
    assert.match(free!, /^2 nodes keep more than 30 % free, for 0 s of the 15 min it must hold; plan again at /);
    assert.ok(describeNoMigrations(soon).includes(unscheduled!));
    const since = { 'free n1': NOW - HOUR, 'free n2': NOW - HOUR };
    assert.match(describeNoMigrations(plan(aSnapshot(nodes, []), {}, since)), /hold nothing that is in the way/);
  });
});

describe('that nothing is resized', () => {
  const n1 = aNode('n1', amounts(8, 64));
  const said = (...tasks: readonly (readonly [cores: number, readings: number])[]) => {
    const all = tasks.map((_, index) => aTask(`t${index}`, 'n1', amounts(1, 1)));
    const usage = Object.fromEntries(
      tasks.flatMap(([cores, readings], index) => {
        const read = { ...used(amounts(cores, 0.7)), fromSeconds: NOW - 15 * readings, readings };
        return readings > 0 ? [[`default/t${index}`, read]] : [];
      }),
    );
    return describeNoResizes(plan(aSnapshot([n1], all, { usage })));
  };

  it('is said with the rule: nothing runs, is known, or read often enough, or all is as it should be', () => {
    assert.equal(said(), 'Nothing is resized: no task runs.');
    assert.equal(said([0.1, 0]), 'Nothing is resized: it is not known what running tasks use.');
    assert.equal(
      said([0.1, 2], [0.7, 9]),
      'Nothing is resized yet: 1 task has 2 of the 3 readings that a resize needs; plan again in 15 s.',
    );
    assert.equal(
      said([0.1, 2], [0.1, 1]),
      'Nothing is resized yet: 2 tasks have 2 of the 3 readings that a resize needs, or fewer; plan again in 15 s.',
    );
    assert.equal(
      said([0.7, 9]),
      'Nothing is resized: no running task uses less than 50 % of its request, or more than 90 %.',
    );
  });
});
