import assert from 'node:assert/strict';
import { ApiError, ClusterUnreachable, Unseen } from '../../src/cluster/errors.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import { refuse, type ServerRefusal } from '../../src/cluster/refused.ts';
import type { SampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import { readState } from '../../src/cluster/sample/state.ts';
import type { Migration, Move, Resize } from '../../src/core/model/moves.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import {
  type ApplyOutcome,
  applyPlan,
  continueMoves,
  type OperateOptions,
  undoResizes,
} from '../../src/operate/applyPlan.ts';
import { isFinal, type Journal, type JournalEntry, stateOf } from '../../src/operate/journal.ts';
import { DOUBT_SECONDS, OUTAGE_SECONDS } from '../../src/operate/patience.ts';
import { SAMPLE_CLOCK } from '../../src/operate/stepContext.ts';
import { stoppedOwners } from '../../src/operate/stopped.ts';
import { describeStep } from '../../src/text/operation.ts';
import { doctored } from './doctored.ts';
import { type Call, type Fault, faulty } from './faulty.ts';
import { memoryJournal } from './memory.ts';
import { firstOfEach, freshSample, isMigration, isPlacement, isShrink, open, optionsOf, planOf } from './samplePlan.ts';

const HERE = { server: 'https://here', context: 'here' } as const;
const gateway = () => new ApiError(504, 'Timeout', 'request did not complete within the allotted duration');
const away = () => new ApiError(503, 'ServiceUnavailable', 'apiserver not ready');
const forbidden = () => new ApiError(403, 'Forbidden', 'jobs.batch "j3" is forbidden: User "x" cannot get resource');

/** All that leaves open what became of a write. */
const UNKNOWN: Readonly<Record<string, () => Error>> = {
  'a gateway time-out': gateway,
  'a failing server': () => new ApiError(500, 'InternalError', 'etcdserver: request timed out'),
  'a server that is away': away,
  'a bad gateway': () => new ApiError(502, '', '<html>Bad Gateway</html>'),
  'a throttle that holds on': () => new ApiError(429, 'TooManyRequests', 'try again later'),
  'a request time-out': () => new ApiError(408, '', ''),
  'a cut connection': () => new ClusterUnreachable({ ...HERE, code: 'connectionCut' }),
  'an answer that stops': () => new ClusterUnreachable({ ...HERE, code: 'answerStopped' }),
  'a time-out': () => new ClusterUnreachable({ ...HERE, code: 'noAnswer' }),
  'a proxy that fails': () => new ClusterUnreachable({ ...HERE, code: 'proxyAnswer', status: 502 }),
  'a page of a gateway': () => new ClusterUnreachable({ ...HERE, code: 'notKubernetes', path: '/', form: 'json' }),
};

