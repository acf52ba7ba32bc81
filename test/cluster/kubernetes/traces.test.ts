import assert from 'node:assert/strict';
import type { Job, Pod } from '../../../src/cluster/kubernetes/api/objects.ts';
import { type KubernetesCluster, openKubernetesCluster } from '../../../src/cluster/kubernetes/kubernetes.ts';
import { PINNED, pinned } from '../../../src/cluster/kubernetes/model/pin.ts';
import { LAST_SHRINK, ORIGINAL_REQUEST, originalRequestText } from '../../../src/cluster/kubernetes/model/pod.ts';
import { RECORD } from '../../../src/cluster/kubernetes/model/records.ts';
import { eraseTraces, tracesOnJob, tracesOnPod } from '../../../src/cluster/kubernetes/write/traces.ts';
import type { MoveRecord } from '../../../src/cluster/port.ts';
import type { TracedObject } from '../../../src/core/model/traces.ts';
import { amounts } from '../../core/small.ts';
import { startJobServer } from './jobServer.ts';
import { OnePod } from './onePod.ts';

const REAL = { dryRun: false };
const RECORD_OF: MoveRecord = { planId: 'p', moveId: 'm', kind: 'migration', startedAtSeconds: 1 };
const ORIGINAL = { [ORIGINAL_REQUEST]: originalRequestText(amounts(4, 4)) };
const SHRUNK = { [LAST_SHRINK]: '2026-11-01T10:00:00Z' };
const { affinity, written } = pinned(undefined, { kind: 'required', node: 'b' });
const PIN = { [PINNED]: JSON.stringify(written) };
const MOVING = { [RECORD]: JSON.stringify(RECORD_OF) };

/** Each annotation with why it stays; `off` for one that may go. */
function fates(objects: readonly TracedObject[]): Record<string, string> {
  return Object.fromEntries(
    objects.flatMap(({ isTemplate, traces }) =>
      traces.map(({ name, kept }) => [`${isTemplate ? 'template ' : ''}${name}`, kept?.code ?? 'off']),
    ),
  );
}

function podWith(annotations: Record<string, string>, more: Omit<Pod, 'metadata'> = {}): Pod {
  return { metadata: { namespace: 'team', name: 'train', uid: 'u', annotations }, spec: { nodeName: 'n1' }, ...more };
}

function jobWith(annotations: Record<string, string>, more: Omit<Job, 'metadata'> = {}): Job {
  return { metadata: { namespace: 'team', name: 'train', uid: 'u', annotations }, ...more };
}

describe('the traces on a pod', () => {
  it('are our annotations alone, and may go', () => {
    const others = { 'stowage.dev/checkpoint': 's3://b', 'stowage.dev/creator': 'ana', team: 'x' };
    const found = tracesOnPod(podWith({ ...ORIGINAL, ...SHRUNK, ...PIN, ...others }));
    assert.deepEqual(fates(found), { [ORIGINAL_REQUEST]: 'off', [LAST_SHRINK]: 'off', [PINNED]: 'off' });
    assert.deepEqual(tracesOnPod(podWith(others)), []);
    assert.deepEqual(tracesOnPod({}), []);
  });

  it('all stay while a move is under way, and its record goes once the pod has ended', () => {
    const pod = podWith({ ...MOVING, ...ORIGINAL });
    assert.deepEqual(fates(tracesOnPod(pod)), { [RECORD]: 'underWay', [ORIGINAL_REQUEST]: 'underWay' });
    const ended = { ...pod, status: { phase: 'Succeeded' } };
    assert.deepEqual(fates(tracesOnPod(ended)), { [RECORD]: 'off', [ORIGINAL_REQUEST]: 'off' });
  });

  it('stay where they are nothing that we write', () => {
    const foreign = { [RECORD]: '{}', [ORIGINAL_REQUEST]: 'much', [LAST_SHRINK]: 'soon', [PINNED]: '{}' };
    assert.deepEqual([...new Set(Object.values(fates(tracesOnPod(podWith(foreign)))))], ['notOurs']);
  });

  it('tell of a pin that stays until the pod is on a node', () => {
    assert.deepEqual(fates(tracesOnPod(podWith(PIN, { spec: {} }))), { [PINNED]: 'pinHolds' });
  });
});

