import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { InputError } from '../../src/core/model/input.ts';
import { seededRandom } from '../../src/core/model/random.ts';
import { fitPredictor, type Predictor, trainPredictor } from '../../src/core/predict/predictor.ts';
import { formatPredictor, parsePredictor } from '../../src/core/predict/predictorFile.ts';
import { loadEngine } from '../../src/io/engine.ts';
import { readPretrained } from '../../src/io/networks.ts';
import { Predictors, readPredictor, readPredictorAsOf, writePredictor } from '../../src/io/predictors.ts';
import { finished, recurringHistory } from '../core/predict/histories.ts';
import { isFull } from '../full.ts';
import { editOne } from './editOne.ts';

const SAMPLE = { key: 'sample-7', name: 'sample seed 7' };
const KIND = { key: '6f4c2c5e-0000-4000-8000-000000000000', name: 'kind-demo' };

describe('the predictors of a state directory', () => {
  let directory: string;
  let judged: Predictor;
  let tooFew: Predictor;
  before(async () => {
    const settings = { tf: await loadEngine(), pretrained: await readPretrained() };
    judged = trainPredictor(recurringHistory(100), { ...settings, random: seededRandom(1) });
    tooFew = trainPredictor(recurringHistory(19), { ...settings, random: seededRandom(1) });
  });
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-predictors-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const imported = (predictor: Predictor) => writePredictor(join(directory, 'predictor.json'), predictor, '# card');

  it('are none where none was trained', async () => {
    const predictors = new Predictors(directory, SAMPLE);
    assert.equal(await predictors.own(), undefined);
    assert.equal(await predictors.unanswered(), undefined);
  });

  it('are of one cluster each', async () => {
    const own = new Predictors(directory, SAMPLE);
    await writePredictor(own.file, judged, '# card');
    assert.deepEqual(await own.own(), judged);
    assert.equal(await new Predictors(directory, KIND).own(), undefined);
    assert.equal(await new Predictors(directory, KIND).unanswered(), undefined);
  });

  it('are read again when their file has changed, and not before', async () => {
    const own = new Predictors(directory, SAMPLE);
    await writePredictor(own.file, judged, '# card');
    const first = await own.own();
    assert.equal(await own.own(), first);
    await new Promise((go) => setTimeout(go, 20)); // the time of a change is told to the millisecond or coarser
    await writePredictor(own.file, tooFew, '# card');
    assert.equal((await own.own())?.card.tasks, 19);
  });

  it('ask each cluster once about one that is of none, as those of version 0.1.0 are, and keep it', async () => {
    await imported(judged);
    const [sample, kind] = [new Predictors(directory, SAMPLE), new Predictors(directory, KIND)];
    assert.equal(await sample.own(), undefined);
    await sample.answer((await sample.unanswered())!, true);
    assert.deepEqual(await sample.own(), judged);
    assert.equal(await sample.unanswered(), undefined);
    assert.ok(existsSync(join(directory, 'predictors/sample-7.md')));
    await kind.answer((await kind.unanswered())!, false);
    assert.equal(await kind.own(), undefined);
    // in the next window too
    assert.equal(await new Predictors(directory, KIND).unanswered(), undefined);
    assert.ok(existsSync(join(directory, 'predictor.json')));
  });

  it('ask again about another import, and use none that has changed since the question', async () => {
    const kind = new Predictors(directory, KIND);
    await imported(judged);
    const first = (await kind.unanswered())!;
    await kind.answer(first, false);
    await imported({ ...judged, card: { ...judged.card, tasks: 1000 } });
    assert.equal((await kind.unanswered())?.predictor.card.tasks, 1000);
    await kind.answer(first, true);
    assert.equal(await kind.own(), undefined);
  });

  it('do not ask about a network that cannot be judged yet', async () => {
    await imported(tooFew);
    assert.equal(await new Predictors(directory, KIND).unanswered(), undefined);
  });

  it('say which file cannot be used', async () => {
    writeFileSync(join(directory, 'predictor.json'), '{');
    await assert.rejects(new Predictors(directory, KIND).unanswered(), /predictor\.json is cut off or no JSON/);
    mkdirSync(join(directory, 'predictors'));
    writeFileSync(join(directory, 'predictors/sample-7.json'), '{}');
    await assert.rejects(new Predictors(directory, SAMPLE).own(), /sample-7\.json is no predictor/);
  });

  it('are their owner’s alone; one that goes elsewhere is as any file', async () => {
    const own = join(directory, '.stowage/predictors/sample-7.json');
    await writePredictor(own, judged, '# card');
    await writePredictor(join(directory, 'mine.json'), judged, '# card');
    const mode = (path: string) => statSync(path).mode & 0o777;
    const umask = process.umask();
    assert.deepEqual([mode(join(own, '..')), mode(own)], [0o700, 0o600]);
    assert.equal(mode(join(directory, 'mine.json')), 0o666 & ~umask);
  });

  it('are refused at once where one is a device or a folder', async () => {
    await assert.rejects(readPredictor('/dev/zero'), /Cannot read the predictor \/dev\/zero: it is a device/);
    await assert.rejects(readPredictor(directory), /it is a folder/);
  });

  it('are not written by one who began with what another has replaced meanwhile', async () => {
    const file = join(directory, 'predictor.json');
    await imported(judged);
    const [one, two] = [await readPredictorAsOf(file), await readPredictorAsOf(file)];
    await writePredictor(file, { ...one.predictor, card: { ...judged.card, tasks: 101 } }, '# one', one.digest);
    await assert.rejects(
      writePredictor(file, { ...two.predictor, card: { ...judged.card, tasks: 102 } }, '# two', two.digest),
      /was written by somebody else meanwhile/,
    );
    assert.equal((await readPredictor(file)).card.tasks, 101);
    assert.equal(readFileSync(join(directory, 'predictor.md'), 'utf8'), '# one');
  });

  it('that could not be read again are not written, and what is there stays', async () => {
    const file = join(directory, 'predictor.json');
    await imported(judged);
    const absurd = fitPredictor([finished({ size: Number.POSITIVE_INFINITY })]);
    await assert.rejects(writePredictor(file, absurd, '# card'), InputError);
    assert.deepEqual(await readPredictor(file), judged);
  });

  const edits = isFull ? 9000 : 900;
  it(`with a value of another kind, or none, are refused or as they were (${edits} edits)`, () => {
    const text = formatPredictor({ ...judged, tasks: judged.tasks.slice(0, 5) });
    const was = JSON.stringify(parsePredictor(JSON.parse(text), 'p'));
    const random = seededRandom(20);
    for (let edit = 0; edit < edits; edit += 1) {
      const { edited, what } = editOne(JSON.parse(text), random);
      let read: Predictor;
      try {
        read = parsePredictor(edited, 'p');
      } catch (error) {
        assert.ok(error instanceof InputError, `${what}: ${error}`);
        continue;
      }
      assert.ok(JSON.stringify(read) === was, what);
    }
  });
});
