import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { type KubernetesCluster, openKubernetesCluster } from '../../src/cluster/kubernetes/kubernetes.ts';
import type { MoveRecord } from '../../src/cluster/port.ts';
import { requireCluster } from './availability.ts';
import { startCluster, type TestCluster } from './cluster.ts';
import { until } from './until.ts';
import { job } from './workload.ts';

const RECORD: MoveRecord = { planId: 'p', moveId: 'm', kind: 'migration', startedAtSeconds: 1 };
const REAL = { dryRun: false };

describe('a cluster that behaves as before Kubernetes 1.36', () => {
  let test: TestCluster;
  let cluster: KubernetesCluster;

  before(async function () {
    requireCluster(this);
    test = await startCluster({
      nodes: ['a', 'b'].map((name) => ({ name, milliCpu: 8000, memoryBytes: 2 ** 34 })),
      featureGates: {
        MutableSchedulingDirectivesForSuspendedJobs: false,
        MutablePodResourcesForSuspendedJobs: false,
      },
    });
    cluster = await openKubernetesCluster({ kubeconfig: test.kubeconfigPath });
  });
  after(async () => {
    await cluster?.close();
    await test?.stop();
  });

  it('lets a Job that has run be resumed on another node, once its start time is taken away', async () => {
    await test.apply(job({ name: 'mover', requests: { cpu: '1', memory: '1Gi' }, preferredNode: 'a' }));
    const running = (node: string) =>
      until(
        () => cluster.readSnapshot(),
        ({ tasks }) =>
          tasks.some((task) => task.node === node && task.startedAtSeconds !== undefined && task.phase === 'running'),
      );
    const { tasks } = await running('a');
    const { kind, name, uid, generation } = tasks[0]!.owner!;
    const owner = { kind, namespace: 'default', name, uid, generation };
    for (const node of ['b', 'a']) {
      const { generation: now } = (await cluster.readOwner(owner))!;
      const suspended = await cluster.suspend({ ...owner, generation: now }, RECORD, REAL);
      assert.equal(suspended.kind, 'done', JSON.stringify(suspended));
      await until(
        () => cluster.readOwner(owner),
        (state) => state?.active === 0 && state.terminating === 0,
      );
      const { status } = JSON.parse(await test.kubectl(['get', 'job/mover', '-o', 'json']));
      assert.ok(status.startTime, 'such a server keeps it');
      const tried = await cluster.resume(owner, { kind: 'required', node }, { dryRun: true });
      assert.equal(tried.kind, 'done', JSON.stringify(tried));
      assert.equal((await cluster.readOwner(owner))?.suspended, true);
      const resumed = await cluster.resume(owner, { kind: 'required', node }, REAL);
      assert.equal(resumed.kind, 'done', JSON.stringify(resumed));
      await running(node);
    }
    assert.deepEqual(await cluster.readRecords(), []);
  });
});
