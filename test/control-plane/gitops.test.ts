import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { Job, Pod } from '../../src/cluster/kubernetes/api/objects.ts';
import { type KubernetesCluster, openKubernetesCluster } from '../../src/cluster/kubernetes/kubernetes.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { applyPlan, continueMoves } from '../../src/operate/applyPlan.ts';
import type { JournalEntry } from '../../src/operate/journal.ts';
import { describeStep } from '../../src/text/operation.ts';
import { isFull } from '../full.ts';
import { agreeing, memoryJournal } from '../operate/memory.ts';
import { requireCluster } from './availability.ts';
import { startCluster, type TestCluster } from './cluster.ts';
import { planOf } from './planOf.ts';
import { movesOf } from './threeMoves.ts';
import { until } from './until.ts';
import { gatedPod, job, type Manifest } from './workload.ts';

const GIB = 2 ** 30;
const MANAGER = 'argocd-controller';

/** Whether the Job's manifest says that it is not suspended, or nothing of it. */
const SAYINGS = ['says so', 'is silent'] as const;

/** When the manifests are applied again: before the moves, beside each step of one of them, after all. */
const TIMES = ['migration', ...(isFull ? (['before', 'resize', 'placement', 'after'] as const) : [])] as const;

const FINAL: ReadonlySet<string> = new Set(['done', 'failed', 'cancelled']);

describe('objects that somebody else applies from manifests, server-side and by force', () => {
  let test: TestCluster;
  let cluster: KubernetesCluster;

  before(async function () {
    requireCluster(this);
    const node = { milliCpu: 64_000, memoryBytes: 256 * GIB };
    test = await startCluster({ nodes: ['left', 'right'].map((name) => ({ name, ...node })) });
    cluster = await openKubernetesCluster({ kubeconfig: test.kubeconfigPath });
  });
  after(async () => {
    await cluster?.close();
    await test?.stop();
  });

  for (const saying of SAYINGS) {
    for (const time of TIMES) {
      it(`keep their tasks, and both sides agree in the end: a manifest that ${saying}, synced at "${time}"`, async () => {
        const namespace = `${saying.split(' ')[1]}-${time}`;
        const manifests = manifestsOf(namespace, saying);
        const plan = await planFor(namespace, manifests);
        const sync = () => apply(manifests);
        if (time === 'before') await sync();
        const entries: JournalEntry[] = [];
        const syncing: Promise<unknown>[] = [];
        const outcome = await applyPlan(plan, cluster, {
          ...agreeing(memoryJournal(entries)),
          onStep: ({ move }) => {
            if (move.kind === time) syncing.push(sync());
          },
        });
        assert.ok('steps' in outcome, JSON.stringify(outcome));
        await Promise.all(syncing);
        if (time === 'after') await sync();
        const said = outcome.steps.map((step) => describeStep(step).text).join('\n');
        // What waits goes on, and in the end nothing does.
        await until(
          () => continueMoves(cluster, agreeing(memoryJournal(entries))),
          (next) => !('steps' in next) || next.steps.every(({ state }) => FINAL.has(state.kind)),
        );
        assert.deepEqual(await cluster.readRecords(), [], said);
        const moved = await until(
          () => read<Job>(namespace, 'job/moves'),
          ({ status }) => status?.active === 1,
        );
        assert.notEqual(moved.spec?.suspend, true, said);
        await test.kubectl([
          '-n',
          namespace,
          'wait',
          'pods',
          '-l',
          'job-name=moves',
          '--for=condition=Ready',
          '--timeout=600s',
        ]);
        const [resize, placement] = plan.moves as ReturnType<typeof movesOf>;
        const stays = await cluster.readTask(resize.task);
        assert.ok(stays && [1000, 2000].includes(stays.actual.milliCpu), said);
        assert.equal((await cluster.readTask(placement.task))?.node, 'right', said);
        // A further sync finds nothing to change in the Job, and the tasks stay where they are.
        const pods = await podNames(namespace);
        const { generation } = (await read<Job>(namespace, 'job/moves')).metadata!;
        await sync();
        assert.equal((await read<Job>(namespace, 'job/moves')).metadata?.generation, generation, said);
        assert.deepEqual(await podNames(namespace), pods);
        await test.kubectl(['delete', 'namespace', namespace, '--wait=false']);
      });
    }
  }

  /** What a GitOps tool does at each sync. A refusal, as of a pod's gate that is lifted, is only its own. */
  async function apply(manifests: readonly Manifest[]): Promise<void> {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests });
    const words = ['apply', '--server-side', '--force-conflicts', `--field-manager=${MANAGER}`, '-f', '-'];
    await test.kubectl(words, list).catch(() => {});
  }

  /** Applies three tasks, and plans one move of each kind. */
  async function planFor(namespace: string, manifests: readonly Manifest[]): Promise<Plan> {
    await test.kubectl(['create', 'namespace', namespace]);
    await apply(manifests);
    await until(
      () => podNames(namespace),
      (names) => names.length === manifests.length,
    );
    await test.kubectl(['-n', namespace, 'wait', 'pods', '-l', 'job-name', '--for=condition=Ready', '--timeout=600s']);
    const snapshot = await until(
      () => cluster.readSnapshot(),
      ({ tasks }) => tasks.filter((each) => each.namespace === namespace && each.startedAtSeconds).length === 2,
    );
    const tasks = snapshot.tasks.filter((each) => each.namespace === namespace);
    return planOf(snapshot, movesOf({ tasks }));
  }

  async function podNames(namespace: string): Promise<string[]> {
    const { items } = JSON.parse(await test.kubectl(['-n', namespace, 'get', 'pods', '-o', 'json']));
    const alive = (items as Pod[]).filter(({ metadata }) => !metadata?.deletionTimestamp);
    return alive.map(({ metadata }) => metadata?.name ?? '').sort();
  }

  async function read<T>(namespace: string, object: string): Promise<T> {
    return JSON.parse(await test.kubectl(['-n', namespace, 'get', object, '-o', 'json']));
  }
});

function manifestsOf(namespace: string, saying: (typeof SAYINGS)[number]): Manifest[] {
  const task = { requests: { cpu: '1', memory: '1Gi' }, gracePeriodSeconds: 10 };
  const jobs = ['stays', 'moves'].map((name) => job({ ...task, name, preferredNode: 'left', stopSeconds: 2 }));
  const spec = (manifest: Manifest) => ({
    ...manifest.spec,
    backoffLimit: 6,
    ...(saying === 'says so' && { suspend: false }),
  });
  return [...jobs.map((manifest) => ({ ...manifest, spec: spec(manifest) })), gatedPod({ ...task, name: 'gated' })].map(
    (manifest) => ({ ...manifest, metadata: { ...manifest.metadata, namespace } }),
  );
}
