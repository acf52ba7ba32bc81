import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  describeBeside,
  describeChosen,
  describeHeld,
  describePredictor,
  predictorTitle,
} from '../../src/text/prediction.ts';

describe('the predictor in use', () => {
  const untilSeconds = Date.UTC(2026, 10, 3, 9) / 1000;

  it('says how many tasks of which cluster it has learned from, and up to when', () => {
    const used = { name: 'trained', tasks: 1900, cluster: 'kind-demo', untilSeconds };
    assert.equal(describePredictor(used), 'trained on 1,900 finished tasks of kind-demo, up to 2026-11-03');
  });

  it('leaves out what a file or an older plan does not know', () => {
    const plain = { name: 'trained', tasks: 1 };
    assert.equal(describePredictor({ ...plain, untilSeconds }), 'trained on 1 finished task, up to 2026-11-03');
    assert.equal(describePredictor(plain), 'trained on 1 finished task');
  });

  it('says that it is the baselines alone', () => {
    assert.equal(describePredictor({ name: 'baselines', tasks: 19 }), 'baselines, from 19 finished tasks');
  });
});

describe('a predictor in words', () => {
  it('is called by what it does; one of a host by its own name', () => {
    assert.deepEqual(['med5', 'stowage', 'certain', 'constructor'].map(predictorTitle), [
      'median of the last 5 runs',
      'network',
      'certain',
      'constructor',
    ]);
    assert.equal(
      describeChosen({ chosen: { med20: 33, stowage: 1200 } }),
      'median of the last 20 runs 33, network 1,200',
    );
    assert.equal(describeChosen({ chosen: {} }), '');
  });

  it('was right so many times of a hundred, of these tasks or of all, and in the latest week', () => {
    assert.equal(
      describeHeld('med5', { fraction: 0.806, outcomes: 2138, of: 'these tasks' }),
      'median of the last 5 runs: right 81 of 100 times so far (2,138 of these tasks checked)',
    );
    const latestWeek = { fraction: 0.7, outcomes: 12 };
    assert.equal(
      describeHeld('stowage', { fraction: 0.8, outcomes: 40, of: 'everyone', latestWeek }),
      'network: right 80 of 100 times so far (40 of all tasks checked); in the latest week 70 of 100 (12 of all tasks)',
    );
  });

  it('stands beside the baselines', () => {
    assert.equal(
      describeBeside({ request: 86_400, last2: 7200, med5: 6600, med20: 3600, hist20: 3600 }),
      'baselines: asked for 1 d, last 2 runs 2 h, last 5 runs 1 h 50 min, last 20 runs 1 h',
    );
  });
});
