import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { shortened, table, wrapped } from '../../src/text/table.ts';

describe('tables for a terminal', () => {
  const columns = [{ head: 'node' }, { head: 'score', align: 'right' as const }];

  it('align their columns under the heads, without trailing spaces', () => {
    assert.deepEqual(
      table(columns, [
        ['a', '1'],
        ['longer', '0.25'],
      ]),
      ['  node    score', '  a           1', '  longer   0.25'],
    );
    assert.deepEqual(table([{ head: 'a' }, { head: 'b' }], [['x', '']]), ['  a  b', '  x']);
  });

  it('have no lines without rows', () => assert.deepEqual(table(columns, []), []));

  it('do not count colours as width', () => {
    assert.deepEqual(table(columns, [['\u001b[32ma\u001b[39m', '1']]), [
      '  node  score',
      '  \u001b[32ma\u001b[39m         1',
    ]);
  });

  it('cut a long name in its middle', () => {
    assert.equal(shortened('train-resnet-6f06-9mn5v', 11), 'train…9mn5v');
    assert.equal(shortened('short', 11), 'short');
  });

  it('wrap at spaces, and leave a word that is too long whole', () => {
    assert.deepEqual(wrapped('one two three', '  ', 9), ['  one two', '  three']);
    assert.deepEqual(wrapped('unbreakable', '', 5), ['unbreakable']);
  });
});
