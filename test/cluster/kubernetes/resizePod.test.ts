import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ApiError } from '../../../src/cluster/errors.ts';
import type { Pod } from '../../../src/cluster/kubernetes/api/objects.ts';
import { RECORD, readRecord } from '../../../src/cluster/kubernetes/model/records.ts';
import { podRequests, toResources } from '../../../src/cluster/kubernetes/model/requests.ts';
import { releasePod, resizePod, restorePod } from '../../../src/cluster/kubernetes/write/resizePod.ts';
import { taskState } from '../../../src/cluster/kubernetes/write/state.ts';
import type { ActResult, MoveRecord } from '../../../src/cluster/port.ts';
import type { Resources } from '../../../src/core/model/resources.ts';
import { OnePod } from './onePod.ts';

const REAL = { dryRun: false };
const DRY = { dryRun: true };
const TASK = { id: 'team/train', uid: 'uid-1', generation: 1, node: 'n1' };
const MOVE: MoveRecord = { planId: 'plan', moveId: 'move', kind: 'resize', startedAtSeconds: 1_792_999_000 };
const ORIGINAL = 'stowage.dev/original-request';
const SHRUNK = 'stowage.dev/last-shrink';

/** Three containers in the words of a user, as finding 16 had them, and a sidecar. */
const SPEC: NonNullable<Pod['spec']> = {
  containers: [
    { name: 'a', resources: { requests: { cpu: '0.1', memory: '64Mi' }, limits: { cpu: '0.2' } } },
    { name: 'b', resources: { requests: { cpu: '300m', memory: '192Mi' }, limits: { cpu: '.7', memory: '256Mi' } } },
    { name: 'c', resources: { requests: { memory: '1024Ki' } } },
  ],
  initContainers: [{ name: 'mesh', restartPolicy: 'Always', resources: { requests: { cpu: '0.05', memory: '64e6' } } }],
};

