import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Plan } from '../../src/core/plan/plan.ts';
import { isSameStart } from '../../src/text/forecast.ts';
import { describeBothStarts, type Pending, pendingOf } from '../../src/text/pending.ts';
import { everything, plan, scenario, withForecast } from '../core/plan/everything.ts';
import { amounts, aNode, aSnapshot, aTask, HOUR, measured, NOW, used } from '../core/small.ts';

function told(made: Plan, name: string): Pending {
  return pendingOf(made)(made.placements.find(({ taskId }) => taskId === `default/${name}`)!);
}

describe('a pending task in words', () => {
  it('says when it starts with the plan and without it, once where both are the same', () => {
    assert.equal(describeBothStarts({ starts: 'in 4 h', withPlan: 'now' }), 'now; in 4 h if nothing is done');
    assert.equal(describeBothStarts({ starts: 'in 4 h', withPlan: 'in 4 h' }), 'in 4 h');
    assert.equal(describeBothStarts({}), '—');
  });

  it('says since when it waits, why, and what the plan does about it', () => {
    const made = plan(everything());
    const fits = told(made, 'fits');
    assert.match(fits.waits, /^2 h, since (\d{4}-\d\d-\d\d )?\d\d:\d\d/);
    assert.equal(fits.why, 'nothing but a plan lifts its gate');
    assert.equal(fits.help, 'this plan places it on n1');
    const big = told(made, 'big');
    assert.equal(big.why, 'n1 has 6.5 CPU free; the task needs 8 CPU; 2 more have too little');
    assert.equal(big.help, 'this plan makes room, and places it on n2');
    assert.deepEqual([big.starts, big.withPlan], [undefined, undefined]);
  });

  it('says who places a task without a gate, and which right is missing', () => {
    const snapshot = everything();
    const tasks = snapshot.tasks.map((task) => (task.node === undefined ? { ...task, gated: false } : task));
    const open = plan({ ...snapshot, tasks }, {}, { 'unscheduled default/big': NOW - HOUR });
    assert.equal(told(open, 'fits').why, "it is in the scheduler's queue");
    assert.equal(told(open, 'fits').help, "the cluster's scheduler places it; best would be n1");
    assert.equal(told(open, 'big').help, "this plan makes room on n2; then the cluster's scheduler places it");
    const refused = plan({ ...snapshot, rights: { place: { default: 'patch pods' } } });
    assert.equal(told(refused, 'fits').why, 'the right to patch pods is missing');
    assert.equal(told(refused, 'fits').help, 'ask an administrator for this right');
  });

  it('names the node that comes nearest of those with the device, not the CPU of nodes that have none', () => {
    const npu = 'example.com/npu';
    const withNpu = (count: number) => ({ ...amounts(64, 64), extended: { [npu]: count } });
    const nodes = [
      aNode('n1', amounts(4, 64)),
      aNode('n2', amounts(8, 64)),
      aNode('npu-1', withNpu(2)),
      aNode('npu-2', withNpu(4)),
    ];
    const running = [aTask('a', 'npu-1', withNpu(2)), aTask('b', 'npu-2', { ...withNpu(1), milliCpu: 1000 })];
    const wanting = aTask('c', undefined, { ...amounts(16, 1), extended: { [npu]: 4 } });
    const made = plan(aSnapshot(nodes, [...running, wanting]));
    assert.equal(told(made, 'c').why, `npu-2 has 3 ${npu} free; the task needs 4 ${npu}; 1 more has too little`);
    assert.deepEqual(
      made.placements[0]!.refused.map(({ nodes, example }) => [nodes, example.node]),
      [
        [2, 'npu-2'],
        [2, 'n1'],
      ],
    );
  });

  it('says whose task does not move for it', () => {
    const nodes = [aNode('n1', amounts(8, 64))];
    const service = aTask('web', 'n1', amounts(4, 1), { endless: true });
    const made = plan(
      measured(aSnapshot(nodes, [service, aTask('big', undefined, amounts(6, 1))])),
      {},
      {
        'unscheduled default/big': NOW - HOUR,
      },
    );
    const { help } = told(made, 'big');
    assert.ok(!help.includes('nothing moves for it: it'), help);
  });

  it('tells two starts beyond the horizon alike, whatever few futures say', () => {
    const later = (startedFraction: number) => ({ kind: 'later', startedFraction }) as const;
    assert.ok(isSameStart(later(0), later(0.05)));
    assert.ok(!isSameStart(later(0), { kind: 'now' }));
    assert.ok(!isSameStart({ kind: 'in', p10: 60, p50: 600, p90: 900 }, { kind: 'in', p10: 60, p50: 1200, p90: 1800 }));
  });

  it('says when it starts, without the plan and with it', () => {
    const starts = (seconds: number) => ({ 'default/fits': seconds, 'default/big': seconds });
    const made = withForecast(plan(everything()), scenario('nothing', [2], starts(HOUR)), scenario('plan', [0], {}));
    assert.deepEqual([told(made, 'big').starts, told(made, 'big').withPlan], ['stays behind its gate', 'now']);
  });

  it('says what to wait for, and when others may move for it', () => {
    const nodes = [aNode('n1', amounts(8, 64)), aNode('n2', amounts(8, 64))];
    const running = [aTask('a', 'n1', amounts(4, 1)), aTask('b', 'n2', amounts(4, 1))];
    const young = aTask('new', undefined, amounts(6, 1), { createdAtSeconds: NOW - 240 });
    const soon = plan(aSnapshot(nodes, [...running, young]));
    assert.match(told(soon, 'new').help, /^plan again at .*: then tasks may move for it$/);
    // After its trigger has held: `a` ends in 10 min, sooner than a move of `b` pays off.
    const old = aTask('old', undefined, amounts(6, 1));
    const usage = { 'default/a': used(amounts(3, 0.7)), 'default/b': used(amounts(3, 0.7)) };
    const waits = plan(aSnapshot(nodes, [...running, old], { usage }), { 'default/a': HOUR + 600 });
    assert.match(told(waits, 'old').help, /^wait until a ends, in 10 min \(/);
  });

  it('says what else is left: enough that ends by itself, another node, or other rules', () => {
    const huge = aTask('huge', undefined, amounts(99, 1));
    const made = plan(aSnapshot([aNode('n1', amounts(8, 64))], [huge]));
    assert.equal(told(made, 'huge').why, 'n1 has 8 CPU free; the task needs 99 CPU');
    assert.equal(told(made, 'huge').help, 'a smaller request, or one more node');
    const nothing = scenario('nothing', [1], { 'default/huge': HOUR });
    const later = withForecast(made, nothing, scenario('plan', [1], { 'default/huge': HOUR }));
    assert.equal(told(later, 'huge').help, 'wait until enough ends by itself, in 1 h');
    const never = {
      ...scenario('plan', [1], {}),
      starts: [{ task: 'default/huge', startedFraction: 0, admittingNodes: 0 }],
    };
    assert.equal(
      told(withForecast(made, nothing, never), 'huge').help,
      'other rules for the task, or a node that meets them',
    );
    assert.equal(told(plan(aSnapshot([], [huge])), 'huge').why, 'there is no node');
  });
});
