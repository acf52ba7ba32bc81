import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { type KubernetesCluster, openKubernetesCluster } from '../../src/cluster/kubernetes/kubernetes.ts';
import type { Move } from '../../src/core/model/moves.ts';
import { finishPlan } from '../../src/core/plan/makePlan.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { sha256 } from '../../src/io/sha256.ts';
import { applyPlan, continueMoves } from '../../src/operate/applyPlan.ts';
import type { JournalEntry, MoveState } from '../../src/operate/journal.ts';
import type { Step } from '../../src/operate/step.ts';
import { describeStep } from '../../src/text/operation.ts';
import { type FaultyServer, startFaultyServer } from '../cluster/kubernetes/faultyServer.ts';
import { isFull } from '../full.ts';
import { agreeing, memoryJournal } from '../operate/memory.ts';
import { stoppedAfter } from '../operate/stopped/environment.ts';
import { requireCluster } from './availability.ts';
import { certificatesOf } from './certificates.ts';
import { startCluster, type TestCluster } from './cluster.ts';
import { homeIn, stowage } from './commandLine.ts';
import { planOf } from './planOf.ts';
import { movesOf } from './threeMoves.ts';
import { until } from './until.ts';
import { gatedPod, job, type Manifest } from './workload.ts';

const ROLES = join(import.meta.dirname, '../../media/rbac');
const GIB = 2 ** 30;
/** The paths of what the four acts write: resize, place, suspend and resume. */
const ACTS = /\/resize|\/pods\/gated|\/jobs\//;
/** The beginning; 4 steps of the resize, 4 of the placement; the migration's state, and the suspension itself. */
const STEPS_UNTIL_SUSPENDED = 11;
/** Longer than the four tries of one request take, so that the move itself has to outlast it. */
const AWAY_MILLISECONDS = 7000;

