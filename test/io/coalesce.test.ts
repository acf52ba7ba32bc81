import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { coalesced } from '../../src/io/coalesce.ts';

describe('coalesced work', () => {
  it('begins with the first call, and is done once more for all that came meanwhile', async () => {
    let done = 0;
    const ask = coalesced(
      () => {
        done += 1;
      },
      { pauseMilliseconds: 20 },
    );
    ask();
    assert.equal(done, 1);
    for (let call = 0; call < 100; call += 1) ask();
    assert.equal(done, 1);
    await sleep(200);
    assert.equal(done, 2);
    ask();
    assert.equal(done, 3);
  });

  it('never runs beside itself', async () => {
    let running = 0;
    let most = 0;
    const ask = coalesced(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await sleep(10);
        running -= 1;
      },
      { pauseMilliseconds: 1 },
    );
    for (let call = 0; call < 20; call += 1) {
      ask();
      await sleep(5);
    }
    await sleep(100);
    assert.equal(most, 1);
    assert.equal(running, 0);
  });

  it('takes a burst of calls as one where it begins after a delay', async () => {
    let done = 0;
    const ask = coalesced(
      () => {
        done += 1;
      },
      { delayMilliseconds: 20 },
    );
    for (let call = 0; call < 100; call += 1) ask();
    assert.equal(done, 0);
    await sleep(200);
    assert.equal(done, 1);
    ask();
    await sleep(200);
    assert.equal(done, 2);
  });

  it('begins no more once its signal aborts, not even what was asked for before', async () => {
    let done = 0;
    const end = new AbortController();
    const ask = coalesced(
      () => {
        done += 1;
      },
      { delayMilliseconds: 20, signal: end.signal },
    );
    ask();
    end.abort();
    ask();
    await sleep(100);
    assert.equal(done, 0);
  });
});
