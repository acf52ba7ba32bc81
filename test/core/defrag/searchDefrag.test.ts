import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type DefragInputs, searchDefrag } from '../../../src/core/defrag/searchDefrag.ts';
import type { Node } from '../../../src/core/model/node.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/model/settings.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import type { Task } from '../../../src/core/model/task.ts';
import { clusterCapacity, withoutTask, withTask } from '../../../src/core/place/capacity.ts';
import { nodeFilter } from '../../../src/core/place/filter.ts';
import { describeEnd } from '../../../src/text/migration.ts';
import { amounts, aNode, aSnapshot, aTask, certain, HOUR, measured, NOW, used } from '../small.ts';

const DAY = 24 * HOUR;
const checkpoint = { location: 's3://saved', savedAtSeconds: NOW - 600 };

function search(read: Snapshot, runtimes: Record<string, number> = {}, more: Partial<DefragInputs> = {}) {
  const snapshot = measured(read);
  const capacity = clusterCapacity(snapshot);
  const unplaced = snapshot.tasks.filter(
    (task) => task.phase === 'pending' && capacity.nodes.every((held) => nodeFilter(task, capacity)(held)),
  );
  const all = Object.fromEntries(snapshot.tasks.map(({ id }) => [id, DAY]));
  const predictions = certain({ ...all, ...runtimes });
  const nothing = { busy: new Set<string>(), since: {}, settings: DEFAULT_SETTINGS };
  return searchDefrag({ snapshot, capacity, unplaced, predictions, ...nothing, ...more });
}

/** Two nodes of 16 cores with 5 free each; `big` waits for 8. Moving `small` (4 cores) to the other node lets it in. */
function fragmented(
  small: Partial<Task> = { checkpoint },
  nodes: Partial<Node> = {},
  more: Partial<Snapshot> = {},
): Snapshot {
  const shape = amounts(16, 64);
  return aSnapshot(
    [aNode('n1', shape, nodes), aNode('n2', shape)],
    [
      aTask('a', 'n1', amounts(11, 1)),
      aTask('b', 'n2', amounts(7, 1)),
      aTask('big', undefined, amounts(8, 1)),
      aTask('small', 'n2', amounts(4, 1), small),
    ],
    more,
  );
}

