import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { ClusterUnreachable } from '../../src/cluster/errors.ts';
import { type KubernetesCluster, openKubernetesCluster } from '../../src/cluster/kubernetes/kubernetes.ts';
import type { MoveRecord } from '../../src/cluster/port.ts';
import { describeRefusedAct } from '../../src/text/refusal.ts';
import { requireCluster } from './availability.ts';
import { startCluster, type TestCluster } from './cluster.ts';
import { gatedPod, job } from './workload.ts';

const ROLES = join(import.meta.dirname, '../../media/rbac');
const RECORD: MoveRecord = { planId: 'p', moveId: 'm', kind: 'migration', startedAtSeconds: 1 };

describe('the shipped roles', () => {
  let test: TestCluster;
  const opened: KubernetesCluster[] = [];

  before(async function () {
    requireCluster(this);
    test = await startCluster({ nodes: [{ name: 'node-1', milliCpu: 8000, memoryBytes: 2 ** 34 }], metrics: true });
    for (const file of ['nodes', 'reader', 'operator']) {
      await test.kubectl(['apply', '-f', '-'], readFileSync(join(ROLES, `${file}.yaml`), 'utf8'));
    }
    await test.kubectl(['create', 'namespace', 'other']);
    const task = { requests: { cpu: '1', memory: '1Gi' }, runtimeSeconds: 3600 };
    await test.apply(job({ ...task, name: 'own' }), gatedPod({ ...task, name: 'gated' }));
    await test.kubectl(['apply', '-n', 'other', '-f', '-'], JSON.stringify(job({ ...task, name: 'foreign' })));
    await test.kubectl(['wait', 'pods', '-l', 'job-name', '--for=condition=Ready', '--timeout=600s']);
  });
  after(async () => {
    for (const cluster of opened) await cluster.close();
    await test?.stop();
  });

  it('let a reader see everything and change nothing, and the snapshot names each right that is missing', async () => {
    const cluster = await openAs('reader', [['nodes'], ['reader']]);
    const snapshot = await cluster.readSnapshot();
    assert.deepEqual(snapshot.problems, []);
    assert.deepEqual(
      snapshot.tasks.map(({ namespace }) => namespace),
      ['default', 'default', 'other'],
    );
    assert.deepEqual(snapshot.rights, {
      place: { '*': 'patch pods' },
      resize: { '*': 'patch pods/resize' },
      migrate: { '*': 'patch jobs.batch' },
    });
    const { owner, ...task } = snapshot.tasks.find(({ name }) => name.startsWith('own'))!;
    const to = { ...task.desired, milliCpu: 500 };
    const resized = await cluster.resize(task, to, { ...RECORD, kind: 'resize' }, { dryRun: true });
    const suspended = await cluster.suspend({ ...owner!, namespace: 'default' }, RECORD, { dryRun: true });
    for (const result of [resized, suspended]) {
      assert.equal(result.kind === 'refused' && result.code, 'forbidden');
      assert.match(result.kind === 'refused' ? describeRefusedAct(result) : '', /cannot patch resource.*media\/rbac/);
    }
  });

  it('let an operator of one namespace place, resize and migrate there, and nowhere else', async () => {
    const cluster = await openAs('operator', [['nodes'], ['reader'], ['operator', 'default']]);
    const snapshot = await cluster.readSnapshot();
    assert.deepEqual(snapshot.rights, {
      place: { other: 'patch pods' },
      resize: { other: 'patch pods/resize' },
      migrate: { other: 'patch jobs.batch' },
    });
    const find = (prefix: string) => snapshot.tasks.find(({ name }) => name.startsWith(prefix))!;
    assert.equal((await cluster.place(find('gated'), 'node-1', { dryRun: false })).kind, 'done');
    const own = find('own');
    const to = { ...own.desired, milliCpu: 1500 };
    assert.equal((await cluster.resize(own, to, { ...RECORD, kind: 'resize' }, { dryRun: false })).kind, 'done');
    const owner = { ...own.owner!, namespace: 'default' };
    assert.equal((await cluster.suspend(owner, RECORD, { dryRun: false })).kind, 'done');
    assert.equal((await cluster.resume(owner, { kind: 'required', node: 'node-1' }, { dryRun: false })).kind, 'done');
    const held = await cluster.holdLease!(['default', 'other'], 'test');
    assert.deepEqual(held.kind === 'held' && held.without, ['other']);
    if (held.kind === 'held') {
      assert.equal(await held.lease.lost('default'), undefined);
      await held.lease.release();
    }
    const foreign = find('foreign');
    const refused = await cluster.suspend({ ...foreign.owner!, namespace: 'other' }, RECORD, { dryRun: false });
    assert.equal(refused.kind === 'refused' && refused.code, 'forbidden');
  });

  it('show a user of one namespace that namespace, and say what cannot be read', async () => {
    const cluster = await openAs('tenant', [['reader', 'other']], 'other');
    const snapshot = await cluster.readSnapshot();
    assert.deepEqual(
      snapshot.tasks.map(({ namespace }) => namespace),
      ['other'],
    );
    assert.deepEqual(snapshot.nodes, []);
    const unreadable = snapshot.problems.filter((problem) => problem.code === 'unreadable');
    const nodes = unreadable.find(({ source }) => source === 'nodes');
    assert.equal(nodes?.role, 'stowage-nodes');
    assert.match(nodes.message, /nodes is forbidden/);
    assert.ok(!unreadable.some(({ source }) => source === 'pods'));
  });

  it('let what is learned be kept by the uid of kube-system; one who may not read that keeps it by the address', async () => {
    const uid = await test.kubectl(['get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}']);
    const { identity } = await openAs('keeper', [['nodes'], ['reader']]);
    assert.deepEqual([identity.key, identity.byAddress], [uid.trim(), undefined]);
    const { identity: without } = await openAs('stranger', [['reader', 'other']], 'other');
    assert.match(without.key, /^address-[0-9a-f]{16}$/);
    assert.equal(without.byAddress, true);
  });

  it('are told to a live copy, too: it follows what it may and names the rest', async () => {
    const cluster = await openAs('watcher', [['reader', 'other']], 'other');
    const end = new AbortController();
    await new Promise<void>((resolve) => {
      const look = () => {
        if (cluster.inspect().every(({ state }) => state.kind !== 'starting')) resolve();
      };
      cluster.watch(look, end.signal);
    });
    const snapshot = await cluster.readSnapshot();
    assert.deepEqual(
      snapshot.tasks.map(({ namespace }) => namespace),
      ['other'],
    );
    assert.ok(snapshot.problems.some((problem) => problem.code === 'unreadable' && problem.source === 'nodes'));
    end.abort();
  });

  it('are not there for a token that the server does not take: one clear text', async () => {
    const kubeconfig = kubeconfigOf('expired', 'not-a-token');
    await assert.rejects(openKubernetesCluster({ kubeconfig }), (error: Error) => {
      assert.ok(error instanceof ClusterUnreachable);
      assert.deepEqual([error.why.code, error.why.context], ['credentialsRefused', 'expired']);
      return true;
    });
  });

  /** A user with the given roles, each everywhere or in one namespace. */
  async function openAs(name: string, roles: [role: string, namespace?: string][], namespace = 'default') {
    await test.kubectl(['create', 'serviceaccount', name]);
    for (const [role, where] of roles) {
      const grant = [`--clusterrole=stowage-${role}`, `--serviceaccount=default:${name}`];
      if (where) await test.kubectl(['-n', where, 'create', 'rolebinding', `${name}-${role}`, ...grant]);
      else await test.kubectl(['create', 'clusterrolebinding', `${name}-${role}`, ...grant]);
    }
    const token = (await test.kubectl(['create', 'token', name])).trim();
    const cluster = await openKubernetesCluster({ kubeconfig: kubeconfigOf(name, token, namespace) });
    opened.push(cluster);
    return cluster;
  }

  function kubeconfigOf(name: string, token: string, namespace = 'default'): string {
    const config = parse(readFileSync(test.kubeconfigPath, 'utf8'));
    const path = join(test.directory, `${name}.yaml`);
    writeFileSync(
      path,
      JSON.stringify({
        ...config,
        'current-context': name,
        contexts: [{ name, context: { cluster: config.clusters[0].name, user: name, namespace } }],
        users: [{ name, user: { token } }],
      }),
    );
    return path;
  }
});
