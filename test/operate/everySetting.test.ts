import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import { openSampleCluster, type SampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import type { Migration } from '../../src/core/model/moves.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/core/model/settings.ts';
import { draftPlan, finishPlan } from '../../src/core/plan/makePlan.ts';
import { fitPredictor, type Predictor, predictSnapshot } from '../../src/core/predict/predictor.ts';
import { sha256 } from '../../src/io/sha256.ts';
import { applyPlan } from '../../src/operate/applyPlan.ts';
import { doctored, filled } from './doctored.ts';
import { memoryJournal } from './memory.ts';
import { firstOfEach, isMigration, optionsOf } from './samplePlan.ts';

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

/** Samples whose plans have something of everything: CPU nodes worth defragmenting, and waits, repacks, a near deadline. */
const SEEDS = [7, 12];

type Sample = { readonly cluster: SampleCluster; readonly history: number; readonly predictor: Predictor };

describe('every setting, changed, changes', () => {
  let settings: Settings = DEFAULT_SETTINGS;
  let samples: Sample[];
  let unchanged: string[];
  let directory: string;

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stowage-settings-'));
    const begin = async (seed: number): Promise<Sample> => {
      const cluster = await openSampleCluster({ seed, directory, windows: () => settings });
      const { tasks } = await cluster.readHistory();
      return { cluster, history: tasks.length, predictor: fitPredictor(tasks) };
    };
    samples = await Promise.all(SEEDS.map(begin));
    unchanged = await planned();
  });
  after(() => rm(directory, { recursive: true }));

  /** All that the plans say, candidates and triggers included; hashed, since it is long. */
  function planned(changes: Partial<Settings> = {}): Promise<string[]> {
    settings = { ...DEFAULT_SETTINGS, ...changes };
    return Promise.all(samples.map(async (sample) => sha256(JSON.stringify(await draft(sample)))));
  }

  async function draft({ cluster, history, predictor }: Sample) {
    const snapshot = await cluster.readSnapshot();
    const predictions = predictSnapshot(predictor, snapshot);
    const used = { name: 'baselines', tasks: history };
    return draftPlan({ snapshot, predictions, predictor: used, settings, since: {}, hash: sha256 });
  }

  it('is compared with plans that are the same each time', async () => assert.deepEqual(await planned(), unchanged));

  for (const field of Object.keys(OTHER) as (keyof Settings)[]) {
    if (IN_MOVES.has(field)) continue;
    it(`a plan: ${field}`, async () => {
      assert.notDeepEqual(await planned({ [field]: OTHER[field] }), unchanged);
    });
  }

  for (const field of IN_MOVES) {
    it(`how long a migration waits for its target: ${field}`, async () => {
      settings = DEFAULT_SETTINGS;
      const [sample] = samples as [Sample, ...Sample[]];
      const plan = firstOfEach(finishPlan(await draft(sample), sha256), [isMigration]);
      const { to } = plan.moves[0] as Migration;
      const full = doctored(sample.cluster, { snapshot: (snapshot) => filled(snapshot, to) });
      const waits = async (changes: Partial<Settings>) => {
        const options = optionsOf(memoryJournal(), { settings: { ...settings, ...changes } });
        const outcome = await applyPlan(plan, full, options);
        return outcome.kind === 'waiting' && outcome.untilSeconds! - full.nowSeconds();
      };
      assert.equal(await waits({}), DEFAULT_SETTINGS.migrationRetrySeconds);
      assert.equal(await waits({ [field]: OTHER[field] }), OTHER[field]);
    });
  }
});
