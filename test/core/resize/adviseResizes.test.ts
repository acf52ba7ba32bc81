import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { amountOf, type Resources } from '../../../src/core/model/resources.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/model/settings.ts';
import type { Since } from '../../../src/core/model/since.ts';
import type { Quota, Snapshot } from '../../../src/core/model/snapshot.ts';
import type { Task } from '../../../src/core/model/task.ts';
import { clusterCapacity } from '../../../src/core/place/capacity.ts';
import { adviseResizes, type ResizeAdvice, type ResizeInputs } from '../../../src/core/resize/adviseResizes.ts';
import { describeResizeRefusal } from '../../../src/text/resize.ts';
import { amounts, aNode, aSnapshot, aTask, certain, GIB, HOUR, NOW, used } from '../small.ts';

const DAY = 24 * HOUR;

function advise(snapshot: Snapshot, more: Partial<ResizeInputs> = {}) {
  const runtimes = Object.fromEntries(snapshot.tasks.map(({ id }) => [id, DAY]));
  const capacity = clusterCapacity(snapshot);
  return adviseResizes({
    snapshot,
    capacity,
    predictions: certain(runtimes),
    settings: DEFAULT_SETTINGS,
    since: {},
    ...more,
  });
}

/** One task of 4 cores and 8 GiB on a node of 8 cores and 32 GiB. */
function one(mean: Resources, peak = mean, more: Partial<Task> = {}, nodeCores = 8): Snapshot {
  const task = aTask('a', 'n', amounts(4, 8), more);
  return aSnapshot([aNode('n', amounts(nodeCores, 32))], [task], { usage: { [task.id]: used(mean, peak) } });
}

function only(advice: readonly ResizeAdvice[]): ResizeAdvice {
  assert.equal(advice.length, 1);
  return advice[0]!;
}

