import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Container, Pod, ResourceList } from '../../../src/cluster/kubernetes/api/objects.ts';
import { parseQuantity } from '../../../src/cluster/kubernetes/api/quantity.ts';
import { qosClassOf } from '../../../src/cluster/kubernetes/model/pod.ts';
import { podRequests, toResources } from '../../../src/cluster/kubernetes/model/requests.ts';
import { statedParts } from '../../../src/cluster/kubernetes/model/stated.ts';
import { type ResizeSpec, resizeSpec, restoringSpec } from '../../../src/cluster/kubernetes/write/resizeSpec.ts';
import type { Resources } from '../../../src/core/model/resources.ts';
import { describeRefusedAct } from '../../../src/text/refusal.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

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

  it('takes of sidecars too, of each an equal share of what it can spare above its need', () => {
    const pod = withSidecar(podOf([{ requests: { cpu: '200m' } }]), { requests: { cpu: '150m' } });
    const needs = { c0: { milliCpu: 120, memoryBytes: 0 }, mesh: { milliCpu: 10, memoryBytes: 0 } };
    // 350m → 160m: of 220m above the needs 30m stay, 80 / 220 and 140 / 220 of them
    const spec = patchOf(resizeSpec(pod, { ...requestOf(pod), milliCpu: 160 }, needs));
    assert.deepEqual(spec, {
      containers: [{ name: 'c0', resources: { requests: { cpu: '130m' } } }],
      initContainers: [{ name: 'mesh', resources: { requests: { cpu: '30m' } } }],
    });
  });

  it('leaves a container alone that needs more than it has, and takes of the others', () => {
    const pod = podOf([{ requests: { memory: '100Mi' } }, { requests: { memory: '1000Mi' } }]);
    const needs = { c0: { milliCpu: 0, memoryBytes: 300 * MIB }, c1: { milliCpu: 0, memoryBytes: 100 * MIB } };
    const spec = patchOf(resizeSpec(pod, { ...requestOf(pod), memoryBytes: 400 * MIB }, needs));
    assert.deepEqual(spec.containers, [{ name: 'c1', resources: { requests: { memory: '300Mi' } } }]);
  });

  it('is refused where a container would be left less than it needs, by its name and numbers', () => {
    const pod = withSidecar(podOf([{ requests: { cpu: '200m' } }]), { requests: { cpu: '150m' } });
    const needs = { c0: { milliCpu: 120, memoryBytes: 0 }, mesh: { milliCpu: 60, memoryBytes: 0 } };
    refused(
      resizeSpec(pod, { ...requestOf(pod), milliCpu: 160 }, needs),
      /its container c0 needs 0\.12 CPU and would be left 0\.1 CPU/,
    );
  });

  it('gives what is added to each by its need, or by its request where not every need is known', () => {
    const pod = podOf([{ requests: { cpu: '1' } }, { requests: { cpu: '1' } }]);
    const need = (milliCpu: number) => ({ milliCpu, memoryBytes: 0 });
    const to = { ...requestOf(pod), milliCpu: 2400 };
    assert.deepEqual(containersOf(resizeSpec(pod, to, { c0: need(900), c1: need(300) })), [
      ['c0', '1300m'],
      ['c1', '1100m'],
    ]);
    assert.deepEqual(containersOf(resizeSpec(pod, to, { c0: need(900) })), [
      ['c0', '1200m'],
      ['c1', '1200m'],
    ]);
  });

  it('asks for nothing that no container asked for: the API would never let it go again', () => {
    const pod = podOf([{ requests: { memory: '1Gi' } }]);
    refused(resizeSpec(pod, { ...requestOf(pod), milliCpu: 500 }), /none of its containers requests CPU/);
  });

  it('makes the whole pod as large as is asked where an init container was the largest', () => {
    const pod: Pod = {
      metadata: { namespace: 'team', name: 'train' },
      spec: {
        containers: [{ name: 'c0', resources: { requests: { cpu: '2' } } }],
        initContainers: [{ name: 'setup', resources: { requests: { cpu: '3' } } }],
      },
    };
    const spec = resizeSpec(pod, { ...requestOf(pod), milliCpu: 3500 });
    assert.deepEqual(containersOf(spec), [['c0', '3500m']]);
  });

  describe('of a pod that states its own level', () => {
    const pod: Pod = {
      metadata: { namespace: 'team', name: 'train' },
      spec: {
        containers: [
          { name: 'c0', resources: { requests: { cpu: '1' }, limits: { cpu: '2' } } },
          { name: 'c1', resources: { requests: { cpu: '500m' } } },
        ],
        resources: { requests: { cpu: '4' }, limits: { cpu: '8' } },
      },
    };

    it('changes that level alone while its containers stay within it', () => {
      assert.deepEqual(resizeSpec(pod, { ...requestOf(pod), milliCpu: 2000 }), {
        resources: { requests: { cpu: '2000m' }, limits: { cpu: '4000m' } },
      });
    });

    it('shrinks its containers where they would ask for more', () => {
      assert.deepEqual(resizeSpec(pod, { ...requestOf(pod), milliCpu: 1200 }), {
        containers: [
          { name: 'c0', resources: { requests: { cpu: '800m' }, limits: { cpu: '1600m' } } },
          { name: 'c1', resources: { requests: { cpu: '400m' } } },
        ],
        resources: { requests: { cpu: '1200m' }, limits: { cpu: '2400m' } },
      });
    });

    it('is refused below the limit of a container', () => {
      const tight = { ...pod, spec: { ...pod.spec, resources: { requests: { cpu: '4' }, limits: { cpu: '4' } } } };
      refused(
        resizeSpec(tight, { ...requestOf(tight), milliCpu: 1900 }),
        /its container c0 has a limit of 2 CPU, and the pod would have one of 1\.9 CPU in all/,
      );
    });

    it('changes its containers where it states nothing of the resource', () => {
      const level = { ...pod, spec: { ...pod.spec, resources: { requests: { memory: '4Gi' } } } };
      assert.deepEqual(patchOf(resizeSpec(level, { ...requestOf(level), milliCpu: 750 })).resources, undefined);
    });
  });

  it('makes the pod request exactly what is asked for, starves no container, and goes back byte for byte', () => {
    let done = 0;
    fc.assert(
      fc.property(anyPod, fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 }), (drawn, cpu, memory) => {
        const { pod, needs } = drawn;
        const from = requestOf(pod);
        const to = {
          ...from,
          milliCpu: Math.max(1, Math.round((from.milliCpu * cpu) / 100)),
          memoryBytes: Math.max(1, Math.round((from.memoryBytes * memory) / 100)),
        };
        const spec = resizeSpec(pod, to, needs);
        if (spec && 'kind' in spec) {
          assert.ok(SHAPES.includes(spec.why.code), spec.why.code);
          assert.match(describeRefusedAct(spec), /^Cannot resize team\/train: .*\.$/);
          return;
        }
        done += 1;
        const after = patched(pod, spec);
        assert.deepEqual(requestOf(after), to);
        assert.equal(qosClassOf(after), qosClassOf(pod));
        assertFair(pod, after, needs);
        const resized = { before: statedParts(pod), after: statedParts(after) };
        assert.deepEqual(patched(after, restoringSpec(after, resized)), pod);
      }),
      { seed: 20261128, numRuns: 2000 },
    );
    assert.ok(done > 500, `${done} of 2000 were done`);
  });
});

