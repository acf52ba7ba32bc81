import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { byQueue } from '../../../src/core/model/queue.ts';
import { amounts, aTask } from '../small.ts';

const pending = (name: string, priority: number, createdAtSeconds: number) =>
  aTask(name, undefined, amounts(1), { priority, createdAtSeconds });

describe('the scheduler’s queue', () => {
  it('takes higher priority first, then older, and leaves equal ones as they were', () => {
    const tasks = [pending('a', 0, 20), pending('b', 0, 10), pending('c', 5, 30), pending('d', 0, 10)];
    assert.deepEqual(
      tasks.sort(byQueue).map(({ name }) => name),
      ['c', 'b', 'd', 'a'],
    );
  });
});
