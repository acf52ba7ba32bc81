import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { stranding } from '../../../src/core/fragment/stranding.ts';
import { seededRandom } from '../../../src/core/model/random.ts';

const half = { milliCpu: 1000, gpuMilli: 500, gpuCount: 1, gpuModels: [], popularity: 1, memoryBytes: 10 };
const capacity = (name: string, milliCpu: number, gpuMilli: number[]) => ({
  name,
  milliCpu,
  memoryBytes: 100,
  gpuMilli,
});

describe('stranding by inflation', () => {
  it('fills the capacity with the mix until nothing fits, and counts what is left', () => {
    // a takes two halves of its 1000 (CPU 3000 → 1000), nothing of its 400; b has CPU for one half of three.
    const capacities = [capacity('a', 3000, [1000, 400]), capacity('b', 1500, [1000, 500])];
    const total = { milliCpu: 9000, memoryBytes: 400, gpuMilli: 4000 };
    assert.deepEqual(stranding(capacities, total, [half], seededRandom(1)), {
      milliCpu: (1000 + 500) / 9000,
      memoryBytes: (200 - 3 * 10) / 400,
      gpuMilli: (400 + 1000) / 4000,
      inflated: 3,
    });
  });

  it('leaves the capacities it was given as they are, and ends with a class that asks for nothing', () => {
    const capacities = [capacity('a', 3000, [1000])];
    const nothing = { milliCpu: 0, gpuMilli: 0, gpuCount: 0, gpuModels: [], popularity: 1 };
    const result = stranding(capacities, { milliCpu: 3000, memoryBytes: 100, gpuMilli: 0 }, [nothing], seededRandom(1));
    assert.deepEqual(result, { milliCpu: 1, memoryBytes: 1, gpuMilli: 0, inflated: 0 });
    assert.deepEqual(capacities[0]!.gpuMilli, [1000]);
    assert.equal(stranding([], { milliCpu: 0, memoryBytes: 0, gpuMilli: 0 }, [half], seededRandom(1)).inflated, 0);
  });

  it('stays inside the memory of a node', () => {
    const full = { ...capacity('a', 9000, [1000, 1000]), memoryBytes: 15 };
    assert.equal(
      stranding([full], { milliCpu: 9000, memoryBytes: 15, gpuMilli: 2000 }, [half], seededRandom(1)).inflated,
      1,
    );
  });
});
