import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Session } from '../../src/editor/session.ts';
import { type EmptyServer, startEmptyServer } from '../cluster/kubernetes/emptyServer.ts';
import { settingsOfFakeEditor, withFakeEditor } from '../fakeEditor.ts';

const PLANNER = path.resolve('src/planner/thread.ts');

describe('a context that is made read-only while its cluster is open', function () {
  this.timeout(60_000);
  let directory: string;
  let server: EmptyServer;
  let session: Session;

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stowage-session-'));
    server = await startEmptyServer(directory);
    const { Session } = await withFakeEditor(() => import('../../src/editor/session.ts'));
    const memory = { get: () => undefined, update: async () => {}, keys: () => [] };
    const log = { info() {}, warn() {}, error() {} };
    session = new Session(PLANNER, directory, memory as never, log as never);
    await session.open({ kind: 'kubernetes', kubeconfig: server.kubeconfig, context: 'made' });
  });
  after(async () => {
    session?.dispose();
    await server?.close();
    await rm(directory, { recursive: true });
  });

  const readOnly = () => (session.state.kind === 'open' ? session.state.readOnly : session.state.kind);
  const change = async (contexts: readonly string[] | undefined) => {
    (await settingsOfFakeEditor())['safety.readOnlyContexts'] = contexts;
    await session.settingsChanged();
  };

  it('is read-only at once, and until that is taken back: no move is resumed, nothing undone', async () => {
    const { signal } = new AbortController();
    const resume = () => session.continueMoves(signal, () => {});
    assert.equal(readOnly(), undefined);
    await resume();
    await change(['ma*']);
    assert.match(readOnly() ?? '', /The context made is read-only/);
    await assert.rejects(resume(), /The context made is read-only/);
    await assert.rejects(
      session.undo(signal, () => {}),
      /The context made is read-only/,
    );
    await change(undefined);
    assert.equal(readOnly(), undefined);
    await resume();
  });
});
