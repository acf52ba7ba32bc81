import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { InputError } from '../../../src/core/model/input.ts';
import { seededRandom } from '../../../src/core/model/random.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import type { Task } from '../../../src/core/model/task.ts';
import { QUANTILE_LEVELS, quantile } from '../../../src/core/predict/distribution.ts';
import { fitPredictor, predictSnapshot, trainPredictor, updatePredictor } from '../../../src/core/predict/predictor.ts';
import { formatPredictor, parsePredictor } from '../../../src/core/predict/predictorFile.ts';
import type { Engine } from '../../../src/core/predict/training.ts';
import { loadEngine } from '../../../src/io/engine.ts';
import { readPretrained } from '../../../src/io/networks.ts';
import { describeBasis } from '../../../src/text/prediction.ts';
import { finished, recurringHistory } from './histories.ts';

const history = recurringHistory(600);
const nowSeconds = Math.max(...history.map((task) => task.endedAtSeconds));

function task(changes: Partial<Task> = {}): Task {
  return {
    id: 'ml/a',
    uid: 'a',
    namespace: 'ml',
    name: 'a',
    labels: {},
    phase: 'pending',
    gpuCount: 0,
    request: history[0]!.request,
    allocation: history[0]!.request,
    desired: history[0]!.request,
    qosClass: 'Burstable',
    parameters: history.at(-1)!.parameters,
    constraints: {},
    priority: 0,
    createdAtSeconds: nowSeconds - 10,
    gated: false,
    endless: false,
    infrastructure: false,
    generation: 1,
    problems: [],
    ...changes,
  };
}

function snapshot(...tasks: readonly Task[]): Snapshot {
  return {
    cluster: 'test',
    takenAtSeconds: nowSeconds,
    nodes: [],
    tasks,
    usage: {},
    budgets: [],
    rights: {},
    problems: [],
  };
}

