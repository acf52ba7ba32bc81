import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Cluster } from '../../src/cluster/port.ts';
import type { SampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import type { Migration, Placement, Resize } from '../../src/core/model/moves.ts';
import { NO_RESOURCES, sameResources } from '../../src/core/model/resources.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import { clusterCapacity } from '../../src/core/place/capacity.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { selectMoves } from '../../src/core/plan/previewPlan.ts';
import { sha256 } from '../../src/io/sha256.ts';
import {
  type ApplyOutcome,
  applyPlan,
  continueMoves,
  type Question,
  undoResizes,
} from '../../src/operate/applyPlan.ts';
import { type JournalEntry, type MoveState, openJournal, stateOf } from '../../src/operate/journal.ts';
import { phaseOf, type Step } from '../../src/operate/step.ts';
import {
  describeApplyRefused,
  describeMove,
  describeQuestion,
  describeStep,
  type StepText,
} from '../../src/text/operation.ts';
import { doctored, filled } from './doctored.ts';
import { memoryJournal, memoryLedger } from './memory.ts';
import {
  firstOfEach,
  freshSample,
  isExpand,
  isMigration,
  isPlacement,
  isShrink,
  open,
  optionsOf,
  planOf,
} from './samplePlan.ts';

const {
  expandRetrySeconds,
  expandGiveUpSeconds,
  migrationRetrySeconds,
  migrationGiveUpSeconds,
  shrinkRetrySeconds,
  shrinkGiveUpSeconds,
} = DEFAULT_SETTINGS;

type Waiting = Extract<MoveState, { kind: 'waiting' }>;

describe('applying a plan', () => {
  let cluster: SampleCluster;
  let whole: Plan;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    const fresh = await freshSample();
    remove = fresh.remove;
    cluster = await open(fresh.directory);
    whole ??= await planOf(cluster); // each test begins with the same cluster
  });
  afterEach(() => remove());

  /** The journal of an apply that was killed before its first move. */
  const begun = ({ id: planId, moves }: Plan) =>
    memoryJournal([{ type: 'begin', planId, cluster: cluster.name, atSeconds: cluster.nowSeconds(), moves }]);
  const one = (wanted: (move: Plan['moves'][number]) => boolean) => firstOfEach(whole, [wanted]);

  describe('the question', () => {
    it('is asked once and names the cluster, the moves, who is ended and what is lost', async () => {
      const plan = firstOfEach(whole, [isShrink, isMigration]);
      const asked: Question[] = [];
      await applyPlan(
        plan,
        cluster,
        optionsOf(memoryJournal(), { confirm: async (question) => asked.push(question) > 0 }),
      );
      assert.equal(asked.length, 1);
      const question = describeQuestion(asked[0]!);
      assert.match(question.message, /^Apply 2 moves to sample seed 7\?$/);
      assert.match(question.detail, /1 running task will be ended/);
      assert.ok(question.detail.includes(plan.moves.find(isMigration)!.task.id));
      assert.equal(question.verb, 'Apply 2 moves');
    });

    it('answered with no changes nothing', async () => {
      const journal = memoryJournal();
      const outcome = await applyPlan(whole, cluster, optionsOf(journal, { confirm: async () => false }));
      assert.deepEqual(outcome, { kind: 'declined' });
      assert.deepEqual([journal.operations(), await cluster.readRecords()], [[], []]);
    });
  });

  describe('is refused', () => {
    it('as stale when a task was changed meanwhile, before anything is done', async () => {
      const plan = firstOfEach(whole, [isShrink, isMigration]);
      const { task, from, to, request } = plan.moves.find((move): move is Resize => move.kind === 'resize')!;
      const record = { planId: 'x', moveId: 'y', kind: 'resize', startedAtSeconds: 0, before: from, request } as const;
      await cluster.resize(task, { ...to, milliCpu: to.milliCpu + 100 }, record, { dryRun: false });
      const outcome = await applyPlan(plan, cluster, optionsOf());
      assertRefusal(outcome, 'stale', task.id);
      assert.equal((await cluster.readRecords()).filter(({ owner }) => owner).length, 0);
    });

    it('when the cluster changes while the question stands', async () => {
      const plan = one(isPlacement);
      const confirm = async () => {
        const { task, to } = plan.moves[0] as Extract<Plan['moves'][number], { kind: 'placement' }>;
        await cluster.place(task, to, { dryRun: false });
        return true;
      };
      assertRefusal(
        await applyPlan(plan, cluster, optionsOf(memoryJournal(), { confirm })),
        'stale',
        plan.moves[0]!.task.id,
      );
    });

    it('on another cluster than its own', async () => {
      const other = { ...whole, snapshot: { ...whole.snapshot, cluster: 'sample seed 8' } };
      assertRefusal(await applyPlan(other, cluster, optionsOf()), 'otherCluster', 'sample seed 8');
    });

    it('without moves', async () => {
      assertRefusal(
        await applyPlan(selectMoves(whole, new Set(), sha256), cluster, optionsOf()),
        'nothing',
        'no moves',
      );
    });

    it('while an unfinished plan is about the same task', async () => {
      const journal = memoryJournal();
      const plan = one(isMigration);
      const full = doctored(cluster, { snapshot: (snapshot) => filled(snapshot, (plan.moves[0] as Migration).to) });
      assert.equal((await applyPlan(plan, full, optionsOf(journal))).kind, 'waiting');
      const second = { ...plan, id: 'another plan with the same move' };
      assertRefusal(await applyPlan(second, cluster, optionsOf(journal)), 'busy', plan.moves[0]!.task.id);
    });
  });

  describe('a resize', () => {
    it('that its task no longer has slack for waits, and is given up at the limit', async () => {
      const plan = one((move) => isShrink(move) && move.task.id.startsWith('vision/tracking')); // never ends by itself
      const { task } = plan.moves[0]!;
      const busy = doctored(cluster, {
        snapshot: (snapshot) => {
          const usage = snapshot.usage[task.id]!;
          const hungry = {
            ...usage.mean,
            milliCpu: usage.mean.milliCpu * 10,
            memoryBytes: usage.mean.memoryBytes * 10,
          };
          return { ...snapshot, usage: { ...snapshot.usage, [task.id]: { ...usage, mean: hungry, peak: hungry } } };
        },
      });
      await assertWaits(busy, plan, 'shrink', shrinkRetrySeconds, shrinkGiveUpSeconds);
    });

    it('that its node has no room for waits, and is given up at the limit', async () => {
      const plan = one(isExpand);
      const node = plan.moves[0]!.task.node!;
      const full = doctored(cluster, { snapshot: (snapshot) => filled(snapshot, node) });
      await assertWaits(full, plan, 'expand', expandRetrySeconds, expandGiveUpSeconds);
    });

    it('that its node has deferred is waited for, and taken back at the limit', async () => {
      const plan = one((move) => isShrink(move) && move.task.id.startsWith('vision/tracking')); // never ends by itself
      const move = plan.moves[0] as Resize;
      const journal = memoryJournal();
      const message = 'no room';
      const slow = doctored(cluster, {
        // Only what we asked for: what it had is its own.
        task: (state) => (sameResources(state.desired, move.to) ? { ...state, resize: 'deferred', message } : state),
      });
      const first = await applyPlan(plan, slow, optionsOf(journal));
      assert.equal(first.kind, 'waiting');
      assert.match(stepsOf(first)[0]!.text, /no room/);
      await cluster.advance(expandGiveUpSeconds);
      const end = await continueMoves(slow, optionsOf(journal));
      assert.match(stepsOf(end)[0]!.text, /taken back/);
      assert.deepEqual(await cluster.readRecords(), []);
      const task = (await cluster.readSnapshot()).tasks.find(({ id }) => id === move.task.id)!;
      assert.deepEqual(task.allocation, move.from);
    });

    it('that its node can never grant is taken back at once', async () => {
      // Guaranteed tasks on the node with the static CPU manager keep their cores.
      const { tasks } = await cluster.readSnapshot();
      const task = tasks.find(({ node, gpuCount }) => node === 'gpu-a100-static-1' && gpuCount > 0)!;
      const { id, uid, generation, node, allocation, request } = task;
      const less = { ...allocation, milliCpu: Math.ceil(allocation.milliCpu * 0.9) };
      const move: Resize = {
        kind: 'resize',
        id: `resize ${id}`,
        task: { id, uid, generation, node: node! },
        direction: 'shrink',
        from: allocation,
        to: less,
        request,
      };
      const outcome = await applyPlan({ ...whole, id: 'static', moves: [move] }, cluster, optionsOf());
      assert.deepEqual([outcome.kind, 'failed' in outcome && outcome.failed], ['applied', 1]);
      assert.match(stepsOf(outcome)[0]!.text, /can never grant this.*static policy.*taken back/);
      const after = (await cluster.readSnapshot()).tasks.find((each) => each.id === id)!;
      assert.deepEqual([after.allocation, after.desired, after.resizeState], [allocation, allocation, undefined]);
    });
  });

  describe('a placement whose node is full', () => {
    it('is not done where the moves before it cannot free enough, though they wait', async () => {
      const plan = firstOfEach(whole, [isExpand, isPlacement]);
      const [{ task }, { to }] = plan.moves as readonly [Resize, Placement];
      const full = doctored(cluster, { snapshot: (snapshot) => filled(filled(snapshot, task.node!), to) });
      const outcome = await continueMoves(full, optionsOf(begun(plan)));
      assert.deepEqual(
        stepsOf(outcome).map(({ state }) => state),
        ['waiting', 'failed'],
      );
    });

    it('waits while a shrink before it may still free enough, and is done after that', async () => {
      const plan = one(isPlacement);
      const placement = plan.moves[0] as Placement;
      const shrink = await halved(placement.to);
      const left = placement.request.milliCpu - (shrink.from.milliCpu - shrink.to.milliCpu);
      const { nodes, indexOf } = clusterCapacity(await cluster.readSnapshot());
      const taken = { ...NO_RESOURCES, milliCpu: nodes[indexOf.get(placement.to)!]!.free.milliCpu - left };
      const readings = { high: true };
      const crowded = doctored(cluster, {
        snapshot: (snapshot) => {
          const mean = readings.high ? shrink.from : NO_RESOURCES;
          const usage = { ...snapshot.usage[shrink.task.id]!, mean };
          return { ...filled(snapshot, placement.to, taken), usage: { ...snapshot.usage, [shrink.task.id]: usage } };
        },
      });
      const journal = begun({ ...plan, moves: [shrink, placement] });
      // Both are looked at again together, and soon: others take what is free on the node as time goes by.
      const options = optionsOf(journal, { settings: { ...DEFAULT_SETTINGS, shrinkRetrySeconds: expandRetrySeconds } });
      await continueMoves(crowded, options);
      const [operation] = journal.operations();
      assert.deepEqual(
        [shrink, placement].map(({ id }) => {
          const { kind, wait, sinceSeconds, dueSeconds } = stateOf(operation!, id) as Waiting;
          return [kind, wait, dueSeconds - sinceSeconds];
        }),
        [
          ['waiting', 'shrink', expandRetrySeconds],
          ['waiting', 'earlier', expandRetrySeconds],
        ],
      );
      readings.high = false;
      await cluster.advance(expandRetrySeconds);
      const end = await continueMoves(crowded, options);
      assert.deepEqual(
        stepsOf(end).map(({ state }) => state),
        ['done', 'done'],
      );
    });

    /** A shrink of half the CPU of a task on a node. */
    async function halved(node: string): Promise<Resize> {
      const { tasks } = await cluster.readSnapshot();
      const found = tasks.find((task) => task.node === node && task.phase === 'running' && task.endless);
      assert.ok(found, `a task that never ends by itself on ${node}`);
      const { id, uid, generation, allocation: from, request } = found;
      const to = { ...from, milliCpu: Math.floor(from.milliCpu / 2) };
      const task = { id, uid, generation, node };
      return { kind: 'resize', id: `resize ${id}`, task, direction: 'shrink', from, to, request };
    }
  });

  describe('a migration', () => {
    it('whose target is full waits with its task still running, and is given up at the limit', async () => {
      const plan = one(isMigration);
      const { to, owner } = plan.moves[0] as Migration;
      const full = doctored(cluster, { snapshot: (snapshot) => filled(snapshot, to) });
      await assertWaits(full, plan, 'target', migrationRetrySeconds, migrationGiveUpSeconds, async () => {
        const found = await cluster.readOwner(owner);
        assert.ok(found?.finished || (found?.suspended === false && found.active === 1));
      });
    });

    it('that waits in a journal of version 0.1.0 goes on waiting from there', async () => {
      const plan = one(isMigration);
      const [move] = plan.moves as readonly [Migration];
      const full = doctored(cluster, { snapshot: (snapshot) => filled(snapshot, move.to) });
      const entries: JournalEntry[] = [];
      const first = await applyPlan(plan, full, optionsOf(memoryJournal(entries)));
      const directory = await mkdtemp(path.join(tmpdir(), 'stowage-old-journal-'));
      const lines = entries.map((entry) => `${JSON.stringify(entry).replace('"wait":"target"', '"wait":"sixth"')}\n`);
      assert.match(lines.at(-1)!, /"wait":"sixth"/);
      await writeFile(path.join(directory, 'journal.jsonl'), lines.join(''));
      const journal = await openJournal(directory);
      try {
        const state = () => stateOf(journal.operations()[0]!, move.id) as Waiting;
        const { sinceSeconds } = state();
        await cluster.advance(first.kind === 'waiting' ? first.untilSeconds! - cluster.nowSeconds() : Number.NaN);
        assert.equal((await continueMoves(full, optionsOf(journal))).kind, 'waiting');
        assert.deepEqual([state().wait, state().sinceSeconds], ['target', sinceSeconds]);
      } finally {
        await journal.close();
        await rm(directory, { recursive: true });
      }
    });

    it('keeps what a resize gave its task, and the request that is its 100 %', async () => {
      const plan = one(isMigration);
      const migration = plan.moves[0] as Migration;
      const { request, desired } = (await cluster.readSnapshot()).tasks.find(({ id }) => id === migration.task.id)!;
      const less = { ...desired, milliCpu: desired.milliCpu - 100 };
      const resize = { planId: 'x', moveId: 'y', kind: 'resize', startedAtSeconds: 0, before: desired } as const;
      await cluster.resize(migration.task, less, resize, { dryRun: false });
      await cluster.advance(10);
      const task = { ...migration.task, generation: migration.task.generation + 1 };
      const outcome = await applyPlan({ ...plan, moves: [{ ...migration, task }] }, cluster, optionsOf());
      assert.deepEqual([outcome.kind, 'done' in outcome && outcome.done], ['applied', 1]);
      const moved = (await cluster.readSnapshot()).tasks.find(({ owner }) => owner?.uid === migration.owner.uid)!;
      assert.deepEqual([moved.node, moved.allocation, moved.request], [migration.to, less, request]);
    });

    it('whose target fills up once its task has stopped is resumed at once, drawn to the target', async () => {
      const plan = one(isMigration);
      const { owner } = plan.moves[0] as Migration;
      const racing = fullOnceStopped(cluster, plan.moves[0] as Migration, { full: true });
      const pins: string[] = [];
      const resume = cluster.resume.bind(cluster);
      Object.defineProperty(racing, 'resume', {
        value: (...words: Parameters<typeof cluster.resume>) => {
          pins.push(words[1].kind);
          return resume(...words);
        },
      });
      const begin = cluster.nowSeconds();
      const outcome = await applyPlan(plan, racing, optionsOf());
      assert.deepEqual([outcome.kind, 'waiting' in outcome && outcome.waiting], ['applied', 0]);
      assert.deepEqual([...new Set(pins)], ['preferred']);
      const found = await cluster.readOwner(owner);
      assert.deepEqual([found?.suspended, found?.active, found?.record], [false, 1, undefined]);
      assert.ok(cluster.nowSeconds() - begin < 120, 'it stops and starts, and nothing is waited for');
    });

    it('that waits with its task stopped in an older journal is resumed at once, before its wait is over', async () => {
      const plan = one(isMigration);
      const move = plan.moves[0] as Migration;
      const racing = fullOnceStopped(cluster, move, { full: true });
      const entries: JournalEntry[] = [];
      const stopped = await stoppedMidway(plan, racing, entries);
      const now = cluster.nowSeconds();
      const state = { ...stopped, sinceSeconds: now, dueSeconds: now + migrationRetrySeconds, reason: 'It is full.' };
      entries.push({ type: 'step', planId: plan.id, moveId: move.id, atSeconds: now, state });
      const outcome = await continueMoves(racing, optionsOf(memoryJournal(entries)));
      assert.equal(outcome.kind, 'applied');
      const found = await cluster.readOwner(move.owner);
      assert.deepEqual([found?.suspended, found?.active, found?.record], [false, 1, undefined]);
    });

    it('whose owner cannot be resumed says why, and that its tasks are stopped, and is tried by whoever comes next', async () => {
      const plan = one(isMigration);
      const { owner } = plan.moves[0] as Migration;
      const stuck = doctored(cluster, {});
      const refusing = { now: true };
      const resume = cluster.resume.bind(cluster);
      const attempt = { act: 'resume', owner } as const;
      const refused = {
        kind: 'refused',
        code: 'forbidden',
        attempt,
        why: { code: 'right', missing: 'patch jobs', namespace: 'x' },
      };
      Object.defineProperty(stuck, 'resume', {
        value: async (...words: Parameters<typeof cluster.resume>) => (refusing.now ? refused : resume(...words)),
      });
      const journal = memoryJournal();
      const first = await applyPlan(plan, stuck, optionsOf(journal));
      assert.equal(first.kind, 'waiting');
      assert.match(stepsOf(first)[0]!.text, /^Its tasks are stopped\. Cannot resume .*no right to patch jobs/);
      assert.equal((await cluster.readOwner(owner))?.suspended, true);
      refusing.now = false;
      // The sample's clock stands still: the wait is not over.
      const end = await continueMoves(stuck, optionsOf(journal));
      assert.equal(end.kind, 'applied');
      assert.deepEqual((await cluster.readOwner(owner))?.suspended, false);
    });

    it('whose target goes away after the end is resumed at once where there is capacity', async () => {
      const plan = one(isMigration);
      const move = plan.moves[0] as Migration;
      const gone = doctored(cluster, {
        snapshot: (snapshot) =>
          isThere(snapshot.tasks, move)
            ? snapshot
            : { ...snapshot, nodes: snapshot.nodes.filter(({ name }) => name !== move.to) },
      });
      const outcome = await applyPlan(plan, gone, optionsOf());
      assert.match(stepsOf(outcome)[0]!.text, new RegExp(`Node ${move.to} is gone`));
      const found = await cluster.readOwner(move.owner);
      assert.deepEqual([found?.suspended, found?.active], [false, 1]);
    });

    it('whose task does not start on the target in time is resumed without the pin', async () => {
      const plan = one(isMigration);
      const move = plan.moves[0] as Migration;
      const blind = doctored(cluster, {});
      const realResume = cluster.resume.bind(cluster);
      Object.defineProperty(blind, 'resume', {
        value: (...words: Parameters<typeof cluster.resume>) =>
          // The target fills up in the very moment: the pin leads to a node that takes nothing.
          realResume(
            words[0],
            words[1].kind === 'required' ? { kind: 'required', node: 'gpu-t4-1' } : words[1],
            words[2],
          ),
      });
      const outcome = await applyPlan(plan, blind, optionsOf());
      assert.match(stepsOf(outcome)[0]!.text, /did not take/);
      const found = await cluster.readOwner(move.owner);
      assert.deepEqual([found?.suspended, found?.active, found?.record], [false, 1, undefined]);
      assert.notEqual(found?.tasks[0]?.node, undefined);
    });

    it('that a disruption budget speaks against is refused, its task left running', async () => {
      const { tasks, budgets } = await cluster.readSnapshot();
      const guarded = new Set(
        budgets.flatMap(({ disruptionsAllowed, taskIds }) => (disruptionsAllowed > 0 ? [] : taskIds)),
      );
      const task = tasks.find(
        ({ id, phase, owner }) => guarded.has(id) && phase === 'running' && owner?.kind === 'Job',
      );
      assert.ok(task?.owner, 'the sample has a task under a spent budget');
      const owner = {
        kind: 'Job',
        namespace: task.namespace,
        name: task.owner.name,
        uid: task.owner.uid,
        generation: task.owner.generation,
      };
      const record = { planId: 'p', moveId: 'm', kind: 'migration', startedAtSeconds: 0 } as const;
      const result = await cluster.suspend(owner, record, { dryRun: false });
      assert.deepEqual([result.kind, 'code' in result && result.code], ['refused', 'budget']);
      assert.equal((await cluster.readOwner(owner))?.suspended, false);
    });
  });

  describe('cancelling', () => {
    it('before a move leaves it and all later ones undone, for good', async () => {
      const plan = firstOfEach(whole, [isShrink, isPlacement]);
      const cancel = new AbortController();
      const journal = memoryJournal();
      const onStep = (step: Step) => {
        if (step.move.id === plan.moves[0]!.id && phaseOf(step) === 'done') cancel.abort();
      };
      const outcome = await applyPlan(plan, cluster, optionsOf(journal, { signal: cancel.signal, onStep }));
      assert.deepEqual([outcome.kind, 'done' in outcome && [outcome.done, outcome.failed]], ['applied', [1, 1]]);
      const placed = (await cluster.readSnapshot()).tasks.find(({ id }) => id === plan.moves[1]!.task.id)!;
      assert.ok(placed.gated);
      assert.deepEqual(stepsOf(await continueMoves(cluster, optionsOf(journal))), []);
    });

    it('at any step of a migration leaves nobody suspended', async () => {
      const plan = one(isMigration);
      const { owner } = plan.moves[0] as Migration;
      for (const stopAt of ['suspending', 'stopping', 'resuming', 'starting']) {
        const fresh = await freshSample();
        const another = await open(fresh.directory);
        const cancel = new AbortController();
        const onStep = ({ state }: Step) => {
          if (state.kind === stopAt) cancel.abort();
        };
        await applyPlan(plan, another, optionsOf(memoryJournal(), { signal: cancel.signal, onStep }));
        assert.ok(cancel.signal.aborted, stopAt);
        const found = await another.readOwner(owner);
        assert.deepEqual([found?.suspended, found?.active], [false, 1], stopAt);
        await fresh.remove();
      }
    });
  });

  describe('undo', () => {
    it('gives each resized task back what it had, once', async () => {
      const plan = firstOfEach(whole, [isShrink, isExpand]);
      const journal = memoryJournal();
      await applyPlan(plan, cluster, optionsOf(journal));
      const outcome = await undoResizes(cluster, optionsOf(journal));
      assert.deepEqual([outcome.kind, 'done' in outcome && outcome.done], ['applied', 2]);
      const { tasks } = await cluster.readSnapshot();
      for (const move of plan.moves as readonly Resize[]) {
        assert.deepEqual(tasks.find(({ uid }) => uid === move.task.uid)?.allocation, move.from);
      }
      assertRefusal(await undoResizes(cluster, optionsOf(journal)), 'nothingToUndo', 'no applied resize');
    });

    it('leaves alone what somebody has changed since', async () => {
      const plan = one(isShrink);
      const move = plan.moves[0] as Resize;
      const journal = memoryJournal();
      await applyPlan(plan, cluster, optionsOf(journal));
      const generation = (await cluster.readTask(move.task))!.generation;
      const record = { planId: 'x', moveId: 'y', kind: 'resize', startedAtSeconds: 0 } as const;
      await cluster.resize({ ...move.task, generation }, { ...move.to, milliCpu: move.to.milliCpu + 300 }, record, {
        dryRun: false,
      });
      assertRefusal(await undoResizes(cluster, optionsOf(journal)), 'nothingToUndo', 'no applied resize');
    });
  });

  it('writes what was predicted into the ledger, then what came of it, then when the task ended', async () => {
    const plan = firstOfEach(whole, [isPlacement, isMigration]);
    const ledger = memoryLedger();
    const journal = memoryJournal();
    await applyPlan(plan, cluster, optionsOf(journal, { ledger }));
    for (const row of ledger.rows()) {
      assert.ok((row.predicted.remainingSeconds ?? 0) > 0, row.moveId);
      assert.equal(row.outcome?.kind, 'done', row.moveId);
      assert.equal(row.ended, undefined, row.moveId);
    }
    await cluster.advance(4 * 86_400);
    await continueMoves(cluster, optionsOf(journal, { ledger }));
    for (const row of ledger.rows()) assert.ok(row.ended!.atSeconds > row.outcome!.atSeconds, row.moveId);
  });

  it('keeps in the ledger what was done, how it ended, and what an undo took back', async () => {
    const plan = firstOfEach(whole, [isShrink]);
    const [ledger, journal] = [memoryLedger(), memoryJournal()];
    await applyPlan(plan, cluster, optionsOf(journal, { ledger }));
    const [shrink] = ledger.rows();
    assert.equal(shrink?.outcome?.state?.kind, 'done');
    assert.equal(shrink?.what && describeMove(shrink.what), describeMove(plan.moves[0]!));
    await undoResizes(cluster, optionsOf(journal, { ledger }));
    const [undone, undo] = ledger.rows();
    assert.ok(undone?.undone && undone.undone.atSeconds >= undone.outcome!.atSeconds);
    assert.deepEqual([undo?.undoes, undo?.outcome?.kind, undo?.what?.kind], [plan.id, 'done', 'resize']);
  });

  it('follows a whole plan of the planner to its end', async () => {
    const journal = memoryJournal();
    const outcome = await applyPlan(whole, cluster, optionsOf(journal));
    assert.deepEqual([outcome.kind, 'done' in outcome && outcome.done], ['applied', whole.moves.length]);
    const [operation] = journal.operations();
    assert.ok(whole.moves.every(({ id }) => stateOf(operation!, id).kind === 'done'));
  });

  /** Waits of one kind until they are over, then gives up; nothing was asked of the cluster. */
  async function assertWaits(
    doctoredCluster: Parameters<typeof applyPlan>[1],
    plan: Plan,
    wait: string,
    seconds: number,
    limitSeconds: number,
    meanwhile: () => Promise<void> = async () => {},
  ): Promise<void> {
    const journal = memoryJournal();
    const begin = cluster.nowSeconds();
    let outcome = await applyPlan(plan, doctoredCluster, optionsOf(journal));
    // A task may end while it is waited for; then the plan is stale, which ends the wait too.
    while (outcome.kind === 'waiting') {
      const state = stateOf(journal.operations()[0]!, plan.moves[0]!.id) as Waiting;
      assert.deepEqual([state.kind, state.wait], ['waiting', wait]);
      assert.ok(state.dueSeconds <= cluster.nowSeconds() + seconds);
      await meanwhile();
      const early = await continueMoves(doctoredCluster, optionsOf(journal));
      assert.equal(early.kind, 'waiting', 'nothing happens before the wait is over');
      await cluster.advance(state.dueSeconds - cluster.nowSeconds());
      outcome = await continueMoves(doctoredCluster, optionsOf(journal));
    }
    const [step] = stepsOf(outcome);
    assert.equal(step?.state, 'failed');
    if (/Given up: it waited .*, the limit of stowage\.\w+\.\w*[gG]iveUpAfterMinutes/.test(step!.text)) {
      assert.equal(cluster.nowSeconds() - begin, limitSeconds);
    } else assert.match(step!.text, /is gone/);
    assert.deepEqual(await cluster.readRecords(), []);
  }
});

