import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { classNumber, createFleet, fits, hold } from '../../../../src/core/fleet/fleet.ts';
import { seededRandom } from '../../../../src/core/model/random.ts';
import { POLICIES, policyName } from '../../../../src/core/place/policies/policies.ts';
import { stowagePolicy } from '../../../../src/core/place/policies/stowage.ts';
import { describePolicy } from '../../../../src/text/policies.ts';

const gpuClass = (gpuMilli: number, gpuCount = 1, gpuModels: string[] = []) => ({
  milliCpu: 1000,
  gpuMilli,
  gpuCount,
  gpuModels,
});

function node(name: string, gpuCount: number, gpuModel: string) {
  return { name, milliCpu: 64_000, memoryBytes: 100, gpuCount, gpuModel };
}

describe('the stowage policy', () => {
  it('puts a task where the rest stays usable', () => {
    // Expected are halves. On n0 (500 free) a half leaves nothing; on n1 it would leave 200, which nothing fits.
    const fleet = createFleet([node('n1', 1, 'T4'), node('n0', 1, 'T4')]);
    hold(fleet, 0, classNumber(fleet, gpuClass(300)), 1, 1000);
    hold(fleet, 1, classNumber(fleet, gpuClass(500)), 1, 1000);
    const seen = [{ taskClass: gpuClass(500), count: 10 }];
    const policy = stowagePolicy(fleet, seen, seededRandom(1));
    const ask = { classNumber: classNumber(fleet, gpuClass(500)), memoryBytes: 1, nowSeconds: 0 };
    // n1: 500 usable of 700 before (idle 200), 200 idle after: value unchanged. n0: 0 before and after. A tie.
    assert.equal(policy.score(0, ask), 0);
    assert.equal(policy.score(1, ask), 0);
    const small = { ...ask, classNumber: classNumber(fleet, gpuClass(200)) };
    // 200 on n1 uses what was idle (+200); on n0 it spoils the place of a half (−300): by sequences, and once more by packing.
    assert.equal(policy.explain(0, small).parts['value'], 200);
    assert.equal(policy.explain(0, small).parts['packing'], 200);
    assert.equal(policy.explain(1, small).parts['value'], -300);
    assert.equal(policy.explain(1, small).parts['packing'], -300);
    assert.equal(policy.score(0, small), 400);
    assert.equal(policy.score(1, small), -600);
    assert.equal(policy.choose(small), 0);
    assert.match(describePolicy(policy.explain(1, small).reason), /0\.30 GPU less/);
  });

  it('keeps models that others insist on, and whole blocks for those who need them', () => {
    const fleet = createFleet([node('a', 4, 'T4'), node('b', 4, 'G2')]);
    const seen = [
      { taskClass: gpuClass(1000, 1, ['T4']), count: 5 },
      { taskClass: gpuClass(1000), count: 5 },
    ];
    const policy = stowagePolicy(fleet, seen, seededRandom(1));
    const ask = { classNumber: classNumber(fleet, gpuClass(1000)), memoryBytes: 1, nowSeconds: 0 };
    assert.equal(policy.choose(ask), 1);
    assert.ok(policy.explain(0, ask).parts['model']! < 0);

    const blocks = createFleet([node('a', 8, 'G2'), node('b', 2, 'G2')]);
    const mixed = [
      { taskClass: gpuClass(1000, 8), count: 5 },
      { taskClass: gpuClass(1000), count: 5 },
    ];
    const keeper = stowagePolicy(blocks, mixed, seededRandom(1));
    const one = { classNumber: classNumber(blocks, gpuClass(1000)), memoryBytes: 1, nowSeconds: 0 };
    assert.equal(keeper.choose(one), 1);
    assert.ok(keeper.explain(0, one).parts['blocks']! < 0);
  });

  it('refuses only when told to, and only what costs more than it is worth', () => {
    const fleet = createFleet([node('a', 1, 'T4')]);
    const seen = [{ taskClass: gpuClass(1000), count: 5 }];
    const ask = { classNumber: classNumber(fleet, gpuClass(100)), memoryBytes: 1, nowSeconds: 0 };
    assert.equal(stowagePolicy(fleet, seen, seededRandom(1)).choose(ask), 0);
    assert.equal(stowagePolicy(fleet, seen, seededRandom(1), { refuseFromFraction: 0 }).choose(ask), -1);
    const wanted = { ...ask, classNumber: classNumber(fleet, gpuClass(1000)) };
    assert.equal(stowagePolicy(fleet, seen, seededRandom(1), { refuseFromFraction: 0 }).choose(wanted), 0);
  });
});

