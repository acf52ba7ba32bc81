import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Migration, Move, Placement, Resize } from '../../../src/core/model/moves.ts';
import { losses, stakesByNamespace, stakesOf } from '../../../src/core/plan/stakes.ts';
import { amounts } from '../small.ts';

const task = (id: string) => ({ id, uid: id, generation: 1 });
const place = (id: string, cpu: number): Placement => {
  return { kind: 'placement', id, task: task(id), to: 'n', request: amounts(cpu, 1) };
};
const resize = (id: string, from: number, to: number): Resize => ({
  ...{ kind: 'resize', id, task: task(id), direction: to < from ? 'shrink' : 'expand' },
  ...{ from: amounts(from, 1), to: amounts(to, 1), request: amounts(from, 1) },
});
const migrate = (id: string, lostSeconds: number) =>
  ({ kind: 'migration', id, task: task(id), run: { lostSeconds } }) as unknown as Migration;

describe('what is at stake with some moves', () => {
  const moves: Move[] = [place('a/1', 2), place('a/2', 3), resize('b/1', 8, 4), resize('a/3', 4, 5), migrate('c/1', 0)];

  it('is what pending tasks take, and what running ones give back and get', () => {
    assert.deepEqual(stakesOf(moves), { placed: amounts(5, 2), givenBack: amounts(4, 0), given: amounts(1, 0) });
    assert.deepEqual(stakesOf([]), { placed: amounts(0, 0), givenBack: amounts(0, 0), given: amounts(0, 0) });
  });

  it('is told by namespace, those with most moves first, then by name', () => {
    const namespaces = stakesByNamespace(moves);
    assert.deepEqual(
      namespaces.map(({ name, moves: count }) => [name, count]),
      [
        ['a', 3],
        ['b', 1],
        ['c', 1],
      ],
    );
    assert.deepEqual(namespaces[0]?.placed, amounts(5, 2));
    assert.deepEqual(namespaces[1]?.givenBack, amounts(4, 0));
  });

  it('is the work that migrations lose, the most first; those that lose none are no loss', () => {
    const lost = losses([migrate('a/1', 60), migrate('a/2', 0), migrate('a/3', 600), place('a/4', 1)]);
    assert.deepEqual(
      lost.map(({ id }) => id),
      ['a/3', 'a/1'],
    );
  });
});
