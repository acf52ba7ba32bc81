import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { openKubernetesCluster } from '../../src/cluster/kubernetes/kubernetes.ts';
import type { ActResult, Cluster, MoveRecord } from '../../src/cluster/port.ts';
import type { OwnerRef, TaskRef } from '../../src/core/model/moves.ts';
import type { Task } from '../../src/core/model/task.ts';
import { continueMoves } from '../../src/operate/applyPlan.ts';
import { REAL_CLOCK } from '../../src/operate/stepContext.ts';
import { describeStep } from '../../src/text/operation.ts';
import { describeRefusedAct } from '../../src/text/refusal.ts';
import { memoryJournal } from '../operate/memory.ts';
import { optionsOf } from '../operate/samplePlan.ts';
import { clusterAvailability, startCluster, type TestCluster } from './cluster.ts';
import { until } from './until.ts';
import { gatedPod, job } from './workload.ts';

const GIB = 2 ** 30;
const NODES = [
  {
    name: 'node-1',
    milliCpu: 8000,
    memoryBytes: 16 * GIB,
    annotations: { 'stowage.dev/available-until': '2031-01-01T00:00:00Z' },
  },
  { name: 'node-2', milliCpu: 8000, memoryBytes: 16 * GIB, gpus: 2, labels: { 'nvidia.com/gpu.product': 'H100' } },
];
const FOR_REAL = { dryRun: false };
const RECORD: MoveRecord = {
  planId: 'plan-1',
  moveId: 'move-1',
  kind: 'migration',
  startedAtSeconds: 1,
  from: 'node-1',
  to: 'node-2',
};