describe('searching a defragmentation (S406–S410)', () => {
  it('does nothing in an empty cluster', () => {
    const { triggers, candidates, advice, moves } = search(aSnapshot([], []));
    assert.deepEqual({ triggers, candidates, advice, moves }, { triggers: [], candidates: [], advice: [], moves: [] });
  });

  it('moves the cheapest task that lets a waiting one in, and says what it wins and loses', () => {
    const { advice, moves, starts, triggers } = search(fragmented());
    assert.deepEqual(
      triggers.map(({ kind, held }) => [kind, held]),
      [
        ['freeNodes', false], // seen for the first time
        ['unscheduled', true], // gated since two hours
      ],
    );
    const [move] = advice;
    assert.deepEqual(
      [move?.taskIds, move?.from, move?.to, move?.decision.kind],
      [['default/small'], 'n2', 'n1', 'migrate'],
    );
    assert.equal(move?.lostSeconds, 600);
    // A quarter of a node for the 600 s since the checkpoint and the 60 s of a restart.
    assert.equal(move?.costNodeSeconds, 0.25 * 660);
    // Half a node from a minute on, instead of when `small` ends by itself in 23 h.
    assert.ok(Math.abs(move!.gainNodeSeconds - 0.5 * (23 * HOUR - 60)) < 1);
    assert.deepEqual(
      moves.map(({ group, to }) => [group.tasks[0]!.id, to]),
      [['default/small', 'n1']],
    );
    assert.deepEqual(
      starts.map(({ task, to }) => [task.id, to]),
      [['default/big', 'n2']],
    );
  });

  it('waits where the blocker ends by itself before a move pays off', () => {
    // Without a checkpoint the move costs ¼ node × (1 h + 1 min); the blocker ends in 20 min, which wins ½ × 19 min.
    const { advice, moves } = search(fragmented({}), { 'default/small': HOUR + 1200 });
    assert.equal(moves.length, 0);
    const [wait] = advice;
    assert.ok(wait?.decision.kind === 'wait');
    assert.equal(Math.round(wait.decision.untilSeconds), NOW + 1200);
    assert.equal(wait.decision.taskId, 'default/small');
    assert.equal(wait.decision.outlived, false);
  });

  it('calls the end it waits for a guess where the blocker has outlived all runs that are known', () => {
    // All runs known took half an hour, this one has run for an hour: half of such tasks end within 25 min.
    const [wait] = search(fragmented({}), { 'default/small': 1800 }).advice;
    assert.ok(wait?.decision.kind === 'wait' && wait.decision.outlived);
    assert.match(describeEnd(wait, NOW), /small ends by itself in 25 min \(.*, a guess: it has outlived all /);
  });

  it('loses no work while it is not known what a task uses; what loses none moves all the same', () => {
    const few = used(amounts(3, 0.5), amounts(3, 0.5), 2); // the latest of two, a quarter of an hour apart
    const decided = (small: Partial<Task>, usage: Snapshot['usage']) =>
      search(fragmented(small, {}, { usage: { 'default/a': few, 'default/b': few, ...usage } })).advice.find(
        ({ taskIds, decision }) => taskIds[0] === 'default/small' || decision.kind === 'migrate',
      )!;
    const { decision } = decided({ checkpoint }, { 'default/small': few });
    assert.deepEqual(decision, {
      kind: 'blocked',
      reason: {
        code: 'usageUnknown',
        taskId: 'default/small',
        readings: { readings: 2, needed: 3, enoughAtSeconds: NOW + 900 },
      },
    });
    assert.equal(decided({ checkpoint }, { 'default/small': { ...few, readings: 3 } }).decision.kind, 'migrate');
    // a checkpoint that is saved when the task is told to stop: nothing is lost
    const safe = decided({ checkpoint: { location: 's3://saved' } }, { 'default/small': few });
    assert.deepEqual([safe.decision.kind, safe.lostSeconds], ['migrate', 0]);
  });

  it('needs a trigger that has held as long as it must', () => {
    const fresh = fragmented({ checkpoint });
    const tasks = fresh.tasks.map((task) => (task.name === 'big' ? { ...task, gated: false } : task));
    const unknown = search({ ...fresh, tasks });
    assert.deepEqual([unknown.moves.length, unknown.since['unscheduled default/big']], [0, NOW]);
    const known = tasks.map((task) => (task.name === 'big' ? { ...task, unschedulableSinceSeconds: NOW - 900 } : task));
    assert.equal(search({ ...fresh, tasks: known }).moves.length, 1);
    assert.equal(search({ ...fresh, tasks }, {}, { since: { 'unscheduled default/big': NOW - 900 } }).moves.length, 1);
    assert.equal(search({ ...fresh, tasks }, {}, { since: { 'unscheduled default/big': NOW - 899 } }).moves.length, 0);
  });

  it('names the first rule that blocks a move', () => {
    const reason = (small: Partial<Task>, more: Partial<Snapshot> = {}, settings = {}) => {
      const { advice, moves } = search(
        fragmented(small, {}, more),
        {},
        { settings: { ...DEFAULT_SETTINGS, ...settings } },
      );
      assert.equal(moves.length, 0);
      const { decision } = advice.find(({ taskIds }) => taskIds.includes('default/small')) ?? advice[0]!;
      return decision.kind === 'blocked' ? decision.reason.code : decision.kind;
    };
    const owner = aTask('small', 'n2', amounts(4, 1)).owner!;
    const budget = {
      namespace: 'default',
      name: 'one',
      disruptionsAllowed: 0,
      taskIds: ['default/small', 'default/b'],
    };
    assert.equal(reason({ endless: true }), 'endless');
    assert.equal(reason({ owner: { ...owner, kind: 'ReplicaSet' } }), 'ownerKind');
    assert.equal(reason({ owner: { ...owner, suspended: true } }), 'unsteady');
    assert.equal(reason({ owner: { ...owner, parallelism: 2 } }), 'unsteady');
    assert.equal(reason({ resizeState: { kind: 'inProgress', message: '' } }), 'unsteady');
    assert.equal(reason({}, { rights: { migrate: { '*': 'patch jobs' } } }), 'right');
    assert.equal(reason({}, { budgets: [budget] }), 'budget');
    assert.equal(reason({ constraints: { nodeSelector: { disk: 'ssd' } } }), 'noTarget');
    assert.equal(reason({ checkpoint }, {}, { candidateFreeFraction: 0.4 }), 'noCandidate');
  });

  it('moves a task without an owner never, for nothing would start it again', () => {
    const snapshot = fragmented();
    const tasks = snapshot.tasks.map((task) => {
      const { owner: _, ...bare } = task;
      return task.name === 'small' ? bare : task;
    });
    const { advice } = search({ ...snapshot, tasks });
    const { decision } = advice.find(({ taskIds }) => taskIds.includes('default/small'))!;
    assert.deepEqual(decision, { kind: 'blocked', reason: { code: 'noOwner' } });
  });

  it('moves the tasks of one owner as a whole, and counts what each of them loses', () => {
    const owner = { ...aTask('pair', 'n2', amounts(2)).owner!, parallelism: 2 };
    const halves = ['s1', 's2'].map((name) => aTask(name, 'n2', amounts(2, 1), { owner, checkpoint }));
    const snapshot = fragmented();
    const tasks = [...snapshot.tasks.filter(({ name }) => name !== 'small'), ...halves];
    const { advice, moves } = search({ ...snapshot, tasks });
    assert.deepEqual(advice[0]?.taskIds, ['default/s1', 'default/s2']);
    assert.deepEqual([advice[0]?.lostSeconds, moves.length], [1200, 1]);
  });

  it('frees whole nodes, least used first, onto the busiest candidate, once trigger (a) has held', () => {
    // n1 half used, n2 an eighth: n2's task goes to n1, which loses its own mark by that.
    const snapshot = aSnapshot(
      [aNode('n1', amounts(16, 64)), aNode('n2', amounts(16, 64)), aNode('n3', amounts(16, 64))],
      [aTask('a', 'n1', amounts(8, 1), { checkpoint }), aTask('b', 'n2', amounts(2, 1), { checkpoint })],
    );
    assert.equal(search(snapshot).moves.length, 0);
    const since = { 'free n1': NOW - HOUR, 'free n2': NOW - HOUR };
    const { moves, advice, triggers } = search(snapshot, {}, { since });
    assert.deepEqual(
      triggers.map(({ kind, held }) => [kind, held]),
      [['freeNodes', true]],
    );
    assert.deepEqual(
      moves.map(({ group, to }) => [group.tasks[0]!.name, to]),
      [['b', 'n1']],
    );
    assert.deepEqual(advice[0]?.goal.kind === 'free' && [advice[0].goal.node, advice[0].goal.amount], ['n2', 16000]);
    assert.deepEqual(
      advice.slice(1).map(({ taskIds, decision }) => [taskIds, decision]),
      [[['default/a'], { kind: 'blocked', reason: { code: 'target' } }]],
    );
  });

  it('says of a node that stays which neighbour keeps it', () => {
    const snapshot = aSnapshot(
      [aNode('n1', amounts(16, 64)), aNode('n2', amounts(16, 64))],
      [
        aTask('a', 'n1', amounts(8, 1), { checkpoint }),
        aTask('b', 'n2', amounts(2, 1), { checkpoint }),
        aTask('web', 'n2', amounts(1, 1), { endless: true }),
      ],
    );
    const { advice } = search(snapshot, {}, { since: { 'free n1': NOW - HOUR, 'free n2': NOW - HOUR } });
    const of = (id: string) => advice.find(({ taskIds }) => taskIds.includes(id))!.decision;
    assert.deepEqual(of('default/web'), { kind: 'blocked', reason: { code: 'endless' } });
    const neighbour = { code: 'neighbour', taskId: 'default/web', reason: { code: 'endless' } };
    assert.deepEqual(of('default/b'), { kind: 'blocked', reason: neighbour });
  });

  it('orders moves by longest remaining time and overfills no node at any step, whatever the cluster', () => {
    const someTask = fc.record({
      node: fc.nat(3),
      cores: fc.integer({ min: 1, max: 6 }),
      hours: fc.integer({ min: 2, max: 40 }),
      saved: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(someTask, { maxLength: 14 }), fc.integer({ min: 4, max: 12 }), (drawn, wanted) => {
        const nodes = [0, 1, 2, 3].map((index) => aNode(`n${index}`, amounts(16, 64)));
        const left = [16, 16, 16, 16];
        const tasks = drawn.flatMap(({ node, cores, saved }, index) => {
          if (left[node]! < cores) return [];
          left[node] = left[node]! - cores;
          return [aTask(`t${index}`, `n${node}`, amounts(cores, 1), saved ? { checkpoint } : {})];
        });
        const snapshot = aSnapshot(nodes, [aTask('big', undefined, amounts(wanted, 1)), ...tasks]);
        const runtimes = Object.fromEntries(
          tasks.map(({ id, name }) => [id, drawn[Number(name.slice(1))]!.hours * HOUR]),
        );
        const since = Object.fromEntries(nodes.map(({ name }) => [`free ${name}`, NOW - HOUR]));
        const { moves, starts, advice } = search(snapshot, runtimes, { since });
        const remaining = moves.map(({ group }) => group.remaining.p50);
        assert.deepEqual(
          remaining,
          remaining.toSorted((a, b) => b - a),
        );
        let capacity = clusterCapacity(snapshot);
        for (const { group, to } of moves) {
          capacity = group.tasks.reduce(
            (sum, task) => withTask(sum, task, to),
            group.tasks.reduce(withoutTask, capacity),
          );
          assert.ok(capacity.nodes.every(({ free }) => free.milliCpu >= 0 && free.memoryBytes >= 0));
        }
        for (const { task, to } of starts) capacity = withTask(capacity, task, to);
        assert.ok(capacity.nodes.every(({ free }) => free.milliCpu >= 0 && free.memoryBytes >= 0));
        for (const { decision, gainNodeSeconds, costNodeSeconds } of advice) {
          if (decision.kind === 'migrate') assert.ok(gainNodeSeconds >= costNodeSeconds);
        }
      }),
    );
  });
});
