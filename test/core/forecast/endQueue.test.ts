import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createEndQueue } from '../../../src/core/forecast/endQueue.ts';

function all(queue: ReturnType<typeof createEndQueue>, untilSeconds: number): (readonly [number, number])[] {
  const taken: (readonly [number, number])[] = [];
  for (let task = queue.pop(untilSeconds); task >= 0; task = queue.pop(untilSeconds)) {
    taken.push([task, queue.nowSeconds()]);
  }
  return taken;
}

describe('a queue of ends', () => {
  it('gives tasks in the order of their ends in whole seconds, equal ones in the order they came', () => {
    const ends = fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(ends, (seconds) => {
        const queue = createEndQueue(40);
        for (const [task, each] of seconds.entries()) queue.push(task, each);
        const expected = seconds
          .map((each, task) => [task, Math.ceil(each)] as const)
          .filter(([task]) => seconds[task]! <= 40)
          .sort(([, left], [, right]) => left - right);
        assert.deepEqual(all(queue, 40), expected);
      }),
    );
  });

  it('gives none before its time, and one that was put in for the second it is at', () => {
    const queue = createEndQueue(100);
    queue.push(0, 9.2);
    assert.deepEqual(all(queue, 9.9), []);
    assert.deepEqual(all(queue, 10), [[0, 10]]);
    queue.push(1, 10);
    queue.push(2, 10.1);
    assert.deepEqual(all(queue, 10.5), [[1, 10]]);
    assert.deepEqual(all(queue, Number.POSITIVE_INFINITY), [[2, 11]]);
  });

  it('forgets what was in it when it begins again; what never ends is not in it', () => {
    const queue = createEndQueue(100);
    queue.push(0, 5);
    queue.push(1, 60);
    queue.push(2, Number.POSITIVE_INFINITY);
    assert.deepEqual(all(queue, 20), [[0, 5]]);
    queue.begin();
    queue.push(3000, 7);
    assert.deepEqual(all(queue, 100), [[3000, 7]]);
  });
});
