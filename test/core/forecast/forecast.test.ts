import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type Arrivals, NO_ARRIVALS, pastArrivals } from '../../../src/core/forecast/arrivals.ts';
import {
  bandOf,
  type Forecast,
  type ForecastRequest,
  forecast,
  type Moment,
} from '../../../src/core/forecast/forecast.ts';
import { withoutGates } from '../../../src/core/forecast/scenarios.ts';
import type { Node } from '../../../src/core/model/node.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/model/settings.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import type { Task } from '../../../src/core/model/task.ts';
import type { Predictions } from '../../../src/core/predict/prediction.ts';
import { amounts, node, prediction, snapshot, sure, task } from '../place/cluster.ts';

const HOUR = 3600;
const GIB = 2 ** 30;

function lastOf(given: Partial<ForecastRequest> & Pick<ForecastRequest, 'scenarios'>): Forecast {
  const run = forecast({
    predictions: {},
    arrivals: NO_ARRIVALS,
    settings: DEFAULT_SETTINGS,
    seed: 1,
    samples: 5,
    ...given,
  });
  for (let step = run.next(); ; step = run.next()) if (step.done) return step.value;
}

function only(snap: Snapshot, given: Partial<ForecastRequest> = {}) {
  return lastOf({ scenarios: { 'do nothing': snap }, ...given }).scenarios[0]!;
}

const full = (name: string, on: string, given: Partial<Task> = {}) =>
  task(name, { node: on, request: amounts({ milliCpu: 8000, memoryBytes: GIB }), ...given });