describe('a pod that is resized', () => {
  it('gets back byte for byte what its user wrote, containers and sidecars, requests and limits', async () => {
    const server = new OnePod(SPEC);
    const before = structuredClone(server.pod.spec);
    const { resized } = done(await resizePod(server.connection, TASK, scaled(server.pod, 0.7), MOVE, REAL));
    assert.notDeepEqual(server.pod.spec, before);
    const restored = done(await restorePod(server.connection, TASK, resized!, REAL));
    assert.deepEqual(server.pod.spec, before);
    assert.deepEqual([restored.generation, restored.resized], [3, { before: resized!.after, after: resized!.before }]);
    done(await restorePod(server.connection, TASK, resized!, REAL));
    assert.equal(server.pod.metadata?.generation, 3, 'again it changes nothing');
  });

  it('carries a record of the generation and of each part that the write left, and when it shrank', async () => {
    const server = new OnePod(SPEC);
    const request = amountsOf(server.pod);
    const to = scaled(server.pod, 0.7);
    const tried = done(await resizePod(server.connection, TASK, to, { ...MOVE, request }, DRY));
    assert.deepEqual([server.annotations, server.pod.spec], [{}, new OnePod(SPEC).pod.spec], 'not in a dry run');
    const { generation, resized } = done(await resizePod(server.connection, TASK, to, { ...MOVE, request }, REAL));
    assert.deepEqual(tried.resized, resized);
    assert.deepEqual(readRecord(server.pod), { ...MOVE, request, generation, resized });
    assert.deepEqual([generation, resized?.after], [2, taskState(server.pod).parts]);
    assert.equal(server.annotations[SHRUNK], '2026-10-26T07:33:20Z');
    const { milliCpu, memoryBytes } = request;
    assert.deepEqual(JSON.parse(server.annotations[ORIGINAL]!), { milliCpu, memoryBytes });
    done(await releasePod(server.connection, TASK, { ...MOVE, moveId: 'another' }, REAL));
    assert.ok(server.annotations[RECORD]);
    done(await releasePod(server.connection, TASK, MOVE, REAL));
    assert.deepEqual(Object.keys(server.annotations).sort(), [SHRUNK, ORIGINAL]);
  });

  it('does not count an expand as a shrink', async () => {
    const server = new OnePod(SPEC);
    done(await resizePod(server.connection, TASK, scaled(server.pod, 1.2), MOVE, REAL));
    assert.deepEqual(Object.keys(server.annotations), [RECORD]);
  });

  it('is not given back once somebody else has changed it, in all or from one container to another', async () => {
    for (const [a, b] of [
      ['14', '300m'],
      ['60m', '0.2'],
    ]) {
      const server = new OnePod(SPEC);
      const { resized } = done(await resizePod(server.connection, TASK, scaled(server.pod, 0.7), MOVE, REAL));
      server.edit(withCpu({ a: a!, b: b! }));
      const theirs = structuredClone(server.pod.spec);
      assert.equal(whyNot(await restorePod(server.connection, TASK, resized!, REAL)), 'resizedByOther');
      assert.deepEqual(server.pod.spec, theirs);
    }
  });

  it('is given back though something else of it was changed', async () => {
    const server = new OnePod(SPEC);
    const { resized } = done(await resizePod(server.connection, TASK, scaled(server.pod, 0.7), MOVE, REAL));
    server.edit((pod) => ({ ...pod, spec: { ...pod.spec, tolerations: [{ operator: 'Exists' }] } }));
    done(await restorePod(server.connection, TASK, resized!, REAL));
    assert.deepEqual(taskState(server.pod).parts, resized!.before);
  });

  it('is never overwritten where somebody edits it between our look and our write', async () => {
    for (const during of [false, true]) {
      const server = new OnePod(SPEC);
      server.meanwhile = (isResize) => {
        if (isResize !== during) return;
        server.meanwhile = () => {};
        server.edit(withCpu({ a: '250m' }));
      };
      const result = await resizePod(server.connection, TASK, scaled(server.pod, 0.7), MOVE, REAL);
      assert.equal(whyNot(result), 'changed');
      assert.equal(taskState(server.pod).parts[0]?.requests?.cpu, '250m');
      assert.deepEqual(server.annotations, {}, 'nothing of ours stays');
    }
    const server = new OnePod(SPEC);
    const { resized } = done(await resizePod(server.connection, TASK, scaled(server.pod, 0.7), MOVE, REAL));
    server.meanwhile = () => {
      server.meanwhile = () => {};
      server.edit(withCpu({ a: '250m' }));
    };
    assert.equal(whyNot(await restorePod(server.connection, TASK, resized!, REAL)), 'resizedByOther');
    assert.equal(taskState(server.pod).parts[0]?.requests?.cpu, '250m');
  });

  it('meets a kubelet that writes its status meanwhile: tried again, it is done', async () => {
    const server = new OnePod(SPEC);
    let writes = 2;
    server.meanwhile = (isResize) => {
      if (!isResize || writes-- <= 0) return;
      const { metadata } = server.pod;
      server.pod = { ...server.pod, metadata: { ...metadata, resourceVersion: `status-${writes}` } };
    };
    const { generation, resized } = done(await resizePod(server.connection, TASK, scaled(server.pod, 0.7), MOVE, REAL));
    assert.deepEqual([generation, readRecord(server.pod)?.resized], [2, resized]);
  });

  it('is left alone where the server would add what no write can take off again', async () => {
    const bounded = (spec: NonNullable<Pod['spec']>) => ({
      ...spec,
      containers: (spec.containers ?? []).map(({ resources, ...container }) => ({
        ...container,
        resources: { ...resources, limits: { cpu: '700m', ...resources?.limits } },
      })),
    });
    const server = new OnePod(SPEC);
    const to = scaled(server.pod, 0.7);
    const { resized } = done(await resizePod(server.connection, TASK, to, MOVE, REAL));
    const shrunk = structuredClone(server.pod.spec);
    server.admit = bounded;
    assert.equal(whyNot(await restorePod(server.connection, TASK, resized!, REAL)), 'wouldAdd');
    assert.deepEqual(server.pod.spec, shrunk);
    const fresh = new OnePod(SPEC);
    fresh.admit = bounded;
    for (const options of [DRY, REAL]) {
      assert.equal(whyNot(await resizePod(fresh.connection, TASK, to, MOVE, options)), 'wouldAdd');
    }
    assert.deepEqual([fresh.pod.spec, fresh.annotations], [new OnePod(SPEC).pod.spec, {}]);
  });

  it('keeps the annotations that it had when it is refused', async () => {
    const old = { [RECORD]: JSON.stringify({ ...MOVE, planId: 'old' }), [SHRUNK]: '2026-01-01T00:00:00Z', other: 'x' };
    const server = new OnePod(SPEC, old);
    server.fails = { error: new ApiError(403, 'Forbidden', 'exceeded quota: few'), isWritten: false };
    const result = await resizePod(server.connection, TASK, scaled(server.pod, 0.7), { ...MOVE, request: NONE }, REAL);
    assert.equal(whyNot(result), 'server');
    assert.deepEqual(server.annotations, old);
  });

  it('keeps its record where a failing server did not say what became of it, and tells it when it is asked again', async () => {
    const server = new OnePod(SPEC);
    const to = scaled(server.pod, 0.7);
    server.fails = { error: new ApiError(504, 'Timeout', 'gateway time-out'), isWritten: true };
    await resizePod(server.connection, TASK, to, MOVE, REAL).catch(() => {});
    server.fails = undefined;
    const { generation, resized } = done(await resizePod(server.connection, TASK, to, MOVE, REAL));
    assert.deepEqual([generation, resized?.after], [2, taskState(server.pod).parts]);
    done(await restorePod(server.connection, TASK, resized!, REAL));
    assert.deepEqual(server.pod.spec, new OnePod(SPEC).pod.spec);
  });
});

