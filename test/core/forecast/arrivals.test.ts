import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { countArrivals, drawArrivals, lowerLevel, NO_ARRIVALS } from '../../../src/core/forecast/arrivals.ts';
import { bandOf } from '../../../src/core/forecast/forecast.ts';
import type { FinishedTask } from '../../../src/core/model/finished.ts';
import { seededRandom } from '../../../src/core/model/random.ts';
import { amounts, node, snapshot, task } from '../place/cluster.ts';

const HOUR = 3600;
const DAY = 86400;

function finished(name: string, submitted: number, runtime: number, milliCpu = 1000, gpuMilli = 0): FinishedTask {
  return {
    id: name,
    parameters: {},
    request: amounts({ milliCpu, gpuMilli }),
    size: 1,
    submittedAtSeconds: submitted,
    startedAtSeconds: submitted + 10,
    endedAtSeconds: submitted + 10 + runtime,
    outcome: 'succeeded',
  };
}

describe('counted arrivals', () => {
  it('are what was submitted in the window, over its length', () => {
    const history = [0, 1, 2, 3].map((day) => finished(`h${day}`, day * DAY, 100));
    const { perSecond, past, fromSeconds } = countArrivals(history, snapshot([], []), 4 * DAY, 2 * DAY);
    assert.deepEqual([perSecond * DAY, past.kind.length, fromSeconds], [1, 2, 2 * DAY]);
  });

  it('begin where the history begins when it is shorter than the window', () => {
    const history = [finished('x', 3 * DAY, 100), finished('y', 3.5 * DAY, 100)];
    assert.equal(countArrivals(history, snapshot([], []), 4 * DAY).perSecond * DAY, 2);
  });

  it('count tasks that still run or wait, but none that is endless, infrastructure, or ends after now', () => {
    const live = [
      task('running', { node: 'a', createdAtSeconds: 100 }),
      task('waiting', { createdAtSeconds: 200 }),
      task('web', { node: 'a', endless: true, createdAtSeconds: 300 }),
      task('agent', { node: 'a', infrastructure: true, createdAtSeconds: 300 }),
    ];
    const history = [finished('done', 0, 100), finished('later', 500, 2 * DAY)];
    const { past } = countArrivals(history, snapshot([node('a')], live), DAY);
    assert.deepEqual(
      [[...past.atSeconds], [...past.runtimeSeconds]],
      [
        [0, 100, 200],
        [100, Number.NaN, Number.NaN],
      ],
    );
  });

  it('know the shapes with their shares and runtimes, most frequent first', () => {
    const history = [
      finished('a', 0, 300),
      finished('b', 10, 100),
      finished('c', 20, 500),
      finished('g', 30, 7000, 4000, 2000),
    ];
    const { kinds, past } = countArrivals(history, snapshot([], []), DAY);
    assert.deepEqual(
      kinds.map(({ request, gpuCount, share, runtimesSeconds }) => [
        request.milliCpu,
        gpuCount,
        share,
        Array.from(runtimesSeconds),
      ]),
      [
        [1000, 0, 0.75, [100, 300, 500]],
        [4000, 2, 0.25, [7000]],
      ],
    );
    assert.deepEqual([...past.kind], [0, 0, 0, 1]);
  });

  it('round the rarer of very many shapes up to powers of two, and lose none', () => {
    const history = Array.from({ length: 1000 }, (_, index) => finished(`h${index}`, index, 100, 1000 + index));
    const { kinds, past } = countArrivals(history, snapshot([], []), DAY);
    // The first 200 stay; of 1,200 … 1,999 milli-CPU all become 2,048.
    assert.equal(kinds.length, 201);
    assert.deepEqual([kinds[0]!.request.milliCpu, kinds[0]!.share], [2048, 0.8]);
    assert.equal(past.kind.length, 1000);
  });

  it('are none where nothing was seen', () => {
    const { perSecond, kinds, past } = countArrivals([], snapshot([], []), DAY);
    assert.deepEqual([perSecond, kinds, past.kind.length], [0, [], 0]);
  });
});

