import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { openSampleCluster, type SampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import { parsePlan } from '../../src/core/plan/parsePlan.ts';
import { verdictOf } from '../../src/core/plan/verdict.ts';
import { readPredictor } from '../../src/io/predictors.ts';
import { sha256 } from '../../src/io/sha256.ts';
import { applyPlan, continueMoves } from '../../src/operate/applyPlan.ts';
import { type Journal, openJournal, stateOf, unfinished } from '../../src/operate/journal.ts';
import { openLedger } from '../../src/operate/ledger.ts';
import { readSince } from '../../src/planning/since.ts';
import { movesDoneText } from '../../src/text/movesDone.ts';
import { planText } from '../../src/text/plan/planText.ts';
import { optionsOf } from './samplePlan.ts';

/**
 * The files of 0.1.0, as its command line wrote them: `stowage plan --cluster sample --seed 5 --out plan.json`, `apply`,
 * `undo` while three expands waited and one of the plan did, and `train` on a CSV of 40 rows.
 */
const FILES = join(import.meta.dirname, '../firstVersion');
const NOTHING_MISSING = /undefined|NaN|\[object/;

describe('what 0.1.0 left behind', () => {
  let directory: string;
  let cluster: SampleCluster;
  let journal: Journal;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stowage-first-version-'));
    await cp(FILES, directory, { recursive: true });
    cluster = await openSampleCluster({ seed: 5, directory });
    journal = await openJournal(directory);
  });
  after(async () => {
    await journal?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const plan = async () => parsePlan(JSON.parse(await readFile(join(directory, 'plan.json'), 'utf8')), sha256);

  it('a plan is read, told in words, and known as the one that is under way', async () => {
    const made = await plan();
    assert.equal(made.moves.length, 23);
    assert.doesNotMatch(planText(made, { paint: (_, words) => words, all: true }), NOTHING_MISSING);
    assert.ok(verdictOf(made).starts.length > 0);
    assert.ok(journal.operations().some(({ planId }) => planId === made.id));
  });

  it('a ledger is told in words', async () => {
    const rows = (await openLedger(directory)).rows();
    assert.equal(rows.length, 23);
    assert.doesNotMatch(movesDoneText(rows), NOTHING_MISSING);
  });

  it('the memory of since when something holds goes on', async () => {
    const since = await readSince(directory, await cluster.readSnapshot());
    assert.ok(Object.keys(since).length > 5);
  });

  it('a predictor is read', async () => {
    const { tasks } = await readPredictor(join(directory, 'predictor.json'));
    assert.equal(tasks.length, 40);
  });

  it('waits of its journal, called by their numbers, end as they would have, and nothing is done twice', async () => {
    const waiting = journal.operations().flatMap((operation) =>
      unfinished(operation).map(({ id }) => {
        const state = stateOf(operation, id);
        return state.kind === 'waiting' ? state.wait : state.kind;
      }),
    );
    assert.deepEqual(waiting, ['expand', 'expand', 'expand', 'expand']);
    const options = optionsOf(journal);
    for (let rounds = 0; rounds < 40 && journal.operations().some((each) => unfinished(each).length > 0); rounds++) {
      await cluster.advance(DEFAULT_SETTINGS.expandRetrySeconds);
      await continueMoves(cluster, options);
    }
    assert.ok(journal.operations().every((each) => unfinished(each).length === 0));
    assert.deepEqual(await applyPlan(await plan(), cluster, options), { kind: 'refused', code: 'complete' });
  });
});
