import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { simulationStart } from '../../../src/core/fleet/fromSnapshot.ts';
import { NO_ARRIVALS } from '../../../src/core/forecast/arrivals.ts';
import { futureStart } from '../../../src/core/forecast/futureStart.ts';
import { countFitting } from '../../../src/core/forecast/measures.ts';
import { drawEnd, futureRunner } from '../../../src/core/forecast/runFuture.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/model/settings.ts';
import type { Task } from '../../../src/core/model/task.ts';
import { scoringPolicy } from '../../../src/core/place/policies/fleetPolicy.ts';
import { createSimulator } from '../../../src/core/replay/simulator.ts';
import { amounts, node, prediction, snapshot, task } from '../place/cluster.ts';

const GIB = 2 ** 30;
const NAMES = ['a', 'b', 'c'];

const shape = fc.record({
  cpu: fc.integer({ min: 0, max: 4 }),
  gpu: fc.constantFrom(0, 0, 300, 500, 1000, 2000),
  on: fc.constantFrom(...NAMES, undefined),
  runtimes: fc.array(fc.integer({ min: 60, max: 100_000 }), { minLength: 1, maxLength: 4 }),
  age: fc.integer({ min: 0, max: 20_000 }),
});

function world(shapes: readonly (typeof shape extends fc.Arbitrary<infer T> ? T : never)[]) {
  const nodes = NAMES.map((name) =>
    node(name, { allocatable: amounts({ milliCpu: 16_000, memoryBytes: 64 * GIB, gpuMilli: 4000 }) }),
  );
  const tasks: Task[] = shapes.map(({ cpu, gpu, on, age }, index) =>
    task(`t${index}`, {
      request: amounts({ milliCpu: cpu * 1000, memoryBytes: GIB, gpuMilli: gpu }),
      startedAtSeconds: -age,
      ...(on !== undefined && { node: on }),
    }),
  );
  const predictions = Object.fromEntries(
    shapes.map(({ runtimes }, index) => [`default/t${index}`, prediction(runtimes)]),
  );
  return { snap: snapshot(nodes, tasks), predictions };
}

describe('a sampled future', () => {
  it('frees on every node what the event-driven simulator frees, given the same ends', () => {
    fc.assert(
      fc.property(fc.array(shape, { maxLength: 10 }), fc.nat(1e6), (shapes, seed) => {
        const { snap, predictions } = world(shapes.filter(({ on }) => on !== undefined));
        const start = futureStart(snap, predictions, NO_ARRIVALS, DEFAULT_SETTINGS, []);
        const simulated = simulationStart(snap);
        const fleet = simulated.fleet;
        const policy = scoringPolicy(fleet, {
          name: 'none',
          scoreNode: () => 0,
          explain: () => ({ score: 0, parts: {}, reason: { code: 'any' } }),
        });
        const simulator = createSimulator({ fleet, policy, nowSeconds: 0, unplaced: 'drop' });
        // Every task is on a node and will end: the rows are the tasks, in their order.
        const ends = new Map(snap.tasks.map(({ id }, row) => [id, Math.round(drawEnd(start.leaving, row, seed))]));
        for (const bound of simulated.bound) {
          const endsAtSeconds = ends.get(snap.tasks[bound.task.id]!.id)!;
          simulator.adopt({ ...bound, task: { ...bound.task, runtimeSeconds: endsAtSeconds }, endsAtSeconds });
        }
        const moments = [600, 7200, 86_400];
        futureRunner(start, moments)(seed, (future, moment) => {
          simulator.advanceTo(moments[moment]!);
          assert.deepEqual(future.fleet.freeMilliCpu, fleet.freeMilliCpu);
          assert.deepEqual(future.fleet.freeMemoryBytes, fleet.freeMemoryBytes);
          assert.deepEqual(future.fleet.freeGpuMilli, fleet.freeGpuMilli);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('never holds more on a node than it has, and starts each waiting task at most once, when there is capacity', () => {
    fc.assert(
      fc.property(fc.array(shape, { maxLength: 30 }), fc.nat(1e6), (shapes, seed) => {
        const { snap, predictions } = world(
          shapes.map((each, index) => (index < 6 ? each : { ...each, on: undefined })),
        );
        const start = futureStart(snap, predictions, NO_ARRIVALS, DEFAULT_SETTINGS, []);
        const overfull = start.fleet.freeMilliCpu.some((free) => free < 0);
        fc.pre(!overfull);
        const waitingAt: number[] = [];
        const moments = [900, 7200, 86_400];
        const starts = futureRunner(start, moments)(seed, (future, _moment, waiting) => {
          waitingAt.push(waiting);
          assert.ok(future.fleet.freeMilliCpu.every((free) => free >= 0));
          assert.ok(future.fleet.freeGpuMilli.every((free) => free >= 0));
          assert.ok(future.extraFree.every((free) => free >= 0));
        });
        moments.forEach((seconds, moment) => {
          assert.equal(starts.filter((each) => each > seconds).length, waitingAt[moment]);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('counts how many of a kind fit as filling the nodes one by one does', () => {
    fc.assert(
      fc.property(fc.array(shape, { minLength: 1, maxLength: 10 }), (shapes) => {
        const wanted = { ...shapes[0]!, on: undefined };
        const { snap, predictions } = world([wanted, ...shapes.slice(1).filter(({ on }) => on !== undefined)]);
        fc.pre(wanted.cpu > 0);
        const start = futureStart(snap, predictions, NO_ARRIVALS, DEFAULT_SETTINGS, []);
        const kind = start.kinds[start.waiting[0]!.kind]!;
        const many = { ...snap.tasks[0]! };
        const copies = Array.from({ length: 200 }, (_, index) => ({
          ...many,
          id: `default/c${index}`,
          uid: `${index}`,
        }));
        const filled = futureStart(
          { ...snap, tasks: [...snap.tasks.slice(1), ...copies] },
          predictions,
          NO_ARRIVALS,
          DEFAULT_SETTINGS,
          [],
        );
        const run = futureRunner(
          { ...filled, leaving: futureStart(snapshot(snap.nodes, []), {}, NO_ARRIVALS, DEFAULT_SETTINGS, []).leaving },
          [0],
        );
        const started = run(1, () => {}).filter((each) => each === 0).length;
        assert.equal(countFitting(start, start, kind), started);
      }),
      { numRuns: 100 },
    );
  });
});
