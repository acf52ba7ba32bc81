import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { digest } from '../../../src/core/plan/digest.ts';
import { sha256 } from '../../../src/io/sha256.ts';

describe('the digest of a plan', () => {
  it('is SHA-256 of its JSON, so that ids of plans that were written earlier still hold', () => {
    // printf '{"a":"Füße"}' | sha256sum
    assert.equal(digest({ a: 'Füße' }, sha256), '5a540ac971fd721fe846cec31cb700a9827bff5d0be3880fde6798edf033d7c8');
  });

  it('is the same after a way through JSON', () => {
    const value = { b: [1, { d: 2, c: undefined }], a: 'x', 7: 'first', 1.5: null };
    assert.equal(digest(value, sha256), digest(JSON.parse(JSON.stringify(value)), sha256));
  });

  it('differs when anything in it differs', () => {
    const all = [{}, { a: 1 }, { a: '1' }, { a: null }, { a: [1] }, { b: 1 }].map((value) => digest(value, sha256));
    assert.equal(new Set(all).size, all.length);
  });
});
