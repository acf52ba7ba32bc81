import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { openSampleCluster } from '../../../src/cluster/sample/sampleCluster.ts';
import type { FinishedTask } from '../../../src/core/model/finished.ts';
import { seededRandom } from '../../../src/core/model/random.ts';
import { evaluatePredictors } from '../../../src/core/predict/evaluate.ts';
import type { Engine } from '../../../src/core/predict/training.ts';
import { loadEngine } from '../../../src/io/engine.ts';
import { readPretrained } from '../../../src/io/networks.ts';
import { isFull } from '../../full.ts';

/** The same tasks, told without S202's own inputs: type, framework, data scale, usage of earlier runs. */
function withoutInputs(task: FinishedTask): FinishedTask {
  const { type: _type, framework: _framework, dataScale: _scale, ...parameters } = task.parameters;
  const { meanUsage: _usage, ...rest } = task;
  return { ...rest, parameters };
}

describe('the inputs of S202', () => {
  let directory: string;
  let tasks: readonly FinishedTask[];
  let tf: Engine;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stowage-sample-'));
    const cluster = await openSampleCluster({ seed: 7, directory });
    tasks = (await cluster.readHistory()).tasks.slice(-3000);
    await cluster.close();
    tf = await loadEngine();
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('are told by the sample cluster', () => {
    assert.ok(tasks.filter((task) => task.parameters.dataScale !== undefined).length > tasks.length / 4);
    assert.ok(tasks.some((task) => task.parameters.type !== undefined && task.parameters.framework !== undefined));
  });

  it('matter: the network is closer with them than without', async function () {
    if (!isFull) this.skip(); // trains twice
    const { network } = await readPretrained();
    const errorOf = (history: readonly FinishedTask[]) =>
      evaluatePredictors(history, {
        tf,
        random: seededRandom(1),
        network,
        learns: true,
        schedule: { steps: 80, blocks: 2 },
      }).predictors.stowage;
    const [told, untold] = [errorOf(tasks), errorOf(tasks.map(withoutInputs))];
    assert.ok(told.pinball50 < untold.pinball50, `median: ${told.pinball50} with, ${untold.pinball50} without`);
    assert.ok(told.avgPred > untold.avgPred, `AVGpred: ${told.avgPred} with, ${untold.avgPred} without`);
  });
});
