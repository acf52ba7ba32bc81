import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { classNumber, createFleet, hold } from '../../../src/core/place/policies/fleet.ts';
import { bestFitPolicy } from '../../../src/core/place/policies/published.ts';
import type { Placed } from '../../../src/core/simulate/relocation.ts';
import { relocate } from '../../../src/core/simulate/relocation.ts';

function cluster(gpus: number) {
  const fleet = createFleet(
    Array.from({ length: gpus }, (_, n) => ({ name: `n${n}`, milliCpu: 10_000, memoryBytes: 100, gpuCount: 1 })),
  );
  const kind = (gpuMilli: number) => classNumber(fleet, { milliCpu: 100, gpuMilli, gpuCount: 1, gpuModels: [] });
  const put = (node: number, gpuMilli: number): Placed => {
    const free = fleet.freeGpuMilli[node]!;
    return { classNumber: kind(gpuMilli), memoryBytes: 1, node, gpus: hold(fleet, node, kind(gpuMilli), 1, free) };
  };
  return { fleet, put, kind };
}

describe('moves after saturation', () => {
  it('move a small task into a gap so that a larger one takes its place', () => {
    const { fleet, put, kind } = cluster(2);
    // n0: 810 and a gap of 190; n1: 700, 160 and a gap of 140. 160 goes to n0, 300 comes to n1.
    const placed = [put(0, 810), put(1, 700), put(1, 160)];
    const made = relocate(fleet, bestFitPolicy(fleet), placed, [{ classNumber: kind(300), memoryBytes: 1 }], 10);
    assert.deepEqual(
      made.map(({ moved, from, to }) => [moved === placed[2], from, to]),
      [[true, 1, 0]],
    );
    assert.deepEqual([...fleet.freeGpuMilli], [30, 0]);
  });

  it('move a second task into the place of the first where one move does not do', () => {
    const { fleet, put, kind } = cluster(3);
    // n0 gap 190; n1: 750 + 160, gap 90; n2: 600 + 250, gap 150. 160 → n0, 250 → n1 (250 free), 400 → n2 (400 free).
    const placed = [put(0, 810), put(1, 750), put(1, 160), put(2, 600), put(2, 250)];
    const made = relocate(fleet, bestFitPolicy(fleet), placed, [{ classNumber: kind(400), memoryBytes: 1 }], 10);
    assert.deepEqual(
      made.map(({ from, to }) => [from, to]),
      [
        [1, 0],
        [2, 1],
      ],
    );
    assert.deepEqual([...fleet.freeGpuMilli], [30, 0, 0]);
  });

  it('keep to the limit, and leave all as it was where nothing helps', () => {
    const { fleet, put, kind } = cluster(3);
    const placed = [put(0, 810), put(1, 750), put(1, 160), put(2, 600), put(2, 250)];
    const before = [...fleet.freeGpuMilli];
    assert.deepEqual(
      relocate(fleet, bestFitPolicy(fleet), placed, [{ classNumber: kind(400), memoryBytes: 1 }], 1),
      [],
    );
    assert.deepEqual(
      relocate(fleet, bestFitPolicy(fleet), placed, [{ classNumber: kind(900), memoryBytes: 1 }], 9),
      [],
    );
    assert.deepEqual([...fleet.freeGpuMilli], before);
  });
});
