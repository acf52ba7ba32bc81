import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'mocha';
import type { Cluster } from '../src/cluster/cluster.ts';
import type { Task } from '../src/core/model/task.ts';
import { readSituation } from '../src/planning.ts';
import { amounts, aNode, aSnapshot, aTask, NOW } from './core/small.ts';

describe('reading a situation', () => {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-planning-'));
  after(() => rmSync(directory, { recursive: true }));

  it('reads history and standing moves anew for a plan, and for what is shown when they are a minute old', async () => {
    const tasks = [aTask('a', 'n', amounts(1, 1)), aTask('b', 'n', amounts(1, 1))];
    const cluster = new CountedCluster(tasks);
    const first = await readSituation(cluster, directory);
    assert.equal(cluster.histories, 1);
    cluster.tasks = [tasks[0]!, aTask('b', 'n', amounts(2, 2)), aTask('c', 'n', amounts(1, 1))];
    cluster.nowSeconds += 59;
    const soon = await readSituation(cluster, directory, undefined, undefined, first);
    assert.equal(cluster.histories, 1);
    assert.deepEqual(Object.keys(soon.predictions).sort(), ['default/a', 'default/b', 'default/c']);
    // the very same task keeps its prediction, a changed one has its own
    assert.equal(soon.predictions['default/a'], first.predictions['default/a']);
    assert.notEqual(soon.predictions['default/b'], first.predictions['default/b']);
    cluster.nowSeconds += 1;
    await readSituation(cluster, directory, undefined, undefined, soon);
    assert.equal(cluster.histories, 2);
    await readSituation(cluster, directory);
    assert.equal(cluster.histories, 3);
  });

  it('predicts everything anew once another predictor is in use', async () => {
    const cluster = new CountedCluster([aTask('a', 'n', amounts(1, 1))]);
    const first = await readSituation(cluster, directory);
    const trained = await readSituation(cluster, directory, first.past.predictor, undefined, first);
    assert.deepEqual([cluster.histories, trained.predictor.name], [2, 'trained']);
  });
});

/** A cluster of one node that only tells what it is; it counts how often its history is asked for. */
class CountedCluster implements Pick<Cluster, 'readSnapshot' | 'readHistory' | 'readRecords'> {
  tasks: Task[];
  nowSeconds = NOW;
  histories = 0;

  constructor(tasks: Task[]) {
    this.tasks = tasks;
  }

  async readSnapshot() {
    return { ...aSnapshot([aNode('n', amounts(8, 8))], this.tasks), takenAtSeconds: this.nowSeconds };
  }

  async readHistory() {
    this.histories += 1;
    return { tasks: [], problems: [] };
  }

  async readRecords() {
    return [];
  }
}
