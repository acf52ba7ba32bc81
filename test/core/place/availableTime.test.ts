import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Node } from '../../../src/core/model/node.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../src/core/model/settings.ts';
import type { Task } from '../../../src/core/model/task.ts';
import { availableTime, availableTimes, totalTime } from '../../../src/core/place/availableTime.ts';
import { clusterCapacity, nodeCapacity, withTask } from '../../../src/core/place/capacity.ts';
import type { Predictions } from '../../../src/core/predict/prediction.ts';
import { amounts, node, prediction, snapshot, sure, task } from './cluster.ts';

const DAY = 86400;
const HOUR = 3600;

function timeOf(
  tasks: readonly Task[],
  predictions: Predictions,
  nowSeconds: number,
  given: Partial<Node> = {},
  settings: Partial<Settings> = {},
) {
  return availableTime(
    nodeCapacity(node('a', given), tasks),
    predictions,
    { ...DEFAULT_SETTINGS, ...settings },
    nowSeconds,
  );
}

describe('available time by exit', () => {
  const long = task('long', { node: 'a' });
  const short = task('short', { node: 'a' });
  const predictions = { 'default/long': sure(5 * HOUR), 'default/short': sure(2 * HOUR) };

  it('is the longest predicted remaining runtime, and names the task', () => {
    const time = timeOf([short, long], predictions, HOUR);
    assert.equal(Math.round(time.seconds), 4 * HOUR);
    assert.deepEqual([time.source, time.lastTask, time.inUse], ['exit', 'default/long', true]);
  });

  it('is predicted again at the age of each task: one that outlived all it was known for is expected to run on', () => {
    // At age 10 h no past run lived that long: the Pareto tail of exponent 2 gives half of them √2 × the age.
    const time = timeOf([long], predictions, 10 * HOUR);
    assert.ok(Math.abs(time.seconds - 10 * HOUR * (Math.SQRT2 - 1)) < 1, `${time.seconds}`);
  });

  it('has a band: exits at their 10th and 90th percentile', () => {
    const runs = Array.from({ length: 1001 }, (_, index) => 1000 + index * 10);
    const time = timeOf([long], { 'default/long': prediction(runs) }, 0);
    assert.deepEqual([time.secondsAtP10, time.seconds, time.secondsAtP90].map(Math.round), [2000, 6000, 10_000]);
  });

  it('is T for an endless task, and for one of which nothing is known', () => {
    for (const held of [task('web', { node: 'a', endless: true }), task('unknown', { node: 'a' })]) {
      const time = timeOf([held], {}, HOUR);
      assert.deepEqual([time.seconds, time.source], [7 * DAY, 'exit']);
    }
  });

  it('names the kind of what never ends; a limit, or its being stopped, ends it', () => {
    const kinds = (given: Partial<Task>) =>
      timeOf([task('web', { node: 'a', endless: true, ...given })], {}, 0).endless;
    const owner = { apiVersion: 'apps/v1', name: 'web', uid: 'u', generation: 1, parallelism: 1, suspended: false };
    assert.equal(kinds({ owner: { kind: 'Deployment', ...owner } }), 'Deployment');
    assert.equal(kinds({}), 'Pod');
    assert.equal(kinds({ phase: 'ending' }), undefined);
    assert.equal(kinds({ runtimeLimitSeconds: HOUR }), undefined);
    assert.equal(timeOf([task('unknown', { node: 'a' })], {}, 0).endless, undefined);
  });

  it('never passes the hard limit of a task', () => {
    const time = timeOf([{ ...long, runtimeLimitSeconds: 3 * HOUR }], predictions, HOUR);
    assert.equal(time.seconds, 2 * HOUR);
  });

  it('is 0 where all that is left is ending, and looks at no infrastructure', () => {
    assert.equal(timeOf([{ ...long, phase: 'ending' }], predictions, HOUR).seconds, 0);
    const agent = task('agent', { node: 'a', endless: true, infrastructure: true });
    const time = timeOf([agent], {}, HOUR);
    assert.deepEqual([time.seconds, time.source, time.inUse], [7 * DAY, 'horizon', false]);
  });

  it('counts a task whose start lies ahead (a clock that jumped) as just started', () => {
    assert.equal(Math.round(timeOf([{ ...long, startedAtSeconds: 9 * HOUR }], predictions, HOUR).seconds), 5 * HOUR);
  });
});

