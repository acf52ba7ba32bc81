import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { type KubernetesCluster, openKubernetesCluster } from '../../src/cluster/kubernetes/kubernetes.ts';
import type { Migration, Move, Resize } from '../../src/core/model/moves.ts';
import { stoppedAfter } from '../operate/stopped/environment.ts';
import { requireCluster } from './availability.ts';
import { startCluster, type TestCluster } from './cluster.ts';
import { homeIn, stowage } from './commandLine.ts';
import { planOf } from './planOf.ts';
import { until } from './until.ts';
import { job } from './workload.ts';

const ROLES = join(import.meta.dirname, '../../media/rbac');
const GIB = 2 ** 30;
/** Until its tasks have stopped; far longer than the lease lasts without being renewed. */
/** As good as never: the test ends it. */
const STOP_SECONDS = 900;
/** The longest that a lease is believed to last, beyond when it was renewed. */
const LONGEST_SECONDS = 60;

describe('the lease of a namespace', () => {
  let test: TestCluster;
  let cluster: KubernetesCluster;

  before(async function () {
    requireCluster(this);
    const node = { milliCpu: 16_000, memoryBytes: 64 * GIB };
    test = await startCluster({ nodes: ['left', 'right'].map((name) => ({ name, ...node })) });
    cluster = await openKubernetesCluster({ kubeconfig: test.kubeconfigPath });
    const task = { requests: { cpu: '1', memory: '1Gi' }, preferredNode: 'left', gracePeriodSeconds: 60 };
    await test.apply(
      job({ ...task, name: 'slow', stopSeconds: STOP_SECONDS, gracePeriodSeconds: STOP_SECONDS }),
      job({ ...task, name: 'killed', stopSeconds: 1 }),
      job({ ...task, name: 'stays' }),
    );
    await test.kubectl(['wait', 'pods', '-l', 'job-name', '--for=condition=Ready', '--timeout=600s']);
  });
  after(async () => {
    await cluster?.close();
    await test?.stop();
  });

  it('lets one machine at a time carry out moves there, and is let go of at the end', async () => {
    const [one, two, three] = ['one', 'two', 'three'].map((name) => homeIn(test, name)) as [string, string, string];
    await writePlan(one, [await migrationOf('slow')]);
    await writePlan(two, [await resizeOf('stays', 1500)]);
    const first = stowage(one, ['apply', 'plan.json', '--yes']);
    await until(holder, (name) => name !== '');
    const refused = await stowage(two, ['apply', 'plan.json', '--yes']);
    assert.equal(refused.status, 2, refused.output);
    assert.match(refused.output, new RegExp(`${await holder()} carries out moves in namespace default\\.`));
    const other = await stowage(three, ['apply', '--kubeconfig', test.kubeconfigPath]);
    assert.equal(other.status, 0, other.output);
    assert.match(other.output, /What it has begun there is left to it/);
    await test.kubectl(['delete', 'pods', '-l', 'job-name=slow', '--force', '--grace-period=0']);
    const { output, status } = await first;
    assert.equal(status, 0, output);
    assert.deepEqual(await nodesOf('slow'), ['right']);
    assert.equal(await holder(), '');
    const later = await stowage(two, ['apply', 'plan.json', '--yes']);
    assert.equal(later.status, 0, later.output);
  });

  it('of a machine that was killed is taken over once it has expired; the same machine goes on at once', async () => {
    const [one, two] = ['killed', 'heir'].map((name) => homeIn(test, name)) as [string, string];
    await writePlan(one, [await migrationOf('killed')]);
    const killed = await stowage(one, ['apply', 'plan.json', '--yes'], stoppedAfter(4));
    assert.equal(killed.signal, 'SIGKILL', killed.output);
    assert.notEqual(await holder(), '');
    const began = Date.now();
    const heir = await stowage(two, ['apply', '--yes', '--kubeconfig', test.kubeconfigPath]);
    const seconds = Math.round((Date.now() - began) / 1000);
    assert.equal(heir.status, 0, heir.output);
    assert.equal((await nodesOf('killed')).length, 1);
    assert.equal(await holder(), '');
    console.error(`      taken over, and done, after ${seconds} s`);

    await writePlan(one, [await resizeOf('stays', 1000)]);
    await stowage(one, ['apply', 'plan.json', '--yes'], stoppedAfter(2));
    const again = Date.now();
    const lastsSeconds = 2 * LONGEST_SECONDS - 10; // for another machine
    const renewTime = new Date(again + 1000 * (lastsSeconds - LONGEST_SECONDS)).toISOString().replace('Z', '000Z');
    const spec = { leaseDurationSeconds: LONGEST_SECONDS, renewTime };
    await test.kubectl(['patch', 'lease', 'stowage', '--type=merge', '-p', JSON.stringify({ spec })]);
    const same = await stowage(one, ['apply', 'plan.json', '--yes']);
    assert.equal(same.status, 0, same.output);
    assert.ok(Date.now() - again < 1000 * lastsSeconds, `${Date.now() - again} ms`);
  });

  it('is not needed: without the right moves are carried out, and that is said once', async () => {
    const home = homeIn(test, 'without');
    const kubeconfig = await makeUserWithoutLeases(home);
    await writePlan(home, [await resizeOf('stays', 1250)], kubeconfig);
    const { output, status } = await stowage(home, ['apply', 'plan.json', '--yes']);
    assert.equal(status, 0, output);
    assert.equal(output.match(/Other machines are not told of the moves in default/g)?.length, 1, output);
  });

  it('that was lost is told before anything more is done', async () => {
    const held = await cluster.holdLease!(['default'], 'one');
    assert.equal(held.kind, 'held');
    if (held.kind !== 'held') return;
    assert.equal(await held.lease.lost('default'), undefined);
    const spec = { holderIdentity: 'two', renewTime: new Date().toISOString().replace('Z', '000Z') };
    await test.kubectl(['patch', 'lease', 'stowage', '--type=merge', '-p', JSON.stringify({ spec })]);
    await until(
      () => held.lease.lost('default'),
      (lost) => lost?.holder === 'two',
      20,
    );
    await held.lease.release();
    assert.equal(await holder(), 'two', 'what is not ours is not let go of');
  });

  async function holder(): Promise<string> {
    const words = ['get', 'lease', 'stowage', '--ignore-not-found', '-o', 'jsonpath={.spec.holderIdentity}'];
    return (await test.kubectl(words)).trim();
  }

  async function taskOf(name: string) {
    const { tasks } = await until(
      () => cluster.readSnapshot(),
      (snapshot) => snapshot.tasks.some((task) => task.owner?.name === name && task.startedAtSeconds !== undefined),
    );
    return tasks.find(({ owner }) => owner?.name === name)!;
  }

  async function nodesOf(name: string): Promise<(string | undefined)[]> {
    await taskOf(name);
    const { tasks } = await cluster.readSnapshot();
    return tasks.filter(({ owner, phase }) => owner?.name === name && phase === 'running').map(({ node }) => node);
  }

  async function migrationOf(name: string): Promise<Migration> {
    const { id, uid, generation, node, owner, namespace, allocation } = await taskOf(name);
    const { kind, uid: ownerUid, generation: ownerGeneration } = owner!;
    return {
      ...{ kind: 'migration', id: `migrate ${id}`, task: { id, uid, generation, node: node! } },
      owner: { kind, namespace, name, uid: ownerUid, generation: ownerGeneration },
      ...{ from: 'left', to: 'right', allocation },
      run: { elapsedSeconds: 1, remainingSeconds: 1, usageSoFar: allocation, lostSeconds: 1 },
    };
  }

  async function resizeOf(name: string, milliCpu: number): Promise<Resize> {
    const { id, uid, generation, node, allocation: from, request } = await taskOf(name);
    const direction = milliCpu > from.milliCpu ? 'expand' : 'shrink';
    const task = { id, uid, generation, node: node! };
    return {
      kind: 'resize',
      id: `resize ${id} ${milliCpu}`,
      task,
      direction,
      from,
      to: { ...from, milliCpu },
      request,
    };
  }

  async function writePlan(home: string, moves: Move[], kubeconfig = test.kubeconfigPath): Promise<void> {
    const opened = await openKubernetesCluster({ kubeconfig });
    const snapshot = await opened.readSnapshot();
    await opened.close();
    const plan = planOf(snapshot, moves, { target: { kind: 'kubernetes', kubeconfig } });
    writeFileSync(join(home, 'plan.json'), JSON.stringify(plan));
  }

  /** A user with the shipped roles, but for what they say of leases. */
  async function makeUserWithoutLeases(home: string): Promise<string> {
    for (const file of ['nodes', 'reader', 'operator']) {
      const role = parse(readFileSync(join(ROLES, `${file}.yaml`), 'utf8'));
      const rules = role.rules.filter(({ resources }: { resources: string[] }) => !resources.includes('leases'));
      await test.apply({ ...role, rules });
      const { name } = role.metadata;
      const grant = [`--clusterrole=${name}`, '--serviceaccount=default:without'];
      await test.kubectl(['create', 'clusterrolebinding', `without-${name}`, ...grant]);
    }
    await test.kubectl(['create', 'serviceaccount', 'without']);
    const token = (await test.kubectl(['create', 'token', 'without'])).trim();
    const config = parse(readFileSync(test.kubeconfigPath, 'utf8'));
    const path = join(home, 'kubeconfig.yaml');
    const context = { cluster: config.clusters[0].name, user: 'without', namespace: 'default' };
    const contexts = [{ name: 'without', context }];
    const users = [{ name: 'without', user: { token } }];
    writeFileSync(path, JSON.stringify({ ...config, 'current-context': 'without', contexts, users }));
    return path;
  }
});
