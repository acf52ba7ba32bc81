import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { addCounts, classOfRequest, countClasses, mixOfCounts } from '../../../src/core/fragment/mix.ts';

const small = { milliCpu: 1000, gpuMilli: 500, gpuCount: 1, gpuModels: [] };
const whole = { milliCpu: 4000, gpuMilli: 1000, gpuCount: 1, gpuModels: [] };
const rare = { milliCpu: 9000, gpuMilli: 1000, gpuCount: 8, gpuModels: ['G2'] };

function times<T>(count: number, value: T): T[] {
  return new Array<T>(count).fill(value);
}

describe('the expected mix', () => {
  it('keeps popular classes until 95 % of the tasks are covered and renormalises', () => {
    // 100 tasks: 60 + 36 = 96 are covered by two classes; the third starts at 96 >= 95 and is left out.
    const mix = mixOfCounts(countClasses([...times(36, whole), ...times(60, small), ...times(4, rare)]));
    assert.deepEqual(mix, [
      { ...small, popularity: 60 / 96 },
      { ...whole, popularity: 36 / 96 },
    ]);
  });

  it('keeps every class when all of the tasks are to be covered', () => {
    assert.equal(mixOfCounts(countClasses([small, whole, rare]), 1).length, 3);
  });

  it('keeps equal counts in order of first sight, and is empty when nothing was seen', () => {
    assert.deepEqual(
      mixOfCounts(countClasses([whole, small]), 1).map(({ milliCpu }) => milliCpu),
      [4000, 1000],
    );
    assert.deepEqual(mixOfCounts(countClasses([])), []);
  });

  it('adds up the counts of equal classes, in order of first sight', () => {
    const counts = [rare, small, { ...rare }].map((taskClass, index) => ({ taskClass, count: index + 1 }));
    assert.deepEqual(addCounts(counts), [
      { taskClass: rare, count: 4 },
      { taskClass: small, count: 2 },
    ]);
  });

  it('takes admissible models as a set', () => {
    const classes = countClasses([
      { ...rare, gpuModels: ['A', 'B'] },
      { ...rare, gpuModels: ['B', 'A', 'A'] },
    ]);
    assert.deepEqual(
      classes.map(({ count }) => count),
      [2],
    );
  });

  it('reads the class of a request: a share, whole GPUs, none', () => {
    const request = { milliCpu: 100, memoryBytes: 1, gpuMilli: 300, extended: {} };
    assert.deepEqual(classOfRequest(request), { milliCpu: 100, gpuMilli: 300, gpuCount: 1, gpuModels: [] });
    assert.deepEqual(classOfRequest({ ...request, gpuMilli: 4000 }, 4, { gpuModels: ['T4'] }), {
      milliCpu: 100,
      gpuMilli: 1000,
      gpuCount: 4,
      gpuModels: ['T4'],
    });
    assert.deepEqual(classOfRequest({ ...request, gpuMilli: 0 }, 0, { gpuModels: ['T4'] }), {
      milliCpu: 100,
      gpuMilli: 0,
      gpuCount: 0,
      gpuModels: [],
    });
  });
});