describe('available time by deadline, turnover and amounts', () => {
  const held = task('held', { node: 'a' });
  const predictions = { 'default/held': sure(4 * DAY) };

  it('is the deadline where that is the smallest, and never below 0', () => {
    const deadline = { atSeconds: 2 * DAY, source: 'spot' as const };
    const time = timeOf([held], predictions, DAY, { deadline });
    assert.deepEqual([time.seconds, time.source], [DAY, 'deadline']);
    assert.deepEqual(time.sources, { exit: 3 * DAY, deadline: DAY });
    assert.equal(timeOf([held], predictions, 3 * DAY, { deadline }).seconds, 0);
  });

  it('is the smallest of all sources, whoever announced the end, and names it', () => {
    const hours = fc.integer({ min: 1, max: 160 });
    const source = fc.constantFrom('annotation', 'expiry', 'spot', 'maintenance', 'termination');
    fc.assert(
      fc.property(hours, hours, hours, source, (exit, deadline, derived, announced) => {
        fc.pre(new Set([exit, deadline, derived]).size === 3);
        const given = {
          allocatable: amounts({ milliCpu: 160_000, memoryBytes: 2 ** 40 }),
          deadline: { atSeconds: deadline * HOUR, source: announced as 'spot' },
        };
        // A second of the free CPU each milli-core: what the task leaves free runs `derived` hours.
        const held = task('held', { node: 'a', request: amounts({ milliCpu: 160_000 - derived * 1000 }) });
        const metered = { secondsPerUnit: { milliCpu: 3.6 } };
        const time = timeOf([held], { 'default/held': sure(exit * HOUR) }, 0, given, metered);
        const expected = { exit: exit * HOUR, deadline: deadline * HOUR, derived: derived * HOUR };
        const smallest = Math.min(...Object.values(expected));
        assert.ok(Math.abs(time.seconds - smallest) < 1e-6 * smallest, `${time.seconds} ${smallest}`);
        assert.equal(expected[time.source as keyof typeof expected], smallest);
        assert.deepEqual(Object.keys(time.sources).sort(), ['deadline', 'derived', 'exit']);
      }),
    );
  });

  it("takes T from the node's own lifetime where a lease tells it", () => {
    const given = node('a', { createdAtSeconds: DAY, deadline: { atSeconds: 11 * DAY, source: 'expiry' } });
    assert.equal(totalTime(given, DEFAULT_SETTINGS), 10 * DAY);
    assert.equal(totalTime({ ...given, deadline: { atSeconds: 11 * DAY, source: 'spot' } }, DEFAULT_SETTINGS), 7 * DAY);
  });

  it("gives back a day of the method's example with each day: 3 days free of 7, up to T", () => {
    // A node of 4 cores and 10 GiB, T = 7 d, turnover 1 d; its task takes 4 d, so that its free part has t = 3 d.
    const given = { allocatable: amounts({ milliCpu: 4000, memoryBytes: 10 * 2 ** 30 }) };
    const turnover = [0, 1, 2.5, 4, 9].map(
      (days) => timeOf([held], predictions, days * DAY, given, { turnoverSeconds: DAY }).sources.turnover! / DAY,
    );
    assert.deepEqual(turnover, [3, 4, 5, 7, 7]);
  });

  it('derives T from the whole and t from the free amount where nodes are metered in amounts', () => {
    // 100 s a milli-core: 8,000 run 800,000 s, the 6,000 that are free 600,000 s; the exit is later.
    const big = task('big', { node: 'a', request: amounts({ milliCpu: 2000 }), endless: true });
    const time = timeOf([big], {}, 0, {}, { secondsPerUnit: { milliCpu: 100 } });
    assert.deepEqual([time.totalSeconds, time.seconds, time.source], [800_000, 600_000, 'derived']);
  });
});

describe('available times of a capacity', () => {
  it('are in the order of its nodes, and only a touched node is computed again', () => {
    const capacity = clusterCapacity(snapshot([node('b'), node('a')], [task('x', { node: 'b' })]));
    const predictions = { 'default/x': sure(100), 'default/new': sure(300) };
    const before = availableTimes(capacity, predictions, DEFAULT_SETTINGS, 0);
    assert.deepEqual(
      before.map(({ inUse }) => inUse),
      [false, true],
    );
    const after = availableTimes(withTask(capacity, task('new'), 'b'), predictions, DEFAULT_SETTINGS, 0);
    assert.equal(after[0], before[0]);
    assert.deepEqual(
      [before[1]!, after[1]!].map(({ seconds }) => Math.round(seconds)),
      [100, 300],
    );
  });

  it('follow the clock', () => {
    const capacity = clusterCapacity(snapshot([node('a')], [task('x', { node: 'a' })]));
    const predictions = { 'default/x': sure(100) };
    const at = (nowSeconds: number) =>
      Math.round(availableTimes(capacity, predictions, DEFAULT_SETTINGS, nowSeconds)[0]!.seconds);
    assert.deepEqual([at(0), at(40), at(0)], [100, 60, 100]);
  });
});