describe('a server that leaves open what came of a write', () => {
  let test: TestCluster;
  let faulty: FaultyServer;
  let viaFaulty: string;
  let truth: KubernetesCluster;

  before(async function () {
    requireCluster(this);
    test = await startCluster({
      nodes: ['left', 'right'].map((name) => ({ name, milliCpu: 64_000, memoryBytes: 256 * GIB })),
    });
    for (const file of ['nodes', 'reader', 'operator']) {
      await test.kubectl(['apply', '-f', '-'], readFileSync(join(ROLES, `${file}.yaml`), 'utf8'));
    }
    const { clusters, users, ...config } = parse(readFileSync(test.kubeconfigPath, 'utf8'));
    const { server, ...tls } = certificatesOf(test.kubeconfigPath);
    faulty = await startFaultyServer(server, tls);
    viaFaulty = join(test.directory, 'faulty.yaml');
    const through = [{ name: clusters[0].name, cluster: { server: faulty.url } }];
    writeFileSync(
      viaFaulty,
      JSON.stringify({ ...config, clusters: through, users: [{ name: users[0].name, user: {} }] }),
    );
    truth = await openKubernetesCluster({ kubeconfig: test.kubeconfigPath });
  });
  after(async () => {
    await truth?.close();
    await faulty?.close();
    await test?.stop();
  });

  for (const status of isFull ? [504, 503, 500, 0] : [504, 0]) {
    it(`is looked at again when it is done and answered with ${status || 'a cut'}: done, once, and told so`, async () => {
      const { states } = await applied(`lost-${status}`, () => faulty.loseWrites(status, 1, ACTS));
      assert.ok(!states.some(({ kind }) => kind === 'failed'));
    });
  }

  for (const status of isFull ? [503, 500, 429, 403] : [503, 403]) {
    it(`is outlasted when it answers with ${status} for some seconds while tasks stop`, async () => {
      let begun = false;
      await applied(`away-${status}`, ({ state }) => {
        if (state.kind !== 'stopping' || begun) return;
        begun = true;
        faulty.refuse(status, Number.POSITIVE_INFINITY);
        setTimeout(() => faulty.refuse(0, 0), AWAY_MILLISECONDS);
      });
      assert.ok(begun);
    });
  }

  it('is outlasted when it restarts in the middle of a migration, with a token and the shipped roles', async () => {
    const namespace = 'restarted';
    const { plan, home } = await operatorsPlan(namespace);
    const applying = stowage(home, ['apply', 'plan.json', '--yes']);
    await untilSuspended(namespace);
    const from = Date.now();
    await test.restartApiServer();
    console.error(`      the API server was away for ${((Date.now() - from) / 1000).toFixed(1)} s`);
    const { output, status } = await applying;
    assert.equal(status, 0, output);
    assert.match(output, /Moves: 3 done\./);
    assert.doesNotMatch(output, /^ {4}at /m);
    await assertDone(plan.moves, namespace);
  });

  it('leaves nobody stopped when apply is ended by SIGTERM in the middle of a migration', async () => {
    const { plan, home } = await operatorsPlan('ended');
    const environment = stoppedAfter(STEPS_UNTIL_SUSPENDED, 'SIGTERM');
    const { output, status, signal } = await stowage(home, ['apply', 'plan.json', '--yes'], environment);
    assert.deepEqual([status, signal], [0, null], output);
    assert.match(output, /Cancelling: .*SIGTERM again to stop at once\./);
    await assertDone(plan.moves, 'ended');
  });

  // Takes the two minutes of its patience.
  if (isFull) {
    it('is given up after two minutes, in words, with what is stopped and what to run; apply then goes on', async () => {
      const { plan, home } = await operatorsPlan('silent', viaFaulty);
      const applying = stowage(home, ['apply', 'plan.json', '--yes']);
      await untilSuspended('silent');
      faulty.refuse(503, Number.POSITIVE_INFINITY);
      const from = Date.now();
      const { output, status } = await applying;
      faulty.refuse(0, 0);
      console.error(`      given up after ${((Date.now() - from) / 1000).toFixed(0)} s:\n${output}`);
      assert.equal(status, 3, output);
      assert.match(output, /silent\/moves is stopped since \d.*\. Run "stowage apply" then to resume\.$/m);
      assert.doesNotMatch(output, /^ {4}at /m);
      const next = await stowage(home, ['apply']);
      assert.equal(next.status, 0, next.output);
      await assertDone(plan.moves, 'silent');
    });
  }

  it('tells a LimitRange and a policy of the cluster from a missing right', async () => {
    const namespace = 'denied';
    const { moves } = await planFor(namespace, test.kubeconfigPath);
    const [resize, , migration] = moves as ReturnType<typeof movesOf>;
    await test.apply(within(namespace, LIMIT_RANGE), POLICY, BINDING);
    const record = { planId: 'p', moveId: 'm', startedAtSeconds: 0 };
    const refusalOf = async (act: () => ReturnType<KubernetesCluster['resize']>) => {
      const result = await until(act, ({ kind }) => kind === 'refused'); // a policy counts a while after it is made
      return result.kind === 'refused' && result.why.code === 'server' ? [result.code, result.why.kind] : result;
    };
    const dry = { dryRun: true };
    assert.deepEqual(await refusalOf(() => truth.resize(resize.task, resize.to, { ...record, kind: 'resize' }, dry)), [
      'invalid',
      'limitRange',
    ]);
    assert.deepEqual(await refusalOf(() => truth.suspend(migration.owner, { ...record, kind: 'migration' }, dry)), [
      'invalid',
      'policy',
    ]);
    await test.kubectl(['delete', 'validatingadmissionpolicybinding/still', 'validatingadmissionpolicy/still']);
  });

  it('says of a migration whose node was deleted that the node is gone', async () => {
    const plan = await planFor('gone', test.kubeconfigPath);
    const begin: JournalEntry = {
      ...{ type: 'begin', planId: plan.id, cluster: truth.name, atSeconds: truth.nowSeconds() },
      moves: plan.moves.filter(({ kind }) => kind === 'migration'),
    };
    await test.kubectl(['delete', 'node', 'left']);
    const { tasks, nodes } = await truth.readSnapshot();
    assert.ok(tasks.some(({ node }) => node === 'left') && !nodes.some(({ name }) => name === 'left'));
    const outcome = await continueMoves(truth, agreeing(memoryJournal([begin])));
    assert.ok('steps' in outcome);
    assert.match(outcome.steps.map((step) => describeStep(step).text).join(), /^Node left is gone\.$/);
  });

  /** Applies a move of each kind through the faulty server, and looks at the truth: all is done, and done once. */
  async function applied(namespace: string, onStep: (step: Step) => void): Promise<{ states: MoveState[] }> {
    const plan = await planFor(namespace, viaFaulty);
    const cluster = await openKubernetesCluster({ kubeconfig: viaFaulty });
    const entries: JournalEntry[] = [];
    try {
      const outcome = await applyPlan(plan, cluster, { ...agreeing(memoryJournal(entries)), onStep });
      assert.ok('steps' in outcome, JSON.stringify(outcome));
      const { done, steps } = outcome;
      assert.equal(done, 3, steps.map((step) => describeStep(step).text).join('\n'));
    } finally {
      faulty.loseWrites(0, 0);
      faulty.refuse(0, 0);
      await cluster.close();
    }
    await assertDone(plan.moves, namespace);
    return { states: entries.flatMap((entry) => (entry.type === 'step' ? [entry.state] : [])) };
  }

  async function assertDone(moves: readonly Move[], namespace: string): Promise<void> {
    const [resize, placement, migration] = moves as ReturnType<typeof movesOf>;
    const resized = await truth.readTask(resize.task);
    // Planned at one generation, resized once: a second write would have made another.
    assert.deepEqual([resized?.actual.milliCpu, resized?.generation], [2000, resize.task.generation + 1]);
    assert.equal((await truth.readTask(placement.task))?.node, 'right');
    const owner = await truth.readOwner(migration.owner);
    assert.deepEqual([owner?.suspended, owner?.tasks.at(-1)?.node, owner?.record], [false, 'right', undefined]);
    // Suspended once and resumed once.
    assert.equal(owner?.generation, migration.owner.generation + 2);
    await test.kubectl(['delete', 'namespace', namespace, '--wait=false']);
  }

  const within = (namespace: string, manifest: Manifest) => ({
    ...manifest,
    metadata: { ...manifest.metadata, namespace },
  });

  /** A namespace with three tasks, and the plan of one move of each kind. */
  async function planFor(namespace: string, kubeconfig: string, more: { stopSeconds?: number } = {}): Promise<Plan> {
    const task = { requests: { cpu: '1', memory: '1Gi' }, gracePeriodSeconds: 10 };
    await test.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      ...[
        job({ ...task, name: 'stays', preferredNode: 'left' }),
        job({ ...task, name: 'moves', preferredNode: 'left', ...more }),
        gatedPod({ ...task, name: 'gated' }),
      ].map((manifest) => within(namespace, manifest)),
    );
    await until(
      () => test.kubectl(['-n', namespace, 'get', 'pods', '-o', 'name']),
      (pods) => pods.split('\n').filter(Boolean).length === 3,
    );
    await test.kubectl(['-n', namespace, 'wait', 'pods', '-l', 'job-name', '--for=condition=Ready', '--timeout=600s']);
    await pause(1000); // the kubelet's last word on the new pods
    const cluster = await openKubernetesCluster({ kubeconfig });
    const snapshot = await cluster.readSnapshot();
    await cluster.close();
    const tasks = snapshot.tasks.filter((each) => each.namespace === namespace);
    return planOf(snapshot, movesOf({ tasks }));
  }

  /** A plan of one move of each kind in a folder, for one who may operate there; its tasks take a while to stop. */
  async function operatorsPlan(namespace: string, via?: string): Promise<{ plan: Plan; home: string }> {
    const plan = await planFor(namespace, test.kubeconfigPath, { stopSeconds: 4 });
    const home = homeIn(test, namespace);
    const kubeconfig = via ?? (await operatorOf(namespace, home));
    const cluster = await openKubernetesCluster({ kubeconfig });
    await cluster.close();
    const { id: _, format: __, ...draft } = { ...plan, snapshot: { ...plan.snapshot, cluster: cluster.name } };
    const target = { kind: 'kubernetes', kubeconfig } as const;
    writeFileSync(join(home, 'plan.json'), JSON.stringify(finishPlan(draft, sha256, { target })));
    return { plan, home };
  }

  async function untilSuspended(namespace: string): Promise<void> {
    await until(
      async () => (await truth.readRecords()).some(({ owner }) => owner?.namespace === namespace),
      (suspended) => suspended,
    );
  }

  /** The kubeconfig of one who may read everything, and operate in one namespace. */
  async function operatorOf(namespace: string, home: string): Promise<string> {
    await test.kubectl(['-n', namespace, 'create', 'serviceaccount', 'operator']);
    const subject = `--serviceaccount=${namespace}:operator`;
    for (const role of ['stowage-nodes', 'stowage-reader']) {
      await test.kubectl(['create', 'clusterrolebinding', `${namespace}-${role}`, `--clusterrole=${role}`, subject]);
    }
    const operator = ['create', 'rolebinding', 'operator', '--clusterrole=stowage-operator', subject];
    await test.kubectl(['-n', namespace, ...operator]);
    const token = (await test.kubectl(['-n', namespace, 'create', 'token', 'operator'])).trim();
    const config = parse(readFileSync(test.kubeconfigPath, 'utf8'));
    const path = join(home, 'kubeconfig.yaml');
    const context = { cluster: config.clusters[0].name, user: 'operator', namespace };
    const users = [{ name: 'operator', user: { token } }];
    const contexts = [{ name: namespace, context }];
    writeFileSync(path, JSON.stringify({ ...config, 'current-context': namespace, contexts, users }));
    return path;
  }
});

const LIMIT_RANGE: Manifest = {
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name: 'small' },
  spec: { limits: [{ type: 'Container', max: { cpu: '1500m' } }] },
};

/** Lets no Job be suspended. */
const POLICY = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'still' },
  spec: {
    matchConstraints: {
      resourceRules: [{ apiGroups: ['batch'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['jobs'] }],
    },
    validations: [{ expression: '!object.spec.suspend', message: 'Jobs run on' }],
  },
};
const BINDING = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  metadata: { name: 'still' },
  spec: { policyName: 'still', validationActions: ['Deny'] },
};
