import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  amount,
  amounts,
  amountsApart,
  band,
  counted,
  duration,
  either,
  fixed,
  fromTo,
  list,
  names,
  nodeHours,
  number,
  percent,
  plural,
} from '../../src/text/format.ts';

describe('words for people', () => {
  it('says seconds in the two largest units that are not 0', () => {
    const cases: [number, string][] = [
      [0, '0 s'],
      [59.4, '59 s'],
      [60, '1 min'],
      [3599, '1 h'], // 59.98 min round to 60 min
      [3600 + 1200, '1 h 20 min'],
      [26 * 3600, '1 d 2 h'],
      [-120, '−2 min'],
      [Number.POSITIVE_INFINITY, '—'],
    ];
    for (const [seconds, words] of cases) assert.equal(duration(seconds), words);
  });

  it('gives each amount its unit', () => {
    assert.equal(amount('milliCpu', 2500), '2.5 CPU');
    assert.equal(amount('memoryBytes', 16 * 1024 ** 3), '16 GiB');
    assert.equal(amount('gpuMilli', 300), '0.3 GPU');
    assert.equal(amount('huawei.com/Ascend910', 8), '8 huawei.com/Ascend910');
  });

  it('lists what is not 0, and says nothing when all is', () => {
    const resources = { milliCpu: 4000, memoryBytes: 0, gpuMilli: 1000, extended: {} };
    assert.equal(amounts(resources), '4 CPU, 1 GPU');
    assert.equal(amounts({ milliCpu: 0, memoryBytes: 0, gpuMilli: 0, extended: {} }), 'nothing');
  });

  it('rounds a share to whole percent, or to tenths where these count', () => {
    assert.equal(percent(0.804), '80 %');
    assert.equal(percent(0.0504, 1), '5 %');
    assert.equal(percent(0.0514, 1), '5.1 %');
  });

  it('groups thousands, keeps decimals to what is asked, and knows no negative zero', () => {
    assert.equal(number(10_690), '10,690');
    assert.equal(number(2.549, 1), '2.5');
    assert.equal(number(-0.2), '0');
    assert.equal(fixed(0.93, 3), '0.930');
  });

  it('shows amounts apart that would round to the same', () => {
    assert.deepEqual(amountsApart('milliCpu', 1996, 2000), ['1.996 CPU', '2 CPU']);
    assert.deepEqual(amountsApart('milliCpu', 1400, 2000), ['1.4 CPU', '2 CPU']);
    assert.deepEqual(amountsApart('milliCpu', 2000, 2000), ['2 CPU', '2 CPU']);
  });

  it('names a unit once where both sides have it', () => {
    assert.equal(fromTo('milliCpu', 8000, 4000), '8 → 4 CPU');
    assert.equal(fromTo('memoryBytes', 2 ** 29, 2 ** 31), '512 MiB → 2 GiB');
    assert.equal(band({ p10: 240, p50: 360, p90: 660 }, duration), '6 min (4–11 min)');
    assert.equal(band({ p10: 30, p50: 360, p90: 5400 }, duration), '6 min (30 s–1 h 30 min)');
    assert.equal(band({ p10: 3, p50: 3, p90: 3 }, number), '3');
  });

  it('counts in the form that the number asks for', () => {
    assert.equal(counted(0, 'node'), '0 nodes');
    assert.equal(counted(1, 'node'), '1 node');
    assert.equal(counted(1200, 'finished task'), '1,200 finished tasks');
    const waits = { one: '# task waits', other: '# tasks wait' };
    assert.deepEqual([plural(1, waits), plural(2, waits)], ['1 task waits', '2 tasks wait']);
  });

  it('joins lists, and cuts long ones', () => {
    assert.deepEqual([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(list), ['', 'a', 'a and b', 'a, b, and c']);
    assert.equal(either(['a', 'b']), 'a or b');
    assert.equal(names(['a', 'b', 'c', 'd'], 2), 'a, b, and 2 more');
    assert.equal(names(['a', 'b'], 2), 'a and b');
  });

  it('says node-hours, and node-minutes where there is less than one', () => {
    assert.deepEqual([3600 * 7.52, 3600 * 12.4, 180, 20, 0].map(nodeHours), [
      '7.5 node-hours',
      '12 node-hours',
      '3 node-minutes',
      'under 1 node-minute',
      '0 node-minutes',
    ]);
  });
});
