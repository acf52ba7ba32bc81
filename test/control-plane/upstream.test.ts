import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { requireCluster } from './availability.ts';
import { buildCluster } from './build.ts';
import { upstreamFilter, upstreamQuantities, upstreamRequests } from './upstream.ts';

describe("upstream's own answers", () => {
  before(async function () {
    requireCluster(this);
    await buildCluster((text) => console.error(`      ${text}`));
  });

  it('reads quantities, and says what is none', async () => {
    const [cores, memory, small, bad] = await upstreamQuantities(['1.5', '2Gi', '0.1m', '1 Gi']);
    assert.deepEqual(cores, { milli: '1500', value: '2' }); // 1.5 cores, rounded up to whole ones
    assert.deepEqual(memory, { milli: '2147483648000', value: '2147483648' });
    assert.deepEqual(small, { milli: '1', value: '1' }); // less than one is one
    assert.match((bad as { error: string }).error, /quantities must match/);
  });

  it('adds up what a pod requests', async () => {
    const container = (name: string, requests: object, more = {}) => ({ name, resources: { requests }, ...more });
    const spec = {
      initContainers: [
        container('setup', { cpu: '3' }),
        container('sidecar', { cpu: '1' }, { restartPolicy: 'Always' }),
      ],
      containers: [container('main', { cpu: '1', 'nvidia.com/gpu': '2' })],
      overhead: { cpu: '250m' },
    };
    // max(setup 3, sidecar 1 + main 1) + overhead 0.25
    assert.deepEqual(await upstreamRequests([{ spec }]), [
      { cpu: { milli: '3250', value: '4' }, 'nvidia.com/gpu': { milli: '2000', value: '2' } },
    ]);
  });

  it('counts the largest of wanted, allocated and actual while a resize is under way', async () => {
    const requests = (cpu: string) => ({ name: 'main', resources: { requests: { cpu } } });
    const containerStatuses = [{ ...requests('2'), allocatedResources: { cpu: '3' } }];
    const pod = { spec: { containers: [requests('1')] }, status: { containerStatuses } };
    assert.deepEqual(await upstreamRequests([pod]), [{ cpu: { milli: '3000', value: '3' } }]);
  });

  it('names the first filter that refuses a node', async () => {
    const pod = {
      metadata: { name: 'new', namespace: 'default' },
      spec: { containers: [{ name: 'main', resources: { requests: { cpu: '3' } } }] },
    };
    const tenant = {
      metadata: { name: 'old', namespace: 'default' },
      spec: { nodeName: 'full', containers: [{ name: 'main', resources: { requests: { cpu: '2' } } }] },
    };
    const node = (name: string, spec = {}) => ({
      metadata: { name },
      spec,
      status: { allocatable: { cpu: '4', pods: '10' } },
    });
    const taints = [{ key: 'team', value: 'b', effect: 'NoSchedule' }];
    const nodes = [node('free'), node('full'), node('tainted', { taints }), node('closed', { unschedulable: true })];
    assert.deepEqual(await upstreamFilter([{ pod, nodes, pods: [tenant] }]), [
      {
        free: { fits: true },
        full: { fits: false, plugin: 'NodeResourcesFit', reasons: ['Insufficient cpu'] },
        tainted: { fits: false, plugin: 'TaintToleration', reasons: ['node(s) had untolerated taint(s)'] },
        closed: { fits: false, plugin: 'NodeUnschedulable', reasons: ['node(s) were unschedulable'] },
      },
    ]);
  });

  it('knows affinity to nodes by name, to pods of selected namespaces, and of volumes', async () => {
    const node = (name: string) => ({
      metadata: { name, labels: { zone: name } },
      status: { allocatable: { cpu: '4', pods: '10' } },
    });
    const pod = (spec: object) => ({
      metadata: { name: 'new', namespace: 'default' },
      spec: { containers: [], ...spec },
    });
    const nodes = [node('a'), node('b')];
    const only = (key: string, value: string) => [{ key, operator: 'In', values: [value] }];
    const nodeSelectorTerms = [{ matchFields: only('metadata.name', 'b') }];
    const named = pod({
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
    });
    const term = { topologyKey: 'zone', labelSelector: {}, namespaceSelector: { matchLabels: { team: 't' } } };
    const apart = pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } });
    const tenant = { metadata: { name: 'old', namespace: 'theirs' }, spec: { nodeName: 'a', containers: [] } };
    const stored = pod({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'claim' } }] });
    const claim = {
      metadata: { name: 'claim', namespace: 'default', annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
      spec: { volumeName: 'volume' },
    };
    const volume = {
      metadata: { name: 'volume' },
      spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: only('zone', 'b') }] } } },
    };
    const answers = await upstreamFilter([
      { pod: named, nodes },
      { pod: apart, nodes, pods: [tenant], namespaces: [{ metadata: { name: 'theirs', labels: { team: 't' } } }] },
      { pod: stored, nodes, persistentVolumeClaims: [claim], persistentVolumes: [volume] },
    ]);
    for (const [i, plugin] of ['NodeAffinity', 'InterPodAffinity', 'VolumeBinding'].entries()) {
      const { a, b } = answers[i] as Record<string, { fits: boolean; plugin?: string }>;
      assert.deepEqual([a?.fits, a?.plugin, b?.fits], [false, plugin, true]);
    }
  });
});
