import assert from 'node:assert/strict';
import type { ActResult, Cluster, MoveRecord, OwnerState, TaskState } from '../../../src/cluster/port.ts';
import type { OwnerRef, TaskRef } from '../../../src/core/model/moves.ts';
import { amountOf, type Resources, sameResources } from '../../../src/core/model/resources.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import type { Task } from '../../../src/core/model/task.ts';
import { clusterCapacity, withoutTask } from '../../../src/core/place/capacity.ts';
import { nodeFilter } from '../../../src/core/place/filter.ts';
import { describeRefusedAct } from '../../../src/text/refusal.ts';

/** A cluster to hold against the port's contract. */
export type Stage = {
  readonly cluster: Cluster;
  /** Lets so much time pass that the cluster can have moved on by one step. */
  wait(): Promise<void>;
};

/**
 * What every Cluster must do, whichever side it is. The stage has running Jobs of one task that may be resized and
 * moved, with room on their nodes and on another, and a gated pending task that fits somewhere; each test takes its
 * own.
 * @param open gives a stage; it is opened once and closed by `close` when all tests have run
 */
export function clusterContract(open: () => Promise<Stage>, close: (stage: Stage) => Promise<void>): void {
  let stage: Stage;
  let cluster: Cluster;
  const used = new Set<string>();

  before(async () => {
    stage = await open();
    cluster = stage.cluster;
  });
  after(() => close(stage));

  it('names itself as its snapshots do', async () => {
    assert.equal((await cluster.readSnapshot()).cluster, cluster.name);
  });

  it('has an identity that may name a file', () => {
    assert.match(cluster.identity.key, /^[\w-]{1,64}$/);
    assert.ok(cluster.name.startsWith(cluster.identity.name));
  });

  it('reads nodes and tasks in the order of their names and ids, each once, each task on a node that is there', async () => {
    const { nodes, tasks, takenAtSeconds } = await cluster.readSnapshot();
    assert.ok(nodes.length > 0 && tasks.length > 0);
    assertAscending(nodes.map(({ name }) => name));
    assertAscending(tasks.map(({ id }) => id));
    const names = new Set(nodes.map(({ name }) => name));
    for (const { id, node } of tasks) assert.ok(node === undefined || names.has(node), `${id} is on ${node}`);
    assert.ok(Math.abs(takenAtSeconds - cluster.nowSeconds()) <= 60);
  });

  it('reads whole amounts that are not negative', async () => {
    const { nodes, tasks } = await cluster.readSnapshot();
    const all = [
      ...nodes.map(({ allocatable }) => allocatable),
      ...tasks.flatMap((task) => [task.request, task.allocation, task.desired]),
    ];
    for (const { milliCpu, memoryBytes, gpuMilli, extended } of all) {
      for (const amount of [milliCpu, memoryBytes, gpuMilli, ...Object.values(extended)]) {
        assert.ok(Number.isSafeInteger(amount) && amount >= 0, `${amount}`);
      }
    }
  });

  it('reads usage with the span it was taken over', async () => {
    const { usage, tasks, takenAtSeconds } = await cluster.readSnapshot();
    const ids = new Set(tasks.map(({ id }) => id));
    for (const [id, { fromSeconds, toSeconds, readings }] of Object.entries(usage)) {
      assert.ok(ids.has(id));
      assert.ok(fromSeconds <= toSeconds && toSeconds <= takenAtSeconds + 60 && readings >= 1, id);
    }
  });

  it('reads finished tasks whose times follow each other', async () => {
    for (const { submittedAtSeconds, startedAtSeconds, endedAtSeconds } of (await cluster.readHistory()).tasks) {
      assert.ok(submittedAtSeconds <= startedAtSeconds && startedAtSeconds <= endedAtSeconds);
    }
  });

  it('throws the reason of a signal that is aborted', async () => {
    const reason = new Error('not wanted any more');
    await assert.rejects(cluster.readSnapshot(AbortSignal.abort(reason)), (error) => error === reason);
  });

  it('knows nothing of a task and an owner that are not there', async () => {
    const task = { id: 'default/never-was', uid: 'none', generation: 1 };
    const owner = { kind: 'Job', namespace: 'default', name: 'never-was', uid: 'none', generation: 1 };
    assert.equal(await cluster.readTask(task), undefined);
    assert.equal(await cluster.readOwner(owner), undefined);
    assertRefused(await cluster.place(task, 'nowhere', REAL), ['notFound']);
    assertRefused(await cluster.resize(task, CORE, resizeRecord(CORE), REAL), ['notFound']);
    assertRefused(await cluster.restore(task, { before: [], after: [] }, REAL), ['notFound']);
    assertRefused(await cluster.releaseTask(task, resizeRecord(CORE), REAL), ['notFound']);
    assertRefused(await cluster.suspend(owner, migrationRecord('never', 'a', 'b'), REAL), ['notFound']);
    assertRefused(await cluster.resume(owner, { kind: 'none' }, REAL), ['notFound']);
    assertRefused(await cluster.release(owner, { planId: 'p', moveId: 'never' }, REAL), ['notFound']);
  });

  it('changes nothing in a dry run', async () => {
    const snapshot = await cluster.readSnapshot();
    const gated = gatedTask(snapshot);
    const { task, owner } = movableJob(snapshot, used, true);
    const less = shrunk(task);
    assertDone(await cluster.place(refOf(gated.task), gated.node, DRY));
    assertDone(await cluster.resize(refOf(task), less, resizeRecord(task.desired), DRY));
    assertDone(await cluster.suspend(owner, migrationRecord('dry', 'a', 'b'), DRY));
    const after = await cluster.readSnapshot();
    assert.ok(find(after, gated.task.id).gated);
    assert.deepEqual(find(after, task.id).desired, task.desired);
    assert.equal((await cluster.readOwner(owner))?.suspended, false);
    assert.deepEqual(await cluster.readRecords(), []);
  });

  it('refuses what has changed since it was read, and what is another object of the same name', async () => {
    const { task, owner } = movableJob(await cluster.readSnapshot(), used, true);
    const record = resizeRecord(task.desired);
    const stale = { ...refOf(task), generation: task.generation + 100 };
    const other = { ...refOf(task), uid: '00000000-0000-0000-0000-000000000000' };
    assertRefused(await cluster.resize(stale, shrunk(task), record, REAL), ['conflict']);
    assertRefused(await cluster.resize(other, shrunk(task), record, REAL), ['notFound']);
    const staleOwner = { ...owner, generation: owner.generation + 100 };
    assertRefused(await cluster.suspend(staleOwner, migrationRecord('stale', 'a', 'b'), REAL), ['conflict']);
    const otherOwner = { ...owner, uid: '00000000-0000-0000-0000-000000000000' };
    assertRefused(await cluster.suspend(otherOwner, migrationRecord('other', 'a', 'b'), REAL), ['notFound']);
    assert.deepEqual(find(await cluster.readSnapshot(), task.id).desired, task.desired);
  });

  it('shrinks a running task in place and expands it again, its original request kept', async () => {
    const { task } = movableJob(await cluster.readSnapshot(), used, true);
    const less = shrunk(task);
    const record = { ...resizeRecord(task.desired), request: task.request };
    const { parts } = (await cluster.readTask(refOf(task)))!;
    const { resized } = done(await cluster.resize(refOf(task), less, record, REAL));
    const granted = await until(stage, () => cluster.readTask(refOf(task)), isGranted);
    assert.ok(sameCpu(granted.actual, less), 'the node grants it');
    assert.deepEqual(resized, { before: parts, after: granted.parts }, 'it tells what it did to each part');
    const seen = find(await cluster.readSnapshot(), task.id);
    assert.equal(seen.node, task.node);
    assert.ok(sameResources(seen.request, task.request), 'the request stays the 100 %');
    assert.ok(sameCpu(seen.allocation, less), 'what it no longer holds is free');
    const again = done(await cluster.resize({ ...refOf(task), generation: granted.generation }, less, record, REAL));
    assert.deepEqual([again.generation, again.resized], [granted.generation, resized], 'repeating it changes nothing');
    const standing = (await cluster.readRecords()).find((each) => each.task?.id === task.id);
    assert.deepEqual(standing?.record, { ...record, generation: granted.generation, resized }, 'it names what it left');
    const back = { ...refOf(task), generation: granted.generation };
    assertDone(await cluster.resize(back, task.desired, record, REAL));
    const restored = await until(stage, () => cluster.readTask(refOf(task)), isGranted);
    assert.ok(sameCpu(restored.actual, task.desired));
    assertDone(await cluster.releaseTask(refOf(task), record, REAL));
  });

  it('gives each part of a task back what it had before a resize, and again without harm', async () => {
    const { task } = movableJob(await cluster.readSnapshot(), used, true);
    const before = (await cluster.readTask(refOf(task)))!;
    const record = resizeRecord(task.desired);
    const resized = done(await cluster.resize(refOf(task), shrunk(task), record, REAL)).resized!;
    await until(stage, () => cluster.readTask(refOf(task)), isGranted);
    assertDone(await cluster.restore(refOf(task), resized, DRY));
    assert.deepEqual((await cluster.readTask(refOf(task)))?.parts, resized.after, 'not in a dry run');
    const restored = done(await cluster.restore(refOf(task), resized, REAL));
    assert.deepEqual(restored.resized, { before: resized.after, after: resized.before });
    const after = await until(stage, () => cluster.readTask(refOf(task)), isGranted);
    assert.deepEqual([after.parts, after.actual], [before.parts, before.actual]);
    const again = done(await cluster.restore(refOf(task), resized, REAL));
    assert.deepEqual([again.generation, again.resized], [after.generation, restored.resized]);
    assertDone(await cluster.releaseTask(refOf(task), record, REAL));
  });

  it('gives nothing back of what somebody else has changed since', async () => {
    const { task } = movableJob(await cluster.readSnapshot(), used, true);
    const record = resizeRecord(task.desired);
    const ours = done(await cluster.resize(refOf(task), shrunk(task), record, REAL));
    await until(stage, () => cluster.readTask(refOf(task)), isGranted);
    const theirs = { ...task.desired, milliCpu: task.desired.milliCpu - 1 };
    const other = { ...record, moveId: 'another' };
    const changed = done(await cluster.resize({ ...refOf(task), generation: ours.generation }, theirs, other, REAL));
    const result = await cluster.restore(refOf(task), ours.resized!, REAL);
    assertRefused(result, ['conflict']);
    assert.equal(result.kind === 'refused' && result.why.code, 'resizedByOther');
    const state = await until(stage, () => cluster.readTask(refOf(task)), isGranted);
    assert.deepEqual([state.generation, state.parts], [changed.generation, changed.resized!.after]);
    assertDone(await cluster.restore(refOf(task), changed.resized!, REAL));
    assertDone(await cluster.restore(refOf(task), ours.resized!, REAL));
    await until(stage, () => cluster.readTask(refOf(task)), isGranted);
    assertDone(await cluster.releaseTask(refOf(task), other, REAL));
  });

  it('takes the record of a move off a task, no other one’s, and remembers when it last shrank it', async () => {
    const { task } = movableJob(await cluster.readSnapshot(), used, true);
    const record = resizeRecord(task.desired);
    const { generation, resized } = done(await cluster.resize(refOf(task), shrunk(task), record, REAL));
    const onTask = async () => (await cluster.readRecords()).filter((each) => each.task?.id === task.id).length;
    assertDone(await cluster.releaseTask(refOf(task), { ...record, moveId: 'another' }, REAL));
    assertDone(await cluster.releaseTask(refOf(task), record, DRY));
    assert.equal(await onTask(), 1);
    assertDone(await cluster.releaseTask(refOf(task), record, REAL));
    assert.equal(await onTask(), 0);
    assertDone(await cluster.releaseTask(refOf(task), record, REAL));
    const state = await until(stage, () => cluster.readTask(refOf(task)), isGranted);
    assert.equal(state.generation, generation, 'it changes nothing else');
    const { takenAtSeconds, tasks } = await cluster.readSnapshot();
    const at = tasks.find(({ id }) => id === task.id)?.lastShrunkAtSeconds ?? 0;
    assert.ok(at <= takenAtSeconds && at > takenAtSeconds - 600, `${takenAtSeconds - at} s ago`);
    assertDone(await cluster.restore(refOf(task), resized!, REAL));
    await until(stage, () => cluster.readTask(refOf(task)), isGranted);
  });

  it('never grants more than the node has, and says so', async () => {
    const snapshot = await cluster.readSnapshot();
    const { task } = movableJob(snapshot, used, true);
    const node = snapshot.nodes.find(({ name }) => name === task.node)!;
    const tooMuch = { ...task.desired, milliCpu: node.allocatable.milliCpu + 1000 };
    const result = await cluster.resize(refOf(task), tooMuch, resizeRecord(task.desired), REAL);
    if (result.kind === 'refused') assert.equal(result.code, 'noCapacity');
    else {
      const state = await until(
        stage,
        () => cluster.readTask(refOf(task)),
        ({ resize }) => resize !== 'inProgress',
      );
      assert.ok(state.resize === 'deferred' || state.resize === 'infeasible');
      // What can never be granted is not held: the node's free amount is as it was.
      if (state.resize === 'infeasible')
        assert.deepEqual(find(await cluster.readSnapshot(), task.id).allocation, task.allocation);
    }
  });

  it('places a gated task on the node it is told', async () => {
    const { task, node } = gatedTask(await cluster.readSnapshot());
    const generation = assertDone(await cluster.place(refOf(task), node, REAL));
    const bound = await until(
      stage,
      () => cluster.readTask(refOf(task)),
      ({ node: at }) => at !== undefined,
    );
    assert.equal(bound.node, node);
    assertDone(await cluster.place({ ...refOf(task), generation }, node, REAL));
    assertDone(await cluster.place(refOf(task), node, REAL));
  });

  it('stops an owner with a record on it, and resumes it where it is told', async () => {
    const { task, owner, target } = movableJob(await cluster.readSnapshot(), used, false);
    const record = migrationRecord('move', task.node!, target);
    const suspended = assertDone(await cluster.suspend(owner, record, REAL));
    assert.equal(assertDone(await cluster.suspend(owner, record, REAL)), suspended);
    assertRefused(await cluster.suspend(owner, { ...record, moveId: 'another' }, REAL), ['conflict']);
    const standing = (await cluster.readRecords()).find((each) => each.owner?.uid === owner.uid);
    const written = { ...record, generation: suspended };
    assert.deepEqual(standing?.record, written, 'anyone can find it, with the generation that it left');
    const stopped = await until(stage, () => cluster.readOwner(owner), isStopped);
    assert.ok(stopped.suspended);
    assert.deepEqual([stopped.record, stopped.generation], [written, suspended]);
    assertRefused(await cluster.release(owner, record, REAL), ['conflict']);
    assertDone(await cluster.release(owner, { ...record, moveId: 'another' }, REAL));
    assert.deepEqual((await cluster.readOwner(owner))?.record, written, 'it stays while it holds the tasks');
    const elsewhere = { ...REAL, generation: suspended + 1 };
    assertRefused(await cluster.resume(owner, { kind: 'none' }, elsewhere), ['conflict']);
    const ref = { ...owner, generation: stopped.generation };
    assertDone(await cluster.resume(ref, { kind: 'required', node: target }, REAL));
    assertDone(await cluster.resume(ref, { kind: 'required', node: target }, REAL));
    const running = await until(stage, () => cluster.readOwner(owner), isRunning);
    assert.deepEqual([running.suspended, running.record], [false, undefined], 'the record is gone');
    assert.deepEqual(
      running.tasks.map(({ node }) => node),
      [target],
    );
    assert.ok(
      running.tasks.every(({ uid }) => uid !== task.uid),
      'it is a new task',
    );
    const seen = find(await cluster.readSnapshot(), running.tasks[0]!.id);
    assert.deepEqual(seen.constraints, task.constraints, 'a pin is no wish of its user, and does not keep it there');
    assert.equal(assertDone(await cluster.release(owner, record, REAL)), running.generation);
  });

  it('resumes an owner without a pin, its tasks as large as they are told to be', async () => {
    const { task, owner, target } = movableJob(await cluster.readSnapshot(), used, false);
    assertDone(await cluster.suspend(owner, migrationRecord('free', task.node!, target), REAL));
    await until(stage, () => cluster.readOwner(owner), isStopped);
    const allocation = shrunk(task);
    assertDone(await cluster.resume(owner, { kind: 'none' }, { ...REAL, allocation }));
    const running = await until(stage, () => cluster.readOwner(owner), isRunning);
    assert.equal(running.suspended, false);
    const resumed = find(await cluster.readSnapshot(), running.tasks[0]!.id);
    assert.deepEqual(resumed.desired, allocation);
    assert.deepEqual(resumed.request, task.request, 'the original request stays the 100 %');
  });

  it('does what is asked again word for word once, as after an answer that was lost, and says that it is done', async () => {
    const { task, owner, target } = movableJob(await cluster.readSnapshot(), used, false);
    const twice = async (act: (options: typeof REAL) => Promise<ActResult>) => {
      const first = assertDone(await act(REAL));
      assert.equal(assertDone(await act(DRY)), first, 'a dry run finds it done');
      assert.equal(assertDone(await act(REAL)), first, 'nothing has changed');
    };
    const less = shrunk(task);
    await twice((options) => cluster.resize(refOf(task), less, resizeRecord(task.desired), options));
    const granted = await until(stage, () => cluster.readTask(refOf(task)), isGranted);
    assert.ok(sameCpu(granted.actual, less));
    const record = migrationRecord('again', task.node!, target);
    const { generation } = (await cluster.readOwner(owner))!;
    await twice((options) => cluster.suspend({ ...owner, generation }, record, options));
    await until(stage, () => cluster.readOwner(owner), isStopped);
    const pin = { kind: 'required', node: target } as const;
    await twice((options) => cluster.resume({ ...owner, generation }, pin, options));
    const running = await until(stage, () => cluster.readOwner(owner), isRunning);
    assert.deepEqual(
      running.tasks.map(({ node }) => node),
      [target],
    );
  });

  it('calls a watcher back after a change, and no more once its signal is aborted', async () => {
    const { task } = movableJob(await cluster.readSnapshot(), used, true);
    const stop = new AbortController();
    let calls = 0;
    cluster.watch(() => {
      calls += 1;
    }, stop.signal);
    assertDone(await cluster.resize(refOf(task), shrunk(task), resizeRecord(task.desired), REAL));
    await until(
      stage,
      async () => calls,
      (count) => count > 0,
    );
    await until(stage, () => cluster.readTask(refOf(task)), isGranted);
    stop.abort();
    const before = calls;
    const generation = (await cluster.readTask(refOf(task)))!.generation;
    assertDone(await cluster.resize({ ...refOf(task), generation }, task.desired, resizeRecord(task.desired), REAL));
    await until(stage, () => cluster.readTask(refOf(task)), isGranted);
    assert.equal(calls, before);
  });
}

