import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type {
  Constraints,
  LabelSelector,
  PodAffinityTerm,
  TopologySpread,
} from '../../../src/core/model/constraints.ts';
import type { Node } from '../../../src/core/model/node.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import type { Task } from '../../../src/core/model/task.ts';
import { clusterCapacity } from '../../../src/core/place/capacity.ts';
import { nodeFilter, type Refusal } from '../../../src/core/place/filter.ts';
import { amounts, node, snapshot, task } from './cluster.ts';

const app = (name: string): LabelSelector => ({ matchLabels: { app: name } });

/** What each node says, by name; the word `fits` where it takes the task. */
function answers(
  wanted: Task,
  nodes: readonly Node[],
  tasks: readonly Task[] = [],
  given: Partial<Snapshot> = {},
): Record<string, Refusal | 'fits'> {
  const capacity = clusterCapacity(snapshot(nodes, tasks, given));
  const filter = nodeFilter(wanted, capacity);
  return Object.fromEntries(capacity.nodes.map((held) => [held.node.name, filter(held) ?? 'fits']));
}

/** What one node says to a task with these constraints. */
function answer(constraints: Constraints, given: Partial<Node> = {}, labels: Task['labels'] = {}): Refusal | 'fits' {
  return answers(task('new', { constraints, labels }), [node('a', given)]).a!;
}

describe('the filter: one node', () => {
  it('takes a task without constraints on an empty node', () => assert.equal(answer({}), 'fits'));

  it('refuses a node that is not ready', () => assert.deepEqual(answer({}, { ready: false }), { code: 'notReady' }));

  it('refuses a cordoned node, but not to a task that tolerates the cordon', () => {
    const cordoned = { unschedulable: true };
    assert.deepEqual(answer({}, cordoned), { code: 'unschedulable' });
    const key = 'node.kubernetes.io/unschedulable';
    assert.equal(answer({ tolerations: [{ key, operator: 'Exists', effect: 'NoSchedule' }] }, cordoned), 'fits');
    assert.equal(answer({ tolerations: [{ operator: 'Exists' }] }, cordoned), 'fits');
  });

  it('refuses every node but the one the task names', () => {
    assert.deepEqual(answer({ nodeName: 'b' }), { code: 'nodeName', wanted: 'b' });
    assert.equal(answer({ nodeName: 'a' }), 'fits');
  });

  it('wants every label of the node selector', () => {
    const labels = { disk: 'ssd', zone: 'z1' };
    assert.equal(answer({ nodeSelector: { disk: 'ssd', zone: 'z1' } }, { labels }), 'fits');
    assert.deepEqual(answer({ nodeSelector: { disk: 'hdd' } }, { labels }), {
      code: 'nodeSelector',
      key: 'disk',
      wanted: 'hdd',
      found: 'ssd',
    });
    assert.deepEqual(answer({ nodeSelector: { rack: '1' } }, { labels }), {
      code: 'nodeSelector',
      key: 'rack',
      wanted: '1',
      found: undefined,
    });
  });

  it('finds the first of several resources that is short, with what is there', () => {
    const request = amounts({ milliCpu: 4000, memoryBytes: 100, extended: { 'huawei.com/Ascend910': 3 } });
    const allocatable = amounts({ milliCpu: 4000, memoryBytes: 100, extended: { 'huawei.com/Ascend910': 2 } });
    assert.deepEqual(answers(task('new', { request }), [node('a', { allocatable })]).a, {
      code: 'resource',
      resource: 'huawei.com/Ascend910',
      requested: 3,
      free: 2,
    });
  });

  it('lets a task that asks for nothing onto a node that is overfull, as long as it may hold one task more', () => {
    const full = node('a', { allocatable: amounts({ milliCpu: 1000, memoryBytes: 2 ** 40 }), maxTasks: 2 });
    const held = task('held', { node: 'a', request: amounts({ milliCpu: 1500 }) });
    const idle = task('idle', { request: amounts({}) });
    assert.equal(answers(idle, [full], [held]).a, 'fits');
    assert.deepEqual(answers(idle, [{ ...full, maxTasks: 1 }], [held]).a, { code: 'taskCount', maxTasks: 1 });
  });

  it('counts what each task holds, whatever its spec asks for, tasks that are ending included', () => {
    const shrinking = task('s', {
      node: 'a',
      phase: 'ending',
      request: amounts({ milliCpu: 5000 }),
      desired: amounts({ milliCpu: 2000 }),
    });
    const growing = task('g', {
      ...shrinking,
      id: 'default/g',
      allocation: amounts({ milliCpu: 6000 }),
      desired: amounts({ milliCpu: 7000 }),
      phase: 'running',
    });
    const wanted = task('new', { request: amounts({ milliCpu: 2500 }) });
    // 8,000 − 5,000 = 3,000 free; with the growing one, which holds 6,000 of the 7,000 it wants, 2,000.
    assert.equal(answers(wanted, [node('a')], [shrinking]).a, 'fits');
    assert.deepEqual(answers(wanted, [node('a')], [growing]).a, {
      code: 'resource',
      resource: 'milliCpu',
      requested: 2500,
      free: 2000,
    });
  });

  it('wants volumes to be reachable, each by at least one of its terms', () => {
    const inZone = (zone: string) => ({
      expressions: [{ key: 'zone', operator: 'In' as const, values: [zone] }],
      fields: [],
    });
    const labels = { zone: 'z1' };
    assert.equal(answer({ volumeAffinity: [[inZone('z2'), inZone('z1')]] }, { labels }), 'fits');
    assert.deepEqual(answer({ volumeAffinity: [[inZone('z1')], [inZone('z2')]] }, { labels }), {
      code: 'volume',
      volumes: 2,
    });
  });
});

