import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { learnZone, recallZone } from '../../src/editor/readerZone.ts';
import { ownZone, readerZone, useZone } from '../../src/text/zone.ts';

describe('the zone of the reader of a window', () => {
  const elsewhere = ownZone() === 'Pacific/Apia' ? 'Asia/Kolkata' : 'Pacific/Apia';
  afterEach(() => void useZone(ownZone()));

  /** What the editor keeps over windows. */
  const memoryOf = (kept: Map<string, unknown>) =>
    ({
      get: (key: string) => kept.get(key),
      update: async (key: string, value: unknown) => void kept.set(key, value),
    }) as never;

  it('is the process’s own at first, then what a page told, in the next window from its start', () => {
    const memory = memoryOf(new Map());
    recallZone(memory);
    assert.equal(readerZone(), ownZone());
    assert.equal(learnZone(elsewhere, memory), true);
    assert.equal(learnZone(elsewhere, memory), false, 'nothing is drawn again for the same');
    useZone(ownZone()); // a new window knows nothing else
    recallZone(memory);
    assert.equal(readerZone(), elsewhere);
  });

  it('is not what was kept where that is no zone', () => {
    recallZone(memoryOf(new Map([['readerZone', { zone: 'UTC' }]])));
    assert.equal(readerZone(), ownZone());
  });
});
