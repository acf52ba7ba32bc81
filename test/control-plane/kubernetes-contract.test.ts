import { setTimeout as pause } from 'node:timers/promises';
import { before, describe } from 'mocha';
import { openKubernetesCluster } from '../../src/cluster/kubernetes/kubernetes.ts';
import { clusterContract } from '../cluster/port/contract.ts';
import { requireCluster } from './availability.ts';
import { startCluster, type TestCluster } from './cluster.ts';
import { gatedPod, job } from './workload.ts';

const GIB = 2 ** 30;

describe('the Kubernetes side keeps the contract of the Cluster port', () => {
  let test: TestCluster;

  before(function () {
    requireCluster(this);
  });

  clusterContract(
    async () => {
      test = await startCluster({
        nodes: ['a', 'b'].map((name) => ({ name, milliCpu: 16_000, memoryBytes: 64 * GIB })),
      });
      const task = { requests: { cpu: '1', memory: '1Gi' }, gracePeriodSeconds: 5 };
      await test.apply(
        ...['one', 'two', 'three', 'four', 'five'].map((name) => job({ ...task, name })),
        gatedPod({ ...task, name: 'gated' }),
      );
      await test.kubectl(['wait', 'pods', '-l', 'job-name', '--for=condition=Ready', '--timeout=600s']);
      const cluster = await openKubernetesCluster({ kubeconfig: test.kubeconfigPath });
      return { cluster, wait: () => pause(500) };
    },
    async (stage) => {
      await stage?.cluster.close();
      await test?.stop();
    },
  );
});