describe('the filter: taints', () => {
  const taints = [{ key: 'dedicated', value: 'ml', effect: 'NoSchedule' as const }];

  it('refuses with the first taint that is not tolerated', () => {
    assert.deepEqual(answer({}, { taints }), { code: 'taint', taint: taints[0] });
    assert.equal(answer({}, { taints: [{ ...taints[0]!, effect: 'PreferNoSchedule' }] }), 'fits');
    assert.deepEqual((answer({}, { taints: [{ ...taints[0]!, effect: 'NoExecute' }] }) as Refusal).code, 'taint');
  });

  it('tolerates by key, value and effect; no effect means all, no key with Exists means all keys', () => {
    assert.equal(answer({ tolerations: [{ key: 'dedicated', value: 'ml' }] }, { taints }), 'fits');
    assert.equal(answer({ tolerations: [{ key: 'dedicated', operator: 'Exists' }] }, { taints }), 'fits');
    assert.equal(answer({ tolerations: [{ operator: 'Exists' }] }, { taints }), 'fits');
    assert.notEqual(answer({ tolerations: [{ key: 'dedicated', value: 'web' }] }, { taints }), 'fits');
    assert.notEqual(
      answer({ tolerations: [{ key: 'dedicated', value: 'ml', effect: 'NoExecute' }] }, { taints }),
      'fits',
    );
  });

  it("compares the taint's number with the toleration's (KEP-5471)", () => {
    const sla = [{ key: 'sla', value: '950', effect: 'NoSchedule' as const }];
    assert.equal(answer({ tolerations: [{ key: 'sla', operator: 'Gt', value: '900' }] }, { taints: sla }), 'fits');
    assert.notEqual(answer({ tolerations: [{ key: 'sla', operator: 'Gt', value: '950' }] }, { taints: sla }), 'fits');
    assert.equal(answer({ tolerations: [{ key: 'sla', operator: 'Lt', value: '951' }] }, { taints: sla }), 'fits');
    assert.notEqual(answer({ tolerations: [{ key: 'sla', operator: 'Lt', value: '0951' }] }, { taints: sla }), 'fits');
  });
});

