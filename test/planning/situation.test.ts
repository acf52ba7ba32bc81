import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'mocha';
import type { Cluster } from '../../src/cluster/port.ts';
import { seededRandom } from '../../src/core/model/random.ts';
import type { Task } from '../../src/core/model/task.ts';
import { type Predictor, trainPredictor } from '../../src/core/predict/predictor.ts';
import { loadEngine } from '../../src/io/engine.ts';
import { readPretrained } from '../../src/io/networks.ts';
import { lastShrinks } from '../../src/planning/since.ts';
import { hasOldPast, predictRest, readSituation, updateSituation } from '../../src/planning/situation.ts';
import { recurringHistory } from '../core/predict/histories.ts';
import { amounts, aNode, aSnapshot, aTask, NOW } from '../core/small.ts';

describe('reading a situation', () => {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-planning-'));
  after(() => rmSync(directory, { recursive: true }));

  it('reads history again each time', async () => {
    const cluster = new CountedCluster([aTask('a', 'n', amounts(1, 1))]);
    await readSituation(cluster, directory);
    await readSituation(cluster, directory);
    assert.equal(cluster.histories, 2);
  });

  for (const [outcomes, name] of [
    [19, 'baselines'],
    [99, 'baselines'],
    [100, 'trained'],
    [1000, 'trained'],
  ] as const) {
    it(`predicts by the ${name} where ${outcomes} outcomes have judged the network`, async () => {
      const cluster = new CountedCluster([aTask('a', 'n', amounts(1, 1))]);
      const { predictor, predictions } = await readSituation(cluster, directory, await trainedOn(outcomes));
      assert.equal(predictor.name, name);
      // of the network what it was trained on; of the baselines what this cluster's own past holds: nothing
      assert.equal(predictor.tasks, name === 'trained' ? outcomes : 0);
      if (name === 'baselines') assert.notEqual(predictions['default/a']!.predictor, 'stowage');
    });
  }
});

/** Too few to train on: pretrained weights, scored on each of the tasks. */
async function trainedOn(tasks: number): Promise<Predictor> {
  const settings = { tf: await loadEngine(), random: seededRandom(1), pretrained: await readPretrained() };
  return trainPredictor(recurringHistory(tasks), settings);
}

describe('updating a situation', () => {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-planning-'));
  after(() => rmSync(directory, { recursive: true }));

  it('reads what there is now and keeps what was known of the past', async () => {
    const tasks = [aTask('a', 'n', amounts(1, 1)), aTask('b', 'n', amounts(1, 1)), aTask('c', 'n', amounts(1, 1))];
    const cluster = new CountedCluster(tasks);
    const first = await readSituation(cluster, directory);
    const moved = { ...tasks[1]!, phase: 'ending' as const };
    cluster.tasks = [tasks[0]!, moved, aTask('d', 'n', amounts(1, 1))];
    const next = await updateSituation(cluster, first);
    assert.equal(cluster.histories, 1);
    assert.deepEqual(next.snapshot.tasks, cluster.tasks);
    // b is the same run still, c is gone, and d has no prediction yet
    assert.deepEqual(Object.keys(next.predictions).sort(), ['default/a', 'default/b']);
    assert.equal(next.predictions['default/b'], first.predictions['default/b']);
    assert.deepEqual(
      next.unpredicted.map(({ id }) => id),
      ['default/d'],
    );
    assert.deepEqual(Object.keys(first.predictions).sort(), ['default/a', 'default/b', 'default/c']);
  });

  it('leaves to be predicted what is new or another run, and keeps the prediction of a run that has changed till then', async () => {
    const tasks = [aTask('a', 'n', amounts(1, 1)), aTask('b', 'n', amounts(1, 1))];
    const cluster = new CountedCluster(tasks);
    const first = await readSituation(cluster, directory);
    const renamed = { ...tasks[0]!, parameters: { creator: 'ana' } };
    const replaced = { ...tasks[1]!, uid: 'another' };
    cluster.tasks = [renamed, replaced];
    const next = await updateSituation(cluster, first);
    assert.deepEqual(next.predictions, { 'default/a': first.predictions['default/a'] });
    assert.deepEqual(next.unpredicted, [renamed, replaced]);
    // one that changes again before it was predicted is left once, as it is now
    const again = { ...renamed, phase: 'ending' as const };
    cluster.tasks = [again, replaced];
    const last = await updateSituation(cluster, next);
    assert.deepEqual(new Set(last.unpredicted), new Set([again, replaced]));
    const { predictions, unpredicted } = predictRest(last);
    assert.deepEqual(unpredicted, []);
    assert.deepEqual(predictions, (await readSituation(cluster, directory)).predictions);
  });

  it('does not read the past again, which is old after a minute', async () => {
    const cluster = new CountedCluster([aTask('a', 'n', amounts(1, 1))]);
    const first = await readSituation(cluster, directory);
    cluster.nowSeconds += 59;
    const next = await updateSituation(cluster, first);
    assert.equal(hasOldPast(next), false);
    cluster.nowSeconds += 1;
    assert.equal(hasOldPast(await updateSituation(cluster, next)), true);
    assert.equal(hasOldPast(await readSituation(cluster, directory)), false);
  });
});

describe('when tasks were last shrunk', () => {
  it('stands on them; a time that is not past counts as never', () => {
    const at = (name: string, lastShrunkAtSeconds: number) => aTask(name, 'n', amounts(1, 1), { lastShrunkAtSeconds });
    const snapshot = aSnapshot(
      [aNode('n', amounts(8, 8))],
      [at('a', NOW - 60), at('b', NOW + 60), aTask('c', 'n', amounts(1, 1))],
    );
    assert.deepEqual(lastShrinks(snapshot), { 'shrunk default/a': NOW - 60 });
  });
});

/** A cluster of one node that only tells what it is; it counts how often its history is asked for. */
class CountedCluster implements Pick<Cluster, 'readSnapshot' | 'readHistory'> {
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
}
