import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type {
  ApiNode,
  Job,
  OwnerReference,
  Pod,
  Strings,
  Volume,
  VolumeClaim,
} from '../../../src/cluster/kubernetes/api/objects.ts';
import { DEFAULT_PARAMETER_KEYS } from '../../../src/cluster/kubernetes/model/parameters.ts';
import { type ClusterObjects, KnownObjects, makeSnapshot } from '../../../src/cluster/kubernetes/model/snapshot.ts';
import { Transforms } from '../../../src/cluster/kubernetes/watch/transform.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import type { Task } from '../../../src/core/model/task.ts';

const NOW = 1_800_000_000;

describe('a snapshot of API objects', () => {
  it('resolves a task’s owner to what it can be moved through, and says whether it ends', () => {
    const cases: [string, Partial<Pod['metadata'] & object>, Job[], string, boolean, string][] = [
      [
        'a CronJob’s Job',
        ownedBy('Job', 'etl-29174405'),
        [job('etl-29174405', { ownerReferences: [controller('CronJob', 'etl')] })],
        'Job',
        false,
        'etl',
      ],
      [
        'a JobSet’s Job',
        ownedBy('Job', 'set-w-0'),
        [job('set-w-0', { ownerReferences: [controller('JobSet', 'set')] })],
        'JobSet',
        false,
        'set',
      ],
      [
        'a queued Job',
        ownedBy('Job', 'queued'),
        [job('queued', { labels: { 'kueue.x-k8s.io/queue-name': 'q' } })],
        'Workload',
        false,
        'queued',
      ],
      ['a PyTorchJob’s pod', ownedBy('PyTorchJob', 'resnet'), [], 'PyTorchJob', false, 'resnet'],
      [
        'a Volcano Job’s pod',
        { ownerReferences: [{ ...controller('Job', 'mpi'), apiVersion: 'batch.volcano.sh/v1alpha1' }] },
        [],
        'Job.batch.volcano.sh',
        false,
        'mpi',
      ],
      [
        'a pod of a RayJob’s cluster',
        {
          ...ownedBy('RayCluster', 'tune-raycluster-x7k2p'),
          labels: { 'ray.io/originated-from-crd': 'RayJob', 'ray.io/originated-from-cr-name': 'tune' },
        },
        [],
        'RayJob',
        false,
        'tune',
      ],
      ['a StatefulSet’s pod', ownedBy('StatefulSet', 'db'), [], 'StatefulSet', true, 'db'],
      [
        'a Job with a generated name',
        ownedBy('Job', 'train-x7k2p'),
        [job('train-x7k2p', { generateName: 'train-' })],
        'Job',
        false,
        'train',
      ],
    ];
    for (const [what, metadata, jobs, kind, endless, name] of cases) {
      const restartPolicy = endless ? 'Always' : 'Never';
      const task = taskOf(snapshotOf({ pods: [pod('one', { metadata, spec: { restartPolicy } })], jobs }));
      assert.deepEqual([task.owner?.kind, task.endless, task.parameters.name], [kind, endless, name], what);
    }
  });

  it('sees through a ReplicaSet to its Deployment', () => {
    const one = pod('web-1', { metadata: ownedBy('ReplicaSet', 'web-abc'), spec: { restartPolicy: 'Always' } });
    const replicaSets = new Map([['uid-web-abc', controller('Deployment', 'web')]]);
    const task = taskOf(snapshotOf({ pods: [one], replicaSets }));
    assert.deepEqual([task.owner?.kind, task.owner?.name, task.endless], ['Deployment', 'web', true]);
  });

  it('finds parameters where Kubeflow, Ray, Volcano and Kueue put them; the creator falls back to the namespace', () => {
    const labels = { 'training.kubeflow.org/replica-type': 'worker', 'volcano.sh/queue-name': 'gold' };
    const metadata = { ...ownedBy('PyTorchJob', 'resnet'), labels, annotations: { 'stowage.dev/data-scale': '40Gi' } };
    const { parameters } = taskOf(snapshotOf({ pods: [pod('one', { metadata })] }));
    assert.deepEqual(parameters, {
      creator: 'team',
      type: 'worker',
      framework: 'pytorch',
      dataScale: 40 * 2 ** 30,
      name: 'resnet',
      queue: 'gold',
    });
  });

  it('takes the earliest end that anyone states for a node', () => {
    const claim = {
      metadata: { creationTimestamp: new Date((NOW - 3600) * 1000).toISOString() },
      spec: { expireAfter: '720h0m0s' },
      status: { nodeName: 'a' },
    };
    const expiring = snapshotOf({ nodes: [node('a')], nodeClaims: [claim] }).nodes[0];
    assert.deepEqual(expiring?.deadline, { atSeconds: NOW - 3600 + 720 * 3600, source: 'expiry' });
    const taints = [{ key: 'aws-node-termination-handler/spot-itn', value: 'x', effect: 'NoSchedule' }];
    const spot = snapshotOf({ nodes: [{ ...node('a'), spec: { taints } }], nodeClaims: [claim] }).nodes[0];
    assert.deepEqual(spot?.deadline, { atSeconds: NOW + 120, source: 'spot' });
    const timeAdded = new Date((NOW - 50) * 1000).toISOString();
    const leaving = [{ key: 'karpenter.sh/disrupted', effect: 'NoSchedule', timeAdded }];
    const disrupted = snapshotOf({ nodes: [{ ...node('a'), spec: { taints: leaving } }] }).nodes[0];
    assert.deepEqual(disrupted?.deadline, { atSeconds: NOW + 70, source: 'termination' });
    const labels = { 'cloud.google.com/scheduled-maintenance-time': String(NOW + 9000) };
    const maintained = snapshotOf({ nodes: [{ ...node('a'), metadata: { name: 'a', labels } }] }).nodes[0];
    assert.deepEqual(maintained?.deadline, { atSeconds: NOW + 9000, source: 'maintenance' });
  });

  it('takes the conditions by which AKS tells of Azure’s events for a node’s end, but not a freeze, which ends nothing', () => {
    const ends = (type: string, message: string, more: object = {}) => {
      const conditions = [
        { type, status: 'True', message, lastTransitionTime: new Date((NOW - 10) * 1000).toISOString(), ...more },
      ];
      return snapshotOf({ nodes: [{ ...node('a'), status: { conditions } }] }).nodes[0]?.deadline;
    };
    const at = new Date((NOW + 40) * 1000).toUTCString();
    const said = (event: string) =>
      `${event}: ${at}. DurationInSeconds: -1. For more information, see https://aka.ms/x`;
    assert.deepEqual(ends('VMEventScheduled', said('Preempt Scheduled')), { atSeconds: NOW + 40, source: 'spot' });
    assert.deepEqual(ends('PreemptScheduled', said('Preempt Scheduled')), { atSeconds: NOW + 40, source: 'spot' });
    assert.deepEqual(ends('VMEventScheduled', said('Redeploy Scheduled')), {
      atSeconds: NOW + 40,
      source: 'maintenance',
    });
    assert.deepEqual(ends('TerminateScheduled', said('Terminate Scheduled')), {
      atSeconds: NOW + 40,
      source: 'termination',
    });
    // without a time that can be read: the shortest notice, from when it was told
    assert.deepEqual(ends('RebootScheduled', ''), { atSeconds: NOW - 10 + 900, source: 'maintenance' });
    assert.deepEqual(ends('VMEventScheduled', 'Preempt Started: .'), { atSeconds: NOW - 10 + 30, source: 'spot' });
    assert.equal(ends('VMEventScheduled', said('Freeze Scheduled')), undefined);
    assert.equal(ends('VMEventScheduled', ''), undefined);
    assert.equal(ends('VMEventScheduled', said('constructor Scheduled')), undefined);
    assert.equal(ends('PreemptScheduled', said('Preempt Scheduled'), { status: 'False' }), undefined);
    assert.equal(ends('KernelDeadlock', said('Preempt Scheduled')), undefined);
  });

  it('gives a task the node terms of its bound volumes, and the zones of old ones', () => {
    const claims: VolumeClaim[] = [{ metadata: { name: 'disk', namespace: 'team' }, spec: { volumeName: 'pv' } }];
    const requirement = { key: 'kubernetes.io/hostname', operator: 'In', values: ['a'] };
    const volumes: Volume[] = [
      {
        metadata: { name: 'pv', labels: { 'topology.kubernetes.io/zone': 'z1__z2' } },
        spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [requirement] }] } } },
      },
    ];
    const spec = { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'disk' } }] };
    const task = taskOf(snapshotOf({ pods: [pod('one', { spec })], claims, volumes }));
    assert.deepEqual(task.constraints.volumeAffinity, [
      [{ expressions: [requirement], fields: [] }],
      [{ expressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: ['z1', 'z2'] }], fields: [] }],
    ]);
  });

  it('tells what each quota leaves of requests, and leaves out quotas that bound none', () => {
    const quota = (name: string, hard: Strings, used: Strings, spec = {}) => ({
      metadata: { namespace: 'team', name },
      spec,
      status: { hard, used },
    });
    const { quotas } = snapshotOf({
      quotas: [
        quota('both', { 'requests.cpu': '4', cpu: '3', 'requests.memory': '4Gi' }, { 'requests.cpu': '1', cpu: '1' }),
        quota('over', { 'requests.memory': '1Gi', pods: '9' }, { 'requests.memory': '2Gi' }),
        quota('unknown', { 'requests.cpu': '1' }, {}, { scopes: ['CrossNamespacePodAffinity'] }),
        quota('counts', { pods: '9' }, { pods: '3' }),
        {},
      ],
    });
    assert.deepEqual(quotas, [
      { namespace: 'team', name: 'both', left: { milliCpu: 2000, memoryBytes: 4 * 2 ** 30 } },
      { namespace: 'team', name: 'over', left: { memoryBytes: 0 } },
    ]);
  });

  it('names the tasks that a quota with scopes counts, all of which must hold, as the server counts them', () => {
    const pods = [
      pod('long', { status: { qosClass: 'Burstable' } }),
      pod('short', { spec: { activeDeadlineSeconds: 60 }, status: { qosClass: 'Burstable' } }),
      pod('free', { status: { qosClass: 'BestEffort' } }),
      pod('urgent', { spec: { priorityClassName: 'high' }, status: { qosClass: 'Guaranteed' } }),
      pod('over', { spec: { priorityClassName: 'high' }, status: { phase: 'Succeeded' } }),
    ];
    const counted = (spec: object) => {
      const status = { hard: { 'requests.cpu': '4' }, used: {} };
      const { quotas } = snapshotOf({ pods, quotas: [{ metadata: { namespace: 'team', name: 'q' }, spec, status }] });
      return quotas?.[0]?.taskIds?.map((id) => id.replace('team/', ''));
    };
    const selector = (...matchExpressions: object[]) => ({ scopeSelector: { matchExpressions } });
    const priority = (operator: string, ...values: string[]) => ({ scopeName: 'PriorityClass', operator, values });
    assert.deepEqual(counted({ scopes: ['Terminating'] }), ['short']);
    assert.deepEqual(counted({ scopes: ['NotTerminating'] }), ['free', 'long', 'urgent']);
    assert.deepEqual(counted({ scopes: ['BestEffort'] }), ['free']);
    assert.deepEqual(counted({ scopes: ['NotBestEffort', 'NotTerminating'] }), ['long', 'urgent']);
    assert.deepEqual(counted({ scopes: ['PriorityClass'] }), ['urgent']);
    assert.deepEqual(counted(selector(priority('In', 'high', 'low'))), ['urgent']);
    assert.deepEqual(counted(selector(priority('NotIn', 'high'))), ['free', 'long', 'short']);
    assert.deepEqual(counted(selector(priority('Exists'))), ['urgent']);
    assert.deepEqual(counted(selector(priority('DoesNotExist'), { scopeName: 'Terminating', operator: 'Exists' })), [
      'short',
    ]);
  });

  it('counts what is no amount as 0 and says so, by name', () => {
    const requests = {
      cpu: '1e3',
      memory: '0.5Gi',
      'nvidia.com/gpu': '100m',
      'example.com/x': '-1',
      'example.com/y': 'many',
    };
    const containers = [{ name: 'main', resources: { requests } }];
    const snapshot = snapshotOf({
      nodes: [{ metadata: { name: 'empty' } }, { ...node('odd'), status: { allocatable: { cpu: 'lots' } } }],
      pods: [pod('odd', { spec: { containers } })],
    });
    const task = taskOf(snapshot);
    // a tenth of a GPU is rounded up to a whole one, as the API does with every extended resource
    assert.deepEqual(task.request, { milliCpu: 1_000_000, memoryBytes: 2 ** 29, gpuMilli: 1000, extended: {} });
    assert.deepEqual(task.problems, [
      { code: 'taskAmount', container: 'main', resource: 'example.com/x', quantity: '-1' },
      { code: 'taskAmount', container: 'main', resource: 'example.com/y', quantity: 'many' },
    ]);
    assert.deepEqual(snapshot.problems, [
      { code: 'nodeWithoutAmounts', node: 'empty' },
      { code: 'nodeAmount', node: 'odd', resource: 'cpu', quantity: 'lots' },
    ]);
    assert.deepEqual(
      snapshot.nodes.map(({ ready, allocatable }) => [ready, allocatable.milliCpu]),
      [
        [false, 0],
        [false, 0],
      ],
    );
  });

  it('is made of objects that are empty, hostile or huge without harm', () => {
    const huge = 'x'.repeat(1_000_000);
    const hostile = '<img src=x onerror=alert(1)>[run](command:workbench.action.quit)';
    const annotations = {
      'stowage.dev/creator': huge,
      'stowage.dev/checkpoint': hostile,
      'stowage.dev/original-request': '{"milliCpu":-5}',
      'stowage.dev/move': huge,
      __proto__: 'x',
      constructor: 'y',
    };
    const labels = { 'stowage.dev/type': hostile, toString: 'z' };
    const snapshot = snapshotOf({
      nodes: [{}, node('a')],
      pods: [{}, { metadata: { name: 'bare' } }, pod('bad', { metadata: { labels, annotations } })],
      jobs: [{}],
      claims: [{}],
      volumes: [{}],
    });
    const bad = snapshot.tasks.find(({ name }) => name === 'bad')!;
    assert.equal(bad.parameters.creator, 'team'); // a name of a million letters is none
    assert.equal(bad.parameters.type, hostile); // plain text; who shows it escapes it
    assert.equal(bad.request.milliCpu, 1000);
    assert.deepEqual(bad.problems, [{ code: 'originalRequest', annotation: 'stowage.dev/original-request' }]);
    assert.ok(JSON.stringify(snapshot).length < 10_000);
  });

  it('takes no parameter that a terminal would obey', () => {
    const annotations = { 'stowage.dev/creator': 'ana\u001b[2J', 'stowage.dev/checkpoint': '/run\u0007' };
    const task = taskOf(snapshotOf({ pods: [pod('one', { metadata: { annotations } })] }));
    assert.equal(task.parameters.creator, 'team');
    assert.ok(!JSON.stringify(task).includes('\\u00'));
  });

  it('is the same where objects were known before, whose tasks and nodes are then the same objects again', () => {
    const known = new KnownObjects();
    const spec = { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'disk' } }] };
    const volume = { metadata: { name: 'pv', labels: { 'topology.kubernetes.io/zone': 'z1' } } };
    const claim = { metadata: { name: 'disk', namespace: 'team' }, spec: { volumeName: 'pv' } };
    const objects = {
      ...{ nodes: [node('a'), node('b')], pods: [pod('one'), pod('two', { spec })] },
      ...{ claims: [claim], volumes: [volume] },
    };
    const both = (given: Parameters<typeof snapshotOf>[0]) => {
      const snapshot = snapshotOf(given, known);
      assert.deepEqual(snapshot, snapshotOf(given));
      return snapshot;
    };
    const first = both(objects);
    const second = both({ ...objects, pods: [...objects.pods], nodes: [...objects.nodes] });
    for (const index of [0, 1]) {
      assert.equal(second.tasks[index], first.tasks[index]);
      assert.equal(second.nodes[index], first.nodes[index]);
    }
    // what any of it was made from is another object now: the pod, the volume behind it, the node, its claim
    const nodeClaims = [{ metadata: {}, status: { nodeName: 'b' } }];
    const moved = { ...volume, metadata: { ...volume.metadata, labels: { 'topology.kubernetes.io/zone': 'z2' } } };
    const third = both({
      ...{ nodes: [{ ...objects.nodes[0]!, spec: { unschedulable: true } }, objects.nodes[1]!], nodeClaims },
      ...{ pods: [pod('one', { spec: { priority: 7 } }), objects.pods[1]!], claims: [claim], volumes: [moved] },
    });
    for (const index of [0, 1]) {
      assert.notEqual(third.tasks[index], first.tasks[index]);
      assert.notEqual(third.nodes[index], first.nodes[index]);
    }
  });

  it('is the same whether the objects were kept whole or pruned', () => {
    const transforms = new Transforms(Object.values(DEFAULT_PARAMETER_KEYS).flat());
    const one = pod('one', {
      metadata: {
        ...ownedBy('Job', 'train'),
        annotations: { 'stowage.dev/data-scale': '3', 'kubectl/last-applied': 'long' },
      },
      spec: {
        tolerations: [{ key: 'a', operator: 'Exists' }],
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', matchLabelKeys: ['app'], labelSelector: {} }],
        schedulingGates: [{ name: 'stowage.dev/placement' }, { name: 'foreign' }],
      },
    });
    const whole = { nodes: [node('a')], pods: [one], jobs: [job('train', {})] };
    const pruned = {
      nodes: whole.nodes.map(transforms.node),
      pods: whole.pods.map(transforms.pod),
      jobs: whole.jobs.map(transforms.job),
    };
    assert.deepEqual(snapshotOf(pruned), snapshotOf(whole));
    assert.ok(!JSON.stringify(pruned).includes('last-applied'));
    assert.deepEqual(taskOf(snapshotOf(whole)).problems[0], { code: 'heldBack', gates: ['foreign'] });
  });
});

