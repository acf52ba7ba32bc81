import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { openSampleCluster } from '../../../src/cluster/sample/sampleCluster.ts';
import type { Migration } from '../../../src/core/model/moves.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/model/settings.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import { draftPlan } from '../../../src/core/plan/makePlan.ts';
import { sha256 } from '../../../src/io/sha256.ts';
import { readSituation, type Situation } from '../../../src/planning/situation.ts';
import { isFull } from '../../full.ts';

const SEEDS = Array.from({ length: isFull ? 40 : 8 }, (_, at) => at + 5);

describe('plans of the sample cluster while usage is not known', () => {
  const situations: Situation[] = [];
  before(async () => {
    for (const seed of SEEDS) {
      const directory = await mkdtemp(join(tmpdir(), 'stowage-unknown-'));
      const cluster = await openSampleCluster({ seed, directory });
      situations.push(await readSituation(cluster, directory));
      await cluster.close();
      await rm(directory, { recursive: true });
    }
  });
  after(() => situations.splice(0));

  function migrations({ snapshot, predictions, predictor, since }: Situation, usage: Snapshot['usage']): Migration[] {
    const inputs = { predictions, predictor, since, settings: DEFAULT_SETTINGS, hash: sha256 };
    const { moves } = draftPlan({ ...inputs, snapshot: { ...snapshot, usage } });
    return moves.filter((move) => move.kind === 'migration');
  }
  const all = (usageOf: (situation: Situation) => Snapshot['usage']) =>
    situations.flatMap((situation) => migrations(situation, usageOf(situation)));
  const losing = (moves: readonly Migration[]) => moves.filter(({ run }) => run.lostSeconds > 0);

  it('lose work where usage is known, so that the others could', () => {
    assert.ok(losing(all(({ snapshot }) => snapshot.usage)).length > 0);
  });

  it('lose none where nothing is measured', () => {
    assert.deepEqual(losing(all(() => ({}))), []);
  });

  it('lose none where there are two readings of each task', () => {
    const moves = all(({ snapshot }) =>
      Object.fromEntries(Object.entries(snapshot.usage).map(([id, usage]) => [id, { ...usage, readings: 2 }])),
    );
    assert.deepEqual(losing(moves), []);
  });
});
