import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { describePredictor } from '../../src/text/prediction.ts';

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
