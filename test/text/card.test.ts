import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { seededRandom } from '../../src/core/model/random.ts';
import { QUANTILE_LEVELS } from '../../src/core/predict/distribution.ts';
import { fitPredictor, type Predictor, trainPredictor } from '../../src/core/predict/predictor.ts';
import { calibrationCurve, EMPTY_RECORD } from '../../src/core/predict/record.ts';
import { loadEngine } from '../../src/io/engine.ts';
import { readPretrained } from '../../src/io/networks.ts';
import { describeCard, describeVerdict, plot } from '../../src/text/card.ts';
import { recurringHistory } from '../core/predict/histories.ts';
import { inZone } from './zones.ts';

describe('the model card', () => {
  let predictor: Predictor;
  before(async () => {
    const pretrained = await readPretrained();
    const leftOut = { 'its runtime is N s: it never ran': 3 };
    predictor = trainPredictor(recurringHistory(600), {
      tf: await loadEngine(),
      random: seededRandom(1),
      pretrained,
      leftOut,
    });
  });

  it('tells data, time range, what was left out and why, protocol, and what each point minimises', () => {
    const text = inZone('UTC', () => describeCard(predictor));
    assert.match(text, /600 finished tasks, submitted 1970-01-12 to 1970-01-12.*\n- All times in UTC\n/);
    const there = inZone('Asia/Tokyo', () => describeCard(predictor));
    assert.match(there, /submitted 1970-01-12 to 1970-01-13.*\n- All times in UTC\+9 \(Asia\/Tokyo\)\n/);
    assert.match(text, /Left out 3 rows: its runtime is N s: it never ran/);
    assert.match(text, /Protocol: submit order/);
    assert.match(text, /median minimises the absolute error, its best-ratio point maximises/);
    assert.match(text, /KTH-SP2.*rows/);
    assert.doesNotMatch(text, /NaN|undefined|Infinity/);
  });

  it('has every metric of every predictor, of tasks predicted before they ended', () => {
    const { judgement } = predictor.card;
    assert.equal(judgement?.outcomes, 600);
    const names = ['stowage', 'request', 'last2', 'med5', 'med20', 'hist20'];
    assert.deepEqual(Object.keys(judgement.metrics), names);
    for (const metrics of Object.values(judgement.metrics)) {
      assert.equal(Object.keys(metrics).length, 11);
      assert.ok(Object.values(metrics).every(Number.isFinite));
    }
    for (const name of names) assert.match(describeCard(predictor), new RegExp(`\\| ${name} \\| [\\d,]+ \\|`));
  });

  it('draws the calibration from the data that it keeps', () => {
    const curve = calibrationCurve(predictor.record);
    assert.deepEqual(
      curve.map(({ level }) => level),
      QUANTILE_LEVELS,
    );
    for (const [at, { held }] of curve.entries()) assert.ok(held >= (curve[at - 1]?.held ?? 0) && held <= 1);
    assert.ok(Math.abs(curve[QUANTILE_LEVELS.indexOf(0.9)]!.held - 0.9) < 0.15);
    assert.match(describeCard(predictor), /## Calibration\n\n```\n told {2}ended by then/);
  });

  it('has a bar end at its mark where what was told is what happened, and before it where too little did', () => {
    const [, right, low] = plot([
      { level: 0.5, held: 0.5 },
      { level: 0.9, held: 0.5 },
    ]).slice(1);
    assert.match(right!, /^ 50 % {2}50 % {2}█{25}│$/);
    assert.match(low!, /^ 90 % {2}50 % {2}█{25} +│$/);
  });

  it('of baselines alone has no plot, and says that there is no network', () => {
    const text = describeCard(fitPredictor(recurringHistory(30)));
    assert.doesNotMatch(text, /## Calibration/);
    assert.match(text, /There is no network yet/);
    assert.deepEqual(calibrationCurve(EMPTY_RECORD), []);
  });

  const trained = { weights: 'fine-tuned' } as const;
  const scored = (outcomes: number, ratio: number) => ({ outcomes, inBand: 0.8 * outcomes, ratio });

  it('says plainly where the network is not ahead', () => {
    assert.match(describeVerdict(trained, { stowage: scored(100, 0.5), med5: scored(100, 0.6) }), /not ahead of med5/);
    assert.match(describeVerdict(trained, { stowage: scored(100, 0.7), med5: scored(100, 0.6) }), /ahead of every/);
  });

  for (const [outcomes, said] of Object.entries({
    0: '0 finished tasks are too few to judge; the baselines stay in use.',
    1: '1 finished task is too few to judge; the baselines stay in use.',
    19: '19 finished tasks are too few to judge; the baselines stay in use.',
    99: '99 finished tasks are too few to judge; the baselines stay in use.',
    100: 'The network is ahead of every baseline.',
    1000: 'The network is ahead of every baseline.',
  })) {
    it(`of a network with ${outcomes} outcomes says: ${said}`, () => {
      const scores = { stowage: scored(Number(outcomes), 0.7), med5: scored(Number(outcomes), 0.6) };
      assert.equal(describeVerdict(trained, scores), said);
    });
  }

  it('of a network without any outcome says that there are none', () => {
    assert.match(describeVerdict(trained, {}), /^0 finished tasks are too few/);
  });
});