const REAL = { dryRun: false };
const DRY = { dryRun: true };
const CORE: Resources = { milliCpu: 1000, memoryBytes: 2 ** 30, gpuMilli: 0, extended: {} };

/** A running Job of one task that nothing keeps from being resized and moved, and a node that could take it. */
function movableJob(
  snapshot: Snapshot,
  used: Set<string>,
  kept: boolean,
): { readonly task: Task; readonly owner: OwnerRef; readonly target: string } {
  const capacity = clusterCapacity(snapshot);
  const guarded = new Set(
    snapshot.budgets.flatMap(({ disruptionsAllowed, taskIds }) => (disruptionsAllowed > 0 ? [] : taskIds)),
  );
  const refused = new Set([
    ...Object.keys(snapshot.rights.resize ?? {}),
    ...Object.keys(snapshot.rights.migrate ?? {}),
  ]);
  for (const task of snapshot.tasks) {
    const { owner, phase, qosClass, namespace } = task;
    if (phase !== 'running' || owner?.kind !== 'Job' || owner.parallelism !== 1 || task.resizeState) continue;
    if (qosClass === 'BestEffort' || guarded.has(task.id) || refused.has(namespace) || refused.has('*')) continue;
    if (used.has(owner.uid) || task.gpuCount > 0 || task.desired.milliCpu < 200) continue;
    const { node: from, gpuIndex: _, ...free } = task;
    const refuses = nodeFilter(free, withoutTask(capacity, task));
    const target = capacity.nodes.find((held) => held.node.name !== from && !refuses(held))?.node.name;
    if (target === undefined) continue;
    if (!kept) used.add(owner.uid);
    const { kind, name, uid, generation } = owner;
    return { task, owner: { kind, namespace, name, uid, generation }, target };
  }
  throw new Error('The stage has no running Job left that can be resized and moved');
}

