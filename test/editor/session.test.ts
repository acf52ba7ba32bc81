import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Session } from '../../src/editor/session.ts';
import { SHOW_MOVES } from '../../src/text/operation.ts';
import { type EmptyServer, startEmptyServer } from '../cluster/kubernetes/emptyServer.ts';
import {
  questionsOfFakeEditor,
  settingsOfFakeEditor,
  withFakeEditor,
  workspaceSettingsOfFakeEditor,
} from '../fakeEditor.ts';

const PLANNER = path.resolve('src/planner/thread.ts');

describe('a context that is made read-only while its cluster is open', () => {
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
    const [onProgress, onAsked, onBegun] = [() => {}, () => {}, () => {}];
    await assert.rejects(session.undo({ signal, onProgress, onAsked, onBegun }), /The context made is read-only/);
    await change(undefined);
    assert.equal(readOnly(), undefined);
    await resume();
  });
});

describe('a folder that empties the lists of contexts to keep safe', () => {
  it('takes away none of the user’s', async () => {
    const { matchesSetting } = await withFakeEditor(() => import('../../src/editor/configuration.ts'));
    const [user, folder] = [await settingsOfFakeEditor(), await workspaceSettingsOfFakeEditor()];
    user['safety.readOnlyContexts'] = ['live'];
    user['safety.productionContexts'] = ['eu-*'];
    for (const name of ['readOnlyContexts', 'productionContexts'])
      for (const id of [name, `safety.${name}`]) folder[id] = [];
    try {
      assert.ok(matchesSetting('safety.readOnlyContexts', 'live'));
      assert.ok(matchesSetting('safety.productionContexts', 'eu-1'));
      assert.ok(matchesSetting('safety.productionContexts', 'my-prod'));
      folder['safety.readOnlyContexts'] = ['more'];
      assert.ok(matchesSetting('safety.readOnlyContexts', 'more') && matchesSetting('safety.readOnlyContexts', 'live'));
    } finally {
      for (const settings of [user, folder]) for (const id of Object.keys(settings)) delete settings[id];
    }
  });
});

describe('the question before moves are done', () => {
  let directory: string;
  let session: Session;
  /** What the session has said of itself, and what was told, in their order. */
  let told: string[];

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stowage-session-'));
    const { Session } = await withFakeEditor(() => import('../../src/editor/session.ts'));
    const memory = { get: () => undefined, update: async () => {}, keys: () => [] };
    const log = { info() {}, warn() {}, error() {} };
    session = new Session(PLANNER, directory, memory as never, log as never);
    await session.open({ kind: 'sample', seed: 7, directory });
    await session.plan(new AbortController().signal, () => {});
    session.onDidChange((state) => {
      const busy = (state.kind === 'open' && state.busy) || 'free';
      if (told.at(-1) !== busy) told.push(busy);
    });
    session.onDidAskForMoves((moves) => told.push(moves));
  });
  after(async () => {
    session?.dispose();
    await rm(directory, { recursive: true });
  });

  const apply = async (answer: string | undefined) => {
    const state = session.state;
    assert.ok(state.kind === 'open' && state.plan);
    const { id, moves } = state.plan;
    const questions = await questionsOfFakeEditor();
    questions.answer = ([, verb]) => (answer === 'yes' ? verb : answer);
    told = [];
    const followed = { onAsked: () => told.push('asked'), onBegun: () => told.push('begun') };
    const { signal } = new AbortController();
    await session.apply(id, [moves[0]!.id], { signal, onProgress: () => undefined, ...followed });
    return questions.asked.at(-1)!;
  };

  it('has a safe first button, which shows the moves; nothing says that they are done', async () => {
    const { items, message } = await apply(SHOW_MOVES);
    assert.match(message, /^Apply 1 of \d+ moves to sample seed 7\?$/);
    assert.equal(items[0], SHOW_MOVES);
    assert.deepEqual([told.slice(0, 2), told.at(-1)], [['checking the moves', 'asked'], 'free']);
    assert.match(told[2]!, /^Shrink .* from .*\n$/);
    assert.ok(!told.includes('begun') && !told.includes('applying'));
  });

  it('closed without a word changes nothing', async () => {
    await apply(undefined);
    assert.deepEqual(told, ['checking the moves', 'asked', 'free']);
    assert.equal(session.state.kind === 'open' && session.state.steps.confirmed, 0);
  });

  it('answered with the verb begins, and then says so', async () => {
    await apply('yes');
    assert.deepEqual(told, ['checking the moves', 'asked', 'applying', 'begun', 'applying', 'free']);
    assert.equal(session.state.kind === 'open' && session.state.steps.confirmed, 1);
  });
});