describe('the filter: node affinity', () => {
  const labels = { zone: 'z1', cores: '64', word: 'x' };
  const term = (
    key: string,
    operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt',
    ...values: string[]
  ) => ({
    expressions: [{ key, operator, values }],
    fields: [],
  });
  const meets = (...terms: Constraints['nodeAffinity'] & object) =>
    answer({ nodeAffinity: terms }, { labels }) === 'fits';

  it('matches In, NotIn, Exists and DoesNotExist; NotIn holds where the label is missing', () => {
    assert.ok(meets(term('zone', 'In', 'z0', 'z1')));
    assert.ok(!meets(term('zone', 'NotIn', 'z1')));
    assert.ok(meets(term('rack', 'NotIn', 'r1')));
    assert.ok(meets(term('zone', 'Exists')));
    assert.ok(!meets(term('rack', 'Exists')));
    assert.ok(meets(term('rack', 'DoesNotExist')));
  });

  it('compares Gt and Lt as integers, and fails where the label is missing or no integer', () => {
    assert.ok(meets(term('cores', 'Gt', '8')));
    assert.ok(!meets(term('cores', 'Gt', '64')));
    assert.ok(meets(term('cores', 'Lt', '100')));
    assert.ok(!meets(term('word', 'Lt', '100')));
    assert.ok(!meets(term('rack', 'Gt', '1')));
  });

  it('matches nothing by a term the scheduler cannot parse, whatever else it says', () => {
    // No label value begins with a minus, so `Gt -5` is refused as malformed, though 64 is more.
    assert.ok(!meets(term('cores', 'Gt', '-5')));
    assert.ok(!meets(term('zone', 'NotIn', 'not a value')));
    assert.ok(!meets(term('zone', 'NotIn')));
    assert.ok(!meets(term('zone', 'Exists', 'z1')));
    assert.ok(meets(term('cores', 'Gt', '-5'), term('zone', 'Exists')));
  });

  it('takes any of the terms, wants all inside one, and matches nothing by an empty term or none', () => {
    assert.ok(meets(term('zone', 'In', 'z9'), term('cores', 'Exists')));
    const both = {
      expressions: [...term('zone', 'In', 'z1').expressions, ...term('rack', 'Exists').expressions],
      fields: [],
    };
    assert.ok(!meets(both));
    assert.deepEqual(answer({ nodeAffinity: [{ expressions: [], fields: [] }] }, { labels }), { code: 'nodeAffinity' });
    assert.deepEqual(answer({ nodeAffinity: [] }, { labels }), { code: 'nodeAffinity' });
  });

  it('matches the field metadata.name beside the labels', () => {
    const named = (operator: 'In' | 'NotIn') => ({
      expressions: term('zone', 'Exists').expressions,
      fields: [{ key: 'metadata.name', operator, values: ['a'] }],
    });
    assert.ok(meets(named('In')));
    assert.ok(!meets(named('NotIn')));
  });
});

describe('the filter: host ports', () => {
  const listener = (ip: string, protocol: string, port: number) =>
    task('listener', { node: 'a', constraints: { hostPorts: [{ ip, protocol, port }] } });
  const wants = (ip: string, protocol: string, port: number) =>
    task('new', { constraints: { hostPorts: [{ ip, protocol, port }] } });

  it('refuses a port that is taken on the same address, or on all', () => {
    const taken = { code: 'hostPort', port: 80, protocol: 'TCP', heldBy: 'default/listener' };
    assert.deepEqual(answers(wants('', '', 80), [node('a')], [listener('10.0.0.1', 'TCP', 80)]).a, taken);
    assert.deepEqual(answers(wants('10.0.0.1', 'TCP', 80), [node('a')], [listener('0.0.0.0', '', 80)]).a, taken);
    assert.deepEqual(answers(wants('10.0.0.1', 'TCP', 80), [node('a')], [listener('10.0.0.1', 'TCP', 80)]).a, taken);
  });

  it('takes another address, another protocol, another port, and port 0', () => {
    assert.equal(answers(wants('10.0.0.2', 'TCP', 80), [node('a')], [listener('10.0.0.1', 'TCP', 80)]).a, 'fits');
    assert.equal(answers(wants('', 'UDP', 80), [node('a')], [listener('', 'TCP', 80)]).a, 'fits');
    assert.equal(answers(wants('', 'TCP', 81), [node('a')], [listener('', 'TCP', 80)]).a, 'fits');
    assert.equal(answers(wants('', 'TCP', 0), [node('a')], [listener('', 'TCP', 0)]).a, 'fits');
  });
});