/** What a pod's shape may speak against. */
const SHAPES = ['restarts', 'belowFloor', 'containerNeeds', 'limitAbove', 'bestEffort', 'notRequested'];

/** A shrink takes from all or none, never below a need; an expand gives; what was not stated stays so. */
function assertFair(before: Pod, after: Pod, needs: Needs): void {
  for (const axis of ['cpu', 'memory'] as const) {
    const parts = (pod: Pod) =>
      [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].map((container) => ({
        container,
        request: parseQuantity(container.resources?.requests?.[axis]),
      }));
    const changes = parts(before).map(({ container, request }, index) => {
      const now = parts(after)[index]!.request;
      assert.equal(now === undefined, request === undefined);
      if (now !== request) assert.ok(!restartsWith(container, axis), container.name);
      const need = needs[container.name!]?.[axis === 'cpu' ? 'milliCpu' : 'memoryBytes'] ?? 0;
      const floor = BigInt(need) * (axis === 'cpu' ? 1_000_000n : 1_000_000_000n);
      if (now! < request!) assert.ok(now! >= floor, `${container.name} has ${now} of ${floor}`);
      return Math.sign(Number((now ?? 0n) - (request ?? 0n)));
    });
    assert.ok(!(changes.includes(1) && changes.includes(-1)), `${axis}: one gives to another`);
  }
}

function restartsWith({ resizePolicy = [] }: Container, axis: string): boolean {
  return resizePolicy.some((each) => each.resourceName === axis && each.restartPolicy === 'RestartContainer');
}

type Needs = Record<string, { readonly milliCpu: number; readonly memoryBytes: number }>;

/** Quantities as people write them, with what they come to. */
const CPUS = fc.constantFrom('0.1', '100m', '1', '1.5', '250m', '3', '0.25', '2e0', '77m');
const MEMORIES = fc.constantFrom('64Mi', '128974848', '129M', '1Gi', '1.5Gi', '100000Ki', '1e9');

const anyContainer = fc.record({
  cpu: fc.option(CPUS, { freq: 6 }),
  memory: fc.option(MEMORIES, { freq: 6 }),
  ratio: fc.constantFrom(undefined, 1, 2),
  restarts: fc.constantFrom(...Array<undefined>(28), 'cpu', 'memory'),
  usedPercent: fc.option(fc.integer({ min: 0, max: 130 })),
});

