import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { TreeItem } from 'vscode';
import { DrawnRows } from '../../src/views/drawnRows.ts';

type Row = { readonly id: string; text: string; under: readonly Row[] };

const row = (id: string, text: string, ...under: Row[]): Row => ({ id, text, under });

/** Rows over a tree that a test changes. */
function rowsOver(tree: { rows: readonly Row[] }): DrawnRows<Row> {
  return new DrawnRows<Row>({
    idOf: ({ id }) => id,
    childrenOf: (parent) => (parent ? parent.under : tree.rows),
    itemOf: ({ text }) => ({ label: text }) as TreeItem,
  });
}

describe('rows that are drawn', () => {
  it('are none to draw again where nothing looks different', () => {
    const tree = { rows: [row('a', '1'), row('b', '1')] };
    const drawn = rowsOver(tree);
    drawn.children();
    tree.rows = [row('a', '1'), row('b', '1')];
    assert.deepEqual(drawn.changes(), []);
  });

  it('are drawn again one by one, as the objects that the editor knows, with what they show now', () => {
    const tree = { rows: [row('a', '1'), row('b', '1')] };
    const drawn = rowsOver(tree);
    const [, known] = drawn.children();
    tree.rows = [row('a', '1'), row('b', '2')];
    const changed = drawn.changes();
    assert.equal(changed?.length, 1);
    assert.equal(changed[0], known);
    assert.equal(known?.text, '2');
    assert.deepEqual(drawn.changes(), []);
  });

  it('are all drawn again where the tree has others, or the same in another order', () => {
    const tree = { rows: [row('a', '1'), row('b', '1')] };
    const drawn = rowsOver(tree);
    for (const rows of [[row('b', '1'), row('a', '1')], [row('a', '1')], []]) {
      drawn.children();
      tree.rows = rows;
      assert.equal(drawn.changes(), undefined);
    }
  });

  it('are drawn again with what is below them where that has others', () => {
    const tree = { rows: [row('a', '1', row('a1', '1')), row('b', '1', row('b1', '1'))] };
    const drawn = rowsOver(tree);
    const [a, b] = drawn.children();
    drawn.children(a);
    const [below] = drawn.children(b);
    tree.rows = [row('a', '1', row('a1', '1'), row('a2', '1')), row('b', '1', row('b1', '2'))];
    assert.deepEqual(drawn.changes(), [a, below]);
    assert.equal(below?.text, '2');
    assert.deepEqual(
      drawn.children(a).map(({ id }) => id),
      ['a1', 'a2'],
    );
  });

  it('are not looked at where they were never asked for', () => {
    const tree = { rows: [row('a', '1', row('a1', '1'))] };
    const drawn = rowsOver(tree);
    drawn.children();
    tree.rows = [row('a', '1', row('a1', '2'))];
    assert.deepEqual(drawn.changes(), []);
  });
});
