import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { openSampleCluster, type SampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import type { FinishedTask } from '../../src/core/model/finished.ts';
import type { Migration } from '../../src/core/model/moves.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/core/model/settings.ts';
import { draftPlan } from '../../src/core/plan/makePlan.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { fitPredictor, type Predictor, predictSnapshot } from '../../src/core/predict/predictor.ts';
import { sha256 } from '../../src/io/sha256.ts';
import { applyPlan } from '../../src/operate/applyPlan.ts';
import { memoryJournal } from '../../src/operate/journal.ts';
import { doctored, filled } from './doctored.ts';
import { firstOfEach, freshSample, isMigration, optionsOf, planOf } from './samplePlan.ts';

/** Another value of each setting; the type asks for one of each that is new. */
const OTHER: Required<Settings> = {
  usageWindowSeconds: 10 * 60,
  shrinkBelowFraction: 0.3,
  expandAboveFraction: 0.7,
  expandFraction: 0.25,
  expandMinFraction: 0.25,
  expandMaxFraction: 0.2,
  shrinkStrategy: 'usage',
  marginFraction: 0.3,
  shrinkRetrySeconds: 3600,
  shrinkGiveUpSeconds: 3600,
  expandRetrySeconds: 60,
  expandGiveUpSeconds: 60,
  nodeUsageWindowSeconds: 10 * 60,
  triggerHoldSeconds: 3 * 3600,
  triggerFreeFraction: 0.9,
  candidateFreeFraction: 0.6,
  migrationRetrySeconds: 60,
  migrationGiveUpSeconds: 60,
  gainRatio: 100,
  restartSeconds: 3600,
  deadlineRiskFraction: 0.9,
  planningHorizonSeconds: 2 * 86400,
  turnoverSeconds: 86400,
  secondsPerUnit: { milliCpu: 1 },
  policyWeights: { bestFit: 1 },
};

/** These count only while a plan is carried out. */
const IN_MOVES: ReadonlySet<keyof Settings> = new Set(['migrationRetrySeconds', 'migrationGiveUpSeconds']);

/** A sample so full that its plan has something of everything: waits, repacks, a deadline that is near. */
const SEED = 12;

describe('every setting, changed, changes', function () {
  this.timeout(120_000);
  let settings: Settings = DEFAULT_SETTINGS;
  let cluster: SampleCluster;
  let history: FinishedTask[];
  let predictor: Predictor;
  let unchanged: string;
  let migrates: Plan;
  let remove: () => Promise<void>;

  before(async () => {
    const fresh = await freshSample(SEED);
    remove = fresh.remove;
    cluster = await openSampleCluster({ seed: SEED, directory: fresh.directory, windows: () => settings });
    history = (await cluster.readHistory()).tasks;
    predictor = fitPredictor(history);
    unchanged = await planned();
    migrates = firstOfEach(await planOf(cluster), [isMigration]);
  });
  after(() => remove());

  /** All that a plan says, candidates and triggers included; hashed, since it is long. */
  async function planned(changes: Partial<Settings> = {}): Promise<string> {
    settings = { ...DEFAULT_SETTINGS, ...changes };
    const snapshot = await cluster.readSnapshot();
    const predictions = predictSnapshot(predictor, snapshot);
    const used = { name: 'baselines', tasks: history.length };
    return sha256(
      JSON.stringify(draftPlan({ snapshot, predictions, predictor: used, settings, since: {}, hash: sha256 })),
    );
  }

  it('is compared with a plan that is the same each time', async () => assert.equal(await planned(), unchanged));

  for (const field of Object.keys(OTHER) as (keyof Settings)[]) {
    if (IN_MOVES.has(field)) continue;
    it(`a plan: ${field}`, async () => {
      assert.notEqual(await planned({ [field]: OTHER[field] }), unchanged);
    });
  }

  for (const field of IN_MOVES) {
    it(`how long a migration waits for its target: ${field}`, async () => {
      settings = DEFAULT_SETTINGS;
      const full = doctored(cluster, {
        snapshot: (snapshot) => filled(snapshot, (migrates.moves[0] as Migration).to),
      });
      const waits = async (changes: Partial<Settings>) => {
        const outcome = await applyPlan(
          migrates,
          full,
          optionsOf(memoryJournal(), { settings: { ...settings, ...changes } }),
        );
        return outcome.kind === 'waiting' && outcome.untilSeconds! - cluster.nowSeconds();
      };
      assert.equal(await waits({}), DEFAULT_SETTINGS.migrationRetrySeconds);
      assert.equal(await waits({ [field]: OTHER[field] }), OTHER[field]);
    });
  }
});
