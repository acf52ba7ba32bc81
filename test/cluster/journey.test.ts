import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { type KubernetesCluster, openKubernetesCluster } from '../../src/cluster/kubernetes/kubernetes.ts';
import type { Migration, Move, Placement, Resize, TaskRef } from '../../src/core/model/moves.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { Task } from '../../src/core/model/task.ts';
import { draftPlan, finishPlan } from '../../src/core/plan/makePlan.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { requireCluster } from './availability.ts';
import { type NodeShape, startCluster, type TestCluster } from './cluster.ts';
import { DEMO_NODES, demoWorkload, gatedPod, job, type Manifest } from './workload.ts';

const CLI = join(import.meta.dirname, '../../src/cli.ts');
const ROLES = join(import.meta.dirname, '../../media/rbac');
const GIB = 2 ** 30;

describe('from a fragmented cluster to confirmed moves', function () {
  this.timeout(300_000);
  let test: TestCluster;
  let cluster: KubernetesCluster;
  let here: string;
  let plan: Plan;

  before(async function () {
    requireCluster(this);
    this.timeout(30 * 60_000);
    test = await startCluster({ nodes: DEMO_NODES, metrics: true });
    here = directory(test, 'here');
    const { running, waiting, history } = demoWorkload();
    await test.apply(...running);
    await test.kubectl(['wait', 'pods', '--all', '--for=condition=Ready', '--timeout=60s']);
    await test.apply(...waiting, ...history);
    cluster = await openKubernetesCluster({ kubeconfig: test.kubeconfigPath });
  });
  after(async () => {
    await cluster?.close();
    await test?.stop();
  });

  it('plans a placement, a resize down, a resize up and a migration, and prints them', async () => {
    // The wait and the threshold are the method's; a test shortens the first and its small nodes need the second.
    const short = ['fifthWindowSeconds=1s', 'thirdThresholdFraction=0.15', 'triggerFreeFraction=0.15'];
    const words = ['plan', '--kubeconfig', test.kubeconfigPath, '--observe', '60s', '--out', 'plan.json'];
    const { output, status } = await stowage(here, [...words, ...short.flatMap((one) => ['--setting', one])]);
    assert.equal(status, 0, output);
    plan = JSON.parse(readFileSync(join(here, 'plan.json'), 'utf8'));
    const of = (kind: Move['kind']) => plan.moves.filter((move) => move.kind === kind);
    assert.deepEqual(
      (of('placement') as Placement[]).map(({ task }) => task.id),
      ['default/notebook'],
    );
    const resizes = of('resize') as Resize[];
    assert.deepEqual(resizes.map(({ direction }) => direction).sort(), ['expand', 'shrink']);
    assert.match(resizes.find(({ direction }) => direction === 'shrink')?.task.id ?? '', /report/);
    assert.match(resizes.find(({ direction }) => direction === 'expand')?.task.id ?? '', /index/);
    assert.ok(of('migration').length >= 1, output);
    assert.match(output, /Shrink in place[\s\S]*report[\s\S]*Expand in place[\s\S]*index/);
  });

  it('applies all of them: the kubelet reports the new resources, each Job runs on the planned node', async () => {
    const { output, status } = await stowage(here, ['apply', 'plan.json', '--yes']);
    assert.equal(status, 0, output);
    const { tasks } = await cluster.readSnapshot();
    for (const move of plan.moves) {
      if (move.kind === 'resize') {
        const pod = JSON.parse(await test.kubectl(['get', 'pod', move.task.id.split('/')[1]!, '-o', 'json']));
        const { resources } = pod.spec.containers[0];
        const [reported] = pod.status.containerStatuses;
        assert.deepEqual(reported.resources, resources, 'the kubelet reports what the spec asks for');
        assert.deepEqual(reported.allocatedResources, resources.requests);
        const state = await cluster.readTask({ ...move.task, generation: pod.metadata.generation });
        assert.deepEqual([state?.actual.milliCpu, state?.actual.memoryBytes], [move.to.milliCpu, move.to.memoryBytes]);
      } else if (move.kind === 'migration') {
        const moved = tasks.filter(({ owner }) => owner?.name === move.owner.name);
        assert.deepEqual(
          moved.map(({ node, phase }) => [node, phase]),
          [[move.to, 'running']],
        );
      } else {
        assert.equal((await cluster.readTask(move.task))?.node, move.to);
      }
    }
    assert.ok(!tasks.some(({ owner }) => owner?.suspended));
  });

  it('refuses the completed plan', async () => {
    const { output, status } = await stowage(here, ['apply', 'plan.json', '--yes']);
    assert.equal(status, 2);
    assert.match(output, /applied already/);
  });

  it('refuses as stale, on another machine, a plan whose tasks were changed meanwhile', async () => {
    const elsewhere = directory(test, 'elsewhere');
    writeFileSync(join(elsewhere, 'plan.json'), JSON.stringify(plan));
    const before = await cluster.readSnapshot();
    const { output, status } = await stowage(elsewhere, ['apply', 'plan.json', '--yes']);
    assert.equal(status, 2, output);
    assert.match(output, /The cluster has changed since the plan was made\. Plan again\./);
    const after = await cluster.readSnapshot();
    const places = (snapshot: Snapshot) => snapshot.tasks.map(({ id, node, generation }) => [id, node, generation]);
    assert.deepEqual(places(after), places(before));
  });
});