describe('the filter: GPUs', () => {
  const gpus = (count: number, given: Partial<Node> = {}) =>
    node('a', { allocatable: amounts({ milliCpu: 8000, memoryBytes: 2 ** 40, gpuMilli: 1000 * count }), ...given });
  const wants = (gpuMilli: number, given: Partial<Task> = {}) =>
    task('new', { request: amounts({ gpuMilli }), ...given });
  const share = (name: string, gpuMilli: number, gpuIndex?: number) =>
    task(name, { node: 'a', request: amounts({ gpuMilli }), ...(gpuIndex !== undefined && { gpuIndex }) });

  it('puts a share inside one GPU, though the sum of all would do', () => {
    const held = [share('x', 600, 0), share('y', 600, 1)];
    assert.equal(answers(wants(400), [gpus(2)], held).a, 'fits');
    assert.deepEqual(answers(wants(500), [gpus(2)], held).a, {
      code: 'gpuShare',
      shareMilli: 500,
      gpus: 1,
      fitting: 0,
      largestFreeMilli: 400,
    });
  });

  it('wants whole GPUs wholly free', () => {
    const held = [share('x', 300, 0)];
    assert.equal(answers(wants(1000), [gpus(2)], held).a, 'fits');
    assert.deepEqual(answers(wants(2000), [gpus(3)], [...held, share('y', 300, 1)]).a, {
      code: 'gpuShare',
      shareMilli: 1000,
      gpus: 2,
      fitting: 1,
      largestFreeMilli: 1000,
    });
  });

  it('lets two shares of unknown index sit in one GPU where they fit together', () => {
    assert.equal(answers(wants(1000), [gpus(2)], [share('x', 400), share('y', 500)]).a, 'fits');
  });

  it('wants one of the admissible models', () => {
    const constraints = { gpuModels: ['A100', 'H100'] };
    assert.equal(answers(wants(1000, { constraints }), [gpus(1, { gpuModel: 'H100' })]).a, 'fits');
    assert.deepEqual(answers(wants(1000, { constraints }), [gpus(1, { gpuModel: 'T4' })]).a, {
      code: 'gpuModel',
      wanted: ['A100', 'H100'],
      found: 'T4',
    });
    assert.deepEqual((answers(wants(1000, { constraints }), [gpus(1)]).a as Refusal).code, 'gpuModel');
  });

  it('wants the resource name the GPUs are offered as', () => {
    const amd = wants(1000, { gpuResource: 'amd.com/gpu' });
    assert.deepEqual(answers(amd, [gpus(1, { gpuResource: 'nvidia.com/gpu' })]).a, {
      code: 'gpuResource',
      wanted: 'amd.com/gpu',
      offered: 'nvidia.com/gpu',
    });
    assert.equal(answers(amd, [gpus(1, { gpuResource: 'amd.com/gpu' })]).a, 'fits');
  });
});

