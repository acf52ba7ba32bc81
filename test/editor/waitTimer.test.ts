import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { secondsToNextCheck, WaitTimer } from '../../src/editor/waitTimer.ts';

describe('waiting for a move', () => {
  let busy: boolean;
  let reported: number[];
  let timer: WaitTimer;
  const now = () => Date.now() / 1000;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
    busy = false;
    reported = [];
    timer = new WaitTimer({ now, busy: () => busy, onDue: () => reported.push(now()) });
  });
  afterEach(() => {
    timer.forget();
    mock.timers.reset();
  });

  /** Lets so many seconds go by, one after the other, as timers find them. */
  const pass = (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) mock.timers.tick(1000);
  };

  it('reports when the wait is over, and not before', () => {
    timer.add(600);
    pass(599);
    assert.deepEqual(reported, []);
    pass(1);
    assert.deepEqual(reported, [600]);
  });

  it('reports at once a wait that is over already', () => {
    timer.add(0);
    assert.deepEqual(reported, [0]);
  });

  it('reports the earliest of several', () => {
    timer.add(600);
    timer.add(20);
    timer.add(7200);
    pass(20);
    assert.deepEqual(reported, [20]);
  });

  it('keeps a wait when later work has none', () => {
    timer.add(20);
    timer.add(undefined);
    pass(20);
    assert.deepEqual(reported, [20]);
  });

  it('reports later while other work is under way', () => {
    busy = true;
    timer.add(10);
    pass(45);
    assert.deepEqual(reported, []);
    busy = false;
    pass(30);
    assert.deepEqual(reported, [70]); // it checked at 10, at 40 and at 70
  });

  it('reports again every five minutes until its moves were resumed', () => {
    timer.add(10);
    pass(610);
    assert.deepEqual(reported, [10, 310, 610]);
    timer.forget();
    pass(1000);
    assert.equal(reported.length, 3);
  });

  it('is on time after the machine has slept, when a timer alone would be late', () => {
    timer.add(3600);
    pass(60);
    mock.timers.setTime(3_000_000); // timers stood still meanwhile
    pass(60);
    mock.timers.setTime(3_590_000);
    pass(60);
    assert.equal(reported.length, 1);
    assert.ok(reported[0]! <= 3650, `${reported[0]}`);
  });

  it('goes by a clock that stands until it is advanced, as the sample’s', () => {
    let seconds = 0;
    const sample = new WaitTimer({ now: () => seconds, busy: () => false, onDue: () => reported.push(seconds) });
    sample.add(900);
    pass(10_000);
    assert.deepEqual(reported, []);
    seconds = 899;
    sample.check();
    assert.deepEqual(reported, []);
    seconds = 3600;
    sample.check();
    sample.forget();
    assert.deepEqual(reported, [3600]);
  });
});

describe('the next check of a wait', () => {
  it('is when it is over, within a minute at the latest, whatever its length', () => {
    assert.equal(secondsToNextCheck(25, 0, false), 25);
    assert.equal(secondsToNextCheck(25, 0, true), 25);
    assert.equal(secondsToNextCheck(1e12, 0, false), 60);
    assert.equal(secondsToNextCheck(Number.POSITIVE_INFINITY, 0, false), 60);
  });

  it('is now when it is over, and half a minute later while other work is under way', () => {
    assert.equal(secondsToNextCheck(25, 25, false), 0);
    assert.equal(secondsToNextCheck(25, 1000, false), 0);
    assert.equal(secondsToNextCheck(25, 25, true), 30);
  });
});
