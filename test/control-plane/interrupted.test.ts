import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { type KubernetesCluster, openKubernetesCluster } from '../../src/cluster/kubernetes/kubernetes.ts';
import type { TaskRef } from '../../src/core/model/moves.ts';
import { isFull } from '../full.ts';
import { stoppedAfter } from '../operate/stopped/environment.ts';
import { requireCluster } from './availability.ts';
import { type NodeShape, startCluster, type TestCluster } from './cluster.ts';
import { homeIn, stowage } from './commandLine.ts';
import { planOf } from './planOf.ts';
import { movesOf } from './threeMoves.ts';
import { until } from './until.ts';
import { gatedPod, job, type Manifest } from './workload.ts';

const ROLES = join(import.meta.dirname, '../../media/rbac');
const GIB = 2 ** 30;

const NODES: readonly NodeShape[] = [
  { name: 'left', milliCpu: 64_000, memoryBytes: 256 * GIB },
  { name: 'right', milliCpu: 64_000, memoryBytes: 256 * GIB },
];
/** In full every step is tried both ways; in `npm test` every fourth, from the first with the journal, from the fourth without. */
const STRIDE = isFull ? 1 : 4;
/** Processes at once: each scenario is a user of its own, who sees and touches one namespace only. */
const AT_ONCE = 5;

