import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { countArrivals } from '../../../src/core/forecast/arrivals.ts';
import type { FinishedTask } from '../../../src/core/model/finished.ts';
import { amounts, node, snapshot, task } from '../place/cluster.ts';

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
    const { perSecond, seen, fromSeconds } = countArrivals(history, snapshot([], []), 4 * DAY, 2 * DAY);
    assert.deepEqual([perSecond * DAY, seen, fromSeconds], [1, 2, 2 * DAY]);
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
    assert.equal(countArrivals(history, snapshot([node('a')], live), DAY).seen, 3);
  });

  it('know the shapes with their shares and runtimes, most frequent first', () => {
    const history = [
      finished('a', 0, 100),
      finished('b', 10, 300),
      finished('c', 20, 500),
      finished('g', 30, 7000, 4000, 2000),
    ];
    const { kinds } = countArrivals(history, snapshot([], []), DAY);
    assert.deepEqual(
      kinds.map(({ request, gpuCount, share, runtimesSeconds }) => [
        request.milliCpu,
        gpuCount,
        share,
        runtimesSeconds,
      ]),
      [
        [1000, 0, 0.75, [100, 300, 500]],
        [4000, 2, 0.25, [7000]],
      ],
    );
  });

  it('leave the rare shapes out of the draw, not out of the rate', () => {
    const common = Array.from({ length: 99 }, (_, index) => finished(`c${index}`, index, 100));
    const { kinds, seen } = countArrivals([...common, finished('rare', 50, 100, 64_000)], snapshot([], []), DAY);
    assert.deepEqual([kinds.length, kinds[0]!.share, seen], [1, 1, 100]);
  });

  it('are none where nothing was seen', () => {
    assert.deepEqual(
      [countArrivals([], snapshot([], []), DAY).perSecond, countArrivals([], snapshot([], []), DAY).kinds],
      [0, []],
    );
  });
});