describe('the Kubernetes side of the Cluster port', () => {
  let test: TestCluster;
  let cluster: Cluster;

  before(async function () {
    const availability = clusterAvailability();
    if (!availability.available) {
      const why = `${availability.reason}. ${availability.remedy}`;
      if (process.env['STOWAGE_REQUIRE_CLUSTER'] === '1') throw new Error(why);
      console.error(`      left out: ${why}`);
      this.skip();
    }
    test = await startCluster({ nodes: NODES, metrics: true });
    cluster = await openKubernetesCluster({ kubeconfig: test.kubeconfigPath });
  });
  after(async () => {
    await cluster?.close();
    await test?.stop();
  });
  /** What a failed test leaves would fail the tests after it, and its own second try. */
  afterEach(async function () {
    if (this.currentTest?.state !== 'passed') await test.remove('jobs,pods,resourcequotas', '--all');
  });

  it('reads nodes, their GPUs and deadlines, and the parameters of tasks', async () => {
    await test.apply(
      job({
        name: 'train',
        requests: { cpu: '1', memory: '1Gi', 'nvidia.com/gpu': '1' },
        creator: 'ana',
        type: 'training',
        framework: 'pytorch',
        dataScale: 12,
        checkpoint: 's3://bucket/train',
      }),
    );
    await running('train');
    const snapshot = await cluster.readSnapshot();
    assert.deepEqual(snapshot.problems, []);
    const [first, second] = snapshot.nodes;
    assert.deepEqual(
      [first?.allocatable.milliCpu, first?.allocatable.memoryBytes, first?.allocatable.gpuMilli, first?.ready],
      [8000, 16 * GIB, 0, true],
    );
    assert.deepEqual(first?.deadline, { atSeconds: Date.UTC(2031, 0, 1) / 1000, source: 'annotation' });
    assert.deepEqual(
      [second?.allocatable.gpuMilli, second?.gpuModel, second?.gpuResource],
      [2000, 'H100', 'nvidia.com/gpu'],
    );
    const task = await taskOf('train');
    assert.deepEqual(task.parameters, {
      creator: 'ana',
      type: 'training',
      framework: 'pytorch',
      dataScale: 12,
      name: 'train',
    });
    assert.deepEqual(
      [task.request.milliCpu, task.gpuCount, task.node, task.qosClass],
      [1000, 1, 'node-2', 'Guaranteed'],
    );
    assert.deepEqual([task.owner?.kind, task.owner?.name, task.endless, task.gated], ['Job', 'train', false, false]);
    assert.equal(task.checkpoint?.location, 's3://bucket/train');
    assert.deepEqual(snapshot.rights, { place: {}, resize: {}, migrate: {} });
    await test.remove('job/train');
  });

  it('places a gated pod on the chosen node, after a dry run that changes nothing, and again without harm', async () => {
    await test.apply(gatedPod({ name: 'gated', requests: { cpu: '1', memory: '1Gi' } }));
    const task = await taskOf('gated');
    assert.deepEqual([task.gated, task.phase, task.unschedulableSinceSeconds], [true, 'pending', undefined]);
    done(await cluster.place(refOf(task), 'node-2', { dryRun: true }));
    assert.equal((await taskOf('gated')).gated, true);
    done(await cluster.place(refOf(task), 'node-2', FOR_REAL));
    done(await cluster.place(refOf(task), 'node-2', FOR_REAL));
    const state = await until(
      () => cluster.readTask(refOf(task)),
      (seen) => seen?.phase === 'running',
    );
    assert.equal(state?.node, 'node-2');
    refused(await cluster.place(refOf(task), 'node-1', FOR_REAL), 'conflict', /already runs on node-2/);
    await test.remove('pod/gated');
  });

  it('resizes a running task in place, writes record and original request with it, and follows it to its end', async () => {
    await test.apply(job({ name: 'elastic', requests: { cpu: '2', memory: '2Gi' } }));
    await running('elastic');
    const task = await taskOf('elastic');
    const to = { ...task.desired, milliCpu: 1000, memoryBytes: 3 * GIB };
    const record: MoveRecord = { ...RECORD, kind: 'resize', before: task.desired, request: task.request };
    done(await cluster.resize(refOf(task), to, record, { dryRun: true }));
    assert.equal((await taskOf('elastic')).desired.milliCpu, 2000);
    const result = done(await cluster.resize(refOf(task), to, record, FOR_REAL));
    const ref = { ...refOf(task), generation: result.generation };
    const state = await until(
      () => cluster.readTask(ref),
      (seen) => seen?.resize === 'none' && seen.actual.milliCpu === 1000,
    );
    assert.deepEqual([state?.actual, state?.generation], [to, task.generation + 1]);
    const after = await taskOf('elastic');
    assert.deepEqual([after.request, after.desired, after.allocation], [task.request, to, to]);
    const [standing] = await cluster.readRecords();
    const { generation, resized } = result;
    assert.deepEqual([standing?.record, standing?.task?.id], [{ ...record, generation, resized }, task.id]);
    done(await cluster.resize(refOf(task), to, record, FOR_REAL)); // once more: nothing is left to do
    refused(
      await cluster.resize(refOf(task), task.desired, record, FOR_REAL),
      'conflict',
      /changed since the plan was made/,
    );
    refused(
      await cluster.resize(ref, { ...to, milliCpu: 9000 }, record, FOR_REAL),
      'noCapacity',
      /requested: 9000, allocatable: 8000/,
    );
    await test.remove('job/elastic');
  });

  it('gives each container back byte for byte what its user wrote, a sidecar too, where nobody else changed it', async () => {
    const manifest = job({ name: 'several', requests: {} });
    const template = (manifest.spec as JobSpec).template;
    Object.assign(template.spec, {
      containers: [
        container('a', { requests: { cpu: '0.1', memory: '64Mi' }, limits: { cpu: '0.2' } }),
        container('b', { requests: { cpu: '300m', memory: '192Mi' }, limits: { cpu: '.7', memory: '256Mi' } }),
        container('c', { requests: { memory: '1Mi' } }),
      ],
      initContainers: [{ ...container('mesh', { requests: { cpu: '150m', memory: '64M' } }), restartPolicy: 'Always' }],
    });
    // Gives c a request and a limit, and mesh a limit; each is to come back within it.
    const limits = [{ type: 'Container', max: { cpu: '700m' } }];
    await test.apply({ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'bounds' }, spec: { limits } });
    await test.apply(manifest);
    // Not `Ready`: the stand-in's sidecars never say so.
    const isRunning = '--for=jsonpath={.status.phase}=Running';
    await until(
      async () => (await cluster.readSnapshot()).tasks.find(({ owner }) => owner?.name === 'several'),
      (task) => task?.node !== undefined,
    );
    await test.kubectl(['wait', 'pods', '-l', 'job-name=several', isRunning, '--timeout=600s']);
    const written = async () => {
      const { items } = JSON.parse(await test.kubectl(['get', 'pods', '-l', 'job-name=several', '-o', 'json']));
      const { containers, initContainers } = items[0].spec;
      return [...containers, ...initContainers].map(({ resources }) => resources);
    };
    const before = await written();
    const task = await taskOf('several');
    const to = { ...task.desired, milliCpu: 600, memoryBytes: 300 * 2 ** 20 };
    const needs = { a: { milliCpu: 90, memoryBytes: 0 }, mesh: { milliCpu: 10, memoryBytes: 0 } };
    const { resized } = done(
      await cluster.resize(refOf(task), to, { ...RECORD, kind: 'resize' }, { ...FOR_REAL, needs }),
    );
    const granted = () =>
      until(
        () => cluster.readTask(refOf(task)),
        (seen) => seen?.resize === 'none',
      );
    assert.deepEqual((await granted())?.actual, to);
    const cpus = new Map(resized!.after.map(({ name, requests }) => [name, requests?.cpu]));
    // Of 1250m each keeps its need (1m where none is known) and an equal share of 498 of the 1148 above it.
    assert.deepEqual(
      [...cpus],
      [
        ['a', '94m'],
        ['b', '131m'],
        ['c', '305m'],
        ['mesh', '70m'],
      ],
    );
    done(await cluster.restore(refOf(task), resized!, FOR_REAL));
    await granted();
    assert.deepEqual(await written(), before);
    await test.remove('job/several', 'limitrange/bounds');
  });

  it('does not resize where a LimitRange would add what cannot be taken off again', async () => {
    await test.apply(job({ name: 'free', requests: { cpu: '500m', memory: '1Gi' }, limits: {} }));
    await running('free');
    const limits = [{ type: 'Container', max: { cpu: '700m' } }];
    await test.apply({ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'later' }, spec: { limits } });
    const task = await taskOf('free');
    const to = { ...task.desired, milliCpu: 400 };
    const record: MoveRecord = { ...RECORD, kind: 'resize' };
    const would = () => cluster.resize(refOf(task), to, record, { dryRun: true });
    // The server's plugin learns of a LimitRange a moment later.
    const result = await until(would, ({ kind }) => kind === 'refused');
    refused(result, 'invalid', /would add requests or limits to its container main/);
    refused(await cluster.resize(refOf(task), to, record, FOR_REAL), 'invalid', /would add/);
    assert.deepEqual(
      (await cluster.readRecords()).filter(({ task: on }) => on?.uid === task.uid),
      [],
    );
    await test.remove('job/free', 'limitrange/later');
  });

  it('leaves a later resize by somebody else alone, whatever record stands there', async () => {
    await test.apply(job({ name: 'theirs', requests: { cpu: '500m', memory: '1Gi' } }));
    await running('theirs');
    const task = await taskOf('theirs');
    const record: MoveRecord = { ...RECORD, kind: 'resize', before: task.desired };
    const to = { ...task.desired, milliCpu: 900 };
    done(await cluster.resize(refOf(task), to, record, FOR_REAL));
    await until(
      () => cluster.readTask(refOf(task)),
      (seen) => seen?.resize === 'none',
    );
    await test.apply(job({ name: 'neighbour', requests: { cpu: '6', memory: '1Gi' }, preferredNode: task.node! }));
    await running('neighbour');
    const name = task.id.slice(task.id.indexOf('/') + 1);
    const amounts = { cpu: '7' };
    const spec = { containers: [{ name: 'main', resources: { requests: amounts, limits: amounts } }] };
    await test.kubectl(['patch', 'pod', name, '--subresource', 'resize', '-p', JSON.stringify({ spec })]);
    await until(
      () => cluster.readTask(refOf(task)),
      (seen) => seen?.resize === 'deferred',
    );
    const outcome = await continueMoves(cluster, optionsOf(memoryJournal(), { polling: REAL_CLOCK }));
    const texts = 'steps' in outcome ? outcome.steps.map((step) => describeStep(step).text) : [];
    assert.deepEqual(texts, [`The record of the move is taken off ${task.id}: somebody has changed it since.`]);
    assert.equal((await cluster.readTask(refOf(task)))?.desired.milliCpu, 7000);
    assert.deepEqual(await cluster.readRecords(), []);
    await test.remove('job/theirs', 'job/neighbour');
  });

  it('takes a shrink of memory back as soon as its kubelet says that it cannot', async () => {
    const usage = { cpu: '100m', memory: '512Mi' };
    await test.apply(job({ name: 'full', requests: { cpu: '500m', memory: '1Gi' }, usage }));
    await running('full');
    const task = await taskOf('full');
    const to = { ...task.desired, memoryBytes: 256 * 2 ** 20 };
    const { request, desired: from } = task;
    const move = { kind: 'resize', id: 'move', task: refOf(task), direction: 'shrink', from, to, request } as const;
    const at = { planId: 'plan', atSeconds: cluster.nowSeconds() };
    const journal = memoryJournal([
      { type: 'begin', ...at, cluster: cluster.name, moves: [move] },
      { type: 'step', ...at, moveId: move.id, state: { kind: 'resizing' } },
    ]);
    const begin = Date.now();
    const outcome = await continueMoves(cluster, optionsOf(journal, { polling: REAL_CLOCK }));
    const text = 'steps' in outcome ? describeStep(outcome.steps[0]!).text : outcome.kind;
    assert.match(text, /below current usage.*The resize is taken back\.$/);
    assert.ok(Date.now() - begin < 30_000, 'apply is not blocked');
    const state = await cluster.readTask(refOf(task));
    assert.deepEqual([state?.desired, state?.actual, await cluster.readRecords()], [from, from, []]);
    await test.remove('job/full');
  });

  it('tells what a quota leaves, and names the quota that refuses a resize', async () => {
    const spec = { hard: { 'requests.cpu': '3' } };
    await test.apply({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'few' }, spec });
    await test.apply(job({ name: 'bounded', requests: { cpu: '2', memory: '1Gi' } }));
    await running('bounded');
    const { quotas } = await until(
      () => cluster.readSnapshot(),
      (seen) => seen.quotas?.[0]?.left.milliCpu === 1000,
    );
    assert.deepEqual(quotas, [{ namespace: 'default', name: 'few', left: { milliCpu: 1000 } }]);
    const task = await taskOf('bounded');
    const to = { ...task.desired, milliCpu: 4000 };
    const result = await cluster.resize(refOf(task), to, { ...RECORD, kind: 'resize' }, { dryRun: true });
    refused(result, 'noCapacity', /exceeded quota: few.*used: requests\.cpu=2.*limited: requests\.cpu=3/);
    await test.remove('job/bounded', 'resourcequota/few');
  });

  it('counts what a deferred resize waits for as held, and says why it waits', async () => {
    await test.apply(
      job({ name: 'growing', requests: { cpu: '3', memory: '1Gi' }, preferredNode: 'node-1' }),
      job({ name: 'neighbour', requests: { cpu: '4', memory: '1Gi' }, preferredNode: 'node-1' }),
    );
    await running('growing');
    await running('neighbour');
    const task = await taskOf('growing');
    const result = done(
      await cluster.resize(refOf(task), { ...task.desired, milliCpu: 6000 }, { ...RECORD, kind: 'resize' }, FOR_REAL),
    );
    const ref = { ...refOf(task), generation: result.generation };
    const state = await until(
      () => cluster.readTask(ref),
      (seen) => seen?.resize === 'deferred',
    );
    assert.match(state?.message ?? '', /cpu, requested: 6000/);
    const after = await taskOf('growing');
    assert.deepEqual([after.allocation.milliCpu, after.resizeState?.kind], [6000, 'deferred']);
    await test.remove('job/growing', 'job/neighbour');
  });

  it('moves a Job to another node: suspended with its record, then resumed with a pin in one request', async () => {
    await test.apply(
      job({ name: 'wanderer', requests: { cpu: '1', memory: '1Gi' }, preferredNode: 'node-1', stopSeconds: 2 }),
    );
    await running('wanderer');
    const task = await taskOf('wanderer');
    assert.equal(task.node, 'node-1');
    const owner = ownerOf(task);
    done(await cluster.suspend(owner, RECORD, { dryRun: true }));
    assert.equal((await cluster.readOwner(owner))?.suspended, false);
    const { generation } = done(await cluster.suspend(owner, RECORD, FOR_REAL));
    done(await cluster.suspend(owner, RECORD, FOR_REAL));
    const written = { ...RECORD, generation };
    refused(
      await cluster.suspend(owner, { ...RECORD, planId: 'plan-2' }, FOR_REAL),
      'conflict',
      /another move has suspended it already/,
    );
    assert.deepEqual(
      (await cluster.readRecords()).map(({ record, owner }) => [record, owner?.name]),
      [[written, 'wanderer']],
    );
    const stopped = await until(
      () => cluster.readOwner(owner),
      (seen) => seen?.active === 0 && seen.terminating === 0,
    );
    assert.deepEqual([stopped?.suspended, stopped?.record], [true, written]);
    done(await cluster.resume(owner, { kind: 'required', node: 'node-2' }, { dryRun: true }));
    assert.equal((await cluster.readOwner(owner))?.suspended, true);
    done(await cluster.resume(owner, { kind: 'required', node: 'node-2' }, FOR_REAL));
    done(await cluster.resume(owner, { kind: 'required', node: 'node-2' }, FOR_REAL));
    await running('wanderer');
    assert.equal((await taskOf('wanderer')).node, 'node-2');
    assert.deepEqual(await cluster.readRecords(), []);
    // and back: the old pin goes, the user's own preference stays
    const again = ownerOf(await taskOf('wanderer'));
    done(await cluster.suspend(again, RECORD, FOR_REAL));
    await until(
      () => cluster.readOwner(again),
      (seen) => seen?.active === 0 && seen.terminating === 0,
    );
    done(await cluster.resume(again, { kind: 'none' }, FOR_REAL));
    await running('wanderer');
    const template = JSON.parse(await test.kubectl(['get', 'job/wanderer', '-o', 'json'])).spec.template.spec.affinity
      .nodeAffinity;
    assert.equal(template.requiredDuringSchedulingIgnoredDuringExecution, undefined);
    assert.equal(template.preferredDuringSchedulingIgnoredDuringExecution.length, 1);
    await test.remove('job/wanderer');
  });

  it('reads finished tasks as history', async () => {
    await test.apply(
      job({ name: 'short', requests: { cpu: '500m', memory: '64Mi' }, runtimeSeconds: 3, creator: 'ben' }),
    );
    await test.kubectl(['wait', 'job/short', '--for=condition=Complete', '--timeout=600s']);
    const { tasks, problems } = await cluster.readHistory();
    assert.deepEqual(problems, []);
    const run = tasks.find((finished) => finished.parameters.name === 'short');
    assert.ok(run);
    assert.deepEqual([run.parameters.creator, run.size, run.outcome], ['ben', 0.5, 'succeeded']);
    const seconds = run.endedAtSeconds - run.startedAtSeconds;
    assert.ok(seconds >= 3 && seconds <= 6, `${seconds} s`);
  });

  it('reads usage from metrics-server', async () => {
    await test.apply(
      job({ name: 'busy', requests: { cpu: '2', memory: '1Gi' }, usage: { cpu: '1500m', memory: '512Mi' } }),
    );
    await running('busy');
    const { id } = await taskOf('busy');
    const usage = await until(
      async () => (await cluster.readSnapshot()).usage[id],
      (seen) => (seen?.mean.milliCpu ?? 0) > 1000,
      60,
    );
    assert.ok(Math.abs((usage?.mean.milliCpu ?? 0) - 1500) < 100, JSON.stringify(usage));
    assert.equal(usage?.mean.memoryBytes, 512 * 2 ** 20);
    await test.remove('job/busy');
  });

  async function running(name: string): Promise<void> {
    await until(
      async () => (await cluster.readSnapshot()).tasks.find((task) => task.owner?.name === name),
      (task) => task?.startedAtSeconds !== undefined && task.phase === 'running',
    );
    await test.kubectl(['wait', 'pods', '-l', `job-name=${name}`, '--for=condition=Ready', '--timeout=600s']);
  }

  async function taskOf(name: string): Promise<Task> {
    const { tasks } = await cluster.readSnapshot();
    const task = tasks.find((one) => (one.owner?.name ?? one.name) === name && one.phase !== 'ending');
    assert.ok(task, `there is no task of ${name}`);
    return task;
  }
});

type JobSpec = { readonly template: { readonly spec: object } };

function container(name: string, resources: object): object {
  return { name, image: 'example.test/pretended', resources };
}

function refOf(task: Task): TaskRef {
  const { id, uid, generation, node } = task;
  return node === undefined ? { id, uid, generation } : { id, uid, generation, node };
}

function ownerOf(task: Task): OwnerRef {
  assert.ok(task.owner);
  const { kind, name, uid, generation } = task.owner;
  return { kind, namespace: task.namespace, name, uid, generation };
}

function done(result: ActResult): Extract<ActResult, { kind: 'done' }> {
  assert.equal(result.kind, 'done', result.kind === 'refused' ? describeRefusedAct(result) : '');
  return result as Extract<ActResult, { kind: 'done' }>;
}

function refused(result: ActResult, code: string, reason: RegExp): void {
  assert.equal(result.kind, 'refused');
  if (result.kind !== 'refused') return;
  const text = describeRefusedAct(result);
  assert.equal(result.code, code, text);
  assert.match(text, reason);
}