describe('the filter: spread', () => {
  const nodes = [
    node('a', { labels: { zone: 'z1' } }),
    node('b', { labels: { zone: 'z2' } }),
    node('c', { labels: {} }),
  ];
  const spread = (given: Partial<TopologySpread> = {}): TopologySpread => ({
    maxSkew: 1,
    topologyKey: 'zone',
    whenUnsatisfiable: 'DoNotSchedule',
    selector: app('web'),
    ...given,
  });
  const web = (name: string, on: string, given: Partial<Task> = {}) =>
    task(name, { node: on, labels: { app: 'web' }, ...given });
  const wants = (given: Partial<TopologySpread> = {}, others: Partial<Task> = {}) =>
    task('new', { labels: { app: 'web' }, constraints: { topologySpread: [spread(given)] }, ...others });

  it('refuses a domain that would be more than maxSkew ahead of the smallest', () => {
    const found = answers(wants(), nodes, [web('x', 'a')]);
    assert.deepEqual(found, {
      a: { code: 'spread', key: 'zone', value: 'z1', tasks: 1, minimum: 0, maxSkew: 1 },
      b: 'fits',
      c: { code: 'topologyLabel', key: 'zone' },
    });
  });

  it('counts only tasks of the same namespace that are not ending', () => {
    const others = [web('x', 'a', { namespace: 'other' }), web('y', 'a', { phase: 'ending' })];
    assert.equal(answers(wants(), nodes, others).a, 'fits');
  });

  it('does not count the task itself where its own labels do not match', () => {
    assert.equal(answers(wants({}, { labels: {} }), nodes, [web('x', 'a')]).a, 'fits');
  });

  it('takes the minimum as 0 where there are fewer domains than minDomains', () => {
    const tasks = [web('x', 'a'), web('y', 'b')];
    assert.equal(answers(wants({ minDomains: 2 }), nodes, tasks).a, 'fits');
    assert.deepEqual((answers(wants({ minDomains: 3 }), nodes, tasks).a as Refusal).code, 'spread');
  });

  it('leaves out nodes the task cannot go to by affinity, unless told to ignore that', () => {
    const tied = (nodeAffinityPolicy: 'Honor' | 'Ignore') => {
      const wanted = wants({ nodeAffinityPolicy });
      return { ...wanted, constraints: { ...wanted.constraints, nodeSelector: { zone: 'z1' } } };
    };
    assert.equal(answers(tied('Honor'), nodes, [web('x', 'a')]).a, 'fits');
    assert.deepEqual((answers(tied('Ignore'), nodes, [web('x', 'a')]).a as Refusal).code, 'spread');
  });

  it('leaves out tainted nodes only when told to honor taints', () => {
    const tainted = [nodes[0]!, { ...nodes[1]!, taints: [{ key: 'k', value: '', effect: 'NoSchedule' as const }] }];
    assert.equal(answers(wants({ nodeTaintsPolicy: 'Honor' }), tainted, [web('x', 'a')]).a, 'fits');
    assert.deepEqual((answers(wants(), tainted, [web('x', 'a')]).a as Refusal).code, 'spread');
  });

  it('refuses nothing for a constraint that is only preferred', () => {
    assert.equal(answers(wants({ whenUnsatisfiable: 'ScheduleAnyway' }), nodes, [web('x', 'a')]).c, 'fits');
  });

  it('matches everything by an empty selector but counts nothing, as the scheduler does', () => {
    assert.equal(answers(wants({ selector: {} }), nodes, [web('x', 'a'), web('y', 'a')]).a, 'fits');
  });
});

