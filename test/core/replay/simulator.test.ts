import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Fleet } from '../../../src/core/fleet/fleet.ts';
import { classNumber, createFleet } from '../../../src/core/fleet/fleet.ts';
import { createEventQueue } from '../../../src/core/model/eventQueue.ts';
import { seededRandom } from '../../../src/core/model/random.ts';
import { bestFitPolicy, randomPolicy } from '../../../src/core/place/policies/published.ts';
import { distributionOf } from '../../../src/core/predict/distribution.ts';
import { survivalOf } from '../../../src/core/replay/nodeHolds.ts';
import type { SimulatorOptions } from '../../../src/core/replay/simulator.ts';
import { createSimulator } from '../../../src/core/replay/simulator.ts';

const GIB = 2 ** 30;

function smallFleet(): Fleet {
  return createFleet([
    { name: 'a', milliCpu: 8000, memoryBytes: 32 * GIB, gpuCount: 1, gpuModel: 'T4' },
    { name: 'b', milliCpu: 8000, memoryBytes: 32 * GIB, gpuCount: 2, gpuModel: 'T4' },
  ]);
}

function simulation(options: Partial<SimulatorOptions> = {}) {
  const fleet = options.fleet ?? smallFleet();
  const log: string[] = [];
  const simulator = createSimulator({
    fleet,
    policy: bestFitPolicy(fleet),
    nowSeconds: 100,
    unplaced: 'wait',
    onPlaced: ({ task, node }, now) => log.push(`${now}: ${task.id} on ${fleet.nodes[node]!.name}`),
    onEnded: ({ task }, now) => log.push(`${now}: ${task.id} ended`),
    onDropped: (task, now) => log.push(`${now}: ${task.id} dropped`),
    onMoved: (id, kind, done, now) => log.push(`${now}: ${id} ${kind} ${done ? 'done' : 'not done'}`),
    ...options,
  });
  const gpu = classNumber(fleet, { milliCpu: 1000, gpuMilli: 1000, gpuCount: 1, gpuModels: [] });
  const task = (id: number, runtimeSeconds: number, number = gpu) => ({
    id,
    classNumber: number,
    memoryBytes: GIB,
    runtimeSeconds,
  });
  return { fleet, simulator, log, gpu, task };
}

describe('the event queue', () => {
  it('gives events by time, equal times in the order they came', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (times) => {
        const queue = createEventQueue<number>();
        times.forEach((time, index) => {
          queue.push(time, index);
        });
        const expected = times.map((_, index) => index).sort((a, b) => times[a]! - times[b]! || a - b);
        const taken = times.map(() => queue.pop());
        assert.deepEqual(taken, expected);
        assert.equal(queue.pop(), undefined);
        assert.equal(queue.nextSeconds(), Number.POSITIVE_INFINITY);
      }),
    );
  });
});