const NODES: readonly NodeShape[] = [
  { name: 'left', milliCpu: 64_000, memoryBytes: 256 * GIB },
  { name: 'right', milliCpu: 64_000, memoryBytes: 256 * GIB },
];
/** In full every step is tried both ways; else (`npm test`) every other one, odd ones with the journal, even ones without. */
const STRIDE = process.env['STOWAGE_FULL'] === '1' ? 1 : 2;
/** Processes at once: each scenario is a user of its own, who sees and touches one namespace only. */
const AT_ONCE = 5;

describe('apply, killed after any of its steps and run again', function () {
  this.timeout(900_000);
  let test: TestCluster;

  before(async function () {
    requireCluster(this);
    this.timeout(30 * 60_000);
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
      const { output, status } = await stowage(scenario.home, ['apply', 'plan.json', '--yes']);
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
      const { output, status } = await stowage(scenario.home, ['apply', '--kubeconfig', scenario.kubeconfig]);
      assert.equal(status, 0, output);
      const { cluster, tasks } = scenario;
      const state = await cluster.readTask(tasks.stays);
      assert.equal(state?.phase, 'running');
      assert.equal(state.resize, 'none');
      assert.ok([1000, 2000].includes(state.actual.milliCpu));
      assert.equal((await nodesOf(cluster, 'moves')).length, 1);
      assert.ok(await cluster.readTask(tasks.gated));
      const standing = await cluster.readRecords();
      assert.deepEqual(
        standing.filter(({ owner }) => owner !== undefined),
        [],
      );
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
    const home = directory(test, name);
    const kubeconfig = await makeTenant(name, home);
    const cluster = await openKubernetesCluster({ kubeconfig });
    try {
      const snapshot = await until(
        () => cluster.readSnapshot(),
        ({ tasks }) =>
          tasks.length === 3 && tasks.filter(({ startedAtSeconds }) => startedAtSeconds !== undefined).length === 2,
      );
      await test.kubectl(['-n', name, 'wait', 'pods', '-l', 'job-name', '--for=condition=Ready', '--timeout=60s']);
      const moves = movesOf(await cluster.readSnapshot());
      const draft = draftPlan({
        snapshot,
        predictions: {},
        predictor: { name: 'none', tasks: 0 },
        settings: DEFAULT_SETTINGS,
        since: {},
      });
      const plan = finishPlan({ ...draft, moves }, { target: { kind: 'kubernetes', kubeconfig } });
      writeFileSync(join(home, 'plan.json'), JSON.stringify(plan));
      const words = ['apply', 'plan.json', '--yes'];
      const { signal, output } = await stowage(home, words, { STOWAGE_STOP_AFTER_STEP: String(step) });
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

/** One move of each kind, for the tasks of a scenario. */
function movesOf({ tasks }: Snapshot): [Resize, Placement, Migration] {
  const find = (prefix: string) => tasks.find(({ name }) => name.startsWith(prefix)) as Task;
  const [stays, gated, moves] = [find('stays'), find('gated'), find('moves')];
  const owner = moves.owner!;
  const { kind, name, uid, generation } = owner;
  return [
    {
      kind: 'resize',
      id: `resize ${stays.id}`,
      task: refOf(stays),
      direction: 'expand',
      from: stays.allocation,
      to: { ...stays.allocation, milliCpu: 2000 },
      request: stays.request,
    },
    { kind: 'placement', id: `place ${gated.id}`, task: refOf(gated), to: 'right', request: gated.request },
    {
      kind: 'migration',
      id: `migrate ${moves.id}`,
      task: refOf(moves),
      owner: { kind, namespace: moves.namespace, name, uid, generation },
      from: 'left',
      to: 'right',
      allocation: moves.allocation,
      run: { elapsedSeconds: 1, remainingSeconds: 1, usageSoFar: moves.allocation, lostSeconds: 1 },
    },
  ];
}

function refOf({ id, uid, generation, node }: Task): TaskRef {
  return node === undefined ? { id, uid, generation } : { id, uid, generation, node };
}

async function nodesOf(cluster: KubernetesCluster, owner: string): Promise<(string | undefined)[]> {
  const { tasks } = await until(
    () => cluster.readSnapshot(),
    (snapshot) =>
      snapshot.tasks.some((task) => task.owner?.name === owner && task.node !== undefined && task.phase === 'running'),
  );
  return tasks.filter((task) => task.owner?.name === owner && task.phase !== 'ending').map(({ node }) => node);
}

async function stowage(
  home: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ output: string; status: number | null; signal: NodeJS.Signals | null }> {
  const child = spawn(process.execPath, [CLI, ...words], {
    cwd: home,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const [said, complained, [status, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { output: said + complained, status, signal };
}

function directory(test: TestCluster, name: string): string {
  const path = join(test.directory, name);
  mkdirSync(path, { recursive: true });
  return path;
}

async function until<T>(read: () => Promise<T>, holds: (value: T) => boolean, seconds = 60): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > end) throw new Error(`Still not so after ${seconds} s: ${JSON.stringify(value).slice(0, 1000)}`);
    await pause(250);
  }
}
