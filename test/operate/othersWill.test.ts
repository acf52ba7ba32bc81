import assert from 'node:assert/strict';
import { ApiError } from '../../src/cluster/errors.ts';
import { type KubernetesCluster, openKubernetesCluster } from '../../src/cluster/kubernetes/kubernetes.ts';
import { RECORD } from '../../src/cluster/kubernetes/model/records.ts';
import type { MoveRecord } from '../../src/cluster/port.ts';
import type { Migration } from '../../src/core/model/moves.ts';
import { NO_RESOURCES } from '../../src/core/model/resources.ts';
import { type ApplyOutcome, continueMoves } from '../../src/operate/applyPlan.ts';
import type { JournalEntry, MoveState } from '../../src/operate/journal.ts';
import { describeStep } from '../../src/text/operation.ts';
import { describeProblem } from '../../src/text/problem.ts';
import { type JobServer, startJobServer } from '../cluster/kubernetes/jobServer.ts';
import { faulty } from './faulty.ts';
import { memoryJournal } from './memory.ts';
import { optionsOf } from './samplePlan.ts';

/** What others have done to a Job counts, wherever a move of ours stands. */
const OWNER = { kind: 'Job', namespace: 'team', name: 'train', uid: 'u', generation: 1 };
const WRITTEN: MoveRecord = {
  planId: 'p',
  moveId: 'migrate',
  kind: 'migration',
  startedAtSeconds: 1,
  from: 'a',
  to: 'b',
};
const QUICK = { sleep: async () => {}, pollSeconds: 0, attempts: 2, stopAttempts: 2 };
const RUN = { elapsedSeconds: 1, remainingSeconds: 1, usageSoFar: NO_RESOURCES, lostSeconds: 1 };
const MOVE: Migration = {
  kind: 'migration',
  id: 'migrate',
  task: { id: 'team/train-x', uid: 't', generation: 1, node: 'a' },
  owner: OWNER,
  from: 'a',
  to: 'b',
  allocation: NO_RESOURCES,
  run: RUN,
};

