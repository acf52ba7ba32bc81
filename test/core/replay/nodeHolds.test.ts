import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { seededRandom } from '../../../src/core/model/random.ts';
import type { RuntimeDistribution } from '../../../src/core/predict/distribution.ts';
import { distributionOf, quantile, remainingQuantile } from '../../../src/core/predict/distribution.ts';
import type { Survival } from '../../../src/core/replay/nodeHolds.ts';
import { createNodeHolds, survivalOf } from '../../../src/core/replay/nodeHolds.ts';

const HOUR = 3600;
const MONTH = 30 * 24 * HOUR;
/** Times are known to half a step, of which there are four to a doubling. */
const HALF_STEP = 2 ** (1 / 8) - 1;

/** One node with tasks that started when said. */
function node(...tasks: (readonly [RuntimeDistribution | undefined, number])[]) {
  const holding = tasks.map(([runtime, startedAtSeconds]) => ({
    task: runtime && survivalOf(runtime),
    startedAtSeconds,
  }));
  return { holding, holds: createNodeHolds<Survival | undefined>([holding], (task) => task) };
}
const always = (seconds: number) => distributionOf([seconds]);
const near = (actual: number, expected: number, tolerance: number, what = '') =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what} ${actual}, not ${expected} ± ${tolerance}`);

describe('how long nodes are held', () => {
  it('prolongs an empty node by the mean runtime, and one with a task by what is left when that has ended', () => {
    // The table says of 200 s that one run in 200 lasts longer, as long again on average: 201 s.
    near(node().holds.prolonged(0, survivalOf(always(200)), 0), 201, 3);
    const { holds } = node([always(2 * HOUR), 0]);
    near(holds.prolonged(0, survivalOf(always(HOUR)), 0), 0, 60);
    near(holds.prolonged(0, survivalOf(always(3 * HOUR)), 0), HOUR, HALF_STEP * 3 * HOUR);
  });

  it('counts a rare long run, of the task and of those that run', () => {
    const rare = distributionOf([...Array<number>(90).fill(HOUR), ...Array<number>(10).fill(20 * HOUR)]);
    const asked = survivalOf(always(2 * HOUR));
    // The table joins 1 h at .9 and 20 h at .925 by a line: a quarter of the long runs are somewhat shorter.
    // A tenth of the runs goes on for 18 h after two hours.
    near(node([always(2 * HOUR), 0]).holds.prolonged(0, survivalOf(rare), 0), 1.8 * HOUR, 0.3 * HOUR);
    // Nine in ten end after an hour, and two hours' work goes on for one. A task that is two hours old is not one of those.
    near(node([rare, 0]).holds.prolonged(0, asked, 0), 0.9 * HOUR, 0.1 * HOUR);
    near(node([rare, -2 * HOUR]).holds.prolonged(0, asked, 0), 0, 0.3 * HOUR);
  });

  it('agrees with ends drawn one by one, whatever runs on the node and for how long', () => {
    const random = seededRandom(5);
    for (let round = 0; round < 12; round += 1) {
      const runtime = () =>
        distributionOf(Array.from({ length: 1 + Math.floor(60 * random()) }, () => Math.exp(4 + 7 * random())));
      const mine = runtime();
      const others = Array.from({ length: round % 5 }, () => [runtime(), -Math.exp(10 * random())] as const);
      const draws = 20_000;
      let sum = 0;
      let alone = 0;
      for (let draw = 0; draw < draws; draw += 1) {
        // Each twentieth-thousandth of the task's own runtime once: fewer draws are needed.
        const end = Math.min(MONTH, quantile(mine, (draw + random()) / draws));
        let emptied = 0;
        for (const [other, since] of others) emptied = Math.max(emptied, remainingQuantile(other, -since, random()));
        sum += Math.max(0, end - emptied);
        alone += end;
      }
      const expected = node(...others).holds.prolonged(0, survivalOf(mine), 0);
      near(expected, sum / draws, (0.04 * alone) / draws, `round ${round}, ${others.length} tasks:`);
    }
  });

  it('expects of a task that outlived all that is known that it runs as long again', () => {
    const { holds } = node([always(HOUR), -10 * HOUR]);
    // It still runs after t more with (10 / (10 + t))²: of ten hours it is gone 10 − 10 × 10 / 20 = 5.
    near(holds.prolonged(0, survivalOf(always(10 * HOUR)), 0), 5 * HOUR, 0.15 * HOUR);
  });

  it('takes a task of which nothing is known to end at once', () => {
    const { holds } = node([undefined, 0], [always(2 * HOUR), 0]);
    near(holds.prolonged(0, survivalOf(always(3 * HOUR)), 0), HOUR, HALF_STEP * 3 * HOUR);
  });

  it('goes by the tasks and their ages now', () => {
    const { holding, holds } = node([always(HOUR), 0]);
    const half = survivalOf(always(HOUR / 2));
    near(holds.prolonged(0, half, 0), 0, 60);
    near(holds.prolonged(0, half, (50 / 60) * HOUR), HOUR / 3, 300, 'ten minutes are left:');
    holding.pop();
    holds.changed(0);
    near(holds.prolonged(0, half, (50 / 60) * HOUR), HOUR / 2, 60, 'it has ended:');
  });

  it('prolongs less the more tasks run, and never by less than nothing', () => {
    const spread = distributionOf([60, 600, 6000, 60_000]);
    const asked = survivalOf(spread);
    let before = Number.POSITIVE_INFINITY;
    for (let count = 0; count < 20; count += 1) {
      const seconds = node(...Array.from({ length: count }, () => [spread, 0] as const)).holds.prolonged(0, asked, 0);
      assert.ok(seconds < before && seconds > 0, `${count} tasks: ${seconds}`);
      before = seconds;
    }
  });

  it('gives a finite answer for tasks older than half a year, of a second and of years', () => {
    const years = always(3e8);
    for (const runtime of [always(1), years]) {
      const { holds } = node([runtime, -4e8], [runtime, 0]);
      const seconds = holds.prolonged(0, survivalOf(years), 0);
      assert.ok(Number.isFinite(seconds) && seconds >= 0, `${seconds}`);
    }
  });
});
