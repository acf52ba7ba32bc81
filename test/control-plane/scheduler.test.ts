import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { Connection } from '../../src/cluster/kubernetes/api/connection.ts';
import { readContext } from '../../src/cluster/kubernetes/api/kubeconfig.ts';
import { type ApiNode, type ApiObject, idOf, type Pod } from '../../src/cluster/kubernetes/api/objects.ts';
import { DEFAULT_PARAMETER_KEYS } from '../../src/cluster/kubernetes/model/parameters.ts';
import { makeSnapshot } from '../../src/cluster/kubernetes/model/snapshot.ts';
import { readObjects } from '../../src/cluster/kubernetes/watch/read.ts';
import { type Source, type Sources, sourcesOf } from '../../src/cluster/kubernetes/watch/sources.ts';
import { Transforms } from '../../src/cluster/kubernetes/watch/transform.ts';
import { seededRandom } from '../../src/core/model/random.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import { clusterCapacity } from '../../src/core/place/capacity.ts';
import { nodeFilter } from '../../src/core/place/filter.ts';
import { isFull } from '../full.ts';
import { requireCluster } from './availability.ts';
import { startCluster, type TestCluster } from './cluster.ts';
import { NAMESPACES, randomQuestion } from './randomCluster.ts';
import type { FilterQuestion } from './upstream.ts';
import { job } from './workload.ts';

/** Random clusters, and pods asked for in each on each of its eight nodes. */
const CLUSTERS = isFull ? 10 : 3;
const PODS = isFull ? 8 : 4;

type Spec = NonNullable<Pod['spec']> & Record<string, unknown>;

/**
 * The same random clusters as in `filter.test.ts`, made on the API server: nodes that no kubelet runs, pods bound to them,
 * and pods pinned to one node after the other, of which kube-scheduler itself says whether they may go there.
 */