describe('apply, killed after any of its steps and run again', () => {
  let test: TestCluster;

  before(async function () {
    requireCluster(this);
    test = await startCluster({ nodes: NODES });
    for (const file of ['nodes', 'reader', 'operator']) {
      await test.kubectl(['apply', '-f', '-'], readFileSync(join(ROLES, `${file}.yaml`), 'utf8'));
    }
    await test.kubectl([
      'create',
      'clusterrolebinding',
      'all',
      '--clusterrole=stowage-nodes',
      '--group=system:serviceaccounts',
    ]);
  });
  after(() => test?.stop());

  it('finishes the plan from its journal', async () => {
    await killAtEveryStep('journal', 1, async (scenario) => {
      const words = ['apply', 'plan.json', '--yes', '--kubeconfig', scenario.kubeconfig];
      const { output, status } = await stowage(scenario.home, words);
      // Killed after the last entry the plan is complete, and refused as such.
      assert.ok(status === 0 || /applied already/.test(output), output);
      const { cluster, tasks } = scenario;
      const state = await cluster.readTask(tasks.stays);
      assert.deepEqual([state?.actual.milliCpu, state?.resize], [2000, 'none']);
      assert.equal((await cluster.readTask(tasks.gated))?.node, 'right');
      assert.deepEqual(await nodesOf(cluster, 'moves'), ['right']);
    });
  });

  it('leaves no suspended Job and no lost task on another machine, from the annotations alone', async () => {
    await killAtEveryStep('bare', STRIDE, async (scenario) => {
      rmSync(join(scenario.home, '.stowage'), { recursive: true, force: true });
      const { output, status } = await stowage(scenario.home, ['apply', '--kubeconfig', scenario.kubeconfig, '--yes']);
      assert.equal(status, 0, output);
      const { cluster, tasks } = scenario;
      const state = await cluster.readTask(tasks.stays);
      assert.equal(state?.phase, 'running');
      assert.equal(state.resize, 'none');
      assert.ok([1000, 2000].includes(state.actual.milliCpu));
      assert.equal((await nodesOf(cluster, 'moves')).length, 1);
      assert.ok(await cluster.readTask(tasks.gated));
      assert.deepEqual(await cluster.readRecords(), []);
    });
  });

  type Scenario = {
    readonly home: string;
    readonly kubeconfig: string;
    readonly cluster: KubernetesCluster;
    readonly tasks: { readonly stays: TaskRef; readonly gated: TaskRef };
  };

  /** Runs a fresh scenario for each step until one is not killed any more, several at once. */
  async function killAtEveryStep(
    name: string,
    from: number,
    check: (scenario: Scenario) => Promise<void>,
  ): Promise<void> {
    let killed = 0;
    for (let first = from; ; first += AT_ONCE * STRIDE) {
      const steps = Array.from({ length: AT_ONCE }, (_, index) => first + index * STRIDE);
      const results = await Promise.all(steps.map((step) => runKilled(`${name}-${step}`, step, check)));
      killed += results.filter(Boolean).length;
      if (results.includes(false)) break;
    }
    console.error(`      killed after each of ${killed} steps`);
    // 1 beginning; 4 steps a placement and a resize, 7 a migration, entries of the journal and requests together
    assert.ok(killed >= Math.floor(14 / STRIDE), `only ${killed} steps`);
  }

  /** @returns whether the process was killed; both ways the check must hold. */
  async function runKilled(name: string, step: number, check: (scenario: Scenario) => Promise<void>): Promise<boolean> {
    const home = homeIn(test, name);
    const kubeconfig = await makeTenant(name, home);
    const cluster = await openKubernetesCluster({ kubeconfig });
    try {
      const snapshot = await until(
        () => cluster.readSnapshot(),
        ({ tasks }) =>
          tasks.length === 3 && tasks.filter(({ startedAtSeconds }) => startedAtSeconds !== undefined).length === 2,
      );
      await test.kubectl(['-n', name, 'wait', 'pods', '-l', 'job-name', '--for=condition=Ready', '--timeout=600s']);
      const moves = movesOf(await cluster.readSnapshot());
      const plan = planOf(snapshot, moves, { target: { kind: 'kubernetes', kubeconfig } });
      writeFileSync(join(home, 'plan.json'), JSON.stringify(plan));
      const words = ['apply', 'plan.json', '--yes', '--kubeconfig', kubeconfig];
      const { signal, output } = await stowage(home, words, stoppedAfter(step));
      const [resize, placement] = moves;
      await check({ home, kubeconfig, cluster, tasks: { stays: resize.task, gated: placement.task } }).catch(
        (error) => {
          throw new Error(`Killed after step ${step}, in ${name}:\n${output}\n${error.message}`, { cause: error });
        },
      );
      assert.ok(!(await cluster.readSnapshot()).tasks.some(({ owner }) => owner?.suspended));
      return signal === 'SIGKILL';
    } finally {
      await cluster.close();
      await test.kubectl(['delete', 'namespace', name, '--wait=false']);
    }
  }

  /** A namespace with its tasks and a user who may work in it and nowhere else. */
  async function makeTenant(namespace: string, home: string): Promise<string> {
    const grant = (role: string) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: role, namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name: 'tenant', namespace }],
    });
    const task = { requests: { cpu: '1', memory: '1Gi' }, gracePeriodSeconds: 5 };
    const within = (manifest: Manifest) => ({ ...manifest, metadata: { ...manifest.metadata, namespace } });
    await test.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'tenant', namespace } },
      grant('stowage-reader'),
      grant('stowage-operator'),
      within(job({ ...task, name: 'stays', preferredNode: 'left' })),
      within(job({ ...task, name: 'moves', preferredNode: 'left', stopSeconds: 1 })),
      within(gatedPod({ ...task, name: 'gated' })),
    );
    const token = (await test.kubectl(['-n', namespace, 'create', 'token', 'tenant'])).trim();
    const config = parse(readFileSync(test.kubeconfigPath, 'utf8'));
    const path = join(home, 'kubeconfig.yaml');
    const context = { cluster: config.clusters[0].name, user: 'tenant', namespace };
    const users = [{ name: 'tenant', user: { token } }];
    writeFileSync(
      path,
      JSON.stringify({ ...config, 'current-context': namespace, contexts: [{ name: namespace, context }], users }),
    );
    return path;
  }
});

async function nodesOf(cluster: KubernetesCluster, owner: string): Promise<(string | undefined)[]> {
  const { tasks } = await until(
    () => cluster.readSnapshot(),
    (snapshot) =>
      snapshot.tasks.some((task) => task.owner?.name === owner && task.node !== undefined && task.phase === 'running'),
  );
  return tasks.filter((task) => task.owner?.name === owner && task.phase !== 'ending').map(({ node }) => node);
}
