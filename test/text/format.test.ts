import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { amount, amounts, clock, duration, percent } from '../../src/text/format.ts';

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

  it('adds the day to a time of another day', () => {
    const noon = new Date(2026, 0, 5, 12, 0).getTime() / 1000;
    assert.equal(clock(noon + 3600, noon), '13:00');
    assert.equal(clock(noon + 86_400, noon), '2026-01-06 12:00');
  });

  it('rounds a share to whole percent', () => assert.equal(percent(0.804), '80 %'));
});