describe('our snapshot and filter beside the live API server and kube-scheduler', () => {
  let test: TestCluster;
  let connection: Connection;

  before(async function () {
    requireCluster(this);
    test = await startCluster({ nodes: [{ name: 'kubelet', milliCpu: 1000, memoryBytes: 2 ** 30 }] });
    connection = new Connection(readContext(test.kubeconfigPath));
    for (const name of NAMESPACES.slice(1)) {
      await create('/api/v1/namespaces', { metadata: { name, labels: { team: 'a' } } });
    }
  });
  after(async () => {
    await connection?.close();
    await test?.stop();
  });

  it(`finds the node for a pod, or not, as kube-scheduler does, on ${CLUSTERS * PODS * 8} live pairs`, async () => {
    const differences: string[] = [];
    const seen = { fits: 0, refused: 0 };
    for (let cluster = 0; cluster < CLUSTERS; cluster++) {
      const question = await build(cluster);
      const snapshot = await read(true);
      const capacity = clusterCapacity(snapshot);
      for (let index = 0; index < PODS; index++) {
        const { pod } = randomCluster(1000 * (cluster + 1) + index);
        for (const { metadata } of question.nodes as readonly ApiNode[]) {
          const node = metadata?.name ?? '';
          const made = await ask(pinned(pod as Pod, node), index);
          const verdict = await verdictOn(made);
          const [task] = snapshotOf({
            pods: [{ ...made, spec: { ...made.spec, nodeName: undefined } }] as never,
          }).tasks;
          const ours = nodeFilter(task!, capacity)(capacity.nodes[capacity.indexOf.get(node)!]!);
          await remove(podPath(made));
          seen[verdict === undefined ? 'fits' : 'refused'] += 1;
          if ((verdict === undefined) !== (ours === undefined)) {
            differences.push(
              `cluster ${cluster}, pod ${index} on ${node}: ${verdict ?? 'fits'}; ours ${JSON.stringify(ours) ?? 'fits'}`,
            );
          }
        }
      }
      await clear(question);
    }
    console.error(`      ${seen.fits} fit, ${seen.refused} refused`);
    assert.deepEqual(differences, []);
    assert.ok(Math.min(seen.fits, seen.refused) > (CLUSTERS * PODS * 8) / 10, JSON.stringify(seen));
  });

  it('reads the same of the binary form of a list as of its JSON', async () => {
    await test.apply(job({ name: 'real', requests: { cpu: '200m', memory: '64Mi' }, creator: 'ana', dataScale: 3 }));
    await test.kubectl(['wait', 'pods', '-l', 'job-name=real', '--for=condition=Ready', '--timeout=600s']);
    for (let cluster = 50; cluster < 50 + CLUSTERS; cluster++) {
      const question = await build(cluster);
      for (const [index, pod] of everything().entries())
        await create('/api/v1/namespaces/default/pods', named(pod, `all-${index}`));
      const [binary, json] = [await read(true), await read(false)];
      assert.ok(binary.tasks.length >= 2);
      assert.deepEqual({ ...binary, takenAtSeconds: 0 }, { ...json, takenAtSeconds: 0 });
      for (const index of everything().keys()) await remove(`/api/v1/namespaces/default/pods/all-${index}`);
      await clear(question);
    }
  });

  /** Makes a random cluster's nodes and bound pods, and waits until the controllers have said what they say of them. */
  async function build(seed: number): Promise<FilterQuestion> {
    const question = randomCluster(seed);
    for (const node of question.nodes as readonly ApiNode[]) await create('/api/v1/nodes', acceptable(node));
    for (const pod of (question.pods ?? []) as readonly Pod[]) {
      const { namespace } = pod.metadata ?? {};
      const spec = { ...specOf(pod), tolerations: [{ operator: 'Exists' }] };
      await create(`/api/v1/namespaces/${namespace}/pods`, { metadata: metadataOf(pod), spec });
    }
    for (let tries = 0; ; tries++) {
      const { items } = await connection.send<{ items: ApiNode[] }>('/api/v1/nodes');
      const settled = items.every(({ spec = {} }) => {
        const keys = (spec.taints ?? []).map(({ key }) => key);
        const closed = keys.includes('node.kubernetes.io/unschedulable');
        return !keys.includes('node.kubernetes.io/not-ready') && closed === (spec.unschedulable ?? false);
      });
      if (settled) break;
      assert.ok(tries < 200, 'The node controller does not take off its taints');
      await pause(100);
    }
    await pause(300); // the scheduler hears of nodes and pods on two watches
    return question;
  }

  async function clear({ nodes, pods = [] }: FilterQuestion): Promise<void> {
    for (const pod of pods as readonly Pod[]) await remove(podPath(pod));
    for (const { metadata } of nodes as readonly ApiNode[]) await remove(`/api/v1/nodes/${metadata?.name}`);
  }

  async function ask(pod: Pod, index: number): Promise<Pod> {
    return create(`/api/v1/namespaces/${pod.metadata?.namespace}/pods`, named(pod, `new-${index}`));
  }

  /** Undefined when kube-scheduler has bound the pod, else what it says against it. */
  async function verdictOn(pod: Pod): Promise<string | undefined> {
    for (const end = Date.now() + 600_000; ; ) {
      const { spec, status } = await connection.send<Pod>(podPath(pod));
      if (spec?.nodeName) return undefined;
      const told = status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
      if (told) return told.message ?? '';
      if (Date.now() > end) throw new Error(`kube-scheduler says nothing of ${idOf(pod)}`);
      await pause(5);
    }
  }

  /** A snapshot read again, in the binary form where there is one, or all of it as JSON. */
  async function read(binary: boolean): Promise<Snapshot> {
    const sources = sourcesOf(new Transforms([]));
    const asJson = Object.fromEntries(
      Object.entries(sources).map(([name, { fields: _, ...source }]) => [name, source as Source<ApiObject>]),
    ) as unknown as Sources;
    return snapshotOf(await readObjects({ connection, namespaces: undefined }, binary ? sources : asJson, []));
  }

  function create<T extends ApiObject>(path: string, body: object): Promise<T> {
    return connection.send<T>(path, { method: 'POST', body });
  }

  async function remove(path: string): Promise<void> {
    await connection.send(path, { method: 'DELETE', query: { gracePeriodSeconds: 0 } });
  }
});

function snapshotOf(objects: Partial<Parameters<typeof makeSnapshot>[0]>): Snapshot {
  const none = {
    nodes: [],
    pods: [],
    jobs: [],
    replicaSets: new Map(),
    budgets: [],
    quotas: [],
    claims: [],
    volumes: [],
  };
  const context = {
    cluster: 'test',
    takenAtSeconds: 0,
    keys: DEFAULT_PARAMETER_KEYS,
    usage: {},
    rights: {},
    problems: [],
  };
  return makeSnapshot({ ...none, nodeClaims: [], namespaces: [], ...objects }, context);
}

/** A random cluster without values that begin with a minus: the API server takes them for no label's. */
function randomCluster(seed: number): FilterQuestion {
  return JSON.parse(JSON.stringify(randomQuestion(seededRandom(seed))).replace(/"-(\d)"/g, '"$1"'));
}

/** What the API server takes of a random node: one taint a key and effect. */
function acceptable({ spec, ...node }: ApiNode): object {
  const taints = new Map((spec?.taints ?? []).map((taint) => [`${taint.key} ${taint.effect}`, taint]));
  return { ...node, spec: { ...spec, taints: [...taints.values()] } };
}

