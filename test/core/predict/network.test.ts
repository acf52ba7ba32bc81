import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { seededRandom } from '../../../src/core/model/random.ts';
import { type FeatureStore, makeFeatureStore } from '../../../src/core/predict/features.ts';
import {
  GUIDE,
  HEAD,
  headForward,
  headGradient,
  headWeights,
  makeHeadGradients,
  makeHeadSpace,
  newNetwork,
  predictRow,
} from '../../../src/core/predict/network.ts';
import { replayRuns } from '../../../src/core/predict/past.ts';
import { runsOf } from '../../../src/core/predict/runs.ts';
import { type Engine, makeTrainer } from '../../../src/core/predict/training.ts';
import { loadEngine } from '../../../src/io/engine.ts';
import { recurringHistory } from './histories.ts';

function describedStore(): FeatureStore {
  const runs = runsOf(recurringHistory(300));
  const store = makeFeatureStore(runs);
  replayRuns(runs, ({ kind, row }, past) => (kind === 'ended' ? store.ended(row, past) : store.submitted(row, past)));
  return store;
}

describe('the network', () => {
  const store = describedStore();
  let tf: Engine;
  before(async () => {
    tf = await loadEngine();
  });

  for (const ended of [true, false]) {
    it(`has the gradient that differences show, for ${ended ? 'an ended' : 'a running'} task`, () => {
      const random = seededRandom(3);
      const head = headWeights(newNetwork(random));
      for (const name of HEAD) for (let at = 0; at < head[name].length; at++) head[name][at]! += 0.2 * (random() - 0.5);
      const guide = Float64Array.from({ length: GUIDE }, () => random() - 0.5);
      const space = makeHeadSpace();
      const pass = { head, store, space };
      const guided = { row: 250, guide, guideAt: 0 };
      const outcome = { target: 5.3, ended };
      const loss = () => {
        headForward(pass, guided);
        return headGradient(pass, guided, outcome, {
          gradients: makeHeadGradients(),
          guideGradient: new Float32Array(GUIDE),
        });
      };
      const gradients = makeHeadGradients();
      const guideGradient = new Float32Array(GUIDE);
      headForward(pass, guided);
      headGradient(pass, guided, outcome, { gradients, guideGradient });
      const difference = (weights: Float64Array, at: number) => {
        const [value, step] = [weights[at]!, 1e-5];
        weights[at] = value + step;
        const up = loss();
        weights[at] = value - step;
        const down = loss();
        weights[at] = value;
        return (up - down) / (2 * step);
      };
      for (const name of HEAD) {
        for (let at = 0; at < head[name].length; at += 7) {
          const shown = difference(head[name], at);
          assert.ok(
            Math.abs(gradients[name][at]! - shown) < 1e-5,
            `${name}[${at}]: ${gradients[name][at]} and ${shown}`,
          );
        }
      }
      for (let at = 0; at < GUIDE; at++) {
        const shown = difference(guide, at);
        assert.ok(Math.abs(guideGradient[at]! - shown) < 1e-5, `guide[${at}]: ${guideGradient[at]} and ${shown}`);
      }
    });
  }

  it('gives weights that sum to 1 and stand on runs of its own past', () => {
    const network = newNetwork(seededRandom(1));
    const space = makeHeadSpace();
    predictRow(network, headWeights(network), store, 299, space);
    const sum = space.weight.reduce((total, weight) => total + weight, 0);
    assert.ok(Math.abs(sum - 1) < 1e-9);
    for (const atom of store.atomsOf(299)) assert.ok(atom < 299);
  });

  it('learns: the loss on recurring tasks falls', () => {
    const random = seededRandom(1);
    const trainer = makeTrainer(tf, newNetwork(random), random);
    const batch = Array.from({ length: 128 }, (_, at) => {
      const row = 150 + at;
      return { row, target: store.runs.logRuntime[row]!, ended: true };
    });
    const first = trainer.step(store, batch, 3e-3);
    let last = first;
    for (let step = 0; step < 40; step++) last = trainer.step(store, batch, 3e-3);
    assert.ok(last < first - 0.2, `from ${first} to ${last}`);
  });

  it('trains to the same weights from the same seed', () => {
    const train = () => {
      const random = seededRandom(9);
      const trainer = makeTrainer(tf, newNetwork(random), random);
      const batch = [{ row: 200, target: 4, ended: true }];
      trainer.step(store, batch, 1e-3);
      trainer.step(store, batch, 1e-3);
      return trainer.network;
    };
    assert.deepEqual(train(), train());
  });
});
