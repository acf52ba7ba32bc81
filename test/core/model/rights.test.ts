import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { missingEverywhere, missingRight } from '../../../src/core/model/rights.ts';

const RIGHTS = {
  place: { '*': 'patch pods', science: 'patch pods in science' },
  resize: { science: 'patch pods/resize' },
};

describe('a missing right', () => {
  it('is the namespace’s own before the one that is missing everywhere', () => {
    assert.equal(missingRight(RIGHTS, 'place', 'science'), 'patch pods in science');
    assert.equal(missingRight(RIGHTS, 'place', 'vision'), 'patch pods');
  });

  it('is none where nothing says so', () => {
    assert.equal(missingRight(RIGHTS, 'resize', 'vision'), undefined);
    assert.equal(missingRight({}, 'migrate', 'vision'), undefined);
    // A namespace may be called like a property that every object has.
    assert.equal(missingRight(RIGHTS, 'resize', 'constructor'), undefined);
  });

  it('is missing everywhere only where it says so', () => {
    assert.equal(missingEverywhere(RIGHTS, 'place'), 'patch pods');
    assert.equal(missingEverywhere(RIGHTS, 'resize'), undefined);
  });
});
