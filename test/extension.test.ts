import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { errorsOfFakeEditor, withFakeEditor } from './fakeEditor.ts';

describe('the extension', () => {
  it('tells the user and the log why it could not start, and the editor that it has not', async () => {
    const extension = await withFakeEditor(() => import('../src/extension.ts'));
    const context = { subscriptions: [] as unknown[], globalState: { get: () => undefined } };
    assert.throws(() => extension.activate(context as never), /no folders today/);
    const { shown, logged } = await errorsOfFakeEditor();
    assert.deepEqual(shown, ['Stowage could not start: no folders today']);
    assert.deepEqual(logged, ['Error: no folders today']);
    assert.equal(context.subscriptions.length, 1);
  });
});
