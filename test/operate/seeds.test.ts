import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Cluster } from '../../src/cluster/port.ts';
import type { SampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import { amountOf, resourceNames } from '../../src/core/model/resources.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import { clusterCapacity } from '../../src/core/place/capacity.ts';
import { applyPlan, continueMoves } from '../../src/operate/applyPlan.ts';
import type { Journal, JournalEntry } from '../../src/operate/journal.ts';
import { isFull } from '../full.ts';
import { countSteps } from './countSteps.ts';
import { memoryJournal } from './memory.ts';
import { freshSample, open, optionsOf, planOf } from './samplePlan.ts';

class Killed extends Error {}

/** What once failed: seed, the step that was the last, whether the journal is kept. */
const FOUND: [number, number, boolean][] = [
  // A placement asked every minute, for two hours, for what the expand that it waited for could never free.
  [9958, 1, true],
];

const { shrinkGiveUpSeconds, expandGiveUpSeconds, expandRetrySeconds } = DEFAULT_SETTINGS;

/** A shrink may wait, then be deferred by its node; the task that needs what it frees may then wait for its start. */
const LONGEST_SECONDS = shrinkGiveUpSeconds + 2 * expandGiveUpSeconds;

/** Each of these waits is looked at every ten minutes at most. */
const MOST_ROUNDS = LONGEST_SECONDS / expandRetrySeconds;

describe('whatever the seed and the moment it is killed at', () => {
  it('a whole plan comes to an end that leaves nobody suspended, no task lost, and no node overfilled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 10_000 }),
        fc.integer({ min: 1, max: 120 }),
        fc.boolean(),
        async (seed, last, keepsJournal) => {
          const { directory, remove } = await freshSample(seed);
          const entries: JournalEntry[] = [];
          const cluster = await open(directory, seed);
          const before = await jobsOf(cluster);
          const plan = await planOf(cluster);
          await dying(last, cluster, memoryJournal(entries), (c, j) => applyPlan(plan, c, optionsOf(j)));
          const again = await open(directory, seed);
          await finish(again, memoryJournal(keepsJournal ? entries : []));
          const after = await jobsOf(again);
          for (const owner of before) {
            const found = await again.readOwner(owner);
            assert.equal(found?.suspended, false, owner.name);
            assert.ok(
              found.finished || after.some(({ uid }) => uid === owner.uid),
              `${owner.name} has no task any more`,
            );
          }
          assertNotOverfilled(await again.readSnapshot());
          await remove();
        },
      ),
      { numRuns: FOUND.length + (isFull ? 60 : 2), examples: FOUND },
    );
  });
});

async function dying(
  last: number,
  cluster: Cluster,
  journal: Journal,
  work: (cluster: Cluster, journal: Journal) => Promise<unknown>,
): Promise<void> {
  const watched = countSteps(cluster, journal, (steps) => {
    if (steps === last) throw new Killed();
  });
  await work(watched.cluster, watched.journal).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
}

async function finish(cluster: SampleCluster, journal: Journal): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const outcome = await continueMoves(cluster, optionsOf(journal));
    if (outcome.kind !== 'waiting') return;
    await cluster.advance(Math.max(60, (outcome.untilSeconds ?? 0) - cluster.nowSeconds()));
  }
  assert.fail('it waits for ever');
}

async function jobsOf(cluster: SampleCluster) {
  const { tasks } = await cluster.readSnapshot();
  return tasks.flatMap(({ owner, namespace }) =>
    owner?.kind === 'Job'
      ? [{ kind: 'Job', namespace, name: owner.name, uid: owner.uid, generation: owner.generation }]
      : [],
  );
}

/**
 * A resize that its node has deferred counts as held, so only what is granted must fit: nothing is deferred at the end.
 */
function assertNotOverfilled(snapshot: Parameters<typeof clusterCapacity>[0]): void {
  assert.deepEqual(
    snapshot.tasks.filter(({ resizeState }) => resizeState),
    [],
  );
  for (const { node, free } of clusterCapacity(snapshot).nodes) {
    for (const resource of resourceNames(free)) assert.ok(amountOf(free, resource) >= 0, `${node.name} ${resource}`);
  }
}