describe('the simulator', () => {
  it('places, ends and lets the waiting task follow, in the order of time', () => {
    const { simulator, log, task, fleet } = simulation();
    // Best fit: the smaller node first. The fourth finds no GPU until the first ends at 160.
    for (const id of [1, 2, 3, 4]) simulator.submit(task(id, id === 1 ? 60 : 500), 100);
    simulator.advanceTo(120);
    assert.deepEqual(log, ['100: 1 on a', '100: 2 on b', '100: 3 on b']);
    assert.deepEqual(
      simulator.waiting().map(({ task: { id }, sinceSeconds }) => [id, sinceSeconds]),
      [[4, 100]],
    );
    assert.equal(fleet.idleGpuMilli, 0);
    simulator.advanceTo(160);
    assert.deepEqual(log.slice(3), ['160: 1 ended', '160: 4 on a']);
    simulator.advanceTo(10_000);
    assert.equal(fleet.idleGpuMilli, 3000);
    assert.deepEqual([...fleet.tasks], [0, 0]);
    assert.deepEqual([...fleet.freeMilliCpu], [8000, 8000]);
  });

  it('drops what fits nowhere when told to', () => {
    const { simulator, log, task, fleet } = simulation({ unplaced: 'drop' });
    const huge = classNumber(fleet, { milliCpu: 9000, gpuMilli: 0, gpuCount: 0, gpuModels: [] });
    simulator.submit(task(1, 60, huge), 130);
    simulator.advanceTo(200);
    assert.deepEqual(log, ['130: 1 dropped']);
    assert.equal(simulator.nowSeconds(), 200);
  });

  it('keeps a task that never ends, and a task that ended cannot be moved', () => {
    const { simulator, log, task } = simulation();
    simulator.submit(task(1, Number.POSITIVE_INFINITY), 100);
    simulator.submit(task(2, 10), 100);
    simulator.migrate(2, 0, 0, 150);
    simulator.advanceTo(1e9);
    assert.deepEqual(log, ['100: 1 on a', '100: 2 on b', '110: 2 ended', '150: 2 migration not done']);
    assert.equal(simulator.runningTask(1)?.node, 0);
  });

  it('migrates with the pause added to the end, and gives the capacity to who waits', () => {
    const { simulator, log, task } = simulation();
    simulator.submit(task(1, 100), 100);
    simulator.submit(task(2, 20), 100);
    simulator.submit(task(3, 500), 100);
    simulator.submit(task(4, 500), 110);
    // At 120 task 2 ends and task 4 takes its GPU; nothing is free for task 1 at 130.
    simulator.migrate(1, 1, 30, 130);
    simulator.advanceTo(140);
    assert.equal(log.at(-1), '130: 1 migration not done');
    const other = simulation();
    other.simulator.submit(other.task(1, 100), 100);
    other.simulator.migrate(1, 1, 30, 150);
    other.simulator.advanceTo(300);
    assert.deepEqual(other.log, ['100: 1 on a', '150: 1 migration done', '230: 1 ended']);
    assert.deepEqual([...other.fleet.freeMilliCpu], [8000, 8000]);
  });

  it('resizes in place where there is capacity and refuses where there is not', () => {
    const { simulator, log, task, fleet } = simulation();
    const wide = classNumber(fleet, { milliCpu: 5000, gpuMilli: 1000, gpuCount: 1, gpuModels: [] });
    const tooWide = classNumber(fleet, { milliCpu: 8001, gpuMilli: 1000, gpuCount: 1, gpuModels: [] });
    simulator.submit(task(1, 1000), 100);
    simulator.resize(1, wide, 2 * GIB, 110);
    simulator.resize(1, tooWide, 2 * GIB, 120);
    simulator.advanceTo(130);
    assert.deepEqual(log.slice(1), ['110: 1 resize done', '120: 1 resize not done']);
    assert.equal(fleet.freeMilliCpu[0], 3000);
    assert.equal(fleet.freeMemoryBytes[0], 30 * GIB);
    assert.equal(fleet.freeGpuMilli[0], 0);
  });

  it('keeps exit times from what is expected, and moves them when a task outlives it', () => {
    const { simulator, task, fleet } = simulation({
      repredict: true,
      expectedRemaining: (_, elapsed) => (elapsed === 0 ? 50 : 200),
    });
    simulator.submit(task(1, 1000), 100);
    simulator.advanceTo(149);
    assert.equal(fleet.exitSeconds[0], 150);
    simulator.advanceTo(150);
    assert.equal(fleet.exitSeconds[0], 350);
    simulator.advanceTo(1100);
    assert.equal(fleet.exitSeconds[0], 0);
  });

  it('tells the policy by how much a task would prolong each hold, of the tasks that run there now', () => {
    const fleet = smallFleet();
    const bestFit = bestFitPolicy(fleet);
    const holds: number[] = [];
    const { simulator, task } = simulation({
      fleet,
      policy: {
        ...bestFit,
        choose(ask) {
          holds.push(...[0, 1].map((node) => ask.holdSeconds!(node)));
          return bestFit.choose(ask);
        },
      },
      // Task 1 is expected to run for much longer than it does.
      survival: ({ id, runtimeSeconds }) => survivalOf(distributionOf([id === 1 ? 5000 : runtimeSeconds])),
    });
    simulator.submit(task(1, 1000), 100);
    simulator.submit(task(2, 3000), 100);
    simulator.submit(task(3, 1000), 1095);
    simulator.submit(task(4, 1000), 1101);
    simulator.advanceTo(1101);
    // Task 1 takes node a and ends at 1100; tasks 2 and 3 take node b, until 3100. On an empty node all of the runtime counts.
    const expected = [5000, 5000, 0, 3000, 0, 0, 1000, 0];
    assert.equal(holds.length, expected.length);
    for (const [index, seconds] of expected.entries()) assert.ok(Math.abs(holds[index]! - seconds) < 150, `${holds}`);
  });

  it('never overfills a node, whatever arrives, ends, moves and is resized', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 5, max: 60 }), (seed, count) => {
        const random = seededRandom(seed);
        const fleet = smallFleet();
        const { simulator } = simulation({ fleet, policy: randomPolicy(fleet, random) });
        const classes = [300, 500, 1000, 0].map((gpuMilli) =>
          classNumber(fleet, { milliCpu: 500 + gpuMilli, gpuMilli, gpuCount: gpuMilli > 0 ? 1 : 0, gpuModels: [] }),
        );
        for (let id = 0; id < count; id += 1) {
          const number = classes[Math.floor(random() * 4)]!;
          const at = 100 + random() * 100;
          simulator.submit({ id, classNumber: number, memoryBytes: GIB * 4, runtimeSeconds: random() * 90 }, at);
          simulator.migrate(id, id % 2, 5, at + random() * 50);
          simulator.resize(id, classes[3]!, GIB, at + random() * 50);
          simulator.at(at, () => {
            assert.ok(fleet.freeMilliCpu.every((free) => free >= 0));
            assert.ok(fleet.freeMemoryBytes.every((free) => free >= 0));
            assert.ok(fleet.freeGpuMilli.every((free) => free >= 0 && free <= 1000));
          });
        }
        simulator.advanceTo(1e6);
        assert.equal(fleet.idleGpuMilli, fleet.capacity.gpuMilli);
        assert.deepEqual([...fleet.freeMilliCpu], [8000, 8000]);
        assert.equal(simulator.waiting().length, 0);
      }),
      { numRuns: 50 },
    );
  });
});
