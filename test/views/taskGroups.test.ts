import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { TaskRow } from '../../src/rows/clusterView.ts';
import { GROUPINGS, type GroupingOptions, TaskGroups } from '../../src/views/taskGroups.ts';

const ALL: GroupingOptions = { by: 'owner', filter: '', isPinned: () => false };

const row = (id: string, given: Partial<TaskRow> = {}) =>
  ({ id, namespace: 'n', name: id, kind: 'running', ...given }) as TaskRow;

function follow(groups: TaskGroups, rows: readonly TaskRow[]): number {
  let rests = 0;
  for (const _ of groups.follow(rows)) rests += 1;
  return rests;
}

function shown(groups: TaskGroups): [string, string[]][] {
  return groups.first(groups.size).map(({ title, tasks }) => [title, tasks.map(({ id }) => id)]);
}

const anyRows = fc
  .dictionary(
    fc.constantFrom(...'abcdefghijkl'),
    fc.record({
      kind: fc.constantFrom('pending', 'running', 'ending'),
      recurring: fc.constantFrom('Job a', 'Job b', 'pending'),
      node: fc.constantFrom('n1', 'n2'),
      creator: fc.constantFrom('Ana', 'ben'),
    }),
  )
  .map((rows) =>
    Object.keys(rows)
      .sort()
      .map((id) => row(id, rows[id] as Partial<TaskRow>)),
  );

describe('groups of tasks', () => {
  it('are pinned ones, pending ones, then running ones by title, each in the order of ids', () => {
    const groups = new TaskGroups({ ...ALL, isPinned: ({ id }) => id === 'd' });
    follow(groups, [
      row('a', { recurring: 'Job z' }),
      row('b', { kind: 'pending', recurring: 'Job y' }),
      row('c'),
      row('d', { recurring: 'Job z' }),
    ]);
    assert.deepEqual(shown(groups), [
      ['Pinned', ['d']],
      ['Pending', ['b']],
      ['Job z', ['a', 'd']],
      ['no owner', ['c']],
    ]);
    assert.deepEqual(groups.first(1).length, 1);
    assert.equal(groups.count, 4);
  });

  it('follow any change of the rows to what they would be if they were made from the start', () => {
    const options = fc.record({
      by: fc.constantFrom(...GROUPINGS),
      filter: fc.constantFrom('', 'ana', 'n1 RUNNING', 'nothing'),
      isPinned: fc.constantFrom(...[() => false, ({ id }: TaskRow) => id < 'c']),
    });
    fc.assert(
      fc.property(options, fc.array(anyRows, { maxLength: 6 }), (given, steps) => {
        const following = new TaskGroups(given);
        for (const rows of steps) {
          follow(following, rows);
          const fresh = new TaskGroups(given);
          follow(fresh, rows);
          assert.deepEqual(shown(following), shown(fresh));
          assert.equal(following.count, fresh.count);
          for (const task of rows) {
            const found = following.find(task);
            if (found) assert.equal(found.group.tasks[found.index], task);
            if (found) assert.equal(following.first(found.at + 1).at(-1)?.key, found.group.key);
          }
        }
      }),
    );
  });

  it('rest after every thousand rows, and not for a few', () => {
    const groups = new TaskGroups(ALL);
    const rows = Array.from({ length: 5000 }, (_, index) => row(String(index).padStart(5, '0')));
    assert.equal(follow(groups, rows), 5);
    assert.equal(follow(groups, rows.with(7, row('00007', { kind: 'pending' }))), 0);
    assert.deepEqual(shown(groups)[0], ['Pending', ['00007']]);
  });

  it('leave out what does not have every word of the filter, in any of a task’s texts', () => {
    const groups = new TaskGroups({ ...ALL, filter: '  ANA  pend ' });
    follow(groups, [row('a', { creator: 'Ana' }), row('b', { creator: 'Ana', kind: 'pending' })]);
    assert.deepEqual(shown(groups), [['Pending', ['b']]]);
    assert.equal(groups.find(row('a', { creator: 'Ana' })), undefined);
  });
});
