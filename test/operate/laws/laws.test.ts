import assert from 'node:assert/strict';
import { isFull } from '../../full.ts';
import { type Broken, type Explored, explore, type Scenario, told } from './explore.ts';
import { KNOWN } from './known.ts';
import { LAWS, type Law } from './laws.ts';
import { only, scenarios } from './scenarios.ts';
import { TAKEN_OUT } from './takenOut.ts';

/** Disturbances on one way, in `npm test` and in `npm run test:full`: more where the ways are short. */
const MOST: Readonly<Record<string, readonly [number, number]>> = {
  'an undo': [2, 3],
  'a placement': [2, 3],
  'a record of 0.1 on a pod': [2, 3],
  'a forged record on a Job that Kueue holds': [2, 3],
  'a plan of three moves': [1, 1],
};

function mostIn({ name }: Scenario): number {
  const [some, all] = MOST[name] ?? [1, 2];
  return isFull ? all : some;
}

const all = await scenarios();

describe('the laws of a move', () => {
  const sizes: Explored[] = [];

  after(() => {
    const sum = (of: (size: Explored) => number) => Math.round(sizes.reduce((total, size) => total + of(size), 0));
    const counts = [sum(({ states }) => states), sum(({ schedules }) => schedules), sum(({ seconds }) => seconds)];
    const [states, schedules, seconds] = counts.map((count) => count.toLocaleString('en'));
    console.log(
      `      ${states} states and ${schedules} schedules in ${seconds} s, up to ${Math.max(...all.map(mostIn))} disturbances each`,
    );
  });

  for (const scenario of all) {
    const known = Object.entries(KNOWN[scenario.name] ?? {}) as [Law, { finding: string; disturbances: number }][];
    let broken: readonly Broken[];

    describe(scenario.name, () => {
      before(async () => {
        const explored = await explore(scenario, mostIn(scenario));
        sizes.push(explored);
        broken = explored.broken;
      });

      it('keeps them on every way', () => {
        const found = broken.filter(({ law }) => !known.some(([each]) => each === law));
        assert.ok(found.length === 0, found.map(told).join('\n'));
      });

      for (const [law, { finding, disturbances }] of known) {
        if (disturbances > mostIn(scenario)) continue;
        it(`breaks one, as is known (finding ${finding}): ${law}`, () => {
          const isBroken = broken.some((each) => each.law === law);
          assert.ok(isBroken, 'It is kept: take its line out of known.ts.');
        });
      }
    });
  }
});

describe('each law of a move is broken', () => {
  for (const { what, scenario: name, by, law, alteration } of TAKEN_OUT) {
    it(`"${law}", without ${what}`, async () => {
      const scenario = only(named(name), by);
      const without: Scenario = { ...scenario, first: { ...scenario.first, alteration } };
      const [as, altered] = [await explore(scenario, by.length), await explore(without, by.length)];
      const breaks = ({ broken }: Explored) => broken.some((each) => each.law === law);
      assert.ok(breaks(altered), 'It is kept all the same.');
      if (!KNOWN[name]?.[law]) assert.ok(!breaks(as), 'It is broken without that.');
    });
  }

  it('each, by something that is taken out', () => {
    const tried = new Set<string>(TAKEN_OUT.map(({ law }) => law));
    assert.deepEqual(
      Object.keys(LAWS).filter((law) => !tried.has(law)),
      [],
    );
  });
});

function named(name: string): Scenario {
  const found = all.find((scenario) => scenario.name === name);
  assert.ok(found, `There is no scenario "${name}".`);
  return found;
}