describe('the filter: affinity between tasks', () => {
  const nodes = [
    node('a', { labels: { zone: 'z1' } }),
    node('b', { labels: { zone: 'z1' } }),
    node('c', { labels: { zone: 'z2' } }),
    node('d', { labels: {} }),
  ];
  const near = (name: string, given: Partial<PodAffinityTerm> = {}): PodAffinityTerm => ({
    selector: app(name),
    namespaces: [],
    topologyKey: 'zone',
    ...given,
  });
  const db = (on: string, given: Partial<Task> = {}) => task('db', { node: on, labels: { app: 'db' }, ...given });

  it('wants a domain in which a matching task runs', () => {
    const wanted = task('new', { constraints: { podAffinity: [near('db')] } });
    assert.deepEqual(answers(wanted, nodes, [db('a')]), {
      a: 'fits',
      b: 'fits',
      c: { code: 'podAffinity', key: 'zone' },
      d: { code: 'podAffinity', key: 'zone' },
    });
  });

  it('lets the first of a group that wants itself near go anywhere the key exists', () => {
    const first = task('new', { labels: { app: 'db' }, constraints: { podAffinity: [near('db')] } });
    const found = answers(first, nodes);
    assert.deepEqual([found.a, found.c, (found.d as Refusal).code], ['fits', 'fits', 'podAffinity']);
    assert.notEqual(answers({ ...first, labels: {} }, nodes).a, 'fits');
  });

  it('wants one task to match all terms at once', () => {
    const wanted = task('new', { constraints: { podAffinity: [near('db'), near('x', { selector: app('cache') })] } });
    const tasks = [db('a'), task('cache', { node: 'a', labels: { app: 'cache' } })];
    assert.deepEqual(answers(wanted, nodes, tasks).a, { code: 'podAffinity', key: 'zone' });
  });

  it('keeps a task away from domains with a matching task', () => {
    const wanted = task('new', { constraints: { podAntiAffinity: [near('db')] } });
    assert.deepEqual(answers(wanted, nodes, [db('a')]), {
      a: { code: 'podAntiAffinity', key: 'zone', heldBy: 'default/db' },
      b: { code: 'podAntiAffinity', key: 'zone', heldBy: 'default/db' },
      c: 'fits',
      d: 'fits',
    });
  });

  it('honors the anti-affinity of tasks that already run (symmetry)', () => {
    const guard = db('a', { constraints: { podAntiAffinity: [near('web')] } });
    const wanted = task('new', { labels: { app: 'web' } });
    assert.deepEqual(answers(wanted, nodes, [guard]), {
      a: { code: 'keptAway', key: 'zone', heldBy: 'default/db' },
      b: { code: 'keptAway', key: 'zone', heldBy: 'default/db' },
      c: 'fits',
      d: 'fits',
    });
    assert.equal(answers(task('new'), nodes, [guard]).a, 'fits');
  });

  it('looks at its own namespace, at named ones, at all, or at those a selector finds', () => {
    const elsewhere = db('a', { namespace: 'data', id: 'data/db' });
    const code = (given: Partial<PodAffinityTerm>, snapshotGiven: Partial<Snapshot> = {}) => {
      const wanted = task('new', { constraints: { podAntiAffinity: [near('db', given)] } });
      return answers(wanted, nodes, [elsewhere], snapshotGiven).a === 'fits' ? 'free' : 'kept';
    };
    const team = { namespaceSelector: { matchLabels: { team: 'ml' } } };
    assert.equal(code({}), 'free');
    assert.equal(code({ namespaces: ['data'] }), 'kept');
    assert.equal(code({ namespaceSelector: {} }), 'kept');
    assert.equal(code(team), 'free');
    assert.equal(code(team, { namespaceLabels: { data: { team: 'ml' } } }), 'kept');
    assert.equal(code({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'data' } } }), 'kept');
    assert.equal(code({ namespaces: ['default'], ...team }), 'free');
  });

  it('selects nothing by an absent selector and every task by an empty one', () => {
    const wanted = (selector: LabelSelector | undefined) =>
      task('new', { constraints: { podAntiAffinity: [near('db', { selector })] } });
    assert.equal(answers(wanted(undefined), nodes, [db('a')]).a, 'fits');
    assert.notEqual(answers(wanted({}), nodes, [db('a')]).a, 'fits');
  });

  it('matches by expressions of the selector too', () => {
    const selector: LabelSelector = { expressions: [{ key: 'app', operator: 'NotIn', values: ['db'] }] };
    const wanted = task('new', { constraints: { podAntiAffinity: [near('', { selector })] } });
    assert.equal(answers(wanted, nodes, [db('a')]).a, 'fits');
    assert.notEqual(answers(wanted, nodes, [task('other', { node: 'a' })]).a, 'fits');
  });
});