describe('advising resizes (S306–S308)', () => {
  it('has nothing to say of an empty cluster', () => {
    const { advice, kept } = advise(aSnapshot([], []));
    assert.deepEqual(advice, []);
    assert.deepEqual(kept, { betweenThresholds: 0, fewReadings: 0, noUsage: 0, bestEffort: 0 });
  });

  it('halves CPU of which less than half is used, and shows both rules with their numbers', () => {
    const { decision, printed, ours } = only(advise(one(amounts(1, 5))).advice);
    assert.deepEqual(decision, { kind: 'shrink', amount: 2000, to: 2000 });
    assert.equal(printed.needed, 1000);
    assert.equal(ours.needed, 1150); // 1 core and the margin of 15 %
    assert.equal(ours.left, 2000);
  });

  it('waits for a shrink whose margin does not fit what would be left', () => {
    // 1.8 cores are below half of 4, but 1.8 × 1.15 = 2.07 is more than the 2 that would be left.
    const first = advise(one(amounts(1.8, 5)));
    const until = { untilSeconds: NOW + 2 * HOUR, waitedSeconds: 0, limitSeconds: 12 * HOUR };
    assert.deepEqual(only(first.advice).decision, {
      kind: 'wait',
      wait: 'shrink',
      direction: 'shrink',
      amount: 2000,
      ...until,
    });
    assert.deepEqual(first.since, { 'shrink milliCpu default/a': NOW });
  });

  it('counts waits over plans from the first one, and gives up when they add up to the limit', () => {
    const waited = (seconds: number) =>
      advise(one(amounts(1.8, 5)), { since: { 'shrink milliCpu default/a': NOW - seconds } });
    const going = only(waited(3 * HOUR).advice).decision;
    assert.ok(going.kind === 'wait');
    assert.equal(going.untilSeconds, NOW + HOUR); // the second stretch of 2 h ends 4 h after the first look
    assert.deepEqual(only(waited(12 * HOUR).advice).decision, {
      kind: 'refused',
      reason: { code: 'waitedOut', wait: 'shrink', waitedSeconds: 12 * HOUR },
    });
  });

  it('shrinks at most once a usage window', () => {
    const { decision } = only(advise(one(amounts(1, 5)), { since: { 'shrunk default/a': NOW - 600 } }).advice);
    assert.ok(decision.kind === 'wait' && decision.wait === 'lastShrink');
    assert.equal(decision.untilSeconds, NOW + 1200);
  });

  it('judges memory by its recent peak plus the margin, not by its mean', () => {
    const { decision, printed } = only(advise(one(amounts(3, 2), amounts(3, 5))).advice);
    assert.equal(printed.says, 'shrink');
    assert.deepEqual(decision, {
      kind: 'refused',
      reason: { code: 'recentPeak', peak: 5 * GIB, needed: 5 * GIB * 1.15 },
    });
  });

  it('gives a task that runs short of memory 20 to 30 % of its request', () => {
    const { decision } = only(advise(one(amounts(3, 8))).advice);
    // A peak at 100 % of the request is e = 30 %: 2.4 GiB more, rounded up to a whole MiB.
    assert.deepEqual(decision, { kind: 'expand', amount: 2458 * 2 ** 20, to: (8192 + 2458) * 2 ** 20 });
  });

  it('waits where the node has no room for an expand, and gives up at the limit', () => {
    const alone = one(amounts(4, 5), amounts(4, 5), {}, 6);
    const full = { ...alone, tasks: [...alone.tasks, aTask('b', 'n', amounts(1))] }; // 1 core free, 1.2 wanted
    const { decision } = only(advise(full).advice);
    assert.ok(decision.kind === 'wait');
    assert.deepEqual([decision.wait, decision.untilSeconds, decision.free], ['expand', NOW + 600, 1000]);
    const late = advise(full, { since: { 'expand milliCpu default/a': NOW - 2 * HOUR } });
    const reason = { code: 'waitedOut', wait: 'expand', waitedSeconds: 2 * HOUR };
    assert.deepEqual(only(late.advice).decision, { kind: 'refused', reason });
  });

  it('does not expand past what usage and margin need, nor past what the node could ever give', () => {
    const expanded = one(amounts(4, 5), amounts(4, 5), { allocation: amounts(5, 8), desired: amounts(5, 8) });
    assert.deepEqual(only(advise(expanded).advice).decision, {
      kind: 'refused',
      reason: { code: 'enough', needed: 4600 },
    });
    const small = only(advise(one(amounts(4, 5), amounts(4, 5), {}, 4)).advice).decision;
    assert.deepEqual(small, { kind: 'refused', reason: { code: 'nodeTooSmall', wanted: 5200, allocatable: 4000 } });
  });

  it('does not expand past what the quotas of its namespace leave, and names the one that has least left', () => {
    const wants = one(amounts(4, 5)); // 1.2 cores more
    const quota = (name: string, milliCpu: number, namespace = 'default') => ({ namespace, name, left: { milliCpu } });
    const decide = (...quotas: ReturnType<typeof quota>[]) => only(advise({ ...wants, quotas }).advice).decision;
    assert.deepEqual(decide(quota('large', 2000), quota('small', 1199), quota('foreign', 0, 'other')), {
      kind: 'refused',
      reason: { code: 'quota', name: 'small', amount: 1200, left: 1199 },
    });
    assert.equal(decide(quota('exact', 1200)).kind, 'expand');
    // two tasks share 2 cores: the second finds what the first has left of it
    const [task] = wants.tasks;
    const twin = { ...task!, id: 'default/b', uid: 'b', name: 'b' };
    const usage = { ...wants.usage, [twin.id]: wants.usage[task!.id]! };
    const nodes = [aNode('n', amounts(16, 64))];
    const both = advise({ ...wants, nodes, tasks: [task!, twin], usage, quotas: [quota('shared', 2000)] });
    assert.deepEqual(
      both.advice.map(({ decision }) => (decision.kind === 'refused' ? decision.reason : decision.kind)),
      ['expand', { code: 'quota', name: 'shared', amount: 1200, left: 800 }],
    );
    // one that counts only the twin bounds only the twin, and what the first is given takes nothing from it
    const counts = (taskIds: string[], milliCpu: number) => ({ ...quota('some', milliCpu), taskIds });
    const decisions = (quotas: Quota[]) =>
      advise({ ...wants, nodes, tasks: [task!, twin], usage, quotas }).advice.map(({ decision }) => decision.kind);
    assert.deepEqual(decisions([counts([twin.id], 1199)]), ['expand', 'refused']);
    assert.deepEqual(decisions([counts([twin.id], 1200)]), ['expand', 'expand']);
    assert.deepEqual(decisions([counts([], 0)]), ['expand', 'expand']);
  });

  it('shrinks one resource of a task and expands another', () => {
    const { advice } = advise(one(amounts(1, 8)));
    assert.deepEqual(
      advice.map(({ resource, decision }) => [resource, decision.kind]),
      [
        ['milliCpu', 'shrink'],
        ['memoryBytes', 'expand'],
      ],
    );
  });

  it('lets expands use the capacity that shrinks of the same plan give', () => {
    // The node of 8 cores is full; b gives 2, and a, which uses all of its 4 cores, gets 30 %.
    const tasks = [aTask('a', 'n', amounts(4, 8)), aTask('b', 'n', amounts(4, 8))];
    const usage = { 'default/a': used(amounts(4, 5)), 'default/b': used(amounts(1, 5)) };
    const { advice, capacity } = advise(aSnapshot([aNode('n', amounts(8, 32))], tasks, { usage }));
    assert.deepEqual(
      advice.map(({ taskId, decision }) => [taskId, decision.kind]),
      [
        ['default/b', 'shrink'],
        ['default/a', 'expand'],
      ],
    );
    assert.equal(capacity.nodes[0]!.free.milliCpu, 800);
  });

  it('leaves alone what it may not touch, with the reason', () => {
    const low = amounts(1, 5);
    const reasonOf = (task: Partial<Task>, more: Partial<Snapshot> = {}) => {
      const { decision } = only(advise({ ...one(low, low, task), ...more }).advice);
      return decision.kind === 'refused' ? decision.reason.code : decision.kind;
    };
    assert.equal(reasonOf({}, { rights: { resize: { default: 'patch pods/resize' } } }), 'right');
    assert.equal(reasonOf({ resizeState: { kind: 'deferred', message: 'no room' } }), 'resizeUnderWay');
    assert.equal(reasonOf({ desired: amounts(5, 8) }), 'resizeUnderWay');
    const kept = (snapshot: Snapshot) => advise(snapshot).kept;
    assert.equal(kept(one(low, low, { qosClass: 'BestEffort' })).bestEffort, 1);
    assert.equal(kept({ ...one(low), usage: {} }).noUsage, 1);
    assert.equal(kept({ ...one(low), usage: { 'default/a': used(low, low, 2) } }).fewReadings, 1);
    assert.equal(kept(one(amounts(3, 5))).betweenThresholds, 1);
    assert.deepEqual(advise(one(low, low, { infrastructure: true })).advice, []);
    assert.deepEqual(advise(one(low, low, { phase: 'ending' })).advice, []);
  });

  it('tells when the first task will have been read often enough', () => {
    const tasks = ['a', 'b', 'c'].map((name) => aTask(name, 'n', amounts(1, 1)));
    const low = used(amounts(0.1, 0.1));
    // `a` was read twice in 30 s, `b` once in 60 s, `c` often enough: `a` has its third reading in 15 s.
    const usage = {
      'default/a': { ...low, fromSeconds: NOW - 30, readings: 2 },
      'default/b': { ...low, fromSeconds: NOW - 60, readings: 1 },
      'default/c': low,
    };
    const { fewReadings } = advise(aSnapshot([aNode('n', amounts(8, 32))], tasks, { usage }));
    assert.deepEqual(fewReadings, { readings: 2, needed: 3, enoughAtSeconds: NOW + 15 });
    assert.equal(advise(one(amounts(1, 1))).fewReadings, undefined);
  });

  it('does not shrink a task that ends within two usage windows, or of which nothing is known', () => {
    const low = one(amounts(1, 5));
    // An hour has run, half an hour is left; two windows of 30 min are needed.
    const soon = only(advise(low, { predictions: certain({ 'default/a': HOUR + 1800 }) }).advice).decision;
    assert.ok(soon.kind === 'refused' && soon.reason.code === 'endsSoon');
    assert.equal(Math.round(soon.reason.remainingSeconds), 1800);
    const { neededSeconds, windowSeconds, outlived } = soon.reason;
    assert.deepEqual([neededSeconds, windowSeconds, outlived], [HOUR, 1800, false]);
    const short = { ...DEFAULT_SETTINGS, usageWindowSeconds: 600 };
    const long = { predictions: certain({ 'default/a': HOUR + 1800 }), settings: short };
    assert.equal(only(advise(low, long).advice).decision.kind, 'shrink');
    const unknown = only(advise(low, { predictions: {} }).advice).decision;
    assert.deepEqual(unknown, { kind: 'refused', reason: { code: 'noPrediction' } });
    const forever = only(advise(one(amounts(1, 5), undefined, { endless: true }), { predictions: {} }).advice);
    assert.deepEqual([forever.decision.kind, forever.endless], ['shrink', true]);
    assert.equal(only(advise(low, long).advice).endless, undefined);
  });

  it('calls the end of a task a guess once it has outlived all runs that are known', () => {
    // All runs known took half an hour; this one has run for an hour.
    const decision = only(advise(one(amounts(1, 5)), { predictions: certain({ 'default/a': 1800 }) }).advice).decision;
    assert.ok(decision.kind === 'refused' && decision.reason.code === 'endsSoon');
    assert.equal(decision.reason.outlived, true);
    assert.match(
      describeResizeRefusal(decision.reason, 'milliCpu'),
      /^it ends in .*, a guess: .* 1 h to go, .* 30 min$/,
    );
  });

  it('says the same however long somebody has watched, as long as the readings say the same', () => {
    const share = fc.double({ min: 0.05, max: 1.2, noNaN: true });
    const span = fc.integer({ min: 45, max: 2 * HOUR });
    const runtime = fc.integer({ min: HOUR + 1, max: 4 * HOUR });
    fc.assert(
      fc.property(share, share, span, span, runtime, (cpu, memory, once, again, lasts) => {
        const snapshot = one(amounts(4 * cpu, 8 * memory));
        const predictions = certain({ 'default/a': lasts });
        const watchedFor = (seconds: number) => {
          const known = snapshot.usage['default/a']!;
          const usage = { ...known, fromSeconds: NOW - seconds, readings: Math.floor(seconds / 15) };
          const { advice, ...rest } = advise({ ...snapshot, usage: { 'default/a': usage } }, { predictions });
          return { ...rest, advice: advice.map(({ usage: _, ...each }) => each) };
        };
        assert.deepEqual(watchedFor(once), watchedFor(again));
      }),
    );
  });

  it('says the same however often somebody looked in between: a wait that was given up does not begin again', () => {
    const full = one(amounts(4, 5), undefined, {}, 6); // an expand by 1.2 cores
    const expands = { ...full, tasks: [...full.tasks, aTask('b', 'n', amounts(1))] }; // 1 core is free
    const shrinks = one(amounts(1.8, 5)); // the margin does not fit
    const looks = fc.array(fc.integer({ min: 0, max: 20 * HOUR }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(expands, shrinks), looks, (snapshot, moments) => {
        const last = Math.max(...moments);
        const at = (moment: number, since: Since) =>
          advise(
            { ...snapshot, takenAtSeconds: NOW + moment },
            { since, predictions: certain({ 'default/a': 90 * DAY }) },
          );
        const often = [0, ...moments.toSorted((left, right) => left - right)].reduce(
          (since, moment) => at(moment, since).since,
          {} as Since,
        );
        const seldom = at(0, {}).since;
        assert.deepEqual(often, seldom);
        assert.deepEqual(at(last, often), at(last, seldom));
      }),
    );
  });

  it('never resizes GPUs in place: it says what to ask for the next time', () => {
    const task = aTask('a', 'n', amounts(4, 8, 4));
    const usage = { [task.id]: used(amounts(3, 5, 1)) };
    const { advice, capacity } = advise(aSnapshot([aNode('n', amounts(8, 32, 8))], [task], { usage }));
    assert.deepEqual(only(advice).decision, { kind: 'advise', amount: 2000, to: 2000 });
    assert.equal(capacity.nodes[0]!.free.gpuMilli, 4000);
  });

  it('takes 0 of a device for "not measured"', () => {
    const task = aTask('a', 'n', amounts(4, 8, 4));
    const usage = { [task.id]: used(amounts(3, 5, 0)) };
    assert.deepEqual(advise(aSnapshot([aNode('n', amounts(8, 32, 8))], [task], { usage })).advice, []);
  });

  it('never overfills a node and never shrinks below the peak of memory or the mean of CPU with the margin', () => {
    const milli = fc.integer({ min: 1, max: 4000 });
    const part = fc.double({ min: 0.01, max: 1.3, noNaN: true });
    const someTask = fc.record({
      cpu: milli,
      memory: milli,
      cpuUse: part,
      memoryUse: part,
      peak: fc.double({ min: 1, max: 3, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(someTask, { maxLength: 12 }), fc.constantFrom('fixed', 'usage'), (drawn, shrinkStrategy) => {
        const sizes = drawn.map(({ cpu, memory }) => ({
          milliCpu: cpu,
          memoryBytes: memory * 2 ** 20,
          gpuMilli: 0,
          extended: {},
        }));
        const tasks = sizes.map((size, index) => aTask(`t${index}`, 'n', size));
        const usage = Object.fromEntries(
          tasks.map((task, index) => {
            const { cpuUse, memoryUse, peak } = drawn[index]!;
            const milliCpu = Math.round(task.request.milliCpu * cpuUse);
            const memoryBytes = Math.round(task.request.memoryBytes * memoryUse);
            const mean = { milliCpu, memoryBytes, gpuMilli: 0, extended: {} };
            return [task.id, used(mean, { ...mean, memoryBytes: Math.round(memoryBytes * peak) })];
          }),
        );
        const held = (name: 'milliCpu' | 'memoryBytes') => tasks.reduce((sum, { request }) => sum + request[name], 0);
        const allocatable = {
          milliCpu: held('milliCpu') + 500,
          memoryBytes: held('memoryBytes') + 2 ** 28,
          gpuMilli: 0,
          extended: {},
        };
        const snapshot = aSnapshot([aNode('n', allocatable)], tasks, { usage });
        const { advice, capacity } = advise(snapshot, { settings: { ...DEFAULT_SETTINGS, shrinkStrategy } });
        const { free } = capacity.nodes[0]!;
        assert.ok(free.milliCpu >= 0 && free.memoryBytes >= 0);
        let left = { milliCpu: 500, memoryBytes: 2 ** 28, gpuMilli: 0, extended: {} } as Resources;
        for (const { resource, decision, usage, allocation } of advice) {
          if (decision.kind !== 'shrink' && decision.kind !== 'expand') continue;
          const change = decision.to - allocation;
          left = { ...left, [resource]: amountOf(left, resource) - change };
          assert.ok(amountOf(left, resource) >= 0, `${resource} overfilled`);
          if (decision.kind === 'shrink') {
            assert.ok(decision.to < allocation);
            assert.ok(decision.to >= (resource === 'memoryBytes' ? usage.peak : usage.mean) * 1.15 - 1e-6);
          } else assert.ok(decision.to > allocation);
        }
        assert.deepEqual([free.milliCpu, free.memoryBytes], [left.milliCpu, left.memoryBytes]);
      }),
    );
  });

  it('leaves a task that the usage strategy shrank as it is, and says that it covers its usage', () => {
    const settings = { ...DEFAULT_SETTINGS, shrinkStrategy: 'usage' } as const;
    const first = only(advise(one(amounts(1, 5)), { settings }).advice);
    assert.deepEqual(first.decision, { kind: 'shrink', amount: 2850, to: 1150 }); // 1 core and the margin of 15 %
    const held = { ...amounts(4, 8), milliCpu: 1150 };
    const again = only(advise(one(amounts(1, 5), undefined, { allocation: held, desired: held }), { settings }).advice);
    assert.deepEqual(again.decision, { kind: 'refused', reason: { code: 'enough', needed: 1150 } });
  });

  it('calls an allocation the least there is only where it is', () => {
    // 1,090 of 1,200 held is above 90 %, yet 1,090 × 1.05 fits in it; the method's rule, by the request, would shrink.
    const settings = { ...DEFAULT_SETTINGS, marginFraction: 0.05 };
    const held = { ...amounts(4, 8), milliCpu: 1200 };
    const used = { ...amounts(0, 5), milliCpu: 1090 };
    const { decision } = only(advise(one(used, undefined, { allocation: held, desired: held }), { settings }).advice);
    assert.deepEqual(decision, { kind: 'refused', reason: { code: 'enough', needed: 1144.5 } });
    const least = { ...amounts(4, 8), milliCpu: 10 };
    const idle = { ...amounts(0, 5), milliCpu: 1 };
    const small = only(advise(one(idle, undefined, { allocation: least, desired: least })).advice);
    assert.deepEqual(small.decision, { kind: 'refused', reason: { code: 'smallest', least: 10 } });
  });
});
