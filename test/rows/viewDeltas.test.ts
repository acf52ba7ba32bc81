import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { findRow } from '../../src/core/model/sortedList.ts';
import type { ClusterView, NodeRow, TaskRow } from '../../src/rows/clusterView.ts';
import { deltasTo, EMPTY_VIEW, idOf, type NumberedView, withDelta } from '../../src/rows/viewDeltas.ts';
import { aView } from './rows.ts';

/** Views that follow each other: rows come, change and go; rows that have not changed are the same objects. */
const views = fc
  .array(fc.dictionary(fc.constantFrom(...'abcdefghijklmnop'), fc.nat(2)), { maxLength: 8 })
  .map((all) => {
    const known = new Map<string, TaskRow & NodeRow>();
    return all.map((texts, index): ClusterView => {
      const rows = Object.keys(texts)
        .sort()
        .map((id) => {
          const key = `${id} ${texts[id]}`;
          const row = known.get(key) ?? ({ id, name: id, creator: String(texts[id]) } as unknown as TaskRow & NodeRow);
          known.set(key, row);
          return row;
        });
      return aView({ takenAtSeconds: index, nodes: rows.filter((_, at) => at % 2 === 0), tasks: rows });
    });
  });

describe('the deltas of a view', () => {
  it('lead from each view to the next, whatever has changed and however small they are', () => {
    fc.assert(
      fc.property(views, fc.integer({ min: 1, max: 5 }), (all, most) => {
        let [sent, received]: [NumberedView, NumberedView] = [EMPTY_VIEW, EMPTY_VIEW];
        for (const view of all) {
          const deltas = deltasTo(sent, view, most);
          for (const delta of deltas) received = withDelta(received, structuredClone(delta))!;
          assert.deepEqual(received.view, view);
          assert.equal(deltas.at(-1)!.left, 0);
          assert.ok(deltas.every(({ nodes, tasks }) => nodes.length <= most && tasks.length <= most));
          sent = { view, number: received.number };
        }
      }),
    );
  });

  it('hold only the rows that are other objects, and keep the others as they are', () => {
    const rows = ['a', 'b', 'c', 'd'].map((id) => ({ id }) as TaskRow);
    const changed = { id: 'b', creator: 'ana' } as TaskRow;
    const before = { view: aView({ tasks: rows }), number: 7 };
    const [delta, ...others] = deltasTo(before, aView({ tasks: [rows[0]!, changed, rows[2]!] }));
    assert.deepEqual([delta!.tasks, delta!.nodes, others], [[changed, 'd'], [], []]);
    const { view } = withDelta(before, delta!)!;
    assert.equal(view.tasks[0], rows[0]);
    assert.equal(view.tasks[2], rows[2]);
    assert.equal(view.nodes, before.view.nodes);
  });

  it('are one at least, so that times go on where no row has changed', () => {
    const before = { view: aView({ takenAtSeconds: 1 }), number: 3 };
    const deltas = deltasTo(before, aView({ takenAtSeconds: 2 }));
    assert.equal(deltas.length, 1);
    assert.equal(withDelta(before, deltas[0]!)!.view.takenAtSeconds, 2);
  });

  it('are refused where one is missing, until the first one of a whole view', () => {
    const view = aView({ tasks: ['a', 'b', 'c'].map((id) => ({ id }) as TaskRow) });
    const [first, second, third] = deltasTo(EMPTY_VIEW, view, 1);
    const before = withDelta(EMPTY_VIEW, first!)!;
    assert.equal(withDelta(before, third!), undefined);
    assert.equal(withDelta(EMPTY_VIEW, second!), undefined);
    let again = withDelta(withDelta(before, second!)!, first!)!;
    assert.deepEqual(
      again.view.tasks.map(({ id }) => id),
      ['a'],
    );
    for (const delta of [second!, third!]) again = withDelta(again, delta)!;
    assert.deepEqual(again.view, view);
  });

  it('are found by their keys', () => {
    const rows = ['a', 'c'].map((id) => ({ id }) as TaskRow);
    assert.equal(findRow(rows, 'c', idOf), rows[1]);
    for (const id of ['', 'b', 'd']) assert.equal(findRow(rows, id, idOf), undefined);
    assert.equal(findRow([], 'a', idOf), undefined);
  });
});
