import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import type { ApiObject, Job } from '../../src/cluster/kubernetes/api/objects.ts';
import { type KubernetesCluster, openKubernetesCluster } from '../../src/cluster/kubernetes/kubernetes.ts';
import { LAST_SHRINK, ORIGINAL_REQUEST } from '../../src/cluster/kubernetes/model/pod.ts';
import { RECORD as MOVE } from '../../src/cluster/kubernetes/model/records.ts';
import type { ActResult, MoveRecord, Pin } from '../../src/cluster/port.ts';
import type { OwnerRef } from '../../src/core/model/moves.ts';
import { describeProblem } from '../../src/text/problem.ts';
import { describeRefusedAct } from '../../src/text/refusal.ts';
import { requireCluster } from './availability.ts';
import { startCluster, type TestCluster } from './cluster.ts';
import { homeIn, stowage } from './commandLine.ts';
import { until } from './until.ts';
import { job, type Manifest } from './workload.ts';

const GIB = 2 ** 30;
const REAL = { dryRun: false };
const RECORD: MoveRecord = { planId: 'p', moveId: 'm', kind: 'migration', startedAtSeconds: 1, from: 'a', to: 'b' };

describe('the laws of a migration on a real cluster', () => {
  let test: TestCluster;
  let cluster: KubernetesCluster;
  let home: string;

  before(async function () {
    requireCluster(this);
    test = await startCluster({ nodes: ['a', 'b'].map((name) => ({ name, milliCpu: 8000, memoryBytes: 16 * GIB })) });
    cluster = await openKubernetesCluster({ kubeconfig: test.kubeconfigPath });
    home = homeIn(test, 'home');
  });
  after(async () => {
    await cluster?.close();
    await test?.stop();
  });
  afterEach(async () => {
    await test.kubectl(['uncordon', 'a', 'b']);
    await test.remove('jobs', '--all');
  });

  it('what a user suspends after a resume by hand stays suspended, and loses our record', async () => {
    const owner = await started(task('purpose'));
    done(await cluster.suspend(owner, RECORD, REAL));
    await patch('purpose', { suspend: false });
    await patch('purpose', { suspend: true });
    const output = await apply();
    assert.match(output, /record of the move is taken off default\/purpose/);
    const { spec, metadata } = await read('purpose');
    assert.deepEqual([spec?.suspend, metadata?.annotations?.['stowage.dev/move']], [true, undefined]);
  });

  it('what we have suspended, and nobody since, is resumed elsewhere; an edit beside it is no resume', async () => {
    const owner = await started(task('ours'));
    const { generation } = done(await cluster.suspend(owner, RECORD, REAL));
    assert.deepEqual((await cluster.readOwner(owner))?.record, { ...RECORD, generation });
    await patch('ours', { activeDeadlineSeconds: 3600 });
    const edited = await cluster.readOwner(owner);
    assert.deepEqual([edited?.suspensionKept, edited?.generation], [true, generation + 1]);
    assert.match((await stowageApply()).output, /is left as it is: somebody has changed it since/);
    assert.equal((await read('ours')).spec?.suspend, true);
    done(await cluster.resume(owner, { kind: 'none' }, { ...REAL, generation: generation + 1 }));
    const again = { ...owner, generation: generation + 2 };
    done(await cluster.suspend(again, RECORD, REAL));
    await apply();
    assert.equal((await read('ours')).spec?.suspend, false);
    assert.deepEqual(await cluster.readRecords(), []);
  });

  it('a record on a Job that runs is taken off, whatever pin and amounts it names', async () => {
    const owner = await started(task('running'));
    const allocation = { milliCpu: 500, memoryBytes: GIB, gpuMilli: 0, extended: {} };
    await annotate('running', {
      'stowage.dev/move': JSON.stringify({ ...RECORD, allocation }),
      'stowage.dev/pinned': 'a',
    });
    await apply();
    const { metadata, spec } = await read('running');
    assert.equal(metadata?.annotations?.['stowage.dev/move'], undefined);
    assert.deepEqual([metadata?.generation, spec?.suspend], [owner.generation, false]);
  });

  it('what a queue holds back is not resumed by a record', async () => {
    const manifest = task('queued');
    const labels = { 'kueue.x-k8s.io/queue-name': 'night' };
    await test.apply({
      ...manifest,
      metadata: { ...manifest.metadata, labels },
      spec: { ...manifest.spec, suspend: true },
    });
    const { metadata } = await read('queued');
    await annotate('queued', { 'stowage.dev/move': JSON.stringify({ ...RECORD, generation: metadata?.generation }) });
    assert.match(await apply(), /Kueue's queue night/);
    const found = await read('queued');
    assert.deepEqual([found.spec?.suspend, found.metadata?.annotations?.['stowage.dev/move']], [true, undefined]);
  });

  it('a Job is moved again and again, and gets its affinity back to the byte; a pin to a cordoned node comes off', async () => {
    const manifest = task('wanderer', 'a');
    const owner = await started({ ...manifest, spec: { ...manifest.spec, backoffLimit: 6 } });
    const before = (await read('wanderer')).spec?.template?.spec?.affinity;
    for (const node of ['b', 'a', 'b']) {
      await move(owner, { kind: 'required', node });
      const { tasks } = await cluster.readSnapshot();
      const moved = tasks.find((each) => each.owner?.uid === owner.uid && each.phase === 'running');
      assert.deepEqual([moved?.node, moved?.constraints.nodeAffinity], [node, undefined]);
    }
    await test.kubectl(['cordon', 'b']);
    await test.kubectl(['delete', 'pods', '-l', 'job-name=wanderer', '--wait=false']);
    const { problems } = await until(
      () => cluster.readSnapshot(),
      (snapshot) => snapshot.problems.some(({ code }) => code === 'deadPin'),
    );
    assert.match(describeProblem(problems[0]!), /^1 task of default\/wanderer waits for node b, which is cordoned/);
    const doctor = await stowage(home, ['doctor', '--kubeconfig', test.kubeconfigPath]);
    assert.match(doctor.output, /waits for node b, which is cordoned/);
    const declined = await stowage(home, ['apply', '--kubeconfig', test.kubeconfigPath]);
    assert.match(declined.output, /Take the pin off default\/wanderer: waiting/);
    await apply();
    await until(
      () => cluster.readSnapshot(),
      ({ tasks }) => tasks.some((each) => each.owner?.uid === owner.uid && each.node === 'a'),
    );
    const { spec, metadata } = await read('wanderer');
    assert.deepEqual(spec?.template?.spec?.affinity, before);
    assert.equal(metadata?.annotations?.['stowage.dev/pinned'], undefined);
    assert.deepEqual(await cluster.readRecords(), []);
  });

  it('a pin to a node that others have filled meanwhile comes off, and the task runs where there is room', async () => {
    const manifest = task('crowded', 'a');
    const owner = await started({ ...manifest, spec: { ...manifest.spec, backoffLimit: 6 } });
    await move(owner, { kind: 'required', node: 'b' });
    await test.kubectl(['cordon', 'b']);
    await test.kubectl(['delete', 'pods', '-l', 'job-name=crowded', '--wait=true']);
    const filling = job({ name: 'filler', requests: { cpu: '7500m', memory: '1Gi' } });
    const { template } = filling.spec as { template: { metadata: object; spec: object } };
    const spec = { ...template.spec, nodeName: 'b' };
    await test.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { ...template.metadata, name: 'filler' }, spec });
    await test.kubectl(['uncordon', 'b']);
    await until(
      () => cluster.readSnapshot(),
      ({ problems }) => problems.some((each) => each.code === 'deadPin' && each.why === 'full'),
    );
    const doctor = await stowage(home, ['doctor', '--kubeconfig', test.kubeconfigPath]);
    assert.match(doctor.output, /crowded waits for node b, which is full/);
    await apply();
    await until(
      () => cluster.readSnapshot(),
      ({ tasks }) => tasks.some((each) => each.owner?.uid === owner.uid && each.node === 'a'),
    );
    await test.remove('pod/filler');
  });

  it('who applies a Job’s affinity is known, in both forms in which Jobs are read', async () => {
    const manifest = JSON.stringify({ ...task('synced', 'a'), apiVersion: 'batch/v1' });
    await test.kubectl(['apply', '--server-side', '--field-manager=argocd-controller', '-f', '-'], manifest);
    await started(undefined, 'synced');
    const { tasks } = await cluster.readSnapshot();
    assert.equal(tasks.find(({ owner }) => owner?.name === 'synced')?.owner?.affinityAppliedBy, 'argocd-controller');
  });

  it('after a migration and a resize all that uninstall promises is off, and a pin that holds is told of', async () => {
    const owner = await started(task('moved', 'a'));
    await move(owner, { kind: 'required', node: 'b' });
    const { tasks } = await cluster.readSnapshot();
    const { id, uid, generation, node, desired, request } = tasks.find((each) => each.owner?.uid === owner.uid)!;
    const record: MoveRecord = { ...RECORD, kind: 'resize', before: desired, request };
    const shrunk = { ...desired, milliCpu: 500 };
    const resized = done(await cluster.resize({ id, uid, generation, node: node! }, shrunk, record, REAL));
    const ref = { id, uid, generation: resized.generation, node: node! };
    const uninstall = () => stowage(home, ['uninstall', '--traces', '--yes', '--kubeconfig', test.kubeconfigPath]);
    const early = await uninstall();
    assert.match(early.output, /stowage\.dev\/move stays on 1 in default \(moved-.*\): a move is under way/);
    assert.deepEqual(await keysOf('pods'), [MOVE, LAST_SHRINK, ORIGINAL_REQUEST].sort());
    await until(
      () => cluster.readTask(ref),
      (state) => state?.resize === 'none' && state.actual.milliCpu === 500,
    );
    done(await cluster.releaseTask(ref, record, REAL));
    const asked = await stowage(home, ['uninstall', '--traces', '--kubeconfig', test.kubeconfigPath]);
    assert.deepEqual([asked.status, (await keysOf('pods')).length], [2, 2]);
    const { output, status } = await uninstall();
    assert.equal(status, 0, output);
    assert.match(output, /stowage\.dev\/pinned stays on 1 in default \(moved\): its pin still sends its tasks to b\./);
    assert.match(output, /1 object has lost its traces/);
    assert.deepEqual([await keysOf('pods'), await keysOf('jobs')], [[], ['stowage.dev/pinned']]);
    assert.equal((await cluster.readTask(ref))?.desired.milliCpu, 500);
  });

  it('the first request comes off the template of a Job that its user has suspended', async () => {
    const owner = await started(task('resized'));
    done(await cluster.suspend(owner, RECORD, REAL));
    await until(
      () => cluster.readOwner(owner),
      (state) => state?.active === 0 && state.terminating === 0,
    );
    const allocation = { milliCpu: 500, memoryBytes: GIB, gpuMilli: 0, extended: {} };
    done(await cluster.resume(owner, { kind: 'none' }, { ...REAL, allocation }));
    const template = async () => (await read('resized')).spec?.template?.metadata?.annotations ?? {};
    assert.ok(ORIGINAL_REQUEST in (await template()));
    const uninstall = () => stowage(home, ['uninstall', '--traces', '--yes', '--kubeconfig', test.kubeconfigPath]);
    assert.match(
      (await uninstall()).output,
      /original-request stays on 1 in default \(template of resized\): a template/,
    );
    await patch('resized', { suspend: true });
    await until(
      () => cluster.readOwner(owner),
      (state) => state?.active === 0 && state.terminating === 0,
    );
    const { output, status } = await uninstall();
    assert.equal(status, 0, output);
    assert.ok(!(ORIGINAL_REQUEST in (await template())), output);
    assert.deepEqual(await keysOf('jobs'), []);
  });

  /** The keys of ours in the annotations of all objects of a kind. */
  async function keysOf(kind: 'jobs' | 'pods'): Promise<string[]> {
    const { items } = JSON.parse(await test.kubectl(['get', kind, '-o', 'json'])) as { items: ApiObject[] };
    return items
      .flatMap(({ metadata }) => Object.keys(metadata?.annotations ?? {}))
      .filter((key) => key.startsWith('stowage.dev/'))
      .sort();
  }

  /** Applies a Job of one task, and waits until that runs. */
  async function started(manifest: Manifest | undefined, name = manifest!.metadata.name): Promise<OwnerRef> {
    if (manifest) await test.apply(manifest);
    await until(
      () => cluster.readSnapshot(),
      ({ tasks }) =>
        tasks.some(({ owner, startedAtSeconds }) => owner?.name === name && startedAtSeconds !== undefined),
    );
    const { metadata } = await read(name);
    const { uid = '', generation = 0 } = metadata ?? {};
    return { kind: 'Job', namespace: 'default', name, uid, generation };
  }

  async function move(owner: OwnerRef, pin: Pin): Promise<void> {
    const { generation } = (await cluster.readOwner(owner))!;
    done(await cluster.suspend({ ...owner, generation }, RECORD, REAL));
    await until(
      () => cluster.readOwner(owner),
      (state) => state?.active === 0 && state.terminating === 0,
    );
    done(await cluster.resume(owner, pin, { dryRun: true }));
    done(await cluster.resume(owner, pin, REAL));
    await until(
      () => cluster.readOwner(owner),
      (state) => state?.tasks.some(({ phase }) => phase === 'running') ?? false,
    );
  }

  async function read(name: string): Promise<Job> {
    return JSON.parse(await test.kubectl(['get', `job/${name}`, '-o', 'json']));
  }

  async function patch(name: string, spec: object): Promise<void> {
    await test.kubectl(['patch', `job/${name}`, '--type=merge', '-p', JSON.stringify({ spec })]);
  }

  async function annotate(name: string, annotations: Record<string, string>): Promise<void> {
    const body = JSON.stringify({ metadata: { annotations } });
    await test.kubectl(['patch', `job/${name}`, '--type=merge', '-p', body]);
  }

  const stowageApply = () => stowage(home, ['apply', '--kubeconfig', test.kubeconfigPath, '--yes']);

  async function apply(): Promise<string> {
    const { output, status } = await stowageApply();
    assert.equal(status, 0, output);
    return output;
  }
});

function task(name: string, preferredNode?: string): Manifest {
  const requests = { cpu: '1', memory: '1Gi' };
  return job({ name, requests, gracePeriodSeconds: 2, ...(preferredNode && { preferredNode }) });
}

function done(result: ActResult): Extract<ActResult, { kind: 'done' }> {
  if (result.kind === 'refused') assert.fail(describeRefusedAct(result));
  return result;
}