describe('somebody else’s will', () => {
  let server: JobServer;
  let cluster: KubernetesCluster;

  beforeEach(async () => {
    server = await startJobServer();
    cluster = await openKubernetesCluster({ kubeconfig: server.kubeconfig });
  });
  afterEach(async () => {
    await cluster.close();
    await server.close();
  });

  const suspend = (record = WRITTEN) => {
    const { generation = 0 } = server.job().metadata ?? {};
    return cluster.suspend({ ...OWNER, generation }, record, { dryRun: false });
  };
  const userSuspends = () => server.write({ spec: { suspend: true } });
  const userResumes = () => server.write({ spec: { suspend: false } });
  const annotate = (record: object | string) =>
    server.write({
      metadata: { annotations: { [RECORD]: typeof record === 'string' ? record : JSON.stringify(record) } },
    });
  const standing = () => ({
    suspended: server.job().spec?.suspend,
    record: server.job().metadata?.annotations?.[RECORD],
  });
  /** Another machine, or this one without its journal. */
  const elsewhere = (yes = true) =>
    continueMoves(cluster, optionsOf(memoryJournal(), { polling: QUICK, confirm: async () => yes }));

  describe('where a record alone tells of a move', () => {
    it('counts: a suspension of exactly the generation that it names is ended, and no other', async () => {
      await suspend();
      assert.deepEqual(textsOf(await elsewhere()), ["team/train is in the scheduler's queue."]);
      assert.deepEqual(standing(), { suspended: false, record: undefined });
    });

    it('counts: a task that never stops does not keep its owner stopped for ever', async () => {
      await suspend();
      server.write({ status: { terminating: 1 } });
      assert.deepEqual(textsOf(await elsewhere()), ["team/train is in the scheduler's queue."]);
      assert.deepEqual(standing(), { suspended: false, record: undefined });
    });

    it('counts: nothing is done without a yes', async () => {
      await suspend();
      const before = server.patches.length;
      const outcome = await elsewhere(false);
      assert.deepEqual([outcome.kind, server.patches.length], ['waiting', before]);
    });

    it('counts: a user’s suspension after a resume by hand stays, and the record goes', async () => {
      await suspend();
      userResumes();
      userSuspends();
      const [text] = textsOf(await elsewhere());
      assert.match(
        text!,
        /^The record of the move is taken off team\/train: somebody has changed it since\. It stays suspended; kubectl/,
      );
      assert.deepEqual(standing(), { suspended: true, record: undefined });
    });

    it('counts: a record of 0.1, which names no generation, is never acted on', async () => {
      annotate(WRITTEN);
      userSuspends();
      assert.match(textsOf(await elsewhere())[0]!, /version 0\.1/);
      assert.deepEqual(standing(), { suspended: true, record: undefined });
    });

    it('counts: a running Job keeps running, and loses the record', async () => {
      await suspend();
      userResumes();
      const { generation } = server.job().metadata!;
      await elsewhere();
      assert.deepEqual(standing(), { suspended: false, record: undefined });
      assert.equal(server.job().metadata!.generation, generation);
    });

    it('counts: what a queue holds back stays there, whatever a record says', async () => {
      server.write({ metadata: { labels: { 'kueue.x-k8s.io/queue-name': 'night' } }, spec: { suspend: true } });
      const allocation = { ...NO_RESOURCES, milliCpu: 8000 };
      annotate({ ...WRITTEN, generation: server.job().metadata!.generation, allocation });
      assert.match(textsOf(await elsewhere())[0]!, /Kueue's queue night/);
      assert.deepEqual(standing(), { suspended: true, record: undefined });
    });

    it('counts: a Job that is still suspended by us, and was edited, is left to somebody, with what to run', async () => {
      await suspend();
      server.write({ spec: { parallelism: 2 } });
      const outcome = await elsewhere();
      assert.match(
        textsOf(outcome)[0]!,
        /is left as it is: somebody has changed it since\. Look at it; kubectl -n team patch job train .* resumes it/,
      );
      assert.deepEqual([standing().suspended, standing().record !== undefined], [true, true]);
    });

    it('is named as open where the cluster does not say how the owner stands; then nobody is asked', async () => {
      await suspend();
      const silent = faulty(cluster, ({ method }) =>
        method === 'readOwner' ? { before: new ApiError(503, 'ServiceUnavailable', 'apiserver not ready') } : undefined,
      );
      let asked = 0;
      const confirm = async () => ++asked > 0;
      const outcome = await continueMoves(silent, optionsOf(memoryJournal(), { polling: QUICK, confirm }));
      assert.ok('steps' in outcome);
      assert.deepEqual([outcome.steps.map(({ stopped }) => stopped?.sure), asked], [[false], 0]);
    });

    it('is said where the record cannot be read', async () => {
      annotate('{"planId":');
      userSuspends();
      const problems = (await cluster.readSnapshot()).problems.map(describeProblem);
      const said = problems.filter((text) =>
        /team\/train is suspended.*cannot be read.*kubectl -n team patch/.test(text),
      );
      assert.equal(said.length, 1, problems.join('\n'));
      const told = textsOf(await elsewhere(false));
      assert.match(told.join('\n'), /^team\/train is suspended, .* cannot be read\. .*kubectl/);
      userResumes();
      const after = (await cluster.readSnapshot()).problems.map(describeProblem);
      assert.ok(!after.some((text) => /cannot be read: if/.test(text)));
    });
  });

  describe('where the journal knows the move', () => {
    const goOn = (state: MoveState) => {
      const { name } = cluster;
      const entries: JournalEntry[] = [
        { type: 'begin', planId: 'p', cluster: name, atSeconds: 0, moves: [MOVE] },
        { type: 'step', planId: 'p', moveId: MOVE.id, atSeconds: 0, state },
      ];
      return continueMoves(cluster, optionsOf(memoryJournal(entries), { polling: QUICK }));
    };
    const saved = { run: RUN, tasks: [], generation: 2 };
    const pin = { kind: 'none' } as const;
    const stopped: readonly MoveState[] = [
      { kind: 'suspending', saved },
      { kind: 'stopping', saved },
      { kind: 'resuming', saved, pin },
    ];

    it('counts in every state: what a user has suspended anew stays suspended, and the record goes', async () => {
      for (const state of [...stopped, { kind: 'starting', saved, pin } as const]) {
        await suspend();
        userResumes();
        userSuspends();
        const outcome = await goOn(state);
        assert.ok('failed' in outcome && outcome.failed === 1, state.kind);
        assert.deepEqual(standing(), { suspended: true, record: undefined }, state.kind);
        userResumes();
      }
    });

    it('counts in every state: what a user has resumed runs on, and the record goes', async () => {
      for (const state of stopped) {
        await suspend();
        userResumes();
        await goOn(state);
        assert.deepEqual(standing(), { suspended: false, record: undefined }, state.kind);
      }
    });

    it('leaves nobody stopped whom somebody has only edited, or whose record is gone or broken', async () => {
      const edits = [
        () => server.write({ spec: { parallelism: 3 } }),
        () => annotate('{'),
        () => server.write({ metadata: { annotations: { [RECORD]: null } } }),
      ];
      for (const edit of edits) {
        for (const state of stopped) {
          server.write({ spec: { parallelism: 1 } });
          await suspend();
          edit();
          await goOn(state);
          assert.deepEqual(standing(), { suspended: false, record: undefined }, `${state.kind}, ${edit}`);
        }
      }
    });

    it('takes the record off when the Job has ended meanwhile', async () => {
      for (const state of stopped) {
        userResumes(); // as new
        await suspend();
        userResumes();
        server.write({ status: { conditions: [{ type: 'Complete', status: 'True' }] } });
        await goOn(state);
        assert.equal(standing().record, undefined, state.kind);
      }
    });
  });
});

function textsOf(outcome: ApplyOutcome): string[] {
  return 'steps' in outcome ? outcome.steps.map((step) => describeStep(step).text) : assert.fail(outcome.kind);
}