function gatedTask(snapshot: Snapshot): { readonly task: Task; readonly node: string } {
  const capacity = clusterCapacity(snapshot);
  for (const task of snapshot.tasks) {
    if (!task.gated) continue;
    const refuses = nodeFilter(task, capacity);
    const fitting = capacity.nodes.filter((held) => !refuses(held));
    if (fitting.length > 0) return { task, node: fitting.at(-1)!.node.name };
  }
  throw new Error('The stage has no gated task that fits somewhere');
}

function refOf({ id, uid, generation, node }: Task): TaskRef {
  return { id, uid, generation, ...(node !== undefined && { node }) };
}

/** Nine tenths of its CPU: no QoS class changes by that. */
function shrunk({ desired }: Task): Resources {
  return { ...desired, milliCpu: Math.ceil(desired.milliCpu * 0.9) };
}

function resizeRecord(before: Resources): MoveRecord {
  return { planId: 'contract', moveId: 'resize', kind: 'resize', startedAtSeconds: 1_793_000_000, before };
}

function migrationRecord(moveId: string, from: string, to: string): MoveRecord {
  return { planId: 'contract', moveId, kind: 'migration', startedAtSeconds: 1_793_000_000, from, to };
}

function find({ tasks }: Snapshot, id: string): Task {
  return tasks.find((task) => task.id === id) ?? assert.fail(`${id} is not in the snapshot`);
}

