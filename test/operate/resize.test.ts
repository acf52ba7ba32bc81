import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { ActResult, Cluster, ResizeOptions } from '../../src/cluster/port.ts';
import { refuse, resizing } from '../../src/cluster/refused.ts';
import type { SampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import type { Resize } from '../../src/core/model/moves.ts';
import { type Resources, sameResources } from '../../src/core/model/resources.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { Task } from '../../src/core/model/task.ts';
import type { ContainerUsage } from '../../src/core/model/usage.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { applyPlan, continueMoves, undoResizes } from '../../src/operate/applyPlan.ts';
import { type Journal, type MoveState, stateOf } from '../../src/operate/journal.ts';
import type { Step } from '../../src/operate/step.ts';
import { describeStep } from '../../src/text/operation.ts';
import { doctored, filled } from './doctored.ts';
import { memoryJournal } from './memory.ts';
import { freshSample, isShrink, open, optionsOf, planOf } from './samplePlan.ts';

const { expandGiveUpSeconds, expandRetrySeconds, shrinkRetrySeconds } = DEFAULT_SETTINGS;
const REAL = { dryRun: false };
const THEIRS = { planId: 'theirs', moveId: 'theirs', kind: 'resize', startedAtSeconds: 0 } as const;

describe('a resize', () => {
  let cluster: SampleCluster;
  let whole: Plan;
  let remove: () => Promise<void>;
  let journal: Journal;
  let task: Task;

  beforeEach(async () => {
    const fresh = await freshSample();
    remove = fresh.remove;
    cluster = await open(fresh.directory);
    whole ??= await planOf(cluster); // each test begins with the same cluster
    const shrink = whole.moves.find((move) => isShrink(move) && move.task.id.startsWith('vision/tracking'))!;
    task = taskIn(await cluster.readSnapshot(), shrink.task.id); // never ends by itself
    journal = memoryJournal();
  });
  afterEach(() => remove());

  const resize = (to: Partial<Resources>, more: Partial<Resize> = {}): Plan => {
    const move = resizeOf(task, { ...task.desired, ...to });
    return { ...whole, id: 'one', moves: [{ ...move, ...more }] };
  };
  const less = () => resize({ milliCpu: task.desired.milliCpu - 100 });
  const now = async () => taskIn(await cluster.readSnapshot(), task.id);
  const state = (): MoveState => stateOf(journal.operations()[0]!, `resize ${task.id}`);

  /** The cluster, but its node defers one amount for as long as `defers` says. */
  const deferring = (to: Resources, defers: () => boolean, snapshot?: (snapshot: Snapshot) => Snapshot) =>
    doctored(cluster, {
      ...(snapshot && { snapshot }),
      task: (seen) =>
        defers() && sameResources(seen.desired, to) ? { ...seen, resize: 'deferred', message: 'no room' } : seen,
    });

  describe('leaves no record at its end', () => {
    it('that is done, and the time of a shrink stays', async () => {
      const outcome = await applyPlan(less(), cluster, optionsOf(journal));
      assert.deepEqual(['done' in outcome && outcome.done, await cluster.readRecords()], [1, []]);
      const { lastShrunkAtSeconds = 0 } = await now();
      assert.ok(cluster.nowSeconds() - lastShrunkAtSeconds < 60);
    });

    it('that somebody else has made of it', async () => {
      const plan = less();
      const slow = deferring((plan.moves[0] as Resize).to, () => true);
      await applyPlan(plan, slow, optionsOf(journal));
      const { generation } = (await cluster.readTask(task))!;
      const theirs = { ...task.desired, milliCpu: task.desired.milliCpu - 50 };
      await cluster.resize({ ...refOf(task), generation }, theirs, THEIRS, REAL);
      await cluster.releaseTask(refOf(task), THEIRS, REAL);
      await cluster.advance(expandGiveUpSeconds);
      const [step] = steps(await continueMoves(slow, optionsOf(journal)));
      assert.match(step!.text, /was changed by somebody else/);
      assert.deepEqual([(await now()).desired, await cluster.readRecords()], [theirs, []], 'theirs stays');
    });

    it('of a task that has ended meanwhile', async () => {
      const plan = less();
      let ended = false;
      const slow = deferring((plan.moves[0] as Resize).to, () => true);
      const gone = doctored(slow, { task: (seen) => (ended ? { ...seen, phase: 'succeeded' } : seen) });
      await applyPlan(plan, gone, optionsOf(journal));
      assert.equal((await cluster.readRecords()).length, 1, 'while it waits, there is one');
      ended = true;
      await cluster.advance(expandRetrySeconds);
      await continueMoves(gone, optionsOf(journal));
      assert.deepEqual([state().kind, await cluster.readRecords()], ['done', []]);
    });

    it('that is cancelled while its node defers it', async () => {
      const plan = less();
      const slow = deferring((plan.moves[0] as Resize).to, () => true);
      await applyPlan(plan, slow, optionsOf(journal));
      const [step] = steps(await continueMoves(slow, optionsOf(journal, { signal: AbortSignal.abort() })));
      assert.match(step!.text, /^Cancelled\. The resize is taken back\.$/);
      assert.deepEqual([(await now()).desired, await cluster.readRecords()], [task.desired, []]);
    });
  });

  it('counts all its waits by one clock: until there is room, then until its node grants it', async () => {
    const more = resize({ milliCpu: task.desired.milliCpu + 100 });
    const { to } = more.moves[0] as Resize;
    let isFull = true;
    const slow = deferring(
      to,
      () => true,
      (snapshot) => (isFull ? filled(snapshot, task.node!) : snapshot),
    );
    const begin = cluster.nowSeconds();
    await applyPlan(more, slow, optionsOf(journal));
    await cluster.advance(expandGiveUpSeconds - 2 * expandRetrySeconds);
    isFull = false;
    await continueMoves(slow, optionsOf(journal));
    assert.equal(state().kind, 'granting');
    assert.equal((await cluster.readRecords())[0]?.record.startedAtSeconds, begin, 'another machine counts it so, too');
    await cluster.advance(begin + expandGiveUpSeconds - cluster.nowSeconds());
    const [step] = steps(await continueMoves(slow, optionsOf(journal)));
    assert.match(step!.text, /no room\. The resize is taken back/);
    assert.ok(cluster.nowSeconds() - begin < expandGiveUpSeconds + 600);
  });

  it('of memory that is in use is taken back as soon as its node says that it cannot', async () => {
    const unread = doctored(cluster, { snapshot: (snapshot) => ({ ...snapshot, usage: {} }) });
    const begin = cluster.nowSeconds();
    const outcome = await applyPlan(resize({ memoryBytes: 2 ** 20 }), unread, optionsOf(journal));
    const [step] = steps(outcome);
    assert.match(step!.text, /attempting to set memory limit .*below current usage.*The resize is taken back\.$/);
    assert.deepEqual([outcome.kind, (await now()).desired], ['applied', task.desired]);
    assert.ok(cluster.nowSeconds() - begin <= 60, 'apply is not blocked');
    assert.deepEqual(await cluster.readRecords(), []);
  });

  describe('that is taken back', () => {
    /** Its node can never grant it, and then does not grant what it had for as long as `isHeld` says. */
    const stubborn = (isHeld: () => boolean) =>
      doctored(cluster, {
        task: (seen) => {
          if (!sameResources(seen.desired, task.desired)) return { ...seen, resize: 'infeasible', message: 'never' };
          return isHeld() && state().kind === 'reverting'
            ? { ...seen, resize: 'deferred', message: 'taken by others' }
            : seen;
        },
      });

    it('says so once its node has granted what it had', async () => {
      let isHeld = true;
      const node = stubborn(() => isHeld);
      const first = await applyPlan(less(), node, optionsOf(journal));
      assert.deepEqual([first.kind, state().kind], ['waiting', 'reverting']);
      isHeld = false;
      await cluster.advance(expandRetrySeconds);
      const [step] = steps(await continueMoves(node, optionsOf(journal)));
      assert.match(step!.text, /never\. The resize is taken back\.$/);
      assert.deepEqual(await cluster.readRecords(), []);
    });

    it('says that it was not granted what it had when the waits are over', async () => {
      const node = stubborn(() => true);
      await applyPlan(less(), node, optionsOf(journal));
      await cluster.advance(expandGiveUpSeconds);
      const [step] = steps(await continueMoves(node, optionsOf(journal)));
      assert.match(step!.text, /It asks for what it had again, which its node has not granted: taken by others\.$/);
    });

    it('is left as somebody else has changed it at that very moment', async () => {
      const node = stubborn(() => false);
      const theirs = { ...task.desired, milliCpu: task.desired.milliCpu - 50 };
      const raced = withAct(node, 'restore', async (ask) => {
        const { generation } = (await cluster.readTask(task))!;
        await cluster.resize({ ...refOf(task), generation }, theirs, THEIRS, REAL);
        return ask();
      });
      const [step] = steps(await applyPlan(less(), raced, optionsOf(journal)));
      assert.match(step!.text, /cannot be taken back\. .*somebody else has changed its amounts since/);
      assert.deepEqual((await now()).desired, theirs);
    });
  });

  describe('of a task with several containers', () => {
    const used = (milliCpu: number, memoryBytes: number) => ({ milliCpu, memoryBytes });
    const usage: Record<string, ContainerUsage> = {
      main: { mean: used(100, 1000), peak: used(200, 2000) },
      mesh: { mean: used(10, 100), peak: used(30, 500) },
    };

    it('is asked for with what each needs: mean CPU and peak memory with the margin', async () => {
      const asked: ResizeOptions['needs'][] = [];
      const measured = doctored(cluster, {
        snapshot: (snapshot) => {
          const known = { ...snapshot.usage[task.id]!, containers: usage };
          return { ...snapshot, usage: { ...snapshot.usage, [task.id]: known } };
        },
      });
      const watched = withAct(measured, 'resize', (ask, ...args) => {
        asked.push((args[3] as ResizeOptions).needs);
        return ask();
      });
      await applyPlan(less(), watched, optionsOf(journal));
      assert.deepEqual(asked[0], { main: used(115, 2300), mesh: used(12, 575) }); // 15 % more, rounded up
    });

    it('waits where one would be left too little, as where the whole task would', async () => {
      const why = { code: 'containerNeeds', resource: 'milliCpu', container: 'main', needed: 115, left: 10 } as const;
      const starving = withAct(cluster, 'resize', async () => refuse('invalid', resizing(task.id), why));
      const outcome = await applyPlan(less(), starving, optionsOf(journal));
      const [step] = steps(outcome);
      assert.match(step!.text, /its container main needs 0\.115 CPU and would be left 0\.01 CPU/);
      assert.deepEqual([outcome.kind, step!.untilSeconds], ['waiting', cluster.nowSeconds() + shrinkRetrySeconds]);
    });
  });

  it('of a plan never takes back what the plan says, only an undo does', async () => {
    const amounts = (cpu: string) => [{ name: 'main', requests: { cpu, memory: `${task.desired.memoryBytes}` } }];
    const takesBack = { before: amounts('20000m'), after: amounts(`${task.desired.milliCpu}m`) };
    const plan = resize({ milliCpu: task.desired.milliCpu - 100 }, { takesBack });
    await applyPlan(plan, cluster, optionsOf(journal));
    assert.equal((await now()).desired.milliCpu, task.desired.milliCpu - 100);
  });

  describe('of version 0.1, which noted nothing of its containers', () => {
    const begun = (state: MoveState) => {
      const { moves } = less();
      const at = { planId: 'one', atSeconds: cluster.nowSeconds() };
      return memoryJournal([
        { type: 'begin', ...at, cluster: cluster.name, moves },
        { type: 'step', ...at, moveId: moves[0]!.id, state },
      ]);
    };

    it('is followed to its end', async () => {
      const { to } = less().moves[0] as Resize;
      await cluster.resize(refOf(task), to, THEIRS, REAL);
      const outcome = await continueMoves(cluster, optionsOf(begun({ kind: 'granting', sinceSeconds: 0 })));
      assert.match(steps(outcome)[0]!.text, /is resized/);
    });

    it('is not taken back, and says why', async () => {
      journal = begun({ kind: 'reverting', reason: { code: 'neverGranted', task: task.id } });
      const [step] = steps(await continueMoves(cluster, optionsOf(journal)));
      assert.match(step!.text, /cannot be taken back\. .*version 0\.1 did not note what each of its containers had/);
      assert.deepEqual((await now()).desired, task.desired);
    });

    it('is not undone', async () => {
      const { from, to } = less().moves[0] as Resize;
      await cluster.resize(refOf(task), to, THEIRS, REAL);
      journal = begun({ kind: 'done', outcome: { code: 'resized', task: task.id, from, to } });
      const outcome = await undoResizes(cluster, optionsOf(journal));
      assert.deepEqual([outcome.kind, (await now()).desired], ['refused', to]);
    });
  });

  it('that is undone gives back what each part had, and leaves no record', async () => {
    const { parts } = (await cluster.readTask(task))!;
    await applyPlan(less(), cluster, optionsOf(journal));
    assert.notDeepEqual((await cluster.readTask(task))!.parts, parts);
    const outcome = await undoResizes(cluster, optionsOf(journal));
    assert.equal('done' in outcome && outcome.done, 1);
    assert.deepEqual([(await cluster.readTask(task))!.parts, await cluster.readRecords()], [parts, []]);
  });
});

function resizeOf({ id, uid, generation, node, desired, request }: Task, to: Resources): Resize {
  const direction = to.milliCpu < desired.milliCpu || to.memoryBytes < desired.memoryBytes ? 'shrink' : 'expand';
  const task = { id, uid, generation, node: node! };
  return { kind: 'resize', id: `resize ${id}`, task, direction, from: desired, to, request };
}

function refOf({ id, uid, generation }: Task) {
  return { id, uid, generation };
}

function taskIn({ tasks }: Snapshot, id: string): Task {
  return tasks.find((task) => task.id === id) ?? assert.fail(`${id} is gone`);
}

function steps(outcome: object) {
  return ('steps' in outcome ? (outcome.steps as readonly Step[]) : []).map(describeStep);
}

/** The same cluster, but one of its acts goes through `act`. */
function withAct<Name extends 'resize' | 'restore'>(
  cluster: Cluster,
  name: Name,
  act: (ask: () => Promise<ActResult>, ...args: Parameters<Cluster[Name]>) => Promise<ActResult>,
): Cluster {
  const other = doctored(cluster, {});
  const ask = cluster[name].bind(cluster) as (...args: Parameters<Cluster[Name]>) => Promise<ActResult>;
  const value = (...args: Parameters<Cluster[Name]>) => act(() => ask(...args), ...args);
  Object.defineProperty(other, name, { value });
  return other;
}
