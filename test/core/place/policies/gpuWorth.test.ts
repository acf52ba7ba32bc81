import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { bestFill, gpuWorth } from '../../../../src/core/place/policies/gpuWorth.ts';

const share = (gpuMilli: number, count: number, gpuCount = 1) => ({
  taskClass: { milliCpu: 1000, gpuMilli, gpuCount, gpuModels: [] },
  count,
});
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) <= 1 / 64, `${actual} ≠ ${expected}`);

describe('what capacity on a GPU is worth', () => {
  it('is nothing for a rest that there are too few tasks for, and what they need elsewhere where there are too many', () => {
    const scarce = gpuWorth([share(810, 10), share(190, 5)]);
    near(scarce[190]!, 0);
    near(scarce[810]!, 1000);
    const plenty = gpuWorth([share(810, 10), share(190, 50)]);
    near(plenty[190]!, 200);
    near(plenty[810]!, 800);
    near(plenty[189]!, 0);
  });

  it('pays for exactly the GPUs of the best packing', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });
    const gpu = sizes.map((parts) => {
      const all = parts.reduce((sum, part) => sum + part, 0);
      const milli = parts.map((part) => Math.max(1, Math.floor((1000 * part) / all)));
      return [...milli, 1000 - milli.reduce((sum, each) => sum + each, 0)].filter((each) => each > 0);
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(gpu, fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 8 }), (gpus) => {
        const seen = gpus.flatMap(([milli, count]) => milli.map((each) => share(each, count)));
        const worth = gpuWorth(seen);
        const paid = seen.reduce((sum, { taskClass, count }) => sum + worth[taskClass.gpuMilli]! * count, 0);
        const filled = gpus.reduce((sum, [, count]) => sum + 1000 * count, 0);
        assert.ok(Math.abs(paid - filled) < 1e-4 * filled, `${paid} for ${filled}`);
      }),
      { numRuns: 80 },
    );
  });

  it('grows with the capacity, an empty GPU being worth 1000 and two capacities never more than both in one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 50 })), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: 0, max: 500 }),
        (classes, one, other) => {
          const worth = gpuWorth(classes.map(([milli, count]) => share(milli, count)));
          near(worth[1000]!, 1000);
          for (let milli = 1; milli <= 1000; milli += 1) assert.ok(worth[milli]! >= worth[milli - 1]!);
          assert.ok(worth[one + other]! >= worth[one]! + worth[other]! - 1 / 32);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is its size where no task asks for GPUs', () => {
    const worth = gpuWorth([{ taskClass: { milliCpu: 1000, gpuMilli: 0, gpuCount: 0, gpuModels: [] }, count: 3 }]);
    assert.deepEqual([worth[0], worth[190], worth[1000]], [0, 190, 1000]);
    assert.deepEqual(gpuWorth([]), worth);
  });

  it('comes with the tasks that fill it', () => {
    const fill = bestFill([600, 300, 250], [0.6, 0.4, -1]);
    near(fill.worth[1000]!, 1.2);
    assert.deepEqual([...fill.counts(1000)], [0, 3, 0]);
    assert.deepEqual([...fill.counts(299)], [0, 0, 0]);
  });
});
