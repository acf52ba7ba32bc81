import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { FreeCapacity } from '../../../src/core/fragment/fragmentation.ts';
import { classFragment, nodeFragment } from '../../../src/core/fragment/fragmentation.ts';
import type { ExpectedClass } from '../../../src/core/fragment/mix.ts';
import { clusterFragmentation } from './clusterFragmentation.ts';

const share = { milliCpu: 2000, gpuMilli: 600, gpuCount: 1, gpuModels: [] };
const whole = { milliCpu: 4000, gpuMilli: 1000, gpuCount: 1, gpuModels: [] };
const pair = { milliCpu: 8000, gpuMilli: 1000, gpuCount: 2, gpuModels: [] };
const cpuOnly = { milliCpu: 1000, gpuMilli: 0, gpuCount: 0, gpuModels: [] };
const capacity: FreeCapacity = { milliCpu: 6000, gpuMilli: [1000, 500, 700], gpuModel: 'T4' };

describe('fragmentation', () => {
  it('counts only the GPUs too full for a class that fits', () => {
    // A share of 600 fits the GPUs with 1000 and 700; the 500 is useless to it.
    assert.equal(classFragment(capacity, share), 500);
    // A whole GPU leaves 500 + 700.
    assert.equal(classFragment(capacity, whole), 1200);
  });

  it('counts all idle GPUs for a class that lacks GPUs, CPU or its model', () => {
    assert.equal(classFragment(capacity, pair), 2200, 'one full GPU, two asked');
    assert.equal(classFragment({ ...capacity, milliCpu: 1999 }, share), 2200, 'CPU short by one milli');
    assert.equal(classFragment(capacity, { ...share, gpuModels: ['G2', 'P100'] }), 2200, 'model not admissible');
    assert.equal(classFragment(capacity, { ...share, gpuModels: ['G2', 'T4'] }), 500, 'model admissible');
    assert.equal(classFragment({ ...capacity, gpuModel: undefined }, { ...share, gpuModels: ['T4'] }), 2200);
  });

  it('counts all idle GPUs for a class without GPUs, whether it fits or not', () => {
    assert.equal(classFragment(capacity, cpuOnly), 2200);
    assert.equal(classFragment({ ...capacity, milliCpu: 0 }, cpuOnly), 2200);
  });

  it('counts all idle GPUs for a class that runs longer than the capacity stays free', () => {
    assert.equal(classFragment({ ...capacity, availableSeconds: 3600 }, { ...share, runtimeSeconds: 3601 }), 2200);
    assert.equal(classFragment({ ...capacity, availableSeconds: 3600 }, { ...share, runtimeSeconds: 3600 }), 500);
    assert.equal(classFragment({ ...capacity, availableSeconds: 3600 }, share), 500, 'runtime not considered');
  });

  it('weighs the classes of a mix by popularity and sums over nodes', () => {
    const mix = [
      { ...share, popularity: 0.75 },
      { ...whole, popularity: 0.25 },
    ];
    // Node 1: .75 × 500 + .25 × 1200 = 675. Node 2, one GPU of 800: .75 × 0 + .25 × 800 = 200.
    const second: FreeCapacity = { milliCpu: 9000, gpuMilli: [800] };
    assert.equal(nodeFragment(capacity, mix), 675);
    const all = clusterFragmentation([capacity, second], mix);
    assert.deepEqual(all, { amountMilli: 875, idleMilli: 3000, ratio: 875 / 3000 });
  });

  it('is nothing for no nodes, for nodes without GPUs and for an empty mix', () => {
    const none = { amountMilli: 0, idleMilli: 0, ratio: 0 };
    const mix = [{ ...share, popularity: 1 }];
    assert.deepEqual(clusterFragmentation([], mix), none);
    assert.deepEqual(clusterFragmentation([{ milliCpu: 9, gpuMilli: [] }], mix), none);
    assert.equal(clusterFragmentation([capacity], []).amountMilli, 0);
  });

  it('lies between nothing and all that is idle, and never falls when a task takes CPU', () => {
    const milli = fc.integer({ min: 0, max: 1000 });
    const anyCapacity = fc.record({ milliCpu: fc.integer({ min: 0, max: 20_000 }), gpuMilli: fc.array(milli) });
    const anyClass = fc.record({
      milliCpu: fc.integer({ min: 0, max: 20_000 }),
      gpuMilli: milli,
      gpuCount: fc.integer({ min: 1, max: 4 }),
      gpuModels: fc.constant([]),
      popularity: fc.constant(1),
    });
    fc.assert(
      fc.property(anyCapacity, anyClass, fc.nat(20_000), (free: FreeCapacity, expected: ExpectedClass, taken) => {
        const before = clusterFragmentation([free], [expected]);
        assert.ok(before.amountMilli >= 0 && before.amountMilli <= before.idleMilli);
        const after = nodeFragment({ ...free, milliCpu: Math.max(0, free.milliCpu - taken) }, [expected]);
        assert.ok(after >= before.amountMilli);
      }),
    );
  });
});
