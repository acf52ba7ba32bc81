import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { DEFAULT_SETTINGS } from '../../../src/core/model/settings.ts';
import { direction, expandAmount, shrinkAmount, shrunkTo } from '../../../src/core/resize/amounts.ts';

const at = (usage: number, allocation = 1000) => ({ request: 1000, allocation, usage });

describe('resize amounts (S307)', () => {
  it('keeps at both thresholds, shrinks below the first and expands above the second', () => {
    const ways = [499, 500, 700, 900, 901].map((usage) => direction(at(usage), DEFAULT_SETTINGS));
    assert.deepEqual(ways, ['shrink', 'keep', 'keep', 'keep', 'expand']);
  });

  it('takes the allocation as the 100 % of an expand once it is smaller than the request', () => {
    assert.equal(direction(at(460, 500), DEFAULT_SETTINGS), 'expand'); // 460 of 500 is 92 %
    assert.equal(direction(at(440, 500), DEFAULT_SETTINGS), 'shrink'); // 44 % of the request
  });

  it('keeps the request as the 100 % of a shrink, so that repeated shrinks do not run away', () => {
    assert.equal(direction(at(120, 125), DEFAULT_SETTINGS), 'expand');
    assert.equal(shrinkAmount(at(100, 500), DEFAULT_SETTINGS), 250);
  });

  it('shrinks by allocation × (1 − r1), or by request × (1 − usage rate)', () => {
    assert.equal(shrinkAmount(at(200), DEFAULT_SETTINGS), 500);
    const byUsage = { ...DEFAULT_SETTINGS, shrinkStrategy: 'usage' } as const;
    assert.equal(shrinkAmount(at(200), byUsage), 800);
    assert.equal(shrinkAmount(at(200, 300), byUsage), 300); // never more than it holds
  });

  it('leaves the usage with its margin by our rule, and takes nothing from a task that was shrunk to that', () => {
    const byUsage = { ...DEFAULT_SETTINGS, shrinkStrategy: 'usage' } as const;
    assert.equal(Math.round(shrunkTo(at(200), byUsage)), 230); // 200 × 1.15
    assert.equal(Math.round(shrunkTo(at(200, 230), byUsage)), 230);
    assert.equal(shrunkTo(at(200, 210), byUsage), 210);
    assert.equal(shrunkTo(at(200), DEFAULT_SETTINGS), 500);
  });

  it('expands by 20 % of the request at r2, growing to 30 % at 100 % and beyond', () => {
    assert.equal(expandAmount(at(900), DEFAULT_SETTINGS), 200);
    assert.equal(Math.round(expandAmount(at(950), DEFAULT_SETTINGS)), 250);
    assert.equal(expandAmount(at(1000), DEFAULT_SETTINGS), 300);
    assert.equal(expandAmount(at(1800), DEFAULT_SETTINGS), 300);
  });

  it('keeps e inside its bounds whatever the setting says', () => {
    assert.equal(expandAmount(at(900), { ...DEFAULT_SETTINGS, expandFraction: 0.01 }), 100);
    assert.equal(expandAmount(at(900), { ...DEFAULT_SETTINGS, expandFraction: 0.9 }), 300);
  });
});