describe('what a kubelet says of a resize', () => {
  const pod = new OnePod(SPEC).pod;
  const said = (generation: number) =>
    taskState({
      ...pod,
      metadata: { ...pod.metadata, generation: 5 },
      status: {
        phase: 'Running',
        observedGeneration: generation,
        conditions: [
          {
            type: 'PodResizePending',
            status: 'True',
            reason: 'Deferred',
            message: 'no',
            observedGeneration: generation,
          },
        ],
      },
    }).resize;

  it('counts only for the generation that it speaks of', () => {
    assert.deepEqual([said(4), said(5)], ['inProgress', 'deferred']);
  });

  it('is under way until sidecars and the pod’s own level have what they ask for', () => {
    const status = (cpu: string, level: string) => ({
      phase: 'Running',
      initContainerStatuses: [{ name: 'mesh', allocatedResources: { cpu, memory: '64e6' } }],
      allocatedResources: { cpu: level },
    });
    const spec = { ...pod.spec, resources: { requests: { cpu: '1' } } };
    const seen = (cpu: string, level: string) => taskState({ ...pod, spec, status: status(cpu, level) }).resize;
    assert.deepEqual([seen('70m', '1'), seen('50m', '2'), seen('50m', '1')], ['inProgress', 'inProgress', 'none']);
  });
});

const NONE = { milliCpu: 1, memoryBytes: 1, gpuMilli: 0, extended: {} };

function amountsOf(pod: Pod): Resources {
  return toResources(podRequests(pod, 'spec')).resources;
}

function scaled(pod: Pod, factor: number): Resources {
  const { milliCpu, memoryBytes, ...rest } = amountsOf(pod);
  return { ...rest, milliCpu: Math.round(milliCpu * factor), memoryBytes: Math.round(memoryBytes * factor) };
}

function withCpu(cpus: Readonly<Record<string, string>>): (pod: Pod) => Pod {
  return (pod) => ({
    ...pod,
    spec: {
      ...pod.spec,
      containers: (pod.spec?.containers ?? []).map(({ resources, ...container }) => {
        const cpu = cpus[container.name!];
        const requests = { ...resources?.requests, ...(cpu && { cpu }) };
        return { ...container, resources: { ...resources, requests } };
      }),
    },
  });
}

function done(result: ActResult): Extract<ActResult, { kind: 'done' }> {
  return result.kind === 'done' ? result : assert.fail(JSON.stringify(result));
}

function whyNot(result: ActResult): string {
  return result.kind === 'refused' ? result.why.code : assert.fail('it was done');
}
