import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Pod, ResourceList } from '../../../src/cluster/kubernetes/api/objects.ts';
import { qosClassOf } from '../../../src/cluster/kubernetes/model/pod.ts';
import { podRequests, toResources } from '../../../src/cluster/kubernetes/model/requests.ts';
import { type ResizeSpec, resizeSpec } from '../../../src/cluster/kubernetes/write/resizeSpec.ts';
import type { Resources } from '../../../src/core/model/resources.ts';
import { describeRefusedAct } from '../../../src/text/refusal.ts';

const GIB = 2 ** 30;

describe('the patch of a resize', () => {
  it('changes requests and limits alike, and writes them as people do', () => {
    const pod = podOf([{ requests: { cpu: '2', memory: '4Gi' }, limits: { cpu: '2', memory: '4Gi' } }]);
    assert.deepEqual(resizeSpec(pod, { ...requestOf(pod), milliCpu: 2500, memoryBytes: 3 * GIB }), {
      containers: [
        {
          name: 'c0',
          resources: { requests: { cpu: '2500m', memory: '3Gi' }, limits: { cpu: '2500m', memory: '3Gi' } },
        },
      ],
    });
  });

  it('keeps a limit’s ratio to its request, and leaves alone what has none', () => {
    const pod = podOf([{ requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '3' } }]);
    assert.deepEqual(resizeSpec(pod, { ...requestOf(pod), milliCpu: 500, memoryBytes: 2 * GIB }), {
      containers: [{ name: 'c0', resources: { requests: { cpu: '500m', memory: '2Gi' }, limits: { cpu: '1500m' } } }],
    });
  });

  it('shares a change out in proportion, to the unit', () => {
    const pod = podOf([{ requests: { cpu: '1' } }, { requests: { cpu: '2' } }, { requests: { memory: '1Gi' } }]);
    // 3000m → 1000m: a third and two thirds, the rest of the rounding to the largest
    assert.deepEqual(containersOf(resizeSpec(pod, { ...requestOf(pod), milliCpu: 1000 })), [
      ['c0', '333m'],
      ['c1', '667m'],
    ]);
  });

  it('is nothing where nothing changes', () => {
    const pod = podOf([{ requests: { cpu: '1' } }]);
    assert.equal(resizeSpec(pod, requestOf(pod)), undefined);
  });

  it('is refused for GPUs, for a pod without requests, and for a container that would be restarted', () => {
    const gpu = podOf([{ requests: { cpu: '1', 'nvidia.com/gpu': '1' } }]);
    refused(resizeSpec(gpu, { ...requestOf(gpu), gpuMilli: 2000 }), /GPU cannot change while it runs/);
    const nothing = podOf([{}]);
    refused(resizeSpec(nothing, { ...requestOf(nothing), milliCpu: 100 }), /requests nothing \(BestEffort\)/);
    const restarting = podOf([{ requests: { cpu: '1' } }]);
    const resizePolicy = [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }];
    const containers = restarting.spec!.containers!.map((container) => ({ ...container, resizePolicy }));
    const pod = { ...restarting, spec: { containers } };
    refused(resizeSpec(pod, { ...requestOf(pod), milliCpu: 500 }), /container c0 restarts when its CPU changes/);
  });

  it('is refused below what the init containers need', () => {
    const pod = {
      ...podOf([{ requests: { cpu: '3' } }]),
      spec: {
        containers: [{ name: 'c0', resources: { requests: { cpu: '3' } } }],
        initContainers: [{ name: 'setup', resources: { requests: { cpu: '2' } } }],
        overhead: { cpu: '100m' },
      },
    };
    refused(
      resizeSpec(pod, { ...requestOf(pod), milliCpu: 2000 }),
      /init containers, sidecars and overhead ask for 2\.1 CPU/,
    );
    assert.deepEqual(containersOf(resizeSpec(pod, { ...requestOf(pod), milliCpu: 2100 })), [['c0', '2000m']]);
  });

  it('makes the pod request exactly what is asked for, and never changes its quality of service', () => {
    const amount = fc.integer({ min: 1, max: 64_000 });
    const container = fc.record({ cpu: amount, memory: amount, ratio: fc.constantFrom(undefined, 1, 1, 2, 3) });
    fc.assert(
      fc.property(fc.array(container, { minLength: 1, maxLength: 5 }), amount, amount, (containers, cpu, memory) => {
        const pod = podOf(
          containers.map(({ cpu, memory, ratio }) => ({
            requests: { cpu: `${cpu}m`, memory: String(memory) },
            ...(ratio ? { limits: { cpu: `${cpu * ratio}m`, memory: String(memory * ratio) } } : {}),
          })),
        );
        const to = {
          ...requestOf(pod),
          milliCpu: Math.max(cpu, containers.length),
          memoryBytes: Math.max(memory, containers.length),
        };
        const spec = resizeSpec(pod, to);
        assert.ok(!spec || !('kind' in spec), JSON.stringify(spec));
        const after = patched(pod, spec);
        assert.deepEqual(requestOf(after), to);
        assert.equal(qosClassOf(after), qosClassOf(pod));
      }),
      { seed: 20261123, numRuns: 500 },
    );
  });
});

function podOf(resources: readonly ResourceList[]): Pod {
  const containers = resources.map((one, index) => ({ name: `c${index}`, resources: one }));
  return { metadata: { namespace: 'team', name: 'train' }, spec: { containers } };
}

function requestOf(pod: Pod): Resources {
  return toResources(podRequests(pod, 'spec')).resources;
}

function containersOf(spec: ReturnType<typeof resizeSpec>): [string, unknown][] {
  assert.ok(spec && !('kind' in spec), JSON.stringify(spec));
  return (spec.containers ?? []).map(({ name, resources }) => [name, resources.requests?.['cpu']]);
}

/** What the server makes of it: a strategic merge, containers by their names. */
function patched(pod: Pod, spec: ResizeSpec | undefined): Pod {
  const changes = new Map((spec?.containers ?? []).map(({ name, resources }) => [name, resources]));
  const containers = (pod.spec?.containers ?? []).map((container) => {
    const change = changes.get(container.name ?? '');
    if (!change) return container;
    const { requests, limits } = container.resources ?? {};
    return {
      ...container,
      resources: {
        requests: { ...requests, ...change.requests },
        ...(limits ? { limits: { ...limits, ...change.limits } } : {}),
      },
    };
  });
  return { ...pod, spec: { ...pod.spec, containers } };
}

function refused(spec: ReturnType<typeof resizeSpec>, reason: RegExp): void {
  assert.ok(spec && 'kind' in spec, JSON.stringify(spec));
  const text = describeRefusedAct(spec);
  assert.match(text, reason);
  assert.match(text, /team\/train/);
}
