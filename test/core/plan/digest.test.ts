import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { digest, sha256 } from '../../../src/core/plan/digest.ts';

describe('the digest of a plan', () => {
  it('is SHA-256 at every length around the block size, and of any text', () => {
    const reference = (text: string) => createHash('sha256').update(text).digest('hex');
    for (let length = 0; length < 130; length++)
      assert.equal(sha256('x'.repeat(length)), reference('x'.repeat(length)));
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => sha256(text) === reference(text)));
  });

  it('is the same after a way through JSON', () => {
    const value = { b: [1, { d: 2, c: undefined }], a: 'x', 7: 'first', 1.5: null };
    assert.equal(digest(value), digest(JSON.parse(JSON.stringify(value))));
  });

  it('differs when anything in it differs', () => {
    const all = [{}, { a: 1 }, { a: '1' }, { a: null }, { a: [1] }, { b: 1 }].map(digest);
    assert.equal(new Set(all).size, all.length);
  });
});
