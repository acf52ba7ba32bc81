import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { seededRandom } from '../../src/core/model/random.ts';
import { trainPredictor } from '../../src/core/predict/predictor.ts';
import type { Session } from '../../src/editor/session.ts';
import { loadEngine } from '../../src/io/engine.ts';
import { readPretrained } from '../../src/io/networks.ts';
import { writePredictor } from '../../src/io/predictors.ts';
import { recurringHistory } from '../core/predict/histories.ts';
import { questionsOfFakeEditor, withFakeEditor } from '../fakeEditor.ts';

const PLANNER = path.resolve('src/planner/thread.ts');

describe('a predictor that is of no cluster', () => {
  let directory: string;
  let session: Session;
  let offer: () => Promise<void>;

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stowage-offer-'));
    const [{ Session }, { offerPredictor }] = await withFakeEditor(() =>
      Promise.all([import('../../src/editor/session.ts'), import('../../src/commands/offerPredictor.ts')]),
    );
    const memory = { get: () => undefined, update: async () => {}, keys: () => [] };
    const log = { info() {}, warn() {}, error() {} };
    session = new Session(PLANNER, directory, memory as never, log as never);
    offer = offerPredictor(session);
    await train(200);
  });
  after(async () => {
    session?.dispose();
    await rm(directory, { recursive: true });
  });

  async function train(tasks: number): Promise<void> {
    const settings = { tf: await loadEngine(), random: seededRandom(1), pretrained: await readPretrained() };
    const predictor = trainPredictor(recurringHistory(tasks), settings);
    await writePredictor(path.join(directory, 'predictor.json'), predictor, '# card');
  }

  /** What is asked when this sample is opened, and is answered so; undefined closes the question. */
  async function open(seed: number, answer: string | undefined): Promise<readonly string[] | undefined> {
    const questions = await questionsOfFakeEditor();
    questions.asked.length = 0;
    questions.answer = () => answer;
    await session.open({ kind: 'sample', seed, directory });
    await offer();
    const [asked] = questions.asked;
    return asked && [asked.message, ...asked.items];
  }
  const inUse = () => (session.state.kind === 'open' ? session.state.view.predictor : session.state.kind);

  it('is not used before somebody has said so', async () => {
    const asked = await open(7, undefined);
    assert.deepEqual(asked, [
      'This workspace has a predictor that was trained on 200 finished tasks, up to 1970-01-12. Use it for sample seed 7?',
      'Use it here',
      'Keep the baselines',
    ]);
    assert.match(inUse(), /^baselines, from/);
  });

  it('is used at once where somebody has said so, and that is not asked again', async () => {
    await open(7, 'Use it here');
    assert.equal(inUse(), 'trained on 200 finished tasks, up to 1970-01-12');
    assert.equal(await open(7, undefined), undefined);
    assert.equal(inUse(), 'trained on 200 finished tasks, up to 1970-01-12');
  });

  it('is asked about for each cluster, and stays unused where the baselines are to be kept', async () => {
    assert.match((await open(12, 'Keep the baselines'))?.[0] ?? '', /Use it for sample seed 12\?/);
    assert.match(inUse(), /^baselines, from/);
    assert.equal(await open(12, undefined), undefined);
  });

  it('is asked about again once it was trained anew; where the cluster has one, that one may be kept', async () => {
    await train(300);
    assert.equal((await open(7, 'Keep the present one'))?.[2], 'Keep the present one');
    assert.equal(inUse(), 'trained on 200 finished tasks, up to 1970-01-12');
  });
});
