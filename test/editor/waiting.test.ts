import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { secondsToNextLook, Waiting } from '../../src/editor/waiting.ts';

describe('waiting for a move', () => {
  let busy: boolean;
  let told: number[];
  let waiting: Waiting;
  const now = () => Date.now() / 1000;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
    busy = false;
    told = [];
    waiting = new Waiting({ now, busy: () => busy, onDue: () => told.push(now()) });
  });
  afterEach(() => {
    waiting.forget();
    mock.timers.reset();
  });

  /** Lets so many seconds go by, one after the other, as timers find them. */
  const pass = (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) mock.timers.tick(1000);
  };

  it('tells when the wait is over, and not before', () => {
    waiting.add(600);
    pass(599);
    assert.deepEqual(told, []);
    pass(1);
    assert.deepEqual(told, [600]);
  });

  it('tells at once of a wait that is over already', () => {
    waiting.add(0);
    assert.deepEqual(told, [0]);
  });

  it('tells of the earliest of several', () => {
    waiting.add(600);
    waiting.add(20);
    waiting.add(7200);
    pass(20);
    assert.deepEqual(told, [20]);
  });

  it('keeps a wait when later work has none', () => {
    waiting.add(20);
    waiting.add(undefined);
    pass(20);
    assert.deepEqual(told, [20]);
  });

  it('tells later while something else is under way', () => {
    busy = true;
    waiting.add(10);
    pass(45);
    assert.deepEqual(told, []);
    busy = false;
    pass(30);
    assert.deepEqual(told, [70]); // it looked at 10, at 40 and at 70
  });

  it('tells again every five minutes until its moves were gone on with', () => {
    waiting.add(10);
    pass(610);
    assert.deepEqual(told, [10, 310, 610]);
    waiting.forget();
    pass(1000);
    assert.equal(told.length, 3);
  });

  it('is on time after the machine has slept, when a timer alone would be late', () => {
    waiting.add(3600);
    pass(60);
    mock.timers.setTime(3_000_000); // timers did not go on meanwhile
    pass(60);
    mock.timers.setTime(3_590_000);
    pass(60);
    assert.equal(told.length, 1);
    assert.ok(told[0]! <= 3650, `${told[0]}`);
  });

  it('goes by a clock that stands until it is advanced, as the sample’s', () => {
    let seconds = 0;
    const sample = new Waiting({ now: () => seconds, busy: () => false, onDue: () => told.push(seconds) });
    sample.add(900);
    pass(10_000);
    assert.deepEqual(told, []);
    seconds = 899;
    sample.look();
    assert.deepEqual(told, []);
    seconds = 3600;
    sample.look();
    sample.forget();
    assert.deepEqual(told, [3600]);
  });
});

describe('the next look at a wait', () => {
  it('is when it is over, within a minute at the latest, whatever its length', () => {
    assert.equal(secondsToNextLook(25, 0, false), 25);
    assert.equal(secondsToNextLook(25, 0, true), 25);
    assert.equal(secondsToNextLook(1e12, 0, false), 60);
    assert.equal(secondsToNextLook(Number.POSITIVE_INFINITY, 0, false), 60);
  });

  it('is now when it is over, and half a minute later while something else is under way', () => {
    assert.equal(secondsToNextLook(25, 25, false), 0);
    assert.equal(secondsToNextLook(25, 1000, false), 0);
    assert.equal(secondsToNextLook(25, 25, true), 30);
  });
});
