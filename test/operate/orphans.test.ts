import assert from 'node:assert/strict';
import type { Cluster, MoveName, MoveRecord, ObjectRecord } from '../../src/cluster/port.ts';
import type { SampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { Task } from '../../src/core/model/task.ts';
import { type ApplyOutcome, continueMoves, type Question } from '../../src/operate/applyPlan.ts';
import { describeQuestion, describeStep } from '../../src/text/operation.ts';
import { doctored } from './doctored.ts';
import { memoryJournal } from './memory.ts';
import { freshSample, open, optionsOf } from './samplePlan.ts';

describe('going on without a journal', () => {
  let cluster: SampleCluster;
  let snapshot: Snapshot;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    const fresh = await freshSample();
    remove = fresh.remove;
    cluster = await open(fresh.directory);
    snapshot = await cluster.readSnapshot();
  });
  afterEach(() => remove());

  /** More than its node has free for ever: the node agent holds a part of it. */
  const tooMuchFor = (task: Task) => {
    const node = snapshot.nodes.find(({ name }) => name === task.node)!;
    return { ...task.desired, milliCpu: node.allocatable.milliCpu };
  };

  /** The cluster, but these records stand on its objects; those that are taken off go into `released`. */
  const withRecords = (records: readonly ObjectRecord[]) => {
    const other = doctored(cluster, {});
    const released: MoveName[] = [];
    Object.defineProperty(other, 'readRecords', { value: async () => records });
    const releaseTask: Cluster['releaseTask'] = (task, move, options) => {
      released.push(move);
      return cluster.releaseTask(task, move, options);
    };
    Object.defineProperty(other, 'releaseTask', { value: releaseTask });
    return { other, released };
  };

  const goOn = () => continueMoves(cluster, optionsOf(memoryJournal()));

  it('finds nothing where nothing stands', async () => {
    const outcome = await goOn();
    assert.deepEqual([outcome.kind, 'steps' in outcome && outcome.steps], ['applied', []]);
  });

  it('waits for a deferred resize up to the limit since it was asked for, then takes it back', async () => {
    const task = snapshot.tasks.find(({ id }) => id.startsWith('vision/tracking'))!;
    // All of its node, of which others hold a part for ever: the node agent does.
    const node = snapshot.nodes.find(({ name }) => name === task.node)!;
    const tooMuch = { ...task.desired, milliCpu: node.allocatable.milliCpu };
    await cluster.resize(refOf(task), tooMuch, recordAt(cluster, task), { dryRun: false });
    await cluster.advance(10);
    const first = await goOn();
    assert.deepEqual([first.kind, 'waiting' in first && first.waiting], ['waiting', 1]);
    assert.equal(
      'untilSeconds' in first && first.untilSeconds,
      cluster.nowSeconds() + DEFAULT_SETTINGS.expandRetrySeconds,
    );
    await cluster.advance(DEFAULT_SETTINGS.expandGiveUpSeconds);
    const end = await goOn();
    assert.equal(end.kind, 'applied');
    await cluster.advance(10);
    const after = (await cluster.readSnapshot()).tasks.find(({ uid }) => uid === task.uid)!;
    assert.deepEqual([after.desired, after.allocation, after.resizeState], [task.desired, task.desired, undefined]);
    assert.deepEqual(await cluster.readRecords(), []);
  });

  it('leaves a resize to whoever has changed it since, and takes the record off', async () => {
    const task = snapshot.tasks.find(({ id }) => id.startsWith('vision/tracking'))!;
    const less = { ...task.desired, milliCpu: task.desired.milliCpu - 100 };
    const ours = recordAt(cluster, task);
    const result = await cluster.resize(refOf(task), less, ours, { dryRun: false });
    await cluster.advance(10);
    const standing = await cluster.readRecords();
    const generation = result.kind === 'done' ? result.generation : 0;
    const theirs = tooMuchFor(task); // deferred
    await cluster.resize({ ...refOf(task), generation }, theirs, { ...ours, planId: 'x' }, { dryRun: false });
    await cluster.advance(2 * DEFAULT_SETTINGS.expandGiveUpSeconds);
    const { other, released } = withRecords(standing);
    const outcome = await continueMoves(other, optionsOf(memoryJournal()));
    assert.deepEqual(textsOf(outcome), [
      `The record of the move is taken off ${task.id}: somebody has changed it since.`,
    ]);
    const after = (await cluster.readSnapshot()).tasks.find(({ uid }) => uid === task.uid)!;
    assert.deepEqual([after.desired, after.resizeState?.kind], [theirs, 'deferred']);
    assert.deepEqual(
      released,
      standing.map(({ record }) => record),
    );
  });

  it('never acts on a record of version 0.1, which names neither generation nor amounts, and takes it off', async () => {
    const task = snapshot.tasks.find(({ id }) => id.startsWith('vision/tracking'))!;
    await cluster.resize(refOf(task), tooMuchFor(task), recordAt(cluster, task), { dryRun: false });
    await cluster.advance(2 * DEFAULT_SETTINGS.expandGiveUpSeconds);
    const { other, released } = withRecords([{ record: recordAt(cluster, task), task: refOf(task) }]);
    const outcome = await continueMoves(other, optionsOf(memoryJournal()));
    assert.match(textsOf(outcome).join(), /taken off .*: the record is of version 0\.1/);
    const after = (await cluster.readSnapshot()).tasks.find(({ uid }) => uid === task.uid)!;
    assert.deepEqual([after.desired, released.length], [tooMuchFor(task), 1]);
  });

  it('tells of what is given back once its node has granted it, and waits for that meanwhile', async () => {
    const task = snapshot.tasks.find(({ id }) => id.startsWith('vision/tracking'))!;
    await cluster.resize(refOf(task), tooMuchFor(task), recordAt(cluster, task), { dryRun: false });
    await cluster.advance(2 * DEFAULT_SETTINGS.expandGiveUpSeconds);
    let isHeld = true;
    const held = doctored(cluster, {
      task: (state) => (isHeld ? { ...state, resize: 'deferred', message: 'no room' } : state),
    });
    for (const _ of [1, 2]) {
      const outcome = await continueMoves(held, optionsOf(memoryJournal()));
      assert.deepEqual([outcome.kind, (await cluster.readTask(refOf(task)))?.desired], ['waiting', task.desired]);
    }
    isHeld = false;
    const outcome = await continueMoves(held, optionsOf(memoryJournal()));
    assert.deepEqual([outcome.kind, await cluster.readRecords()], ['applied', []]);
  });

  it('does nothing about a resize without a yes', async () => {
    const task = snapshot.tasks.find(({ id }) => id.startsWith('vision/tracking'))!;
    await cluster.resize(refOf(task), tooMuchFor(task), recordAt(cluster, task), { dryRun: false });
    await cluster.advance(2 * DEFAULT_SETTINGS.expandGiveUpSeconds);
    await continueMoves(cluster, optionsOf(memoryJournal(), { confirm: async () => false }));
    const after = await cluster.readTask(refOf(task));
    assert.deepEqual([after?.desired, (await cluster.readRecords()).length], [tooMuchFor(task), 1]);
  });

  it('takes the record of a resize off that was granted', async () => {
    const task = snapshot.tasks.find(({ id }) => id.startsWith('vision/tracking'))!;
    const less = { ...task.desired, milliCpu: task.desired.milliCpu - 100 };
    await cluster.resize(refOf(task), less, recordAt(cluster, task), { dryRun: false });
    await cluster.advance(10);
    const outcome = await goOn();
    assert.deepEqual(textsOf(outcome), [`The record of the move is taken off ${task.id}: its resize is granted.`]);
    assert.deepEqual(await cluster.readRecords(), []);
  });

  it('resumes a suspended owner where there is capacity, and takes nothing else from its record', async () => {
    const task = snapshot.tasks.find(
      ({ owner, phase, namespace }) => owner?.kind === 'Job' && phase === 'running' && namespace === 'media',
    )!;
    const { kind, name, uid, generation } = task.owner!;
    const owner = { kind, namespace: task.namespace, name, uid, generation };
    const record = {
      planId: 'p',
      moveId: 'm',
      kind: 'migration',
      startedAtSeconds: 0,
      from: task.node!,
      to: 'never-was',
      allocation: { ...task.desired, milliCpu: task.desired.milliCpu - 100 },
    } as const;
    await cluster.suspend(owner, record, { dryRun: false });
    const outcome = await goOn();
    assert.deepEqual([outcome.kind, 'done' in outcome && outcome.done], ['applied', 1]);
    const found = await cluster.readOwner(owner);
    assert.deepEqual([found?.suspended, found?.active, found?.record], [false, 1, undefined]);
    const resumed = (await cluster.readSnapshot()).tasks.find(({ id }) => id === found?.tasks[0]?.id);
    assert.deepEqual([resumed?.desired, resumed?.constraints], [task.request, task.constraints]);
  });

  it('asks before it does anything, and does nothing without a yes', async () => {
    const task = snapshot.tasks.find(
      ({ owner, phase, namespace }) => owner?.kind === 'Job' && phase === 'running' && namespace === 'media',
    )!;
    const { kind, name, uid, generation } = task.owner!;
    const owner = { kind, namespace: task.namespace, name, uid, generation };
    const record = { planId: 'p', moveId: 'm', kind: 'migration', startedAtSeconds: 0 } as const;
    await cluster.suspend(owner, record, { dryRun: false });
    const asked: Question[] = [];
    const confirm = async (question: Question) => {
      asked.push(question);
      return false;
    };
    const outcome = await continueMoves(cluster, optionsOf(memoryJournal(), { confirm }));
    assert.deepEqual([outcome.kind, 'waiting' in outcome && outcome.waiting], ['waiting', 1]);
    assert.ok('steps' in outcome && outcome.steps.every((step) => /says yes/.test(describeStep(step).text)));
    assert.deepEqual([(await cluster.readOwner(owner))?.suspended, asked.length], [true, 1]);
    const { message, detail, verb } = describeQuestion(asked[0]!);
    assert.match(message, /^Finish 1 move that only marks on sample seed 7 tell of\?$/);
    assert.ok(detail.includes(`Resume ${owner.namespace}/${owner.name}, which a migration has suspended`), detail);
    assert.equal(verb, 'Finish 1 move');
  });
});

function textsOf(outcome: ApplyOutcome): string[] {
  return 'steps' in outcome ? outcome.steps.map((step) => describeStep(step).text) : [];
}

function refOf({ id, uid, generation }: Task) {
  return { id, uid, generation };
}

function recordAt(cluster: SampleCluster, { desired, request }: Task): MoveRecord {
  const startedAtSeconds = cluster.nowSeconds();
  return { planId: 'p', moveId: 'm', kind: 'resize', startedAtSeconds, before: desired, request };
}