describe('the stowage policy that learns its mix', () => {
  it('keeps a large node whole for a task larger than any it has seen', () => {
    const nodes = [128_000, 96_000, 96_000].map((milliCpu, index) => ({ ...node(`n${index}`, 8, 'G2'), milliCpu }));
    const fleet = createFleet(nodes);
    const policy = POLICIES['stowage-online']({ fleet, seen: [], random: seededRandom(1) });
    const place = (milliCpu: number, gpuCount: number) => {
      const taskClass = { ...gpuClass(1000, gpuCount), milliCpu };
      const ask = { classNumber: classNumber(fleet, taskClass), memoryBytes: 1, nowSeconds: 0 };
      policy.arrived?.(ask);
      const chosen = policy.choose(ask);
      if (chosen >= 0) hold(fleet, chosen, ask.classNumber, 1, policy.gpuFree(chosen, ask));
      return chosen;
    };
    const small = Array.from({ length: 12 }, () => place(14_000, 1));
    assert.deepEqual(new Set(small), new Set([1, 2]));
    assert.equal(place(120_000, 8), 0);
  });
});

describe('every policy', () => {
  it('chooses a node of the highest score that fits, the first of equals', () => {
    const shares = fc.constantFrom(100, 300, 500, 810, 1000);
    fc.assert(
      fc.property(fc.array(fc.tuple(shares, fc.nat(2)), { maxLength: 12 }), shares, (tasks, asked) => {
        for (const [name, make] of Object.entries(POLICIES)) {
          if (name === 'random') continue;
          const fleet = createFleet([node('a', 2, 'T4'), node('b', 1, 'G2'), node('c', 2, 'T4')]);
          const seen = [100, 300, 500, 810, 1000].map((milli) => ({ taskClass: gpuClass(milli), count: 3 }));
          const policy = make({ fleet, seen, random: seededRandom(1) });
          for (const [milli, at] of tasks) {
            const ask = { classNumber: classNumber(fleet, gpuClass(milli)), memoryBytes: 1, nowSeconds: 0 };
            if (!fits(fleet, at, ask.classNumber, 1)) continue;
            hold(fleet, at, ask.classNumber, 1, policy.gpuFree(at, ask));
            policy.placed?.(at, ask);
          }
          const ask = {
            classNumber: classNumber(fleet, gpuClass(asked)),
            memoryBytes: 1,
            nowSeconds: 0,
            endSeconds: 60,
          };
          const scores = [0, 1, 2].map((at) => policy.score(at, ask));
          const best = Math.max(...scores);
          const expected = best === Number.NEGATIVE_INFINITY ? -1 : scores.indexOf(best);
          if (name === 'stowage-refuse') continue;
          assert.equal(policy.choose(ask), expected, `${name}: ${scores}`);
          [0, 1, 2].forEach((at) => {
            assert.equal(scores[at] !== Number.NEGATIVE_INFINITY, fits(fleet, at, ask.classNumber, 1), name);
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is found by its name, whatever the capitals, and a wrong name is refused with the right ones', () => {
    assert.equal(policyName('BESTFIT'), 'bestFit');
    assert.equal(policyName('dotprod'), 'dotProduct');
    assert.throws(() => policyName('best'), { name: 'InputError', message: /Choose among: random, dotProduct/ });
  });
});