/** The journal up to where the tasks have stopped; the state that an older version then wrote, without its wait. */
async function stoppedMidway(plan: Plan, cluster: Cluster, entries: JournalEntry[]) {
  class Stopped extends Error {}
  const onStep = ({ state }: Step) => {
    if (state.kind === 'stopping') throw new Stopped();
  };
  const applying = applyPlan(plan, cluster, optionsOf(memoryJournal(entries), { onStep }));
  await assert.rejects(applying, Stopped);
  const last = entries.at(-1);
  assert.ok(last?.type === 'step' && last.state.kind === 'stopping');
  return { kind: 'stopped', saved: last.state.saved } as const;
}

/** Full for everyone who looks after the task has gone from its old node. */
function fullOnceStopped(cluster: SampleCluster, move: Migration, target: { full: boolean }) {
  return doctored(cluster, {
    snapshot: (snapshot) => (target.full && !isThere(snapshot.tasks, move) ? filled(snapshot, move.to) : snapshot),
  });
}

function isThere(tasks: readonly { readonly uid: string }[], { task }: Migration): boolean {
  return tasks.some(({ uid }) => uid === task.uid);
}

function stepsOf(outcome: ApplyOutcome): readonly StepText[] {
  if ('steps' in outcome) return outcome.steps.map(describeStep);
  assert.fail(outcome.kind === 'refused' ? describeApplyRefused(outcome) : outcome.kind);
}

function assertRefusal(outcome: ApplyOutcome, code: string, words: string): void {
  if (outcome.kind !== 'refused') assert.fail(outcome.kind);
  const text = describeApplyRefused(outcome);
  assert.equal(outcome.code, code, text);
  assert.ok(text.includes(words), text);
}
