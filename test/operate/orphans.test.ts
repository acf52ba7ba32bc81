import assert from 'node:assert/strict';
import type { MoveRecord } from '../../src/cluster/port.ts';
import type { SampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { Task } from '../../src/core/model/task.ts';
import { continueMoves, type Question } from '../../src/operate/applyPlan.ts';
import { describeQuestion, describeStep } from '../../src/text/operation.ts';
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
  });

  it('passes over a resize that was granted: its record only tells how to undo it', async () => {
    const task = snapshot.tasks.find(({ id }) => id.startsWith('vision/tracking'))!;
    const less = { ...task.desired, milliCpu: task.desired.milliCpu - 100 };
    await cluster.resize(refOf(task), less, recordAt(cluster, task), { dryRun: false });
    await cluster.advance(10);
    const outcome = await goOn();
    assert.deepEqual('steps' in outcome && outcome.steps, []);
    assert.equal((await cluster.readRecords()).length, 1);
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

function refOf({ id, uid, generation }: Task) {
  return { id, uid, generation };
}

function recordAt(cluster: SampleCluster, { desired, request }: Task): MoveRecord {
  const startedAtSeconds = cluster.nowSeconds();
  return { planId: 'p', moveId: 'm', kind: 'resize', startedAtSeconds, before: desired, request };
}
