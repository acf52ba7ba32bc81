import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { packInto } from '../../../src/core/simulate/packing.ts';

describe('packing into bins', () => {
  it('finds the one way that fits', () => {
    // 10 + 0, 6 + 4, 5 + 5: best fit by size would put 5 beside 4 and be left with 6.
    assert.deepEqual(packInto([5, 4, 10, 6, 5], 3, 10), [[10], [6, 4], [5, 5]]);
  });

  it('fills no bin where there is nothing, and finds nothing where it is too much', () => {
    assert.deepEqual(packInto([], 2, 10), [[], []]);
    assert.equal(packInto([6, 6, 6], 2, 10), undefined);
    assert.equal(packInto([6, 6, 5, 3], 2, 10), undefined);
  });

  it('keeps every amount, none above the size, and finds a way wherever there was one', () => {
    const cuts = fc.array(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(cuts, (bins) => {
        const amounts = bins.flat();
        const packed = packInto(amounts, bins.length, 20);
        assert.ok(packed);
        assert.deepEqual(packed.flat().sort(), amounts.toSorted());
        for (const bin of packed) assert.ok(bin.reduce((sum, amount) => sum + amount, 0) <= 20);
      }),
    );
  });
});
