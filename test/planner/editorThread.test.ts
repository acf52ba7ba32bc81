import assert from 'node:assert/strict';
import { setImmediate as breathe } from 'node:timers/promises';
import { beforeEach, describe, it } from 'mocha';
import { EditorThread, ViewSender } from '../../src/planner/editorThread.ts';
import type { FromPlanner } from '../../src/planner/protocol.ts';
import type { NodeRow, TaskRow } from '../../src/rows/clusterView.ts';
import { EMPTY_VIEW, withDelta } from '../../src/rows/viewDeltas.ts';
import { aView } from '../rows/rows.ts';

describe('the editor’s thread, seen from the planning thread', () => {
  let messages: FromPlanner[];
  let editor: EditorThread;

  beforeEach(() => {
    messages = [];
    editor = new EditorThread((message) => messages.push(message));
  });

  /** Two views with 1,001 rows each, which is one more than a delta holds. */
  const large = (creator: string) =>
    aView({
      tasks: Array.from({ length: 1001 }, (_, at) => ({ id: String(at).padStart(4, '0'), creator }) as TaskRow),
    });

  const numbers = () => messages.map((message) => (message.type === 'delta' ? message.delta.number : message.type));

  it('gets the next delta once it has acknowledged the one before', async () => {
    const sender = new ViewSender(editor, new AbortController().signal);
    const sent = sender.send(large('ana'));
    await breathe();
    assert.deepEqual(numbers(), [1]);
    editor.acknowledged(1);
    await breathe();
    assert.deepEqual(numbers(), [1, 2]);
    editor.acknowledged(2);
    await sent;
    void sender.send(large('bob'));
    assert.deepEqual(numbers(), [1, 2, 3]);
  });

  it('gets the whole view again where it stands at another delta than was sent', async () => {
    const sender = new ViewSender(editor, new AbortController().signal);
    const node = { name: 'n' } as NodeRow;
    const first = sender.send(aView({ nodes: [node] }));
    editor.acknowledged(1);
    await first;
    const view = aView({ nodes: [node, { name: 'o' } as NodeRow] });
    const second = sender.send(view);
    editor.acknowledged(0); // a new thread of the editor's: it has nothing yet
    await breathe();
    editor.acknowledged(1);
    await second;
    assert.deepEqual(numbers(), [1, 2, 1]);
    const last = messages.at(-1);
    assert.ok(last?.type === 'delta');
    assert.deepEqual(withDelta(EMPTY_VIEW, last.delta)?.view, view);
  });

  it('gets no more of a view once its sending was ended', async () => {
    const end = new AbortController();
    const sent = new ViewSender(editor, end.signal).send(large('ana'));
    end.abort();
    editor.acknowledged(1);
    await sent;
    assert.deepEqual(numbers(), [1]);
  });

  it('answers the confirmation that was asked of it, each under its own request', async () => {
    const { signal } = new AbortController();
    const confirmation = { message: 'Apply?', detail: '', verb: 'Apply', moves: '' };
    const answers = [7, 8].map((id) => editor.call(id, signal).confirm(confirmation));
    editor.confirmed(8, false);
    editor.confirmed(7, true);
    assert.deepEqual(await Promise.all(answers), [true, false]);
    assert.deepEqual(messages, [
      { type: 'confirm', id: 7, confirmation },
      { type: 'confirm', id: 8, confirmation },
    ]);
  });
});