describe('the band of what is drawn from a few past days', () => {
  const days = (count: number) =>
    countArrivals([finished('first', 0, 60)], snapshot([], []), count * DAY, count * DAY + HOUR);

  it('reaches so far out that the next day is inside as often as it says, if it is like them', () => {
    // With 9 days, the next is below the least of them with 1 in 10: half a rank into the sample.
    assert.equal(lowerLevel(days(9), 0.1), 0.5 / 9);
    // 10 days: rank 1.1 of 11.
    assert.ok(Math.abs(lowerLevel(days(10), 0.1) - 0.06) < 1e-12);
    assert.ok(Math.abs(lowerLevel(days(999), 0.1) - 99.5 / 999) < 1e-12);
  });

  it('holds the whole sample where four days or fewer are known, and 80 % of it where nothing arrives', () => {
    assert.deepEqual([lowerLevel(days(4), 0.1), lowerLevel(days(3), 0.1)], [0, 0]);
    assert.equal(lowerLevel(NO_ARRIVALS, 0.1), 0.1);
  });

  it('holds the next of exchangeable days in 8 of 10 cases', () => {
    const random = seededRandom(5);
    let inside = 0;
    for (let round = 0; round < 4000; round++) {
      const seen = Array.from({ length: 10 }, () => random());
      const sample = Array.from({ length: 200 }, (_, index) => seen[index % 10]!);
      const { p10, p90 } = bandOf(sample, lowerLevel(days(10), 0.1));
      const next = random();
      if (p10 <= next && next <= p90) inside++;
    }
    // Ranks 1 and 10 of 10: 9 in 11; 4,000 rounds are good to .02 at three standard deviations.
    assert.ok(Math.abs(inside / 4000 - 9 / 11) < 0.02, `${inside / 4000}`);
  });
});

describe('drawn arrivals', () => {
  /** One task each day at 01:00, its CPU telling the day, over seven days up to midnight. */
  const daily = [0, 1, 2, 3, 4, 5, 6].map((day) => finished(`d${day}`, day * DAY + HOUR, 60, 1000 + day));
  const week = countArrivals(daily, snapshot([], []), 7 * DAY);

  it('come at the time of day at which they came', () => {
    for (let seed = 0; seed < 50; seed++) {
      assert.deepEqual([...drawArrivals(week, seededRandom(seed), DAY).inSeconds], [HOUR]);
    }
  });

  it('are of every past day alike that is known whole', () => {
    const counts = new Map<number, number>();
    for (let seed = 0; seed < 700; seed++) {
      for (const kind of drawArrivals(week, seededRandom(seed), DAY).kind)
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    // The history begins at 01:00 of the first day, so six are left: 117 each; 77 … 157 is four standard deviations.
    assert.equal(counts.size, 6);
    for (const count of counts.values()) assert.ok(count > 77 && count < 157, `${[...counts.values()]}`);
  });

  it('are ascending, within the span asked for, and as many as the rate says', () => {
    const history = Array.from({ length: 700 }, (_, index) => finished(`h${index}`, index * 864, 60));
    const dense = countArrivals(history, snapshot([], []), 7 * DAY);
    const drawn = drawArrivals(dense, seededRandom(1), 10 * HOUR).inSeconds;
    assert.ok(drawn.every((inSeconds, index) => index === 0 || inSeconds >= drawn[index - 1]!));
    assert.ok(drawn.every((inSeconds) => inSeconds >= 0 && inSeconds <= 10 * HOUR));
    assert.ok(Math.abs(drawn.length - (10 * HOUR) / 864) <= 5, `${drawn.length}`);
  });

  it('take any past stretches where less than three days are known', () => {
    const short = countArrivals([finished('x', 0, 60), finished('y', 1800, 60)], snapshot([], []), HOUR);
    const drawn = drawArrivals(short, seededRandom(1), DAY);
    assert.equal(drawn.kind.length, 48);
  });

  it('run longer than they have run already where they still run: as one that did, or as long again', () => {
    const request = amounts({ milliCpu: 1000 });
    const live = task('live', { node: 'a', request, createdAtSeconds: 6 * DAY + HOUR });
    const runtimes = (known: FinishedTask[]) => {
      const history = [finished('first', 0, 60, 2000), ...known];
      const arrivals = countArrivals(history, snapshot([node('a')], [live]), 7 * DAY);
      const drawn = Array.from({ length: 100 }, (_, seed) => drawArrivals(arrivals, seededRandom(seed), DAY));
      const atOne = drawn.flatMap(({ inSeconds, runtimeSeconds }) =>
        [...runtimeSeconds].filter((_, index) => inSeconds[index] === HOUR),
      );
      return [...new Set(atOne)];
    };
    assert.deepEqual(runtimes([finished('long', 10, 5 * DAY), finished('short', 20, 60)]), [5 * DAY]);
    assert.deepEqual(runtimes([finished('short', 20, 60)]), [2 * 23 * HOUR]);
  });

  it('are none where nothing was seen', () => {
    assert.equal(drawArrivals(NO_ARRIVALS, seededRandom(1), DAY).kind.length, 0);
  });
});