describe('the forecast of free capacity', () => {
  it('frees what a task holds when it ends, and not before', () => {
    const snap = snapshot([node('a')], [full('x', 'a')]);
    const { moments } = only(snap, { predictions: { 'default/x': sure(HOUR + 1) } });
    assert.deepEqual(
      moments.map(({ inSeconds, free }) => [inSeconds / HOUR, free['milliCpu']!.p50]),
      [
        [0, 0],
        [0.25, 0],
        [0.5, 0],
        [1, 0],
        [2, 8000],
        [4, 8000],
        [8, 8000],
        [16, 8000],
        [24, 8000],
      ],
    );
  });

  it('has the band of the remaining runtime: a task that ends within 2 h in 3 of 4 cases', () => {
    const snap = snapshot([node('a')], [full('x', 'a')]);
    const runs = Array.from({ length: 101 }, (_, index) => (index * 8 * HOUR) / 300);
    const moments = only(snap, { predictions: { 'default/x': prediction(runs) }, samples: 400 }).moments;
    const at = (hours: number) => moments.find(({ inSeconds }) => inSeconds === hours * HOUR)!.free['milliCpu']!;
    assert.deepEqual(at(2), { p10: 0, p50: 8000, p90: 8000 });
    assert.deepEqual(at(1), { p10: 0, p50: 0, p90: 8000 });
    assert.deepEqual(at(4), { p10: 8000, p50: 8000, p90: 8000 });
  });

  it('predicts again at the age a task has: one that outlived its past runs is not over at once', () => {
    const snap = { ...snapshot([node('a')], [full('x', 'a')]), takenAtSeconds: 10 * HOUR };
    // At age 10 h, with every past run 1 h long, the Pareto tail lets half of them run 4.14 h more.
    const { moments } = only(snap, { predictions: { 'default/x': sure(HOUR) }, samples: 400 });
    assert.equal(moments[3]!.free['milliCpu']!.p50, 0);
    assert.equal(moments[6]!.free['milliCpu']!.p50, 8000);
  });

  it('keeps endless tasks, and those of which nothing is known; limits and graceful ends hold', () => {
    const nodes = ['a', 'b', 'c', 'd'].map((name) => node(name));
    const tasks = [
      full('web', 'a', { endless: true }),
      full('unknown', 'b'),
      full('limited', 'c', { runtimeLimitSeconds: 600 }),
      full('leaving', 'd', { phase: 'ending' }),
    ];
    const { moments } = only(snapshot(nodes, tasks));
    assert.deepEqual(
      [moments[1]!, moments[8]!].map(({ free }) => free['milliCpu']!.p10),
      [16_000, 16_000],
    );
  });

  it('counts extended resources by their names, and leaves out nodes that take no task', () => {
    const npu = { allocatable: amounts({ milliCpu: 8000, memoryBytes: GIB, extended: { 'huawei.com/Ascend910': 8 } }) };
    const held = task('x', { node: 'a', request: amounts({ extended: { 'huawei.com/Ascend910': 6 } }) });
    const nodes = [node('a', npu), node('b', { ...npu, unschedulable: true }), node('c', { ...npu, ready: false })];
    const { moments } = only(snapshot(nodes, [held]), { predictions: { 'default/x': sure(600) } });
    assert.deepEqual(
      moments.slice(0, 2).map(({ free }) => free['huawei.com/Ascend910']!.p50),
      [2, 8],
    );
  });

  it('never shrinks where nothing arrives and nothing waits, at any quantile', () => {
    const world = fc.array(
      fc.record({
        on: fc.nat(3),
        cpu: fc.integer({ min: 1, max: 8 }),
        hours: fc.double({ min: 0.01, max: 40, noNaN: true }),
      }),
      {
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(world, fc.nat(), (given, seed) => {
        const nodes = ['a', 'b', 'c', 'd'].map((name) =>
          node(name, { allocatable: amounts({ milliCpu: 96_000, memoryBytes: 64 * GIB }) }),
        );
        const tasks = given.map(({ on, cpu }, index) =>
          task(`t${index}`, { node: 'abcd'[on]!, request: amounts({ milliCpu: cpu * 1000, memoryBytes: GIB }) }),
        );
        const predictions = Object.fromEntries(
          given.map(({ hours }, index) => [
            `default/t${index}`,
            prediction([hours * 0.3 * HOUR, hours * HOUR, hours * 3 * HOUR]),
          ]),
        );
        const { moments } = only(snapshot(nodes, tasks), { predictions, seed, samples: 6 });
        for (const [index, { free }] of moments.slice(1).entries()) {
          for (const level of ['p10', 'p50', 'p90'] as const) {
            assert.ok(free['milliCpu']![level] >= moments[index]!.free['milliCpu']![level]);
            assert.ok(free['memoryBytes']![level] >= moments[index]!.free['memoryBytes']![level]);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('the forecast of earliest starts', () => {
  const waiting = (name: string, given: Partial<Task> = {}) =>
    task(name, { request: amounts({ milliCpu: 8000, memoryBytes: GIB }), ...given });

  it('is 0 where there is capacity, else when the first task in the way ends', () => {
    const nodes = [node('a'), node('b')];
    const tasks = [
      full('x', 'a'),
      full('y', 'b'),
      waiting('new'),
      waiting('small', { request: amounts({ milliCpu: 0 }) }),
    ];
    const predictions = { 'default/x': sure(3 * HOUR), 'default/y': sure(2 * HOUR), 'default/new': sure(HOUR) };
    const { starts } = only(snapshot(nodes, tasks), { predictions });
    assert.deepEqual(starts, [
      { task: 'default/new', p10: 2 * HOUR, p50: 2 * HOUR, p90: 2 * HOUR, startedFraction: 1, admittingNodes: 2 },
      { task: 'default/small', p10: 0, p50: 0, p90: 0, startedFraction: 1, admittingNodes: 2 },
    ]);
  });

  it('is never for a task whose gate nobody lifts: it waits on, and keeps no other from starting', () => {
    const tasks = [waiting('gated', { gated: true, priority: 5 }), waiting('other')];
    const predictions = { 'default/gated': sure(HOUR), 'default/other': sure(HOUR) };
    const snap = snapshot([node('a')], tasks);
    const { starts, moments } = only(snap, { predictions });
    assert.deepEqual(starts, [
      { task: 'default/gated', startedFraction: 0, admittingNodes: 1, gated: true },
      { task: 'default/other', p10: 0, p50: 0, p90: 0, startedFraction: 1, admittingNodes: 1 },
    ]);
    assert.deepEqual(
      moments.map(({ waiting: { p50 } }) => p50),
      [2, ...moments.slice(1).map(() => 1)],
    );
    const lifted = only(
      withoutGates(snap, ({ name }) => name === 'gated'),
      { predictions },
    );
    // The first of the queue takes the node for an hour, then the other one.
    assert.deepEqual(
      lifted.starts.map(({ task: id, p50, gated }) => [id, Math.round(p50! / HOUR), gated]),
      [
        ['default/gated', 0, undefined],
        ['default/other', 1, undefined],
      ],
    );
    assert.equal(lifted.moments.at(-1)!.waiting.p50, 0);
    const refused = only(
      withoutGates(snap, () => false),
      { predictions },
    );
    assert.deepEqual(refused.starts, starts);
  });

  it('serves by priority, then by age; the next one waits for the one before', () => {
    const nodes = [node('a')];
    const tasks = [
      full('x', 'a'),
      waiting('late', { createdAtSeconds: 9 }),
      waiting('early', { createdAtSeconds: 1 }),
      waiting('first', { createdAtSeconds: 10, priority: 5 }),
    ];
    const predictions = Object.fromEntries(
      ['x', 'late', 'early', 'first'].map((name) => [`default/${name}`, sure(HOUR)]),
    );
    const { starts } = only(snapshot(nodes, tasks), { predictions });
    assert.deepEqual(
      starts.map(({ task: id, p50 }) => [id, Math.round(p50! / HOUR)]),
      [
        ['default/first', 1],
        ['default/early', 2],
        ['default/late', 3],
      ],
    );
  });

  it('says that a task can start nowhere when no node admits it, or none ends in time', () => {
    const nodes = [node('a')];
    const tasks = [
      full('web', 'a', { endless: true }),
      waiting('new'),
      waiting('elsewhere', { constraints: { nodeSelector: { zone: 'z9' } } }),
      waiting('huge', { request: amounts({ milliCpu: 9000 }) }),
      waiting('exotic', { request: amounts({ extended: { 'example.com/fpga': 1 } }) }),
    ];
    const { starts } = only(snapshot(nodes, tasks));
    assert.deepEqual(
      Object.fromEntries(
        starts.map(({ task: id, startedFraction, admittingNodes, p50 }) => [
          id,
          [startedFraction, admittingNodes, p50],
        ]),
      ),
      {
        'default/elsewhere': [0, 0, undefined],
        'default/exotic': [0, 0, undefined],
        'default/huge': [0, 0, undefined],
        'default/new': [0, 1, undefined],
      },
    );
  });

  it('follows the rules between a task and a node: taints, selectors, GPU models', () => {
    const tainted = node('a', { taints: [{ key: 'gpu', value: '', effect: 'NoSchedule' }] });
    const tolerant = waiting('tolerant', { constraints: { tolerations: [{ key: 'gpu', operator: 'Exists' }] } });
    const { starts } = only(snapshot([tainted], [waiting('plain'), tolerant]));
    assert.deepEqual(
      starts.map(({ startedFraction }) => startedFraction),
      [0, 1],
    );
  });

  it('keeps the number of tasks a node may hold', () => {
    const small = node('a', { maxTasks: 1 });
    const { starts } = only(snapshot([small], [task('x', { node: 'a' }), task('new')]), {
      predictions: { 'default/x': sure(HOUR) },
    });
    assert.equal(Math.round(starts[0]!.p50! / HOUR), 1);
  });
});

describe('the forecast of nodes that end', () => {
  const day = { atSeconds: 3 * HOUR, source: 'spot' as const };
  const hourly = (moments: readonly Moment[]) =>
    moments.map(({ free, waiting }) => [free['milliCpu']!.p50, waiting.p50] as const);

  it('has neither the node nor its tasks on it from its end on, and begins them again where there is capacity', () => {
    // A node of 8 cores ends after 3 h; its task of 2 cores and 6 h begins again on the other: there until 9 h from now.
    const nodes = [node('a', { deadline: day }), node('b')];
    const tasks = [task('x', { node: 'a', request: amounts({ milliCpu: 2000, memoryBytes: GIB }) })];
    const { moments } = only(snapshot(nodes, tasks), { predictions: { 'default/x': sure(6 * HOUR) } });
    assert.deepEqual(
      hourly(moments).map(([free]) => free),
      //  now, ¼, ½, 1, 2 h            4 h   8 h   16, 24 h
      [14_000, 14_000, 14_000, 14_000, 14_000, 6000, 6000, 8000, 8000],
    );
  });

  it('makes its tasks wait where there is no room, endless ones and those that have begun since too', () => {
    const tasks = [
      full('web', 'a', { endless: true }),
      full('y', 'b', { endless: true }),
      task('new', { request: amounts({ milliCpu: 1000 }) }),
    ];
    const small = { allocatable: amounts({ milliCpu: 9000, memoryBytes: 9 * GIB }) };
    const { moments, starts } = only(snapshot([node('a', { ...small, deadline: day }), node('b')], tasks), {
      predictions: { 'default/new': sure(9 * HOUR) },
    });
    assert.equal(starts[0]!.p50, 0);
    assert.deepEqual(hourly(moments)[4], [0, 0]);
    assert.deepEqual(hourly(moments)[5], [0, 2]);
  });

  it('gives back a node whose lifetime runs out, empty', () => {
    const nodes = [node('a', { deadline: { ...day, source: 'expiry' } })];
    const { moments } = only(snapshot(nodes, [full('x', 'a')]), { predictions: { 'default/x': sure(4 * HOUR) } });
    // Its task begins again there and then, and ends 4 h later.
    assert.deepEqual(
      hourly(moments).map(([free]) => free),
      [0, 0, 0, 0, 0, 0, 8000, 8000, 8000],
    );
  });

  it('begins the tasks of a cordoned node again elsewhere when it ends, but not those that end before or are leaving', () => {
    const gone = node('a', { deadline: day, unschedulable: true, allocatable: amounts({ milliCpu: 90_000 }) });
    const tasks = ['stays', 'ends', 'leaves'].map((name) =>
      task(name, { node: 'a', request: amounts({ milliCpu: 2000 }), phase: name === 'leaves' ? 'ending' : 'running' }),
    );
    const predictions = {
      'default/stays': sure(9 * HOUR),
      'default/ends': sure(HOUR),
      'default/leaves': sure(9 * HOUR),
    };
    const { moments } = only(snapshot([gone, node('b')], tasks), { predictions });
    // Of three tasks one is left after 3 h; it runs 9 h more on the other node.
    assert.deepEqual(
      hourly(moments).map(([free]) => free),
      [8000, 8000, 8000, 8000, 8000, 6000, 6000, 8000, 8000],
    );
  });

  it('counts no fragments and no room on it', () => {
    const gpus = { allocatable: amounts({ milliCpu: 8000, memoryBytes: GIB, gpuMilli: 4000 }) };
    const { moments } = only(snapshot([node('a', { ...gpus, deadline: { ...day, atSeconds: -1 } })], []), {
      arrivals: { ...steady([{ request: amounts({ gpuMilli: 1000 }), perHour: 1, runtimeSeconds: 1 }]) },
    });
    const { free, fragmentation, fits } = moments[1]!;
    assert.deepEqual([free['gpuMilli']!.p90, fragmentation.gpuMilli.p90, fits[0]!.p90], [0, 0, 0]);
  });
});

/** A week in which tasks of each shape came at their rate, evenly over a whole week before 0. */
function steady(shapes: readonly { request: Task['request']; perHour: number; runtimeSeconds: number }[]): Arrivals {
  const perHour = shapes.reduce((sum, shape) => sum + shape.perHour, 0);
  const past = shapes.flatMap(({ perHour: rate, runtimeSeconds }, kind) =>
    Array.from({ length: 168 * rate }, (_, index) => ({
      atSeconds: ((index + 0.5) * HOUR) / rate - 168 * HOUR,
      kind,
      runtimeSeconds,
    })),
  );
  return {
    perSecond: perHour / HOUR,
    kinds: shapes.map(({ request, perHour: rate, runtimeSeconds }) => ({
      request,
      gpuCount: Math.ceil(request.gpuMilli / 1000),
      share: rate / perHour,
      runtimesSeconds: [runtimeSeconds],
    })),
    past: pastArrivals(past.sort((left, right) => left.atSeconds - right.atSeconds)),
    fromSeconds: -168 * HOUR,
    toSeconds: 0,
  };
}

describe('the forecast of arrivals', () => {
  const arrivals = steady([
    { request: amounts({ milliCpu: 1000, memoryBytes: GIB }), perHour: 10, runtimeSeconds: 1e6 },
  ]);

  it('come as they came and hold capacity: 10 an hour of a core each take 40 of 400 cores in 4 h', () => {
    const wide = node('a', { allocatable: amounts({ milliCpu: 400_000, memoryBytes: 999 * GIB }), maxTasks: 9999 });
    const { moments } = only(snapshot([wide], []), { arrivals, samples: 20 });
    assert.deepEqual(moments[5]!.free['milliCpu'], { p10: 360_000, p50: 360_000, p90: 360_000 });
  });

  it('leave when they have run', () => {
    const wide = node('a', { allocatable: amounts({ milliCpu: 400_000, memoryBytes: 999 * GIB }), maxTasks: 9999 });
    const brief = steady([{ request: amounts({ milliCpu: 1000 }), perHour: 10, runtimeSeconds: HOUR }]);
    assert.equal(only(snapshot([wide], []), { arrivals: brief }).moments[8]!.free['milliCpu']!.p50, 390_000);
  });

  it('wait where there is no room, and leave it to those before them', () => {
    const { moments } = only(snapshot([node('a')], []), { arrivals, samples: 20 });
    // 8 cores are full after 48 min; of 240 arrivals in 24 h, 232 wait.
    assert.equal(moments[8]!.free['milliCpu']!.p50, 0);
    assert.equal(moments[8]!.waiting.p50, 232);
    assert.ok(moments.every(({ waiting }, index) => index === 0 || waiting.p50 >= moments[index - 1]!.waiting.p50));
  });

  it('tell how many of each shape fit', () => {
    const { moments } = only(snapshot([node('a'), node('b')], [full('x', 'a')]), {
      arrivals: { ...arrivals, past: NO_ARRIVALS.past },
      predictions: { 'default/x': sure(HOUR) },
    });
    assert.deepEqual(
      moments.map(({ fits }) => fits[0]!.p50),
      [8, 8, 8, 16, 16, 16, 16, 16, 16],
    );
  });
});

describe('a forecast', () => {
  const nodes: Node[] = ['a', 'b', 'c'].map((name) =>
    node(name, { allocatable: amounts({ milliCpu: 8000, memoryBytes: 32 * GIB, gpuMilli: 4000 }) }),
  );
  const tasks = ['a', 'b', 'c', 'a', 'b'].map((on, index) =>
    task(`t${index}`, { node: on, request: amounts({ milliCpu: 2000, memoryBytes: GIB, gpuMilli: 1000 }) }),
  );
  const predictions: Predictions = Object.fromEntries(
    tasks.map(({ id }, index) => [id, prediction([HOUR, (index + 2) * HOUR, 9 * HOUR])]),
  );
  const arrivals = steady([
    { request: amounts({ milliCpu: 1000, gpuMilli: 500 }), perHour: 2, runtimeSeconds: 2 * HOUR },
    { request: amounts({ milliCpu: 4000, gpuMilli: 2000 }), perHour: 1, runtimeSeconds: 3 * HOUR },
  ]);
  const snap = snapshot(nodes, tasks);
  const bytes = (seed: number) =>
    JSON.stringify(lastOf({ scenarios: { now: snap }, predictions, arrivals, seed, samples: 20 }));

  it('gives the same bytes for the same seed, and others for another', () => {
    assert.equal(bytes(3), bytes(3));
    assert.notEqual(bytes(3), bytes(4));
  });

  it('yields coarse pictures first: 2 samples, 8, 32, then all', () => {
    const run = forecast({
      scenarios: { now: snap },
      predictions,
      arrivals,
      settings: DEFAULT_SETTINGS,
      seed: 1,
      samples: 40,
    });
    const seen: number[] = [];
    let step = run.next();
    for (; !step.done; step = run.next()) seen.push(step.value.samples);
    assert.deepEqual([seen, step.value.samples], [[2, 8, 32], 40]);
  });

  it('sees the same draws in each scenario: two that are the same come out the same', () => {
    const both = lastOf({ scenarios: { one: snap, two: snap }, predictions, arrivals, samples: 10 });
    assert.deepEqual(both.scenarios[0]!.moments, both.scenarios[1]!.moments);
  });

  it('measures fragmentation between 0 and all that is idle', () => {
    for (const { fragmentation, free } of only(snap, { predictions, arrivals, samples: 20 }).moments) {
      assert.ok(fragmentation.gpuRatio.p10 >= 0 && fragmentation.gpuRatio.p90 <= 1);
      assert.ok(fragmentation.gpuMilli.p90 <= free['gpuMilli']!.p90 + 1e-6);
      assert.ok(fragmentation.cpuRatio.p10 >= 0 && fragmentation.cpuRatio.p90 <= 1);
    }
  });

  it('knows nothing of a cluster without nodes, tasks or history, and says 0', () => {
    const { moments, starts } = only(snapshot([], []));
    assert.deepEqual(starts, []);
    assert.deepEqual(moments[8]!.free['milliCpu'], { p10: 0, p50: 0, p90: 0 });
  });
});

describe('a band', () => {
  it('holds ranks of the sample', () => {
    assert.deepEqual(bandOf([5, 1, 4, 2, 3, 10, 9, 8, 7, 6]), { p10: 1, p50: 5, p90: 9 });
    assert.deepEqual(bandOf([7]), { p10: 7, p50: 7, p90: 7 });
  });
});
