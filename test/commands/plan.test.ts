import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { withFakeEditor } from '../fakeEditor.ts';

describe('work with a progress notification', () => {
  let commands: typeof import('../../src/commands/plan.ts');

  before(async () => {
    commands = await withFakeEditor(() => import('../../src/commands/plan.ts'));
  });

  it('is done whether or not somebody waits for its result', async () => {
    const told: string[] = [];
    const work = async () => told.push('done');
    await commands.withProgress('Planning', work);
    await commands.withProgress('Planning', work, () => told.push('told'));
    assert.deepEqual(told, ['done', 'done', 'told']);
  });
});