describe('what a cluster leaves open', () => {
  let directory: string;
  let remove: () => Promise<void>;
  let cluster: SampleCluster;
  let whole: Plan;

  beforeEach(async () => {
    ({ directory, remove } = await freshSample());
    cluster = await open(directory);
    whole ??= await planOf(cluster); // each test begins with the same cluster
  });
  afterEach(() => remove());

  const all = () => firstOfEach(whole, [isShrink, isPlacement, isMigration]);
  const one = (wanted: (move: Move) => boolean) => firstOfEach(whole, [wanted]);

  /** Applies a plan through faults; tells the outcome, the journal's entries, and how long was waited. */
  async function applied(plan: Plan, faultOf: (call: Call) => Fault, more: Partial<OperateOptions> = {}) {
    const entries: JournalEntry[] = [];
    const options = optionsOf(memoryJournal(entries), { ...more, ...clock() });
    const outcome = await applyPlan(plan, faulty(cluster, faultOf), options);
    return { outcome, entries, waited: waited() };
  }

  let pauses: number[] = [];
  const clock = () => {
    pauses = [];
    const sleep = async (seconds: number) => void pauses.push(seconds);
    return { polling: { ...SAMPLE_CLOCK, sleep } };
  };
  const waited = () => pauses.reduce((sum, pause) => sum + pause, 0);
  /** What was done to the cluster's tasks; that a record is taken off again is none of it. */
  const acts = async () =>
    (await readState(directory, 7)).acts.map(({ kind }) => kind).filter((kind) => !kind.startsWith('release'));

  describe('around a write', () => {
    for (const [what, error] of Object.entries(UNKNOWN)) {
      it(`is looked at again after ${what}: what was done is done once, and never called undone`, async () => {
        const lost = new Set<string>();
        const { outcome, entries } = await applied(all(), ({ method, dryRun }) => {
          if (dryRun !== false || lost.has(method)) return undefined;
          lost.add(method);
          return { after: error() };
        });
        assert.deepEqual([...lost].sort(), ['place', 'release', 'releaseTask', 'resize', 'resume', 'suspend']);
        assert.deepEqual(countsOf(outcome), { done: 3, failed: 0, waiting: 0 });
        assert.deepEqual((await acts()).sort(), ['place', 'resize', 'resume', 'suspend']);
        assert.ok(!entries.some((entry) => entry.type === 'step' && entry.state.kind === 'failed'));
      });
    }

    it('is looked at again when a resize is undone', async () => {
      const entries: JournalEntry[] = [];
      await applyPlan(one(isShrink), cluster, optionsOf(memoryJournal(entries)));
      let lost = 0;
      const losing = faulty(cluster, ({ dryRun }) =>
        dryRun === false && lost++ === 0 ? { after: gateway() } : undefined,
      );
      const outcome = await undoResizes(losing, optionsOf(memoryJournal(entries), clock()));
      assert.ok(lost > 1);
      assert.deepEqual(countsOf(outcome), { done: 1, failed: 0, waiting: 0 });
      const [move] = one(isShrink).moves as readonly [Resize];
      const { tasks } = await cluster.readSnapshot();
      assert.deepEqual(tasks.find(({ uid }) => uid === move.task.uid)?.allocation, move.from);
    });

    it('is asked for again where it was not done', async () => {
      const lost = new Set<string>();
      const { outcome } = await applied(all(), ({ method, dryRun }) => {
        if (dryRun === undefined || lost.has(`${method} ${dryRun}`)) return undefined;
        lost.add(`${method} ${dryRun}`);
        return { before: gateway() };
      });
      assert.equal(lost.size, 10, 'each of the four acts, tried and for real; and two records that are taken off');
      assert.deepEqual(countsOf(outcome), { done: 3, failed: 0, waiting: 0 });
    });

    it('keeps the state that it was asked in when the answer does not come, and the next apply finds it done', async () => {
      for (const [wanted, method, state] of [
        [isShrink, 'resize', 'resizing'],
        [isPlacement, 'place', 'placing'],
        [isMigration, 'suspend', 'suspending'],
        [isMigration, 'resume', 'resuming'],
      ] as const) {
        const fresh = await freshSample();
        cluster = await open(fresh.directory);
        let silent = false;
        const plan = one(wanted);
        const { outcome, entries } = await applied(plan, (call) => {
          if (silent) return { before: away() };
          silent = call.method === method && call.dryRun === false;
          return silent ? { after: gateway() } : undefined;
        });
        assert.deepEqual(countsOf(outcome), { done: 0, failed: 0, waiting: 1 }, method);
        const [operation] = memoryJournal(entries).operations();
        assert.equal(stateOf(operation!, plan.moves[0]!.id).kind, state);
        const end = await continueMoves(cluster, optionsOf(memoryJournal(entries)));
        assert.deepEqual(countsOf(end), { done: 1, failed: 0, waiting: 0 }, method);
        const done = (await readState(fresh.directory, 7)).acts.filter(({ kind }) => kind === method);
        assert.equal(done.length, 1, `${method} once`);
        await fresh.remove();
      }
    });
  });

  describe('while a move is followed', () => {
    it('is outlasted, whatever was asked', async () => {
      let calls = 0;
      const { outcome } = await applied(all(), () => {
        calls += 1;
        const fault = [away, gateway, forbidden][calls % 3]!;
        return calls > BEFORE_IT_BEGINS && calls % 4 > 1 ? { before: fault() } : undefined;
      });
      assert.deepEqual(countsOf(outcome), { done: 3, failed: 0, waiting: 0 });
    });

    it('is said once when it begins', async () => {
      let left = 3;
      const said: string[] = [];
      const onNotice = ({ code }: { readonly code: string }) => void said.push(code);
      await applied(
        one(isShrink),
        ({ method }) => (method === 'readTask' && left-- > 0 ? { before: away() } : undefined),
        { onNotice },
      );
      assert.deepEqual(said, ['silent']);
      assert.ok(waited() >= 1 + 2 + 4);
    });

    it('ends after two minutes, in words, with the move where it stood and no other begun', async () => {
      const plan = firstOfEach(whole, [isMigration, isPlacement]);
      const [move] = plan.moves.filter(isMigration) as Migration[];
      const reordered = { ...plan, moves: [...plan.moves].sort((left) => (left.kind === 'migration' ? -1 : 1)) };
      let suspended = false;
      const { outcome, entries } = await applied(reordered, ({ method, dryRun }) => {
        if (suspended) return { before: away() };
        suspended = method === 'suspend' && dryRun === false;
        return undefined;
      });
      assert.ok(waited() > OUTAGE_SECONDS - 16 && waited() <= OUTAGE_SECONDS, `${waited()} s`);
      assert.ok('steps' in outcome);
      const [first, second] = outcome.steps;
      assert.match(describeStep(first!).text, /status 503: apiserver not ready\. What came of it is not known yet\.$/);
      assert.equal(second?.state.kind, 'planned');
      const owner = `${move!.owner.namespace}/${move!.owner.name}`;
      assert.deepEqual(
        outcome.steps.flatMap(({ stopped }) => stopped ?? []).map((each) => [each.owner, each.sure]),
        [[owner, true]],
      );
      const [known] = stoppedOwners(memoryJournal(entries).operations());
      assert.deepEqual([known?.owner, typeof known?.sinceSeconds], [owner, 'number']);
      const end = await continueMoves(cluster, optionsOf(memoryJournal(entries)));
      assert.deepEqual(countsOf(end), { done: 2, failed: 0, waiting: 0 });
    });

    it('goes on after an answer with all its patience', async () => {
      let calls = 0;
      const { outcome } = await applied(one(isMigration), ({ method }) =>
        method === 'readOwner' && ++calls % 8 !== 0 ? { before: away() } : undefined,
      );
      assert.deepEqual(countsOf(outcome), { done: 1, failed: 0, waiting: 0 });
      assert.ok(waited() > OUTAGE_SECONDS, `${waited()} s in several outages`);
    });

    it('does not ask sooner than the server wants to be asked, and gives up where that is too long', async () => {
      let asked = 1;
      const busy = (retryAfterSeconds: number) => new ApiError(503, '', 'busy', { retryAfterSeconds });
      const first = await applied(one(isShrink), ({ method }) =>
        method === 'readTask' && asked-- > 0 ? { before: busy(40) } : undefined,
      );
      assert.deepEqual(countsOf(first.outcome), { done: 1, failed: 0, waiting: 0 });
      assert.ok(pauses.includes(40));
      const { outcome } = await applied(one(isPlacement), ({ method }) =>
        method === 'readTask' ? { before: busy(OUTAGE_SECONDS + 1) } : undefined,
      );
      assert.deepEqual([countsOf(outcome).waiting, waited()], [1, 0]);
    });

    it('is no reason to lose other machines’ moves: their owners are named as stopped', async () => {
      const plan = one(isMigration);
      let silent = false;
      await applied(plan, ({ method, dryRun }) => {
        if (silent) return { before: away() };
        silent = method === 'suspend' && dryRun === false;
        return undefined;
      });
      let resuming = false;
      const faults = faulty(cluster, ({ method }) => {
        resuming ||= method === 'resume';
        return resuming ? { before: away() } : undefined;
      });
      const outcome = await continueMoves(faults, optionsOf(memoryJournal(), clock()));
      assert.ok('steps' in outcome);
      assert.deepEqual(
        outcome.steps.map(({ stopped }) => stopped?.sure),
        [false],
      );
      assert.deepEqual(countsOf(await continueMoves(cluster, optionsOf(memoryJournal()))).done, 1);
    });
  });

  describe('"you may not"', () => {
    const refusal = (kind: ServerRefusal, code: 'forbidden' | 'conflict' = 'forbidden') => {
      const attempt = { act: 'resize', task: 'any/task' } as const;
      return refuse(code, attempt, { code: 'server', kind, status: 403, message: 'cannot patch resource' });
    };

    it('is not believed of a server that has just begun', async () => {
      let left = 4;
      const { outcome } = await applied(all(), ({ dryRun }) =>
        dryRun === true && left-- > 0 ? { answer: refusal('right') } : undefined,
      );
      assert.deepEqual(countsOf(outcome), { done: 3, failed: 0, waiting: 0 });
    });

    it('is believed after half a minute, and nothing was done', async () => {
      const { outcome } = await applied(one(isShrink), ({ dryRun }) =>
        dryRun === undefined ? undefined : { answer: refusal('right') },
      );
      assert.deepEqual(countsOf(outcome), { done: 0, failed: 1, waiting: 0 });
      assert.ok(waited() >= DOUBT_SECONDS / 2 && waited() <= DOUBT_SECONDS, `${waited()} s`);
      assert.deepEqual(await acts(), []);
    });

    it('is believed at once of what is no right: a LimitRange, a policy, Pod Security', async () => {
      for (const kind of ['limitRange', 'policy', 'podSecurity', 'quota'] as const) {
        const { outcome } = await applied(one(isShrink), ({ dryRun }) =>
          dryRun === undefined ? undefined : { answer: refusal(kind) },
        );
        assert.deepEqual([countsOf(outcome).failed, waited()], [1, 0], kind);
      }
    });

    it('of looking at what was asked for says nothing of whether it was done', async () => {
      const plan = one(isMigration);
      let seen = true;
      const { outcome, entries } = await applied(plan, ({ method, dryRun }) => {
        if (!seen) return method === 'suspend' ? { before: new Unseen(forbidden() as ApiError) } : undefined;
        seen = !(method === 'suspend' && dryRun === false);
        return seen ? undefined : { after: gateway() };
      });
      assert.deepEqual(countsOf(outcome), { done: 0, failed: 0, waiting: 1 });
      const end = await continueMoves(cluster, optionsOf(memoryJournal(entries)));
      assert.deepEqual(countsOf(end), { done: 1, failed: 0, waiting: 0 });
    });

    it('of nodes, pods or Jobs is no word that a task is gone', async () => {
      for (const source of ['nodes', 'pods', 'jobs'] as const) {
        const fresh = await freshSample();
        cluster = await open(fresh.directory);
        let left = 3;
        const hidden = doctored(cluster, {
          snapshot: (snapshot) => {
            if (left-- <= 0) return snapshot;
            const problem = { code: 'unreadable', source, role: 'stowage-reader', message: 'forbidden' } as const;
            const nothing = source === 'jobs' ? {} : source === 'nodes' ? { nodes: [] } : { tasks: [] };
            return { ...snapshot, ...nothing, problems: [problem] };
          },
        });
        const plan = one(isShrink);
        const begin: JournalEntry = {
          ...{ type: 'begin', planId: plan.id, cluster: cluster.name, atSeconds: cluster.nowSeconds() },
          moves: plan.moves,
        };
        const outcome = await continueMoves(hidden, optionsOf(memoryJournal([begin]), clock()));
        assert.deepEqual(countsOf(outcome), { done: 1, failed: 0, waiting: 0 }, source);
        await fresh.remove();
      }
    });
  });

  it('around a dry run wrote nothing: it is tried again, and then a move that was not done', async () => {
    const attempt = { act: 'resize', task: 'any/task' } as const;
    const later = refuse('conflict', attempt, {
      code: 'server',
      kind: 'later',
      status: 500,
      message: 'webhook is down',
    });
    let left = 3;
    const passing = await applied(one(isPlacement), ({ dryRun }) =>
      dryRun === true && left-- > 0 ? { answer: later } : undefined,
    );
    assert.deepEqual(countsOf(passing.outcome), { done: 1, failed: 0, waiting: 0 });
    const { outcome } = await applied(one(isShrink), ({ dryRun }) => (dryRun === true ? { answer: later } : undefined));
    assert.deepEqual(countsOf(outcome), { done: 0, failed: 1, waiting: 0 });
    assert.ok('steps' in outcome && /webhook is down/.test(describeStep(outcome.steps[0]!).text));
  });

  describe('a disk that is full', () => {
    /** A journal of which so many entries are written, and none after. */
    function fullAfter(most: number, entries: JournalEntry[]): Journal {
      const journal = memoryJournal(entries);
      let tries = 0;
      return {
        operations: () => journal.operations(),
        close: () => journal.close(),
        async append(entry) {
          tries += 1;
          assert.ok(tries <= most + 1, 'nothing is written behind half a line');
          if (tries > most)
            throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
          await journal.append(entry);
        },
      };
    }

    it('leaves no task stopped, whichever entry it cuts off, and the next apply finds what was done', async () => {
      const plan = one(isMigration);
      const [move] = plan.moves as readonly [Migration];
      const { entries: whole } = await applied(plan, () => undefined);
      assert.ok(whole.length >= 6, `${whole.length} entries`);
      for (let most = 1; most < whole.length; most += 1) {
        const fresh = await freshSample();
        const other: Cluster = await open(fresh.directory);
        const entries: JournalEntry[] = [];
        const outcome = await applyPlan(plan, other, optionsOf(fullAfter(most, entries)));
        assert.ok('unwritten' in outcome && outcome.unwritten instanceof Error, `after ${most} entries`);
        const found = await other.readOwner(move.owner);
        assert.equal(found?.suspended, false, `after ${most} entries`);
        const end = await continueMoves(other, optionsOf(memoryJournal(entries)));
        assert.deepEqual(countsOf(end).failed, 0, `after ${most} entries`);
        assert.deepEqual(
          (await other.readOwner(move.owner))?.tasks.map(({ node }) => node),
          [move.to],
        );
        const stops = (await readState(fresh.directory, 7)).acts.filter(({ kind }) => kind === 'suspend');
        assert.equal(stops.length, 1);
        await fresh.remove();
      }
    });

    it('begins no move that could not be written down', async () => {
      const entries: JournalEntry[] = [];
      const outcome = await applyPlan(all(), cluster, optionsOf(fullAfter(1, entries)));
      assert.deepEqual(countsOf(outcome), { done: 0, failed: 0, waiting: 3 });
      assert.deepEqual(await acts(), []);
      assert.ok(memoryJournal(entries).operations()[0]!.moves.length === 3);
    });
  });

  it('is no excuse for a defect: what is no error of a cluster is thrown', async () => {
    const defect = new TypeError('x is undefined');
    let begun = false;
    await assert.rejects(
      applied(one(isShrink), ({ method, dryRun }) => {
        begun ||= dryRun === false;
        return begun && method === 'readTask' ? { before: defect } : undefined;
      }),
      (error) => error === defect,
    );
  });
});

/** The two snapshots before a plan begins, which are asked for once: nobody is kept waiting for the question. */
const BEFORE_IT_BEGINS = 2;

function countsOf(outcome: ApplyOutcome): { done: number; failed: number; waiting: number } {
  assert.ok('steps' in outcome, JSON.stringify(outcome));
  const { done, failed, waiting, steps } = outcome;
  assert.equal(
    steps.filter(({ state }) => state.kind !== 'awaited' && isFinal(state)).length,
    done + failed,
    JSON.stringify(steps.map(({ state }) => state)),
  );
  return { done, failed, waiting };
}