/** One to four containers, sidecars and an init container beside them, overhead, a level of the pod's own. */
const anyPod = fc
  .record({
    containers: fc.array(anyContainer, { minLength: 1, maxLength: 4 }),
    sidecars: fc.array(anyContainer, { maxLength: 2 }),
    setup: fc.constantFrom(undefined, undefined, undefined, '100m', '1'),
    overhead: fc.option(fc.constant({ cpu: '30m', memory: '10Mi' })),
    level: fc.option(fc.constantFrom(1, 2)),
    guaranteed: fc.boolean(),
  })
  .map(({ containers, sidecars, setup, overhead, level, guaranteed }) => {
    const needs: Needs = {};
    const build = (prefix: string) => (drawn: DrawnContainer, index: number) => {
      const container = containerOf(`${prefix}${index}`, drawn, guaranteed);
      const { milliCpu, memoryBytes } = requestOf({ spec: { containers: [container] } });
      if (drawn.usedPercent !== null) {
        const used = (amount: number) => Math.ceil((amount * drawn.usedPercent!) / 100);
        needs[container.name!] = { milliCpu: used(milliCpu), memoryBytes: used(memoryBytes) };
      }
      return container;
    };
    const inits = [
      ...sidecars.map(build('sidecar')).map((each) => ({ ...each, restartPolicy: 'Always' })),
      ...(setup ? [{ name: 'setup', resources: { requests: { cpu: setup } } }] : []),
    ];
    const bare: Pod = {
      metadata: { namespace: 'team', name: 'train' },
      spec: { containers: containers.map(build('c')), ...(inits.length > 0 && { initContainers: inits }) },
    };
    const { milliCpu, memoryBytes } = requestOf(bare);
    const amountsOf = (factor: number) => ({ cpu: `${milliCpu * factor}m`, memory: String(memoryBytes * factor) });
    const own = level && { resources: { requests: amountsOf(level), limits: amountsOf(level * 2) } };
    return { pod: { ...bare, spec: { ...bare.spec, ...(overhead && { overhead }), ...own } }, needs };
  });

type DrawnContainer = typeof anyContainer extends fc.Arbitrary<infer T> ? T : never;

function containerOf(name: string, { cpu, memory, ratio, restarts }: DrawnContainer, guaranteed: boolean): Container {
  const requests = {
    ...((cpu || guaranteed) && { cpu: cpu ?? '1' }),
    ...((memory || guaranteed) && { memory: memory ?? '1Gi' }),
  };
  const { milliCpu, memoryBytes } = requestOf({ spec: { containers: [{ name, resources: { requests } }] } });
  const twice = {
    ...(requests.cpu && { cpu: `${milliCpu * 2}m` }),
    ...(requests.memory && { memory: String(memoryBytes * 2) }),
  };
  const limits = guaranteed || ratio === 1 ? requests : ratio === 2 ? twice : undefined;
  const policy = restarts && { resizePolicy: [{ resourceName: restarts, restartPolicy: 'RestartContainer' }] };
  return { name, resources: { requests, ...(limits && { limits }) }, ...policy };
}

function podOf(resources: readonly ResourceList[]): Pod {
  const containers = resources.map((one, index) => ({ name: `c${index}`, resources: one }));
  return { metadata: { namespace: 'team', name: 'train' }, spec: { containers } };
}

function requestOf(pod: Pod): Resources {
  return toResources(podRequests(pod, 'spec')).resources;
}

function withSidecar(pod: Pod, resources: ResourceList): Pod {
  return { ...pod, spec: { ...pod.spec, initContainers: [{ name: 'mesh', restartPolicy: 'Always', resources }] } };
}

function patchOf(spec: ReturnType<typeof resizeSpec>): ResizeSpec {
  assert.ok(spec && !('kind' in spec), JSON.stringify(spec));
  return spec;
}

function containersOf(spec: ReturnType<typeof resizeSpec>): [string, unknown][] {
  return (patchOf(spec).containers ?? []).map(({ name, resources }) => [name, resources.requests?.['cpu']]);
}

/** What the server makes of it: a strategic merge, containers by their names. */
function patched(pod: Pod, spec: ResizeSpec | undefined): Pod {
  const merged = (containers: readonly Container[] = [], changes: ResizeSpec['containers'] = []) =>
    containers.map((container) => {
      const change = changes.find(({ name }) => name === container.name);
      return change ? { ...container, resources: mergedList(container.resources, change.resources) } : container;
    });
  const { containers, initContainers, resources } = pod.spec ?? {};
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: merged(containers, spec?.containers),
      ...(initContainers && { initContainers: merged(initContainers, spec?.initContainers) }),
      ...(resources && { resources: mergedList(resources, spec?.resources) }),
    },
  };
}

function mergedList({ requests, limits }: ResourceList = {}, change: ResourceList = {}): ResourceList {
  return {
    ...((requests || change.requests) && { requests: { ...requests, ...change.requests } }),
    ...((limits || change.limits) && { limits: { ...limits, ...change.limits } }),
  };
}

function refused(spec: ReturnType<typeof resizeSpec>, reason: RegExp): void {
  assert.ok(spec && 'kind' in spec, JSON.stringify(spec));
  const text = describeRefusedAct(spec);
  assert.match(text, reason);
  assert.match(text, /team\/train/);
}
