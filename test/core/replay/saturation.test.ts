import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'mocha';
import { createFleet } from '../../../src/core/fleet/fleet.ts';
import { mixOfCounts } from '../../../src/core/fragment/mix.ts';
import { seededRandom } from '../../../src/core/model/random.ts';
import type { PolicyName } from '../../../src/core/place/policies/policies.ts';
import { bestFitPolicy } from '../../../src/core/place/policies/published.ts';
import type { ListedTask } from '../../../src/core/replay/openb.ts';
import { readOpenbNodes, readOpenbTasks } from '../../../src/core/replay/openb.ts';
import { replaySaturation, sampledLoads } from '../../../src/core/replay/replay.ts';
import { runSaturation, seededWorkload } from '../../../src/core/replay/saturation.ts';

function task(name: string, gpuMilli: number, gpuCount = 1, milliCpu = 1000): ListedTask {
  return { name, taskClass: { milliCpu, gpuMilli, gpuCount, gpuModels: [] }, memoryBytes: 1 };
}

const nodes = ['a', 'b'].map((name) => ({ name, milliCpu: 8000, memoryBytes: 100, gpuCount: 1 }));

describe('the published protocol', () => {
  it('counts what is dropped as arrived, by kind and by GPU demand, and samples by arrived load', () => {
    const fleet = createFleet(nodes);
    const tasks = [
      task('1', 600),
      task('2', 600),
      task('3', 600),
      task('4', 300),
      task('5', 1000, 2),
      task('6', 0, 0, 9000),
    ];
    const mix = mixOfCounts([{ taskClass: task('', 600).taskClass, count: 1 }]);
    const { samples, failed } = runSaturation(
      { fleet, policy: bestFitPolicy(fleet), tasks, mix },
      [60, 90, 105, 200, 300],
    );
    // 2000 milli in all. Arrived 30, 60, 90, 105, 205 %: the third and the pair are dropped, the rest is in.
    assert.deepEqual(
      [...samples].map(([load, { allocation }]) => [load, allocation]),
      [
        [60, 60],
        [90, 60],
        [105, 75],
        [200, 75],
        [300, 75],
      ],
    );
    // Free 400 and 100 at the end: useless to a share of 600.
    assert.deepEqual(samples.get(200), { allocation: 75, fragRatio: 100, fragAmount: 25 });
    assert.deepEqual(failed, { cpuOnly: 1, share: 1, whole: { 2: 1 }, gpuDemand: 130 });
  });

  it('tunes the load by clones, up to the target, or by deletion, down to it', () => {
    const tasks = [task('x', 500), task('y', 250)];
    const more = seededWorkload(nodes, tasks, 1.5, seededRandom(1)).tasks;
    const demand = (all: readonly ListedTask[]) => all.reduce((sum, { taskClass }) => sum + taskClass.gpuMilli, 0);
    assert.ok(demand(more) <= 3000 && demand(more) > 2500, `${demand(more)}`);
    assert.deepEqual(
      new Set(more.slice(0, 2).map(({ name }) => name)),
      new Set(['x', 'y']),
      'the list itself comes first',
    );
    const fewer = seededWorkload(nodes, tasks, 0.3, seededRandom(1)).tasks;
    assert.ok(demand(fewer) <= 600);
  });

  it('leaves a list without GPU demand as it is', () => {
    assert.equal(seededWorkload(nodes, [task('c', 0, 0)], 1.3, seededRandom(1)).tasks.length, 1);
  });

  it('is the same for the same seed, and refuses nodes without GPUs', () => {
    const tasks = [300, 500, 810, 1000].map((milli, index) => task(`t${index}`, milli));
    const lists = { nodes: [...nodes, { ...nodes[0]!, name: 'c', gpuCount: 8 }], tasks };
    for (const policy of ['random', 'fgd', 'stowage', 'stowage-online'] as const) {
      const once = replaySaturation(lists, { policy, seed: 7, load: 1.3 });
      assert.deepEqual(replaySaturation(lists, { policy, seed: 7, load: 1.3 }), once);
      assert.ok(once.samples.get(130)!.allocation > 50);
    }
    assert.throws(
      () => replaySaturation({ nodes: [{ ...nodes[0]!, gpuCount: 0 }], tasks }, { policy: 'fgd', seed: 1, load: 1 }),
      /No node of the list has a GPU/,
    );
    assert.deepEqual(sampledLoads(1.05), [80, 90, 100, 105]);
  });
});

describe('the published figures', () => {
  const traces = resolve(import.meta.dirname, '../../../../shared/traces/openb');
  const published = join(traces, 'published_allocation.csv');

  it('are met by one seed of best fit and FGD, and FGD is beaten by stowage', function () {
    if (!existsSync(published)) {
      console.log(
        `      left out: there is no ${published}; download Alibaba's cluster-trace-gpu-v2023 (openb) to run it`,
      );
      this.skip();
    }
    const read = (name: string) => readFileSync(join(traces, name), 'utf8');
    const lists = {
      nodes: readOpenbNodes(read('openb_node_list_gpu_node.csv')).nodes,
      tasks: readOpenbTasks(read('openb_pod_list_default.csv')).tasks,
    };
    const at130 = (policy: PolicyName) =>
      replaySaturation(lists, { policy, seed: 42, load: 1.3 }).samples.get(130)!.allocation;
    // Published means 93.08 and 95.39, sd over seeds .13 and .08: one seed lies within .5.
    const fgd = at130('fgd');
    assert.ok(Math.abs(at130('bestFit') - 93.08) < 0.5);
    assert.ok(Math.abs(fgd - 95.39) < 0.5, `${fgd}`);
    const ours = at130('stowage');
    assert.ok(ours > fgd + 0.5, `${ours} against ${fgd}`);
  });
});