function snapshotOf(objects: Partial<ClusterObjects>, known?: KnownObjects): Snapshot {
  const none = {
    nodes: [],
    pods: [],
    jobs: [],
    replicaSets: new Map(),
    budgets: [],
    quotas: [],
    claims: [],
    volumes: [],
    nodeClaims: [],
    namespaces: [],
  };
  return makeSnapshot(
    { ...none, ...objects },
    { cluster: 'c', takenAtSeconds: NOW, keys: DEFAULT_PARAMETER_KEYS, usage: {}, rights: {}, problems: [] },
    known,
  );
}

function taskOf({ tasks }: Snapshot): Task {
  assert.equal(tasks.length, 1);
  return tasks[0]!;
}

type Given = { metadata?: object; spec?: object; status?: object };

function pod(name: string, { metadata = {}, spec = {}, status = {} }: Given = {}): Pod {
  return {
    metadata: { name, namespace: 'team', uid: `uid-${name}`, creationTimestamp: '2026-11-23T10:00:00Z', ...metadata },
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', resources: { requests: { cpu: '1' } } }], ...spec },
    status: { phase: 'Pending', ...status },
  };
}

function node(name: string): ApiNode {
  return { metadata: { name, uid: name }, status: { allocatable: { cpu: '4', memory: '8Gi', pods: '10' } } };
}

function job(name: string, metadata: object): Job {
  return {
    metadata: { name, namespace: 'team', uid: `uid-${name}`, generation: 1, ...metadata },
    spec: { parallelism: 1 },
  };
}

function controller(kind: string, name: string): OwnerReference {
  return { apiVersion: 'any/v1', kind, name, uid: `uid-${name}`, controller: true };
}

function ownedBy(kind: string, name: string): { ownerReferences: OwnerReference[] } {
  return { ownerReferences: [controller(kind, name)] };
}
