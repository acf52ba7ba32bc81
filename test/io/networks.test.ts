import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { historyDigest, readPretrained, readPretrainedWithout } from '../../src/io/networks.ts';
import { finished, recurringHistory } from '../core/predict/histories.ts';

describe('the fingerprint of a history', () => {
  const tasks = recurringHistory(50);

  it('is that of what ran, in whatever order, under whatever names and clock', () => {
    const renamed = tasks.toReversed().map((task) => ({
      ...task,
      id: `other ${task.id}`,
      parameters: {},
      submittedAtSeconds: task.submittedAtSeconds + 777,
      startedAtSeconds: task.startedAtSeconds + 777,
      endedAtSeconds: task.endedAtSeconds + 777,
    }));
    assert.equal(historyDigest(renamed), historyDigest(tasks));
  });

  it('is another one when a single runtime is', () => {
    const [first, ...rest] = tasks;
    const changed = [{ ...first!, endedAtSeconds: first!.endedAtSeconds + 1 }, ...rest];
    assert.notEqual(historyDigest(changed), historyDigest(tasks));
  });

  it('of no tasks and of one are told apart', () => {
    assert.notEqual(historyDigest([]), historyDigest([finished()]));
  });
});

describe('a shipped network', () => {
  it('is never one that has seen the log: for each log of the public ones it is the other’s', async () => {
    const { card } = await readPretrained();
    assert.equal(card.logs.length, 2);
    for (const { digest, name } of card.logs) {
      const { card: other } = await readPretrainedWithout(digest);
      assert.equal(other.logs.length, 1);
      assert.notEqual(other.logs[0]!.name, name);
    }
  });

  it('is the one that has seen most where the log is new', async () => {
    assert.equal((await readPretrainedWithout('new')).card.logs.length, 2);
  });
});
