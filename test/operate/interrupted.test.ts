import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import type { Cluster } from '../../src/cluster/port.ts';
import type { SampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import { readState } from '../../src/cluster/sample/state.ts';
import type { Migration } from '../../src/core/model/moves.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { applyPlan, continueMoves } from '../../src/operate/applyPlan.ts';
import type { Journal, JournalEntry } from '../../src/operate/journal.ts';
import { isFull } from '../full.ts';
import { countSteps } from './countSteps.ts';
import { memoryJournal } from './memory.ts';
import {
  firstOfEach,
  freshSample,
  isExpand,
  isMigration,
  isPlacement,
  isShrink,
  open,
  optionsOf,
  planOf,
} from './samplePlan.ts';

/** The process is gone: nothing after this runs. */
class Killed extends Error {}

/** The model of the laws is killed at every step, too. */
const STRIDE = isFull ? 1 : 3;

describe('an apply that is killed between any two steps', () => {
  let directory: string;
  let remove: () => Promise<void>;
  let plan: Plan;
  let migration: Migration;
  let steps: number;

  before(async () => {
    ({ directory, remove } = await freshSample());
    const cluster = await open(directory);
    plan = firstOfEach(await planOf(cluster), [isShrink, isExpand, isPlacement, isMigration]);
    migration = plan.moves.find((move): move is Migration => move.kind === 'migration')!;
    await cluster.advance(0); // writes the state that each test begins with
    steps = await stepsOfAll(directory, plan);
  });
  after(() => remove());

  it('takes enough steps for this to mean something', () => {
    // Per move at least: two states, the act, the end; and the plan itself.
    assert.ok(steps >= 1 + 4 * 4, `${steps} steps`);
  });

  it('is finished by another apply with the journal: every move once, nobody suspended', async () => {
    for (let last = 1; last <= steps; last += STRIDE) {
      const { entries, at, clean } = await killedAfter(last, directory, plan);
      const cluster = await open(at);
      const journal = memoryJournal(entries);
      // Before the plan is in the journal nothing was done; then the plan is simply applied.
      const outcome =
        entries.length === 0 ? await applyPlan(plan, cluster, optionsOf(journal)) : await goOn(cluster, journal);
      if (outcome.kind !== 'refused')
        assert.deepEqual([outcome.kind, 'failed' in outcome && outcome.failed], ['applied', 0]);
      await assertMovedOnce(cluster, at, migration, last);
      await assertAllDone(cluster, plan, last);
      await clean();
    }
  });

  it('is brought to a safe end on another machine, from the records on the objects alone', async () => {
    for (let last = 2; last <= steps; last += STRIDE) {
      const { at, clean } = await killedAfter(last, directory, plan);
      const cluster = await open(at);
      await goOn(cluster, memoryJournal());
      await assertMovedOnce(cluster, at, migration, last);
      assert.deepEqual(await cluster.readRecords(), [], `step ${last}: nothing keeps a record`);
      await clean();
    }
  });

  it('may be killed again while it goes on', async () => {
    for (let last = 3; last <= steps; last += 3 * STRIDE) {
      const { entries, at, clean } = await killedAfter(last, directory, plan);
      for (let again = 1; again <= 3; again += 1) {
        const cluster = await open(at);
        const journal = memoryJournal(entries);
        await dyingAfter(again, cluster, journal, (c, j) => continueMoves(c, optionsOf(j)));
      }
      const cluster = await open(at);
      await goOn(cluster, memoryJournal(entries));
      await assertMovedOnce(cluster, at, migration, last);
      await assertAllDone(cluster, plan, last);
      await clean();
    }
  });

  it('is refused when it is complete', async () => {
    const { entries, at, clean } = await killedAfter(steps, directory, plan);
    const outcome = await applyPlan(plan, await open(at), optionsOf(memoryJournal(entries)));
    assert.deepEqual([outcome.kind, 'code' in outcome && outcome.code], ['refused', 'complete']);
    await clean();
  });
});

async function stepsOfAll(directory: string, plan: Plan): Promise<number> {
  const { at, clean } = await copyOf(directory);
  let steps = 0;
  const watched = countSteps(await open(at), memoryJournal(), (count) => {
    steps = count;
  });
  const outcome = await applyPlan(plan, watched.cluster, optionsOf(watched.journal));
  assert.deepEqual([outcome.kind, 'done' in outcome && outcome.done], ['applied', plan.moves.length]);
  await clean();
  return steps;
}

async function killedAfter(last: number, directory: string, plan: Plan) {
  const { at, clean } = await copyOf(directory);
  const entries: JournalEntry[] = [];
  const journal = memoryJournal(entries);
  await dyingAfter(last, await open(at), journal, (c, j) => applyPlan(plan, c, optionsOf(j)));
  return { entries, at, clean };
}

async function dyingAfter(
  last: number,
  cluster: Cluster,
  journal: Journal,
  work: (cluster: Cluster, journal: Journal) => Promise<unknown>,
): Promise<void> {
  const watched = countSteps(cluster, journal, (count) => {
    if (count === last) throw new Killed();
  });
  await work(watched.cluster, watched.journal).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
}

/** Goes on, letting waits pass, until nothing waits any more. */
async function goOn(cluster: SampleCluster, journal: Journal) {
  for (let round = 0; round < 20; round += 1) {
    const outcome = await continueMoves(cluster, optionsOf(journal));
    if (outcome.kind !== 'waiting') return outcome;
    await cluster.advance(Math.max(60, (outcome.untilSeconds ?? 0) - cluster.nowSeconds()));
  }
  return assert.fail('it waits for ever');
}

async function copyOf(directory: string): Promise<{ at: string; clean: () => Promise<void> }> {
  const { directory: at, remove } = await freshSample();
  await cp(directory, at, { recursive: true });
  return { at, clean: remove };
}

/** No suspended owner, no lost task, and no owner stopped twice. */
async function assertMovedOnce(cluster: SampleCluster, at: string, { owner }: Migration, step: number): Promise<void> {
  const found = await cluster.readOwner(owner);
  assert.equal(found?.suspended, false, `step ${step}: nobody is suspended`);
  assert.ok(found.finished || found.tasks.length === 1, `step ${step}: its task is there`);
  const { acts } = await readState(at, 7);
  const stops = acts.filter((act) => act.kind === 'suspend' && act.owner.uid === owner.uid);
  assert.ok(stops.length <= 1, `step ${step}: stopped ${stops.length} times`);
  const resized = acts.flatMap((act) => (act.kind === 'resize' ? [act.task.uid] : []));
  assert.equal(new Set(resized).size, resized.length, `step ${step}: a task was resized twice`);
}

async function assertAllDone(cluster: SampleCluster, plan: Plan, step: number): Promise<void> {
  const { tasks } = await cluster.readSnapshot();
  for (const move of plan.moves) {
    const task = tasks.find(({ uid, owner }) =>
      move.kind === 'migration' ? owner?.uid === move.owner.uid : uid === move.task.uid,
    );
    if (!task) continue; // it has ended meanwhile
    if (move.kind === 'resize') assert.deepEqual(task.allocation, move.to, `step ${step}: ${move.id}`);
    else assert.equal(task.node, move.to, `step ${step}: ${move.id}`);
  }
}
