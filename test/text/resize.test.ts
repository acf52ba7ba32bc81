import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ResizeAdvice } from '../../src/core/resize/adviseResizes.ts';
import { describeCap, describeCapped, describeHeld, describeRemaining, usedShare } from '../../src/text/resize.ts';

/** An expand of a task that asked for 4 CPU, in CPUs. */
const expand = (needed: number, to: number): ResizeAdvice =>
  ({
    ...{ resource: 'milliCpu', request: 4000, allocation: 4000 },
    ours: { says: 'expand', amount: to * 1000 - 4000, needed: needed * 1000, left: to * 1000 },
    decision: { kind: 'expand', amount: to * 1000 - 4000, to: to * 1000 },
  }) as unknown as ResizeAdvice;
const shrink = { ...expand(9, 5), decision: { kind: 'shrink', amount: 1, to: 1 } } as ResizeAdvice;

describe('an expand that gives less than its task needs', () => {
  it('says what one step gives at most, and what it needs', () => {
    // 5.2 − 4 = 1.2 of the 4 asked for: 30 %.
    assert.equal(describeCap(expand(6.6, 5.2)), 'one step gives 30 % of the request at most, and it needs 6.6 CPU');
  });

  it('says nothing of one that gives enough, or of a shrink', () => {
    assert.equal(describeCap(expand(5.1, 5.2)), undefined);
    assert.equal(describeCap(expand(5.2, 5.2)), undefined);
    assert.equal(describeCap(shrink), undefined);
  });

  it('is counted among several', () => {
    const all = [expand(6.6, 5.2), expand(5, 5.2), expand(7, 5.2), shrink];
    assert.equal(describeCapped(all), 'One step gives 30 % of a request at most: 2 of these need more.');
    assert.equal(
      describeCapped([expand(6.6, 5.2)]),
      'One step gives 30 % of a request at most: 1 of these needs more.',
    );
    assert.equal(describeCapped([]), undefined);
  });
});

describe('what a resized task holds', () => {
  it('is told with what it asked for, of which its use is a share', () => {
    const held = { ...shrink, allocation: 5200, usage: { mean: 5760, peak: 6000 } } as unknown as ResizeAdvice;
    assert.equal(describeHeld(held), '5.2 CPU (asked for 4 CPU)');
    assert.equal(describeHeld({ ...held, allocation: 4000 }), '4 CPU');
    assert.equal(usedShare(held), 1.44);
  });
});

describe('the time that a resized task still runs', () => {
  it('is no end for one that never ends by itself, whatever horizon it was reckoned with', () => {
    const advice = { ...shrink, remainingSeconds: 604_800 };
    assert.equal(describeRemaining(advice), '7 d');
    assert.equal(describeRemaining({ ...advice, endless: true }), 'no end');
    assert.equal(describeRemaining(shrink), '—');
  });
});
