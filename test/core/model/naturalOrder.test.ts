import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { compareNaturally } from '../../../src/core/model/naturalOrder.ts';

const sorted = (...names: string[]) => names.sort(compareNaturally);
const name = fc.string({ unit: fc.constantFrom('a', '-', '0', '1', '2', '\0'), maxLength: 6 });

describe('names in their natural order', () => {
  it('count: node-2 comes before node-10', () => {
    assert.deepEqual(sorted('node-10', 'node-1', 'node-2'), ['node-1', 'node-2', 'node-10']);
    assert.deepEqual(sorted('a19-1', 'a2-1', 'a2-10', 'a2-9'), ['a2-1', 'a2-9', 'a2-10', 'a19-1']);
    assert.deepEqual(sorted('gpu', 'gpu-1', 'cpu-9'), ['cpu-9', 'gpu', 'gpu-1']);
  });

  it('put fewer zeros first, and numbers beyond what a double holds in their order', () => {
    assert.deepEqual(sorted('n-02', 'n-2', 'n-10', 'n-1'), ['n-1', 'n-2', 'n-02', 'n-10']);
    assert.deepEqual(sorted('9007199254740993', '9007199254740992'), ['9007199254740992', '9007199254740993']);
  });

  it('are an order: only equal names are equal, and what lies between lies between', () => {
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        assert.equal(compareNaturally(a, b) === 0, a === b);
        assert.equal(Math.sign(compareNaturally(a, b)) + Math.sign(compareNaturally(b, a)), 0);
        if (compareNaturally(a, b) <= 0 && compareNaturally(b, c) <= 0) assert.ok(compareNaturally(a, c) <= 0);
      }),
      { numRuns: 5000 },
    );
  });
});
