import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { seededRandom } from '../../../src/core/model/random.ts';
import {
  bandGroup,
  type Calibration,
  calibrateTable,
  learnOutcome,
  shiftOf,
} from '../../../src/core/predict/calibration.ts';
import { QUANTILE_LEVELS } from '../../../src/core/predict/distribution.ts';

const [LOW, MIDDLE, HIGH] = [0.1, 0.5, 0.9].map((level) => QUANTILE_LEVELS.indexOf(level)) as [number, number, number];
const group = bandGroup(3, 1);

/** Coverage over the second half of 8,000 ends whose truth is uniform on 0…1 in units of the told table's width. */
function coverageWhenTold(widthFactor: number): number {
  const random = seededRandom(4);
  const raw = Float64Array.from(QUANTILE_LEVELS, (level) => 0.5 + (level - 0.5) * widthFactor);
  const table = new Float64Array(raw.length);
  let calibration: Calibration = {};
  let inside = 0;
  for (let end = 0; end < 8000; end++) {
    calibrateTable(raw, shiftOf(calibration, group), table);
    const truth = random();
    const miss = { below: truth < table[LOW]!, above: truth > table[HIGH]! };
    if (end >= 4000 && !miss.below && !miss.above) inside += 1;
    calibration = learnOutcome(calibration, group, miss);
  }
  return inside / 4000;
}

describe('the band', () => {
  it('covers 80 % although the raw one is twice as wide as it should be', () => {
    const coverage = coverageWhenTold(2);
    assert.ok(Math.abs(coverage - 0.8) < 0.015, String(coverage));
  });

  it('covers 80 % although the raw one is a tenth too narrow', () => {
    const coverage = coverageWhenTold(0.9);
    assert.ok(Math.abs(coverage - 0.8) < 0.015, String(coverage));
  });

  it('keeps the median and the order, whatever the levels have become', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 10, noNaN: true }), {
          minLength: QUANTILE_LEVELS.length,
          maxLength: QUANTILE_LEVELS.length,
        }),
        fc.double({ min: -0.2, max: 0.4, noNaN: true }),
        fc.double({ min: -0.2, max: 0.4, noNaN: true }),
        (values, low, high) => {
          const raw = Float64Array.from(values).sort();
          const table = new Float64Array(raw.length);
          calibrateTable(raw, { low, high }, table);
          assert.ok(Math.abs(table[MIDDLE]! - raw[MIDDLE]!) < 1e-9);
          for (let at = 1; at < table.length; at++) assert.ok(table[at]! >= table[at - 1]! - 1e-9);
        },
      ),
    );
  });

  it('follows everyone until a group has 100 ends of its own, then adds what the group needs', () => {
    let calibration: Calibration = {};
    for (let end = 0; end < 99; end++) calibration = learnOutcome(calibration, group, { below: true, above: false });
    assert.equal(shiftOf(calibration, group), calibration['everyone']);
    calibration = learnOutcome(calibration, group, { below: true, above: false });
    const { everyone, [group]: own } = calibration;
    assert.ok(own!.low < 0);
    assert.deepEqual(shiftOf(calibration, group), {
      low: Math.max(-0.2, everyone!.low + own!.low),
      high: everyone!.high + own!.high,
    });
    assert.equal(shiftOf(calibration, bandGroup(0, 1)), everyone);
  });

  it('covers 80 % of each of two groups, one told too wide and one too narrow', () => {
    const random = seededRandom(4);
    const groups = [
      { group: bandGroup(0, 3), factor: 1.6, inside: 0 },
      { group: bandGroup(9, 1), factor: 0.9, inside: 0 },
    ];
    let calibration: Calibration = {};
    for (let end = 0; end < 40_000; end++) {
      const each = groups[end % 2]!;
      const table = new Float64Array(QUANTILE_LEVELS.length);
      const raw = Float64Array.from(QUANTILE_LEVELS, (level) => 0.5 + (level - 0.5) * each.factor);
      calibrateTable(raw, shiftOf(calibration, each.group), table);
      const truth = random();
      const miss = { below: truth < table[LOW]!, above: truth > table[HIGH]! };
      if (end >= 20_000 && !miss.below && !miss.above) each.inside += 1;
      calibration = learnOutcome(calibration, each.group, miss);
    }
    for (const { inside } of groups) assert.ok(Math.abs(inside / 10_000 - 0.8) < 0.02, String(inside / 10_000));
  });
});
