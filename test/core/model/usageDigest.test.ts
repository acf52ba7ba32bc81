import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { DIGEST_BOUNDS, DigestBuilder, ownerKey, type UsageDigest } from '../../../src/core/model/usageDigest.ts';
import { amounts, aTask } from '../small.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const GIB = 2 ** 30;

/** A digest of one owner's readings of CPU, one a minute from the beginning of hour `hour`. */
function of(milliCpus: readonly number[], hour = 0, before: UsageDigest = {}): DigestBuilder {
  const builder = new DigestBuilder(before);
  for (const [at, milliCpu] of milliCpus.entries()) {
    builder.add('a', { atSeconds: hour * HOUR + 60 * at, milliCpu, memoryBytes: GIB });
  }
  return builder;
}

describe('a digest of usage', () => {
  it('is empty before the first reading', () => assert.deepEqual(new DigestBuilder().digest(0), {}));

  it('has median, 95th percentile and the highest of each hour, within 2.5 %', () => {
    // 1 … 100: by nearest rank the median is 50, the 95th percentile 95
    const values = Array.from({ length: 100 }, (_, at) => (((at * 37) % 100) + 1) * 10); // all of 10, 20 … 1000
    const builder = new DigestBuilder();
    for (const [at, milliCpu] of values.entries()) builder.add('a', { atSeconds: at, milliCpu, memoryBytes: GIB });
    const [hour, ...others] = builder.digest(HOUR)['a']!;
    assert.deepEqual([others.length, hour!.hourSeconds, hour!.readings, hour!.milliCpu.max], [0, 0, 100, 1000]);
    assert.ok(Math.abs(hour!.milliCpu.p50 / 500 - 1) <= 0.025, `${hour!.milliCpu.p50}`);
    assert.ok(Math.abs(hour!.milliCpu.p95 / 950 - 1) <= 0.025, `${hour!.milliCpu.p95}`);
    assert.deepEqual([hour!.memoryBytes.max, hour!.memoryBytes.p50 <= GIB], [GIB, true]);
  });

  it('tells what uses nothing from what uses little', () => {
    const [hour] = of([0, 0, 0, 1]).digest(0)['a']!;
    assert.deepEqual(hour!.milliCpu, { p50: 0, p95: 1, max: 1 });
  });

  it('is the same however often it is looked at', () => {
    const builder = of([100, 200, 300]);
    assert.deepEqual(builder.digest(HOUR), builder.digest(HOUR));
  });

  it('joins the parts of an hour in which it was made anew, by their readings', () => {
    const first = of([100, 100, 100]).digest(HOUR);
    const [hour] = of([400], 0, first).digest(HOUR)['a']!;
    const [one, four] = [of([100]).digest(0)['a']![0]!, of([400]).digest(0)['a']![0]!];
    assert.deepEqual([hour!.readings, hour!.milliCpu.max], [4, 400]);
    assert.equal(hour!.milliCpu.p50, Math.round((3 * one.milliCpu.p50 + four.milliCpu.p50) / 4));
  });

  it('forgets hours of more than 14 days ago', () => {
    const before = of([100]).digest(0);
    assert.equal(new DigestBuilder(before).digest(14 * DAY)['a']?.length, 1);
    assert.deepEqual(new DigestBuilder(before).digest(14 * DAY + 1), {});
  });

  it('keeps 2,000 owners, those with the most readings', () => {
    const builder = new DigestBuilder();
    for (let owner = 0; owner <= DIGEST_BOUNDS.owners; owner++) {
      for (let at = 0; at < (owner === 7 ? 1 : 2); at++)
        builder.add(`owner ${owner}`, { atSeconds: at, milliCpu: 1, memoryBytes: 1 });
    }
    const kept = Object.keys(builder.digest(0));
    assert.equal(kept.length, DIGEST_BOUNDS.owners);
    assert.ok(!kept.includes('owner 7'));
  });

  it('keeps 100,000 hours of all owners, the newest', () => {
    const hour = (at: number) => ({
      hourSeconds: at * HOUR,
      readings: 1,
      milliCpu: { p50: 1, p95: 1, max: 1 },
      memoryBytes: { p50: 1, p95: 1, max: 1 },
    });
    const hours = Array.from({ length: 300 }, (_, at) => hour(at));
    const all = Object.fromEntries(Array.from({ length: 400 }, (_, owner) => [`owner ${owner}`, hours]));
    const kept = new DigestBuilder(all).digest(300 * HOUR);
    // 100,000 ÷ 400 owners = 250 hours each: from 50 on
    assert.deepEqual(
      Object.values(kept).map((each) => [each.length, each[0]!.hourSeconds]),
      Array.from({ length: 400 }, () => [250, 50 * HOUR]),
    );
  });
});

describe('the owner of a digest', () => {
  it('is what recurs, else the owner, else the task itself', () => {
    const task = aTask('nightly-29384', 'n', amounts(1));
    assert.equal(ownerKey({ ...task, parameters: { name: 'nightly' } }), 'default/Job/nightly');
    assert.equal(ownerKey(task), 'default/Job/nightly-29384');
    const { owner: _, ...alone } = task;
    assert.equal(ownerKey(alone), 'default/Pod/nightly-29384');
  });
});