function metadataOf({ metadata }: Pod): object {
  const { deletionTimestamp: _, ...rest } = metadata ?? {};
  return rest;
}

function named(pod: Pod, name: string): object {
  return { metadata: { ...metadataOf(pod), name }, spec: specOf(pod) };
}

/** What the API server takes of a random pod: an image, limits of devices, spreads that differ, no volumes. */
function specOf({ spec = {} }: Pod): Spec {
  const { volumes: _, ...rest } = spec;
  const spreads = new Map(
    (spec.topologySpreadConstraints ?? []).map((each) => [`${each.topologyKey} ${each.whenUnsatisfiable}`, each]),
  );
  return {
    ...rest,
    terminationGracePeriodSeconds: 0,
    topologySpreadConstraints: [...spreads.values()],
    containers: (spec.containers ?? []).map((container) => ({
      image: 'example.test/none',
      ...container,
      resources: { limits: devicesOf(container.resources?.requests), ...container.resources },
    })),
  };
}

function devicesOf(requests: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(requests).filter(([name]) => name.includes('.com/')));
}

/** The pod, for this node alone: terms are alternatives, so each is bound to it. */
function pinned(pod: Pod, node: string): Pod {
  const { nodeName: _, ...spec } = pod.spec ?? {};
  const field = { key: 'metadata.name', operator: 'In', values: [node] };
  const affinity = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = affinity?.nodeSelectorTerms ?? [];
  const bound = terms.length === 0 ? [{ matchFields: [field] }] : terms.map((term) => bind(term, field));
  return {
    ...pod,
    spec: {
      ...spec,
      affinity: {
        ...spec.affinity,
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: bound } },
      },
    },
  };
}

/** An empty term matches nothing, and goes on matching nothing. */
function bind<Term extends { readonly matchFields?: readonly object[] }>(term: Term, field: object): Term {
  return Object.keys(term).length === 0 ? term : { ...term, matchFields: [...(term.matchFields ?? []), field] };
}

/** Pods with all that is read of one. */
function everything(): Pod[] {
  const container = (name: string) => ({
    name,
    image: 'example.test/none',
    resources: {
      requests: { cpu: '0.1', memory: '1e3', 'nvidia.com/gpu': '1' },
      limits: { memory: '64Mi', 'nvidia.com/gpu': '1' },
    },
    ports: [{ name: 'web', containerPort: 80, hostPort: 8080, hostIP: '127.0.0.1', protocol: 'TCP' }],
    resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }],
    env: [{ name: 'X', value: 'ü'.repeat(300) }],
  });
  const requirement = { key: 'a', operator: 'In', values: ['b', 'c'] };
  const selector = { matchLabels: { a: 'b' }, matchExpressions: [requirement] };
  const term = { labelSelector: selector, namespaces: ['one'], namespaceSelector: {}, topologyKey: 'zone' };
  return [
    {
      metadata: {
        namespace: 'default',
        labels: { a: 'b', 'stowage.dev/creator': 'ana' },
        annotations: {
          'stowage.dev/checkpoint': 's3://bucket/ü',
          'stowage.dev/checkpoint-saved-at': '2026-11-23T09:00:00Z',
          'stowage.dev/original-request': '{"milliCpu":5,"memoryBytes":6}',
        },
      },
      spec: {
        activeDeadlineSeconds: 3600,
        restartPolicy: 'OnFailure',
        nodeSelector: { none: 'such' },
        schedulingGates: [{ name: 'stowage.dev/placement' }, { name: 'example.test/other' }],
        containers: [container('main')],
        initContainers: [
          { ...container('side'), ports: [], restartPolicy: 'Always' },
          { ...container('before'), ports: [], resizePolicy: [] },
        ],
        tolerations: [
          { key: 'k', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 0 },
          { key: 'x', value: 'y' },
        ],
        volumes: [
          { name: 'data', persistentVolumeClaim: { claimName: 'claim' } },
          {
            name: 'scratch',
            ephemeral: {
              volumeClaimTemplate: {
                spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
              },
            },
          },
        ],
        topologySpreadConstraints: [
          {
            maxSkew: 2,
            topologyKey: 'zone',
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: selector,
            matchLabelKeys: ['stowage.dev/creator'],
            minDomains: 2,
            nodeAffinityPolicy: 'Ignore',
            nodeTaintsPolicy: 'Honor',
          },
        ],
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                {
                  matchExpressions: [requirement],
                  matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['n1'] }],
                },
              ],
            },
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 3, preference: { matchExpressions: [requirement] } },
            ],
          },
          podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
          podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
        },
      },
    } as Pod,
  ];
}

function podPath(pod: Pod): string {
  const { namespace, name } = pod.metadata ?? {};
  return `/api/v1/namespaces/${namespace}/pods/${name}`;
}
