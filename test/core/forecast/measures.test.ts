import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createFleet } from '../../../src/core/fleet/fleet.ts';
import { fragmentsBy } from '../../../src/core/forecast/measures.ts';
import { fitsClass } from '../../../src/core/fragment/fragmentation.ts';
import { countClasses, mixOfCounts } from '../../../src/core/fragment/mix.ts';
import { clusterFragmentation } from '../fragment/clusterFragmentation.ts';

const MODELS = ['T4', 'L4', undefined];

const taskClass = fc
  .record({
    milliCpu: fc.integer({ min: 0, max: 9000 }),
    gpu: fc.constantFrom([0, 0], [300, 1], [500, 1], [1000, 1], [1000, 2], [1000, 8]),
    gpuModels: fc.subarray(['T4', 'L4']),
  })
  .map(({ milliCpu, gpu, gpuModels }) => {
    return { milliCpu, gpuMilli: gpu[0]!, gpuCount: gpu[1]!, gpuModels: gpu[1]! > 0 ? gpuModels : [] };
  });
const capacity = fc.record({
  milliCpu: fc.integer({ min: -2000, max: 9000 }),
  gpuMilli: fc.array(fc.constantFrom(0, 190, 300, 500, 999, 1000), { maxLength: 8 }),
  gpuModel: fc.constantFrom(...MODELS),
});

describe('the fragments of a future', () => {
  it("are FGD's over the classes with GPUs, and the free CPU that a drawn class cannot go to", () => {
    const given = [fc.array(capacity, { maxLength: 5 }), fc.array(taskClass, { maxLength: 6 })] as const;
    fc.assert(
      fc.property(...given, (capacities, classes) => {
        const mix = mixOfCounts(countClasses(classes), 1);
        const fleet = createFleet(
          capacities.map(({ gpuMilli, gpuModel }, index) => {
            return { name: `${index}`, milliCpu: 9000, memoryBytes: 0, gpuCount: gpuMilli.length, gpuModel };
          }),
        );
        capacities.forEach(({ milliCpu, gpuMilli }, node) => {
          fleet.freeMilliCpu[node] = milliCpu;
          fleet.freeGpuMilli.set(gpuMilli, node * fleet.gpuStride);
        });
        const asking = mix.filter(({ gpuCount }) => gpuCount > 0);
        const share = asking.reduce((sum, { popularity }) => sum + popularity, 0);
        const { amountMilli, idleMilli } = clusterFragmentation(
          capacities,
          asking.map((each) => ({ ...each, popularity: each.popularity / share })),
        );
        const useless = capacities.flatMap((each) =>
          mix.map((expected) => (fitsClass(each, expected) ? 0 : expected.popularity * Math.max(0, each.milliCpu))),
        );
        const found = fragmentsBy(mix, fleet)(fleet);
        assert.ok(Math.abs(found.gpuMilli - amountMilli) < 1e-6, `${found.gpuMilli} ${amountMilli}`);
        assert.equal(found.idleGpuMilli, idleMilli);
        assert.ok(Math.abs(found.cpuMilli - useless.reduce((sum, each) => sum + each, 0)) < 1e-6);
      }),
    );
  });
});
