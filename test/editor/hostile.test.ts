import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'mocha';
import { plainTexts } from '../../src/core/model/plain.ts';
import type { Session } from '../../src/editor/session.ts';
import type { PlanFormat } from '../../src/text/plan/formats.ts';
import { type EmptyServer, startEmptyServer } from '../cluster/kubernetes/emptyServer.ts';
import { HOSTILE, HOSTILE_OBJECTS } from '../cluster/kubernetes/hostile.ts';
import { withFakeEditor } from '../fakeEditor.ts';

/** A name may hold whatever an address does. */
const CONTEXT = `${HOSTILE} https://user:hunter2@host`;

/** What trees, panel, messages and reports of the editor are made from. */
describe('a hostile cluster in the editor', () => {
  let directory: string;
  let server: EmptyServer;
  let session: Session;

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stowage-hostile-'));
    server = await startEmptyServer(directory, { objects: HOSTILE_OBJECTS, context: CONTEXT });
    const { Session } = await withFakeEditor(() => import('../../src/editor/session.ts'));
    const memory = { get: () => undefined, update: async () => {}, keys: () => [] };
    const log = { info() {}, warn() {}, error() {} };
    session = new Session(path.resolve('src/planner/thread.ts'), directory, memory as never, log as never);
    await session.open({ kind: 'kubernetes', kubeconfig: server.kubeconfig, context: CONTEXT });
  });
  after(async () => {
    session?.dispose();
    await server?.close();
    await rm(directory, { recursive: true });
  });

  const assertPlain = (value: unknown, name: string) => assert.deepEqual(value, plainTexts(value), name);

  it('has rows, plans and reports that are plain, though its context is found by its own name', async () => {
    const { state } = session;
    assert.ok(state.kind === 'open', JSON.stringify(state));
    assertPlain(state.name, 'name');
    assertPlain(state.view, 'view');
    assert.match(JSON.stringify(state.view), /pwn-a/);
    await session.plan(new AbortController().signal, () => {});
    const planned = session.state;
    assert.ok(planned.kind === 'open' && planned.plan);
    assertPlain(JSON.parse(new TextDecoder().decode(planned.plan.json)), 'plan');
    for (const format of ['text', 'markdown', 'html', 'csv', 'json'] as readonly PlanFormat[])
      assertPlain(await session.planAs(format), format);
    assertPlain(await session.doctor(), 'doctor');
    assertPlain(await session.ledger(), 'ledger');
    assert.deepEqual((await session.contexts(server.kubeconfig)).contexts, [CONTEXT]);
  });

  it('fails in plain words', async () => {
    await session.open({ kind: 'kubernetes', kubeconfig: server.kubeconfig, context: `${HOSTILE}no` });
    const { state } = session;
    assert.ok(state.kind === 'failed');
    assertPlain(state.message, 'message');
    assert.match(state.message, /has no context/);
  });
});
