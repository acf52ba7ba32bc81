import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { findRow } from '../../src/core/model/sortedList.ts';
import type { ClusterView, NodeRow, TaskRow } from '../../src/rows/clusterView.ts';
import { idOf, NOTHING_TOLD, partsTo, type Told, withPart } from '../../src/rows/viewParts.ts';
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

describe('the parts of a view', () => {
  it('lead from each view to the next, whatever has changed and however small they are', () => {
    fc.assert(
      fc.property(views, fc.integer({ min: 1, max: 5 }), (all, most) => {
        let [told, sent]: [Told, Told] = [NOTHING_TOLD, NOTHING_TOLD];
        for (const view of all) {
          const parts = partsTo(told, view, most);
          for (const part of parts) sent = withPart(sent, structuredClone(part))!;
          assert.deepEqual(sent.view, view);
          assert.equal(parts.at(-1)!.left, 0);
          assert.ok(parts.every(({ nodes, tasks }) => nodes.length <= most && tasks.length <= most));
          told = { view, number: sent.number };
        }
      }),
    );
  });

  it('hold only the rows that are other objects, and keep the others as they are', () => {
    const rows = ['a', 'b', 'c', 'd'].map((id) => ({ id }) as TaskRow);
    const changed = { id: 'b', creator: 'ana' } as TaskRow;
    const told = { view: aView({ tasks: rows }), number: 7 };
    const [part, ...others] = partsTo(told, aView({ tasks: [rows[0]!, changed, rows[2]!] }));
    assert.deepEqual([part!.tasks, part!.nodes, others], [[changed, 'd'], [], []]);
    const { view } = withPart(told, part!)!;
    assert.equal(view.tasks[0], rows[0]);
    assert.equal(view.tasks[2], rows[2]);
    assert.equal(view.nodes, told.view.nodes);
  });

  it('are one at least, so that times go on where no row has changed', () => {
    const told = { view: aView({ takenAtSeconds: 1 }), number: 3 };
    const parts = partsTo(told, aView({ takenAtSeconds: 2 }));
    assert.equal(parts.length, 1);
    assert.equal(withPart(told, parts[0]!)!.view.takenAtSeconds, 2);
  });

  it('are refused where one is missing, until the first one of a whole view', () => {
    const view = aView({ tasks: ['a', 'b', 'c'].map((id) => ({ id }) as TaskRow) });
    const [first, second, third] = partsTo(NOTHING_TOLD, view, 1);
    const told = withPart(NOTHING_TOLD, first!)!;
    assert.equal(withPart(told, third!), undefined);
    assert.equal(withPart(NOTHING_TOLD, second!), undefined);
    let again = withPart(withPart(told, second!)!, first!)!;
    assert.deepEqual(
      again.view.tasks.map(({ id }) => id),
      ['a'],
    );
    for (const part of [second!, third!]) again = withPart(again, part)!;
    assert.deepEqual(again.view, view);
  });

  it('are found by their keys', () => {
    const rows = ['a', 'c'].map((id) => ({ id }) as TaskRow);
    assert.equal(findRow(rows, 'c', idOf), rows[1]);
    for (const id of ['', 'b', 'd']) assert.equal(findRow(rows, id, idOf), undefined);
    assert.equal(findRow([], 'a', idOf), undefined);
  });
});