function isGranted({ resize, desired, actual }: TaskState): boolean {
  return resize === 'none' && sameCpu(desired, actual);
}

function isStopped({ active, terminating }: OwnerState): boolean {
  return active + terminating === 0;
}

function isRunning({ tasks }: OwnerState): boolean {
  return tasks.length > 0 && tasks.every(({ phase, node }) => phase === 'running' && node !== undefined);
}

function sameCpu(left: Resources, right: Resources): boolean {
  return amountOf(left, 'milliCpu') === amountOf(right, 'milliCpu');
}

async function until<T>(stage: Stage, read: () => Promise<T | undefined>, holds: (value: T) => boolean): Promise<T> {
  for (let look = 0; look < 60; look += 1) {
    const value = await read();
    if (value !== undefined && holds(value)) return value;
    await stage.wait();
  }
  return assert.fail('it has not come to pass within 60 looks');
}

function done(result: ActResult): Extract<ActResult, { kind: 'done' }> {
  return result.kind === 'done' ? result : assert.fail(describeRefusedAct(result));
}

function assertDone(result: ActResult): number {
  return done(result).generation;
}

function assertRefused(result: ActResult, codes: readonly string[]): void {
  if (result.kind === 'done') assert.fail('it was done');
  const text = describeRefusedAct(result);
  assert.ok(codes.includes(result.code), `${result.code}: ${text}`);
  assert.match(text, /^Cannot (place|resize|suspend|resume|take the record of a move off) .*: .*\.$/);
}

function assertAscending(names: readonly string[]): void {
  for (const [index, name] of names.entries()) assert.ok(index === 0 || names[index - 1]! < name, name);
}