describe('the traces on a Job', () => {
  const template = { metadata: { annotations: ORIGINAL }, spec: { affinity: affinity! } };

  it('tell of a pin that stays as long as the template holds it', () => {
    assert.deepEqual(fates(tracesOnJob(jobWith(PIN, { spec: { template: { spec: { affinity: affinity! } } } }))), {
      [PINNED]: 'pinHolds',
    });
    assert.deepEqual(fates(tracesOnJob(jobWith(PIN, { spec: { template: { spec: {} } } }))), { [PINNED]: 'off' });
    const ended = { conditions: [{ type: 'Complete', status: 'True' }] };
    assert.deepEqual(fates(tracesOnJob(jobWith(PIN, { spec: { template }, status: ended }))), {
      [PINNED]: 'off',
      [`template ${ORIGINAL_REQUEST}`]: 'templateFixed',
    });
  });

  it('go from a template only while its Job is suspended with nothing active', () => {
    const fateOf = (suspend: boolean, active: number) =>
      fates(tracesOnJob(jobWith({}, { spec: { suspend, template }, status: { active } })));
    assert.deepEqual(fateOf(true, 0), { [`template ${ORIGINAL_REQUEST}`]: 'off' });
    for (const [suspend, active] of [
      [false, 1],
      [true, 1],
      [false, 0],
    ] as const) {
      assert.deepEqual(fateOf(suspend, active), { [`template ${ORIGINAL_REQUEST}`]: 'templateFixed' });
    }
  });

  it('all stay while a move is under way', () => {
    const job = jobWith({ ...MOVING, ...PIN }, { spec: { suspend: true, template } });
    assert.deepEqual([...new Set(Object.values(fates(tracesOnJob(job))))], ['underWay']);
  });
});

describe('taking traces off', () => {
  it('a pod changes nothing else, and may be repeated', async () => {
    const server = new OnePod({ containers: [{ name: 'main' }] }, { ...ORIGINAL, ...SHRUNK, team: 'x' });
    const [found] = tracesOnPod(server.pod);
    for (const options of [{ dryRun: true }, REAL, REAL]) {
      assert.deepEqual(await eraseTraces(server.connection, found!, options), { kind: 'done', kept: [] });
      const stays = options.dryRun ? [ORIGINAL_REQUEST, LAST_SHRINK, 'team'] : ['team'];
      assert.deepEqual(Object.keys(server.annotations), stays);
    }
    assert.equal(server.pod.metadata?.generation, 1);
  });

  it('leaves what somebody writes at that moment, and what a move needs that begins then', async () => {
    const server = new OnePod({ containers: [{ name: 'main' }] }, { ...ORIGINAL, ...SHRUNK });
    const [found] = tracesOnPod(server.pod);
    const rewritten = { [LAST_SHRINK]: '2026-11-02T10:00:00Z' };
    const write = (annotations: Record<string, string>) => {
      server.meanwhile = () => {
        server.meanwhile = () => {};
        const all = { ...server.annotations, ...annotations };
        server.edit((pod) => ({ ...pod, metadata: { ...pod.metadata, annotations: all } }));
      };
    };
    write(rewritten);
    const result = await eraseTraces(server.connection, found!, REAL);
    assert.deepEqual(result, {
      kind: 'done',
      kept: [{ name: LAST_SHRINK, text: rewritten[LAST_SHRINK], kept: { code: 'rewritten' } }],
    });
    assert.deepEqual(server.annotations, rewritten);
    const [left] = tracesOnPod(server.pod);
    write(MOVING);
    const later = await eraseTraces(server.connection, left!, REAL);
    assert.deepEqual(later.kind === 'done' && later.kept.map(({ kept }) => kept?.code), ['underWay']);
    assert.deepEqual(server.annotations, { ...rewritten, ...MOVING });
  });

  it('takes another object of the same name for another', async () => {
    const server = new OnePod({ containers: [{ name: 'main' }] }, ORIGINAL);
    const [found] = tracesOnPod(server.pod);
    const other = { ...found!, uid: 'uid-0' };
    assert.deepEqual(await eraseTraces(server.connection, other, REAL), { kind: 'done', kept: [] });
    assert.deepEqual(server.annotations, ORIGINAL);
  });

  describe('a Job and its template', () => {
    let cluster: KubernetesCluster | undefined;
    afterEach(() => cluster?.close());

    it('is a patch each, of exactly the annotations of ours', async () => {
      const server = await startJobServer({
        metadata: { annotations: { ...PIN, team: 'x' } },
        spec: { suspend: true, template: { metadata: { annotations: { ...ORIGINAL, team: 'x' } } } },
        status: { active: 0 },
      });
      cluster = await openKubernetesCluster({ kubeconfig: server.kubeconfig });
      const { objects, problems } = await cluster.readTraces();
      assert.deepEqual(problems, []);
      for (const object of objects) {
        assert.deepEqual(await cluster.eraseTraces(object, REAL), { kind: 'done', kept: [] });
      }
      const { metadata, spec } = server.job();
      assert.deepEqual([metadata?.annotations, spec?.template?.metadata?.annotations], [{ team: 'x' }, { team: 'x' }]);
      assert.equal(server.patches.length, 2);
      assert.deepEqual((await cluster.readTraces()).objects, []);
      await server.close();
    });
  });
});
