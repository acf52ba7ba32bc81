import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ApiError } from '../../src/cluster/errors.ts';
import type { Cluster, LeaseResult, LeaseTaken } from '../../src/cluster/port.ts';
import { namespaceOf } from '../../src/core/model/moves.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { applyPlan, continueMoves, undoResizes } from '../../src/operate/applyPlan.ts';
import { stateOf, unfinished } from '../../src/operate/journal.ts';
import type { Notice } from '../../src/operate/leases.ts';
import { describeApplyRefused, describeNotice, describeStep } from '../../src/text/operation.ts';
import { watchedCluster } from './countSteps.ts';
import { memoryJournal } from './memory.ts';
import { firstOfEach, freshSample, isMigration, isPlacement, isShrink, open, optionsOf, planOf } from './samplePlan.ts';

const OTHER = 'build-7/0a1b2c';

describe('the namespaces of moves', () => {
  let remove: () => Promise<void>;
  let cluster: Cluster;
  let plan: Plan;
  let writes: number;
  let asked: { readonly namespaces: readonly string[]; readonly writer: string }[];
  let released: number;
  /** What the cluster answers. */
  let taken: (namespaces: readonly string[]) => LeaseTaken | undefined;
  let lost: (namespace: string) => LeaseTaken | undefined;
  let without: readonly string[];

  beforeEach(async () => {
    const fresh = await freshSample();
    remove = fresh.remove;
    const sample = await open(fresh.directory);
    plan = firstOfEach(await planOf(sample), [isShrink, isPlacement, isMigration]);
    [writes, asked, released, without] = [0, [], 0, []];
    [taken, lost] = [() => undefined, () => undefined];
    cluster = {
      ...watchedCluster(sample, () => {
        writes += 1;
      }),
      async holdLease(namespaces, writer): Promise<LeaseResult> {
        asked.push({ namespaces, writer });
        const other = taken(namespaces);
        if (other) return { kind: 'taken', ...other };
        const release = async () => {
          released += 1;
        };
        return { kind: 'held', without, lease: { release, lost: async (namespace) => lost(namespace) } };
      },
    };
  });
  afterEach(() => remove());

  it('are held from the question to the end, each once, under the journal’s name', async () => {
    const journal = { ...memoryJournal(), writer: 'here/1' };
    const outcome = await applyPlan(plan, cluster, optionsOf(journal));
    assert.equal(outcome.kind, 'applied');
    const namespaces = [...new Set(plan.moves.map(namespaceOf))].sort();
    assert.deepEqual(asked, [{ namespaces, writer: 'here/1' }]);
    assert.equal(released, 1);
  });

  it('are not asked for where the question is declined', async () => {
    await applyPlan(plan, cluster, optionsOf(memoryJournal(), { confirm: async () => false }));
    assert.deepEqual(asked, []);
  });

  it('that another machine holds are left alone: nothing begins, nothing goes on, nothing is undone', async () => {
    const held = (namespaces: readonly string[]) => ({ namespace: namespaces[0]!, holder: OTHER });
    taken = held;
    const journal = memoryJournal();
    const refused = await applyPlan(plan, cluster, optionsOf(journal));
    assert.equal(refused.kind === 'refused' && refused.code, 'leased');
    assert.match(refused.kind === 'refused' ? describeApplyRefused(refused) : '', new RegExp(`^${OTHER} carries out`));
    assert.deepEqual([writes, journal.operations().length], [0, 0]);

    taken = () => undefined;
    await applyPlan(plan, cluster, optionsOf(journal));
    const done = writes;
    taken = held;
    const undone = await undoResizes(cluster, optionsOf(journal));
    assert.equal(undone.kind === 'refused' && undone.code, 'leased');
    assert.equal(writes, done);
  });

  it('that are lost meanwhile are left to the other machine at once; what stands is in the journal', async () => {
    const journal = memoryJournal();
    lost = (namespace) => (writes >= 2 ? { namespace, holder: OTHER } : undefined);
    const outcome = await applyPlan(plan, cluster, optionsOf(journal));
    assert.equal(outcome.kind, 'waiting');
    assert.deepEqual([writes, released], [2, 1]);
    const said = 'steps' in outcome ? outcome.steps.map((each) => describeStep(each).text) : [];
    assert.ok(
      said.some((text) => text.startsWith(`${OTHER} carries out moves in namespace`)),
      said.join('\n'),
    );
    const [operation] = journal.operations();
    assert.ok(unfinished(operation!).length > 0);
    assert.ok(operation!.moves.some(({ id }) => stateOf(operation!, id).kind !== 'planned'));
    lost = () => undefined;
    assert.equal((await continueMoves(cluster, optionsOf(journal))).kind, 'applied');
  });

  it('hold up no move in another: only what is there is left, and goes on later', async () => {
    const [first] = plan.moves.map(namespaceOf);
    const journal = memoryJournal();
    lost = (namespace) => (namespace === first ? { namespace, holder: OTHER } : undefined);
    const outcome = await applyPlan(plan, cluster, optionsOf(journal));
    const here = plan.moves.filter((move) => namespaceOf(move) === first).length;
    assert.ok(here > 0 && here < plan.moves.length);
    assert.deepEqual('done' in outcome && [outcome.done, outcome.waiting], [plan.moves.length - here, here]);
    // Another machine that is at work there already holds up nothing else of what is resumed, either.
    lost = () => undefined;
    taken = (namespaces) => (namespaces.includes(first!) ? { namespace: first!, holder: OTHER } : undefined);
    const again = await continueMoves(cluster, optionsOf(journal));
    assert.deepEqual('done' in again && [again.kind, again.waiting], ['waiting', here]);
    taken = () => undefined;
    assert.equal((await continueMoves(cluster, optionsOf(journal))).kind, 'applied');
  });

  it('are asked for again where the server is away for a moment', async () => {
    let silent = 2;
    const { holdLease } = cluster;
    const away: Cluster = {
      ...cluster,
      async holdLease(...asked) {
        if (silent-- > 0) throw new ApiError(503, '', 'the server is busy');
        return holdLease!(...asked);
      },
    };
    const notices: Notice[] = [];
    const options = optionsOf(memoryJournal(), { onNotice: (notice) => notices.push(notice) });
    assert.equal((await applyPlan(plan, away, options)).kind, 'applied');
    assert.deepEqual([asked.length, notices.map(({ code }) => code)], [1, ['silent']]);
  });

  it('in which there is no right to a lease are told of once, and moved in all the same', async () => {
    without = ['research', 'vision'];
    const notices: Notice[] = [];
    const options = optionsOf(memoryJournal(), { onNotice: (notice) => notices.push(notice) });
    assert.equal((await applyPlan(plan, cluster, options)).kind, 'applied');
    assert.deepEqual(notices, [{ code: 'withoutLease', namespaces: ['research', 'vision'] }]);
    assert.match(describeNotice(notices[0]!), /not told of the moves in research.*vision.*stowage-operator/);
  });

  it('of records on the cluster are left to the machine that holds them', async () => {
    const journal = memoryJournal();
    lost = (namespace) => (writes >= 1 ? { namespace, holder: OTHER } : undefined);
    await applyPlan(firstOfEach(plan, [isMigration]), cluster, optionsOf(journal)).catch(() => {});
    const records = await cluster.readRecords();
    const held = new Set(records.flatMap(({ owner }) => owner?.namespace ?? []));
    const before = writes;
    const notices: Notice[] = [];
    taken = (namespaces) => ({ namespace: namespaces[0]!, holder: OTHER });
    lost = () => undefined;
    const options = optionsOf(memoryJournal(), { onNotice: (notice) => notices.push(notice) });
    const outcome = await continueMoves(cluster, options);
    assert.deepEqual([outcome.kind === 'applied' && outcome.steps.length, writes], [0, before]);
    assert.ok(held.size > 0);
    assert.deepEqual(new Set(notices.map((notice) => 'namespace' in notice && notice.namespace)), held);
    assert.equal(notices.length, held.size);
    for (const notice of notices) assert.match(describeNotice(notice), /left to it/);
  });
});
