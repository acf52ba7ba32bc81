import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'mocha';
import { requireCluster } from './availability.ts';
import { type NodeShape, startCluster, type TestCluster } from './cluster.ts';
import { until } from './until.ts';
import { gatedPod, job } from './workload.ts';

const NODES: readonly NodeShape[] = [
  { name: 'node-1', milliCpu: 7900, memoryBytes: 32 * 2 ** 30, labels: { zone: 'a' } },
  { name: 'node-2', milliCpu: 8000, memoryBytes: 32 * 2 ** 30, gpus: 2, annotations: { rack: '7' } },
];
// biome-ignore lint/suspicious/noExplicitAny: answers of the API are read by path, and a wrong path fails the test
type Answer = any;

const COMPONENTS = ['up', 'etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet'];
const COMMAND = join(import.meta.dirname, 'cluster.ts');

describe('test cluster', () => {
  let cluster: TestCluster;
  let foldersBefore: readonly string[];

  before(async function () {
    requireCluster(this);
    foldersBefore = hollowFolders();
    cluster = await startCluster({ nodes: NODES, metrics: true, onProgress: (text) => console.error(`      ${text}`) });
  });
  after(() => cluster?.stop());

  it('offers nodes of the shapes asked for', async () => {
    const { items } = await get('nodes');
    const [first, second] = items;
    assert.deepEqual([first.status.allocatable.cpu, first.status.allocatable.memory], ['7900m', '32Gi']);
    assert.deepEqual([first.metadata.labels.zone, second.metadata.annotations.rack], ['a', '7']);
    assert.deepEqual(
      [first.status.allocatable['nvidia.com/gpu'], second.status.allocatable['nvidia.com/gpu']],
      [undefined, '2'],
    );
  });

  it('ends a task after the seconds it was told to run, with the code it was told', async () => {
    const requests = { cpu: '100m', memory: '64Mi' };
    await cluster.apply(
      job({ name: 'short', requests, runtimeSeconds: 4 }),
      job({ name: 'wrong', requests, runtimeSeconds: 1, exitCode: 3 }),
    );
    await cluster.kubectl(['wait', 'job/short', '--for=condition=Complete', '--timeout=600s']);
    await cluster.kubectl(['wait', 'job/wrong', '--for=condition=Failed', '--timeout=600s']);
    const { terminated } = (await podOf('short')).status.containerStatuses[0].state;
    const seconds = (Date.parse(terminated.finishedAt) - Date.parse(terminated.startedAt)) / 1000;
    assert.ok(seconds === 4 || seconds === 5, `ran ${seconds} s`); // both times are cut to whole seconds
    assert.equal((await podOf('wrong')).status.containerStatuses[0].state.terminated.exitCode, 3);
  });

  it('resizes a running task in place', async () => {
    await cluster.apply(job({ name: 'elastic', requests: { cpu: '1', memory: '2Gi' } }));
    await running('elastic');
    const before = await podOf('elastic');
    await resize(before.metadata.name, { cpu: '2', memory: '1Gi' });
    await actuated(before.metadata.name, '2');
    const [container] = (await podOf('elastic')).status.containerStatuses;
    assert.deepEqual(container.resources.limits, { cpu: '2', memory: '1Gi' });
    assert.equal(container.containerID, before.status.containerStatuses[0].containerID); // not restarted
    await cluster.remove('job/elastic');
  });

  it('defers a resize that finds no room, and does it by itself once there is', async () => {
    const requests = { cpu: '3', memory: '1Gi' };
    await cluster.apply(
      job({ name: 'growing', requests, preferredNode: 'node-1' }),
      job({ name: 'neighbour', requests, preferredNode: 'node-1' }),
    );
    await running('growing', 'neighbour');
    const { name } = (await podOf('growing')).metadata;
    await resize(name, { cpu: '6', memory: '1Gi' });
    await cluster.kubectl(['wait', `pod/${name}`, '--for=condition=PodResizePending', '--timeout=600s']);
    const pending = (await podOf('growing')).status.conditions.find((c: Answer) => c.type === 'PodResizePending');
    assert.equal(pending.reason, 'Deferred');
    assert.match(pending.message, /enough resource: cpu, requested: 6000, used: 3000, capacity: 7900/);
    await cluster.remove('job/neighbour');
    await actuated(name, '6');
    await cluster.remove('job/growing');
  });

  it('moves a Job: suspended, it waits for the end of its task; resumed, it runs where and as large as told', async () => {
    await cluster.apply(
      job({ name: 'moving', requests: { cpu: '1', memory: '1Gi' }, stopSeconds: 4, preferredNode: 'node-1' }),
    );
    await running('moving');
    assert.equal((await podOf('moving')).spec.nodeName, 'node-1');
    await patch('job/moving', { spec: { suspend: true } });
    await cluster.kubectl(['wait', 'job/moving', '--for=jsonpath={.status.terminating}=1', '--timeout=600s']);
    assert.equal((await get('job/moving')).status.active ?? 0, 0);
    await cluster.kubectl(['wait', 'job/moving', '--for=jsonpath={.status.terminating}=0', '--timeout=600s']);
    assert.deepEqual((await get('pods', '-l', 'job-name=moving')).items, []);
    const resources = { requests: { cpu: '2', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } };
    await patch('job/moving', {
      spec: {
        suspend: false,
        template: {
          spec: { affinity: { nodeAffinity: onNode('node-2') }, containers: [{ name: 'main', resources }] },
        },
      },
    });
    await running('moving');
    const pod = await podOf('moving');
    assert.deepEqual([pod.spec.nodeName, pod.spec.containers[0].resources], ['node-2', resources]);
  });

  it('kills a task that does not end within its grace period', async () => {
    const requests = { cpu: '100m', memory: '64Mi' };
    await cluster.apply(job({ name: 'stubborn', requests, stopSeconds: 60, gracePeriodSeconds: 2 }));
    await running('stubborn');
    const { name } = (await podOf('stubborn')).metadata;
    const asked = Date.now();
    await cluster.remove(`pod/${name}`);
    const seconds = (Date.now() - asked) / 1000;
    assert.ok(seconds >= 2 && seconds < 15, `gone after ${seconds} s`);
  });

  it('places a gated task on the node named when its gate is lifted', async () => {
    await cluster.apply(gatedPod({ name: 'gated', requests: { cpu: '1', memory: '1Gi' } }));
    await cluster.kubectl([
      'wait',
      'pod/gated',
      '--for=jsonpath={.status.conditions[0].reason}=SchedulingGated',
      '--timeout=600s',
    ]);
    await patch(
      'pod/gated',
      { spec: { schedulingGates: null, affinity: { nodeAffinity: onNode('node-2') } } },
      '--type=merge',
    );
    await cluster.kubectl(['wait', 'pod/gated', '--for=condition=Ready', '--timeout=600s']);
    assert.equal((await get('pod/gated')).spec.nodeName, 'node-2');
  });

  it('serves the usage its pods were told to have, and of other pods half of what they request', async () => {
    const requests = { cpu: '1', memory: '1Gi' };
    await cluster.apply(
      job({ name: 'measured', requests, usage: { cpu: '250m', memory: '100Mi' } }),
      job({ name: 'plain', requests }),
    );
    await running('measured', 'plain');
    const [measured, plain] = await Promise.all([usageOf('measured'), usageOf('plain')]);
    assert.equal(measured.memory, '100Mi');
    assert.ok(Math.abs(nanoCores(measured.cpu) - 250e6) < 25e6, measured.cpu);
    assert.equal(plain.memory, '512Mi');
    assert.ok(Math.abs(nanoCores(plain.cpu) - 500e6) < 50e6, plain.cpu);
  });

  it('keeps its objects when the API server is killed and started again', async () => {
    await cluster.restartApiServer();
    assert.equal((await get('pod/gated')).spec.nodeName, 'node-2');
  });

  it('behaves like an older cluster when a feature is off', async () => {
    const older = await startCluster({
      nodes: NODES.slice(0, 1),
      featureGates: { MutableSchedulingDirectivesForSuspendedJobs: false },
    });
    try {
      const requests = { cpu: '1', memory: '1Gi' };
      await older.apply(job({ name: 'fixed', requests }));
      await older.kubectl(['wait', 'pods', '-l', 'job-name=fixed', '--for=condition=Ready', '--timeout=600s']);
      await older.kubectl(['patch', 'job/fixed', '-p', '{"spec":{"suspend":true}}']);
      await older.kubectl(['wait', 'job/fixed', '--for=condition=Suspended', '--timeout=600s']);
      const pin = { spec: { template: { spec: { affinity: { nodeAffinity: onNode('node-1') } } } } };
      await assert.rejects(older.kubectl(['patch', 'job/fixed', '-p', JSON.stringify(pin)]), /field is immutable/);
    } finally {
      await older.stop();
    }
  });

  it('leaves no process and no file behind when it is stopped', async () => {
    assert.deepEqual(
      COMPONENTS.filter((component) => !components(cluster).includes(component)),
      [],
    );
    await cluster.stop();
    assert.deepEqual(components(cluster), []);
    assert.equal(existsSync(cluster.directory), false);
    await until(
      async () => hollowFolders(),
      (folders) => folders.every((folder) => foldersBefore.includes(folder)),
    );
  });

  it('leaves no process and no file behind when the process that started it is killed', async () => {
    const script = `
      const { startCluster } = await import(${JSON.stringify(COMMAND)});
      const { pid, directory } = await startCluster();
      console.log(JSON.stringify({ pid, directory }));`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const orphan = JSON.parse(line) as TestCluster;
    assert.ok(components(orphan).length >= COMPONENTS.length);
    parent.kill('SIGKILL');
    await until(
      async () => components(orphan),
      (left) => left.length === 0 && !existsSync(orphan.directory),
    );
  });

  it('leaves no process behind when its launcher is killed', async () => {
    const lost = await startCluster({ nodes: NODES.slice(0, 1) });
    assert.ok(components(lost).length >= COMPONENTS.length);
    process.kill(lost.pid, 'SIGKILL');
    await until(
      async () => components(lost),
      (left) => left.length === 0,
    );
    rmSync(lost.directory, { recursive: true });
  });

  async function get(...words: string[]): Promise<Answer> {
    return JSON.parse(await cluster.kubectl(['get', ...words, '-o', 'json']));
  }

  async function podOf(jobName: string): Promise<Answer> {
    const { items } = await get('pods', '-l', `job-name=${jobName}`);
    assert.equal(items.length, 1, `pods of job ${jobName}`);
    return items[0];
  }

  async function running(...jobs: string[]): Promise<void> {
    for (const name of jobs) {
      await cluster.kubectl(['wait', `job/${name}`, '--for=jsonpath={.status.ready}=1', '--timeout=600s']);
    }
  }

  async function patch(object: string, change: object, ...words: string[]): Promise<void> {
    await cluster.kubectl(['patch', object, '-p', JSON.stringify(change), ...words]);
  }

  async function resize(pod: string, to: Record<string, string>): Promise<void> {
    const containers = [{ name: 'main', resources: { requests: to, limits: to } }];
    await patch(`pod/${pod}`, { spec: { containers } }, '--subresource=resize');
  }

  async function actuated(pod: string, cpu: string): Promise<void> {
    const path = '{.status.containerStatuses[0].resources.requests.cpu}';
    await cluster.kubectl(['wait', `pod/${pod}`, `--for=jsonpath=${path}=${cpu}`, '--timeout=600s']);
  }

  /** The first figures of the only container of a job, as soon as there are some. */
  async function usageOf(jobName: string): Promise<{ cpu: string; memory: string }> {
    const { name } = (await podOf(jobName)).metadata;
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/${name}`;
    return until(
      async () => {
        const answer = await cluster.kubectl(['get', '--raw', path]).catch(() => undefined);
        return answer && JSON.parse(answer).containers[0].usage;
      },
      (usage) => usage !== undefined,
    );
  }
});

function onNode(name: string): object {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [name] }];
  return { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } };
}

/** A quantity stands in the largest unit that leaves it whole: one in a thousand of these in millionths. */
function nanoCores(quantity: string): number {
  const [, digits, unit] = /^(\d+)([num]?)$/.exec(quantity) ?? assert.fail(quantity);
  return Number(digits) * { n: 1, u: 1e3, m: 1e6, '': 1e9 }[unit as 'n' | 'u' | 'm' | ''];
}

/** The components of a cluster that still run: the launcher, and every process that names the cluster's folder. */
function components({ pid: launcher, directory }: Pick<TestCluster, 'pid' | 'directory'>): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return pid === String(launcher) || command.includes(directory) ? [command.split('\0')[1] ?? ''] : [];
    } catch {
      return []; // gone meanwhile
    }
  });
}

/** Where kubemark would leave the kubelets' own folders. */
function hollowFolders(): string[] {
  return readdirSync('/tmp').filter((name) => name.startsWith('hollow-kubelet'));
}
