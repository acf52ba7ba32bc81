import assert from 'node:assert/strict';
import type { Affinity } from '../../../src/cluster/kubernetes/api/objects.ts';
import { type KubernetesCluster, openKubernetesCluster } from '../../../src/cluster/kubernetes/kubernetes.ts';
import { PINNED } from '../../../src/cluster/kubernetes/model/pin.ts';
import { RECORD } from '../../../src/cluster/kubernetes/model/records.ts';
import type { ActResult, MoveRecord, Pin } from '../../../src/cluster/port.ts';
import { describeRefusedAct } from '../../../src/text/refusal.ts';
import { type JobServer, startJobServer } from './jobServer.ts';

const OWNER = { kind: 'Job', namespace: 'team', name: 'train', uid: 'u', generation: 1 };
const RECORD_OF: MoveRecord = { planId: 'p', moveId: 'm', kind: 'migration', startedAtSeconds: 1, from: 'a', to: 'b' };
const REAL = { dryRun: false };
const NONE: Pin = { kind: 'none' };
const TO_B: Pin = { kind: 'required', node: 'b' };

describe('the writes of a migration', () => {
  let server: JobServer;
  let cluster: KubernetesCluster;

  const open = async (made?: object) => {
    server = await startJobServer(made);
    cluster = await openKubernetesCluster({ kubeconfig: server.kubeconfig });
  };
  const openAnother = async (made?: object) => {
    await close();
    await open(made);
  };
  const close = async () => {
    await cluster.close();
    await server.close();
  };
  afterEach(close);
  const recordText = () => server.job().metadata?.annotations?.[RECORD];
  const affinityOf = () => server.job().spec?.template?.spec?.affinity;
  const isSuspended = () => server.job().spec?.suspend;

  it('write the generation that the suspend leaves into its record', async () => {
    await open();
    const result = await cluster.suspend(OWNER, RECORD_OF, REAL);
    assert.deepEqual(result, { kind: 'done', generation: 2 });
    assert.deepEqual((await cluster.readOwner(OWNER))?.record, { ...RECORD_OF, generation: 2 });
  });

  it('take a repeated suspend for done while it stands, and refuse it once somebody has resumed and suspended', async () => {
    await open();
    await cluster.suspend(OWNER, RECORD_OF, REAL);
    done(await cluster.suspend(OWNER, RECORD_OF, REAL));
    server.write({ spec: { suspend: false } });
    server.write({ spec: { suspend: true } });
    refused(await cluster.suspend(OWNER, RECORD_OF, REAL), 'conflict');
  });

  it('know a suspension as ours after an edit of something else, and as another’s after a resume', async () => {
    await open();
    await cluster.suspend(OWNER, RECORD_OF, REAL);
    server.write({ spec: { parallelism: 2 } });
    assert.equal((await cluster.readOwner(OWNER))?.suspensionKept, true);
    done(await cluster.suspend(OWNER, RECORD_OF, REAL));
    server.write({ spec: { suspend: false } });
    server.write({ spec: { suspend: true } });
    assert.equal((await cluster.readOwner(OWNER))?.suspensionKept, false);
  });

  it('stop no Job that its failure policy fails at what a stopped program exits with', async () => {
    const rule = (action: string, operator: string, values: number[]) => ({
      action,
      onExitCodes: { operator, values },
    });
    const ofOne = ({ action, onExitCodes }: ReturnType<typeof rule>) => ({
      action,
      onExitCodes: { ...onExitCodes, containerName: 'logs' },
    });
    const onDisruption = { action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] };
    const policies: [object[], number | undefined][] = [
      [[rule('FailJob', 'In', [143])], 143],
      [[rule('FailJob', 'In', [1, 137])], 137],
      [[rule('FailJob', 'NotIn', [42])], 143],
      [[rule('FailJob', 'In', [1, 42])], undefined],
      [[rule('FailJob', 'NotIn', [137, 143])], undefined],
      [[rule('Ignore', 'In', [137, 143]), rule('FailJob', 'NotIn', [42])], undefined], // the first that fits decides
      [[rule('Count', 'In', [143]), rule('FailJob', 'In', [137, 143])], 137],
      [[ofOne(rule('Count', 'In', [137, 143])), rule('FailJob', 'In', [143])], 143], // of the other containers
      [[onDisruption], undefined],
    ];
    await open();
    for (const [rules, exitCode] of policies) {
      await openAnother({ spec: { podFailurePolicy: { rules } } });
      const result = await cluster.suspend(OWNER, RECORD_OF, REAL);
      if (exitCode === undefined) done(result);
      else {
        refused(result, 'notMovable');
        assert.ok(result.kind === 'refused' && describeRefusedAct(result).includes(`exits with ${exitCode},`));
      }
      assert.equal(isSuspended() ?? false, exitCode === undefined);
    }
  });

  it('only take the record off a Job that somebody has resumed, whatever was to be changed with it', async () => {
    await open({ metadata: { annotations: { [PINNED]: 'a', [RECORD]: JSON.stringify(RECORD_OF) } } });
    const allocation = { milliCpu: 1000, memoryBytes: 2 ** 30, gpuMilli: 0, extended: {} };
    done(await cluster.resume(OWNER, TO_B, { ...REAL, allocation }));
    assert.deepEqual([recordText(), affinityOf(), server.patches.length], [undefined, undefined, 1]);
    assert.equal(server.job().metadata?.generation, 1);
    done(await cluster.resume(OWNER, TO_B, REAL));
    assert.equal(server.patches.length, 1, 'nothing is left to do');
  });

  it('take a record that cannot be read off with the resume', async () => {
    await open({ metadata: { annotations: { [RECORD]: '{"planId":' } }, spec: { suspend: true } });
    done(await cluster.resume(OWNER, NONE, REAL));
    assert.deepEqual([isSuspended(), recordText()], [false, undefined]);
  });

  it('see an edit of the affinity that comes between the read and the resume, and keep it', async () => {
    const theirs = { weight: 7, preference: { matchExpressions: [{ key: 'zone', operator: 'In', values: ['z'] }] } };
    const edit: Affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [theirs] } };
    await open();
    for (const pin of [NONE, TO_B, { kind: 'preferred', node: 'b' } as const]) {
      await openAnother();
      const { generation } = done(await cluster.suspend(OWNER, RECORD_OF, REAL));
      server.beforeNextPatch(() => server.write({ spec: { template: { spec: { affinity: edit } } } }));
      // Of another generation than was read it is refused; read again it is resumed, with what they wrote.
      refused(await cluster.resume(OWNER, pin, { ...REAL, generation }), 'conflict');
      assert.equal(isSuspended(), true);
      done(await cluster.resume(OWNER, pin, REAL));
      const kept = affinityOf()?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
      assert.deepEqual([isSuspended(), kept?.[0]], [false, theirs]);
    }
  });

  it('give the affinity back to the byte when a second move goes without a pin', async () => {
    const term = { matchExpressions: [{ key: 'zone', operator: 'In', values: ['z'] }] };
    const name = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] };
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [name, term] },
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: name }],
      },
    };
    await open({ spec: { template: { spec: { affinity } } } });
    for (const pin of [TO_B, { kind: 'preferred', node: 'b' }, TO_B, NONE] as const) {
      const { generation = 0 } = server.job().metadata ?? {};
      done(await cluster.suspend({ ...OWNER, generation }, RECORD_OF, REAL));
      done(await cluster.resume(OWNER, pin, REAL));
    }
    assert.deepEqual([affinityOf(), server.job().metadata?.annotations?.[PINNED]], [affinity, undefined]);
  });

  it('never resume what something else steers, unless we have suspended it', async () => {
    const labels = { 'kueue.x-k8s.io/queue-name': 'night' };
    const forged = JSON.stringify({ ...RECORD_OF, generation: 7 });
    await open({ metadata: { labels, annotations: { [RECORD]: forged } }, spec: { suspend: true } });
    assert.deepEqual((await cluster.readOwner(OWNER))?.steering, { code: 'queue', queue: 'night' });
    refused(await cluster.resume(OWNER, NONE, REAL), 'notMovable');
    assert.equal(isSuspended(), true);
    await openAnother();
    await cluster.suspend(OWNER, RECORD_OF, REAL);
    server.write({ metadata: { labels } });
    done(await cluster.resume(OWNER, NONE, REAL));
    assert.equal(isSuspended(), false);
  });

  describe('release', () => {
    it('takes a move’s own record off, at the same generation, and no other', async () => {
      await open({ metadata: { annotations: { [RECORD]: JSON.stringify(RECORD_OF) } } });
      assert.equal(done(await cluster.release(OWNER, { planId: 'p', moveId: 'other' }, REAL)).generation, 1);
      assert.notEqual(recordText(), undefined);
      assert.equal(done(await cluster.release(OWNER, RECORD_OF, { dryRun: true })).generation, 1);
      assert.notEqual(recordText(), undefined);
      assert.equal(done(await cluster.release(OWNER, RECORD_OF, REAL)).generation, 1);
      assert.equal(recordText(), undefined);
    });

    it('leaves the record on a Job that it still holds, and takes it off one that its user has suspended', async () => {
      await open();
      await cluster.suspend(OWNER, RECORD_OF, REAL);
      refused(await cluster.release(OWNER, RECORD_OF, REAL), 'conflict');
      server.write({ spec: { suspend: false } });
      server.write({ spec: { suspend: true } });
      done(await cluster.release(OWNER, RECORD_OF, REAL));
      assert.deepEqual([isSuspended(), recordText()], [true, undefined]);
    });

    it('takes a forged record off a Job that a queue holds back', async () => {
      const annotations = { [RECORD]: JSON.stringify({ ...RECORD_OF, generation: 1 }) };
      const labels = { 'kueue.x-k8s.io/queue-name': 'night' };
      await open({ metadata: { labels, annotations }, spec: { suspend: true } });
      done(await cluster.release(OWNER, RECORD_OF, REAL));
      assert.deepEqual([isSuspended(), recordText()], [true, undefined]);
    });
  });
});

function done(result: ActResult): Extract<ActResult, { kind: 'done' }> {
  if (result.kind === 'refused') assert.fail(describeRefusedAct(result));
  return result;
}

function refused(result: ActResult, code: string): void {
  if (result.kind === 'done') assert.fail('it was done');
  assert.equal(result.code, code, describeRefusedAct(result));
}
