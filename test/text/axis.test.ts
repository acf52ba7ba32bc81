import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { durationTicks, tickFormats } from '../../src/text/axis.ts';

/** What Plotly writes at ticks so far apart, by the formats of the axis; for `.N%`, `.Nf` and `d`, which are all there are. */
function written(format: string, distance: number): string[] {
  const matching = tickFormats(format).filter(({ dtickrange: [least, most] }) => {
    return (least === null || distance >= least) && (most === null || distance <= most);
  });
  assert.equal(matching.length, 1, `${matching.length} formats for ${distance}`);
  const [, decimals = '0', type] = /(?:\.(\d+))?([%fd])$/.exec(matching[0]!.value) ?? [];
  return [0, 1, 2, 3, 4, 5].map((index) => {
    const value = index * distance * (type === '%' ? 100 : 1);
    return value.toFixed(Number(decimals)) + (type === '%' ? '%' : '');
  });
}

describe('the ticks of an axis', () => {
  for (const format of ['.0%', '.1%', '.0f', '.2f', ',.1f', 'd']) {
    it(`written as ${format} never read the same, however near they are`, () => {
      for (let power = -6; power <= 6; power++)
        for (const times of [1, 2, 5]) {
          const texts = written(format, times * 10 ** power);
          assert.equal(new Set(texts).size, texts.length, `${times} · 10^${power}: ${texts}`);
        }
    });
  }

  it('keep their format where it tells them apart, and get one decimal where that is enough', () => {
    assert.deepEqual(written('.0%', 0.01), ['0%', '1%', '2%', '3%', '4%', '5%']);
    // The chart that read "3 %, 2 %, 2 %, 1 %, 1 %": ticks half a percent apart.
    assert.deepEqual(written('.0%', 0.005), ['0.0%', '0.5%', '1.0%', '1.5%', '2.0%', '2.5%']);
    assert.deepEqual(written('d', 0.5), ['0.0', '0.5', '1.0', '1.5', '2.0', '2.5']);
  });

  it('are left to Plotly where a format has no fixed decimals', () => {
    for (const format of ['', '%', 'f', '~s', '.3g', '%H:%M', '.2s']) assert.deepEqual(tickFormats(format), []);
  });
});

describe('ticks of durations', () => {
  it('are round ones where there are enough', () => {
    // From 5 s to 2 d each is at least (172,800 / 5)^(1/7) = 4.45 times the one before.
    assert.deepEqual(durationTicks(5, 172_800).texts, ['5 s', '30 s', '5 min', '30 min', '4 h', '1 d']);
  });

  it('are whole ones where round ones are too far apart', () => {
    assert.deepEqual(durationTicks(5.2, 9).texts, ['6 s', '7 s', '8 s', '9 s']);
    assert.deepEqual(durationTicks(61, 200).seconds, [120, 180]);
  });

  it('are few, in order, inside, and never read the same', () => {
    for (let low = 1; low < 4e6; low *= 1.7)
      for (let high = low * 1.1; high < 4e7; high *= 2.3) {
        const { seconds, texts } = durationTicks(low, high);
        assert.equal(new Set(texts).size, texts.length, `${low} to ${high}: ${texts}`);
        assert.ok(texts.length <= 8 && seconds.every((at) => low <= at && at <= high), `${low} to ${high}: ${texts}`);
        assert.deepEqual(
          seconds,
          seconds.toSorted((a, b) => a - b),
        );
        if (high > 3 * low) assert.ok(texts.length >= 2, `${low} to ${high}: ${texts}`);
      }
  });

  it('are none where no whole second lies between', () => {
    assert.deepEqual(durationTicks(1.2, 1.9), { seconds: [], texts: [] });
  });
});
