import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createKnowledge, KNOWLEDGE } from '../../../src/core/replay/knowledge.ts';
import type { ListedTask } from '../../../src/core/replay/openb.ts';
import type { TimedReplay } from '../../../src/core/replay/replay.ts';
import { replayTimed } from '../../../src/core/replay/replay.ts';

const nodes = ['a', 'b', 'c', 'd'].map((name) => ({ name, milliCpu: 8000, memoryBytes: 100, gpuCount: 2 }));
const row = (name: string, gpuMilli: number, runtimeSeconds?: number): ListedTask => ({
  name,
  taskClass: { milliCpu: 100, gpuMilli, gpuCount: 1, gpuModels: [] },
  memoryBytes: 1,
  ...(runtimeSeconds === undefined ? {} : { runtimeSeconds }),
});
const tasks = [row('x', 500, 600), row('y', 1000, 3000), row('z', 300, 90_000), row('no runtime', 1000)];
const asked: TimedReplay = {
  policy: 'bestFit',
  seed: 1,
  load: 0.5,
  days: 12,
  warmUpDays: 2,
  capSeconds: 5000,
  knowledge: 'oracle',
  unplaced: 'drop',
};

describe('the timed replay', () => {
  it('serves the load it was asked for, less what it rejects', () => {
    const run = replayTimed({ nodes, tasks }, asked);
    // Half of 8 GPUs; the arrivals of ten days scatter by a few per cent.
    assert.ok(Math.abs(run.allocation / (1 - run.rejectedTime / 100) - 50) < 3, JSON.stringify(run));
    assert.ok(run.emptyNodes > 0 && run.emptyGpus === run.emptyNodes && run.freeGpus >= run.emptyGpus);
    // Mean GPU time of a row: (300 + 3000 + 1500) / 3 = 1600 s; 4 GPUs busy: one arrival in 400 s, 2160 in ten days.
    assert.ok(Math.abs(run.arrivals - 2160) < 250, `${run.arrivals}`);
  });

  it('is the same for the same seed; best fit does not look at runtimes, ours does not where nothing is known', () => {
    const once = replayTimed({ nodes, tasks }, asked);
    for (const knowledge of KNOWLEDGE) {
      assert.deepEqual(replayTimed({ nodes, tasks }, { ...asked, knowledge }), once);
      const joint = replayTimed({ nodes, tasks }, { ...asked, knowledge, policy: 'stowage' });
      assert.equal(joint.arrivals, once.arrivals);
      assert.deepEqual(replayTimed({ nodes, tasks }, { ...asked, knowledge, policy: 'stowage' }), joint);
      if (knowledge === 'none')
        assert.ok(joint.emptyNodes >= once.emptyNodes, 'fragments are looked at as well as fit');
    }
  });

  it('lets tasks wait instead, all of which are served', () => {
    const run = replayTimed({ nodes, tasks }, { ...asked, load: 0.95, unplaced: 'wait' });
    assert.equal(run.rejected, 0);
    assert.ok(run.meanWaitSeconds > 0);
  });

  it('refuses a list without runtimes, in words', () => {
    assert.throws(() => replayTimed({ nodes, tasks: [row('x', 500)] }, asked), {
      name: 'InputError',
      message: /needs scheduled_time and deletion_time/,
    });
  });
});

describe('what is known of runtimes', () => {
  it('is the truth, the past of the group, or nothing', () => {
    const predicted = createKnowledge('repredicted');
    assert.equal(createKnowledge('oracle').expectedRemaining('g', 100, 40), 60);
    assert.equal(createKnowledge('none').expectedRemaining('g', 100, 40), undefined);
    assert.equal(predicted.expectedRemaining('g', 100, 0), undefined, 'nothing has ended yet');
    for (let run = 0; run < 5; run += 1) predicted.ended('g', 200);
    for (let run = 0; run < 5; run += 1) predicted.ended('other', 900);
    assert.ok(Math.abs(predicted.expectedRemaining('g', 100, 0)! - 200) < 1e-6);
    assert.ok(predicted.expectedRemaining('g', 100, 400)! > 0, 'it outlived all that is known');
    assert.ok(predicted.expectedRemaining('new', 100, 0)! >= 200, 'a new group goes by all tasks');
  });

  it('is, where it is predicted again and again, a distribution as well', () => {
    const predicted = createKnowledge('repredicted');
    assert.equal(predicted.survival('g'), undefined, 'nothing has ended yet');
    for (let run = 0; run < 5; run += 1) predicted.ended('g', 400);
    const { stepSeconds } = predicted.survival('g')!;
    const mean = stepSeconds.reduce((sum, seconds) => sum + seconds, 0);
    // Half a step of a twelfth of a doubling, and the tail of one run in 200.
    assert.ok(Math.abs(mean - 400) < 14, `${mean}`);
    assert.equal(predicted.survival('new'), predicted.survival('another'), 'new groups go by all tasks');
    for (const name of ['oracle', 'once', 'none'] as const) {
      assert.equal(createKnowledge(name).survival('g'), undefined, name);
    }
  });
});