describe('a predictor', () => {
  let tf: Engine;
  before(async () => {
    tf = await loadEngine();
  });
  const settings = () => ({ tf, random: seededRandom(1) });

  it('of the baselines alone says what it stands on', () => {
    const { predictor, basis, runtime } = predictSnapshot(fitPredictor(history), snapshot(task()))['ml/a']!;
    assert.ok(['med5', 'med20', 'last2', 'request'].includes(predictor));
    assert.match(describeBasis(basis), /runs? of kind \d by user \d|the runtime it asked for/);
    assert.equal(runtime.seconds.length, QUANTILE_LEVELS.length);
  });

  it('leaves out what never ends and what belongs to a node', () => {
    const tasks = [task({ id: 'ml/web', endless: true }), task({ id: 'ml/agent', infrastructure: true })];
    assert.deepEqual(predictSnapshot(fitPredictor(history), snapshot(...tasks)), {});
  });

  it('predicts from an empty history, widely and in words', () => {
    const { basis, runtime } = predictSnapshot(fitPredictor([]), snapshot(task({ parameters: {} })))['ml/a']!;
    assert.deepEqual(basis, { code: 'nothing' });
    assert.ok(runtime.seconds.at(-1)! > 20 * runtime.seconds[0]!);
    assert.ok(runtime.seconds.every((seconds) => Number.isFinite(seconds) && seconds >= 1));
  });

  it('renews what it says of a running task by the runs that have ended since it started', () => {
    const parameters = { creator: 'ana', name: 'sweep' };
    const startedAtSeconds = nowSeconds - 5000;
    const running = task({ phase: 'running', startedAtSeconds, createdAtSeconds: startedAtSeconds, parameters });
    const sibling = (at: number) =>
      finished({ id: `s${at}`, parameters, submittedAtSeconds: startedAtSeconds, runtime: 4000 + at });
    const predictor = trainPredictor(history.slice(0, 100), settings());
    const told = (more: Parameters<typeof predictSnapshot>[2]) =>
      predictSnapshot(predictor, snapshot(running), more)['ml/a']!;
    const median = ({ runtime }: ReturnType<typeof told>) => quantile(runtime, 0.5);
    const siblings = Array.from({ length: 12 }, (_, at) => sibling(at));
    assert.match(describeBasis(told(siblings).basis), /latest runs? of sweep by ana|past runs of sweep by ana/);
    assert.doesNotMatch(describeBasis(told([]).basis), /sweep/);
    assert.ok(Math.abs(median(told(siblings)) - 4000) < Math.abs(median(told([])) - 4000));
  });

  it("reads a running task's remaining time from its own kind's runs once 20 of them have ended", () => {
    const parameters = { creator: 'ana', name: 'sweep' };
    const running = task({ phase: 'running', startedAtSeconds: nowSeconds - 100, parameters });
    const own = (count: number) =>
      Array.from({ length: count }, (_, at) =>
        finished({
          id: `s${at}`,
          parameters,
          submittedAtSeconds: at * 10,
          runtime: 1000 + at,
          size: 1,
          request: running.request,
        }),
      );
    const longest = (count: number) =>
      predictSnapshot(fitPredictor([...history, ...own(count)]), snapshot(running))['ml/a']!.runtime.seconds.at(-1)!;
    assert.ok(longest(20) <= 1019 && longest(20) > 1000, `${longest(20)}`);
    // Before, by the errors of everyone, which know longer ones.
    assert.ok(longest(19) > 1100, `${longest(19)}`);
  });

  it('never says more than the limit, asked for or set', () => {
    const limited = task({ runtimeLimitSeconds: 33 });
    for (const predictor of [fitPredictor(history), trainPredictor(history.slice(0, 100), settings())]) {
      assert.ok(predictSnapshot(predictor, snapshot(limited))['ml/a']!.runtime.seconds.every((each) => each <= 33));
    }
  });

  it('uses the pretrained weights as they are until 2,000 tasks have ended', async () => {
    const pretrained = await readPretrained();
    const predictor = trainPredictor(history, { ...settings(), pretrained });
    assert.equal(predictor.card.weights, 'pretrained');
    assert.deepEqual(predictor.network, pretrained.network);
    assert.equal(predictor.record.scores['']?.stowage?.outcomes, history.length);
    const { predictor: name, basis, coverage } = predictSnapshot(predictor, snapshot(task()))['ml/a']!;
    assert.ok(coverage && coverage.outcomes > 0 && coverage.fraction > 0.5);
    if (name === 'stowage') assert.match(describeBasis(basis), /past runs?.*ended \d+ \w+ \d\d:\d\d UTC \(\d+ %\)/);
  });

  it('goes on with what has ended since, and knows what it knew', async () => {
    const pretrained = await readPretrained();
    const before = trainPredictor(history.slice(0, 500), { ...settings(), pretrained });
    const after = updatePredictor(before, history, settings());
    assert.equal(after.card.tasks, 600);
    assert.equal(after.record.scores['']?.stowage?.outcomes, 600);
    assert.equal(updatePredictor(after, history, settings()), after);
  });

  it('knows whose tasks it has learned from, until others join them', async () => {
    const cluster = { key: 'sample-7', name: 'sample seed 7' };
    const own = { ...settings(), pretrained: await readPretrained(), cluster };
    const before = trainPredictor(history.slice(0, 20), own);
    assert.deepEqual(before.card.cluster, cluster);
    assert.deepEqual(updatePredictor(before, history.slice(0, 30), own).card.cluster, cluster);
    assert.equal(updatePredictor(before, history.slice(0, 30), settings()).card.cluster, undefined);
    const another = { ...settings(), cluster: { key: 'sample-8', name: 'sample seed 8' } };
    assert.equal(updatePredictor(before, history.slice(0, 30), another).card.cluster, undefined);
  });

  it('comes back from its file as it was', () => {
    const predictor = fitPredictor(history);
    assert.deepEqual(parsePredictor(JSON.parse(formatPredictor(predictor)), 'p.json'), predictor);
  });

  it('comes back from its file with its network', async () => {
    const predictor = trainPredictor(history.slice(0, 50), { ...settings(), pretrained: await readPretrained() });
    assert.deepEqual(parsePredictor(JSON.parse(formatPredictor(predictor)), 'p.json').network, predictor.network);
  });

  it('refuses files that are foreign, of another version, damaged or cut off, and says what to do', async () => {
    const good = JSON.parse(formatPredictor(trainPredictor([], { ...settings(), pretrained: await readPretrained() })));
    const cutOff = { ...good.network.tensors, pair: good.network.tensors.pair.slice(0, 40) };
    const bad: Readonly<Record<string, unknown>> = {
      'no predictor': { some: 'thing' },
      'no predictor of': [],
      'version 9': { ...good, version: 9 },
      'damaged: a part': { ...good, tasks: undefined },
      'task 1 is no': { ...good, tasks: [{ id: 3 }] },
      'other features': { ...good, network: { ...good.network, inputs: ['age'] } },
      'its weights are cut off': { ...good, network: { ...good.network, tensors: cutOff } },
    };
    for (const [words, value] of Object.entries(bad)) {
      assert.throws(
        () => parsePredictor(value, 'p.json'),
        (error: Error) => error instanceof InputError && error.message.includes(words) && /p\.json/.test(error.message),
        words,
      );
    }
  });
});
