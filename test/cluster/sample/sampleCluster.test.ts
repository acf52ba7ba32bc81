import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { advance } from '../../../src/cluster/sample/advance.ts';
import { begin } from '../../../src/cluster/sample/begin.ts';
import { lookAt } from '../../../src/cluster/sample/look.ts';
import { openSampleCluster, POLL_SECONDS } from '../../../src/cluster/sample/sampleCluster.ts';
import { stateFile } from '../../../src/cluster/sample/state.ts';
import { BEGIN_SECONDS } from '../../../src/cluster/sample/workload.ts';
import { InputError } from '../../../src/core/model/input.ts';
import {
  addResources,
  amountOf,
  NO_RESOURCES,
  type Resources,
  resourceNames,
  shortage,
} from '../../../src/core/model/resources.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/model/settings.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import { clusterCapacity } from '../../../src/core/place/capacity.ts';
import { nodeFilter } from '../../../src/core/place/filter.ts';
import { draftPlan } from '../../../src/core/plan/makePlan.ts';
import { fitPredictor, predictSnapshot } from '../../../src/core/predict/predictor.ts';
import { sha256 } from '../../../src/io/sha256.ts';
import { describeRefusedAct } from '../../../src/text/refusal.ts';

describe('the sample cluster', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stowage-sample-'));
  });
  afterEach(() => rm(directory, { recursive: true }));
  const open = (advanceSeconds = 0, seed = 7) => openSampleCluster({ seed, directory, advanceSeconds });

  describe('at its beginning', () => {
    it('has 24 nodes of several shapes, about 200 tasks and at least 10,000 finished ones', async () => {
      const cluster = await open();
      const { nodes, tasks } = await cluster.readSnapshot();
      const history = (await cluster.readHistory()).tasks;
      assert.equal(nodes.length, 24);
      assert.ok(new Set(nodes.map(({ allocatable }) => JSON.stringify(allocatable))).size >= 5);
      assert.ok(nodes.some(({ allocatable }) => amountOf(allocatable, 'huawei.com/Ascend910') > 0));
      assert.ok(nodes.some(({ deadline }) => deadline?.source === 'expiry'));
      assert.ok(tasks.length >= 150 && tasks.length <= 260, `${tasks.length} tasks`);
      assert.ok(history.length >= 10_000, `${history.length} finished`);
    });

    it('takes usage over the windows that it is given, also when they change', async () => {
      let windows = { usageWindowSeconds: 600, nodeUsageWindowSeconds: 1200 };
      const cluster = await openSampleCluster({ seed: 7, directory, windows: () => windows });
      const of = async () => {
        const { usage, takenAtSeconds } = await cluster.readSnapshot();
        const [id, { fromSeconds, readings, mean, nodeWindowMean }] = Object.entries(usage).find(
          ([, { mean }]) => mean.milliCpu > 1000,
        )!;
        return {
          id,
          span: takenAtSeconds - fromSeconds,
          readings,
          differs: mean.milliCpu !== nodeWindowMean!.milliCpu,
        };
      };
      const first = await of();
      assert.deepEqual(first, { id: first.id, span: 600, readings: 10, differs: true });
      windows = { usageWindowSeconds: 1200, nodeUsageWindowSeconds: 1200 };
      assert.deepEqual(await of(), { id: first.id, span: 1200, readings: 20, differs: false });
    });

    it('gives every part of a plan something to show', () => {
      const plan = planOf(7);
      const moves = (wanted: (move: (typeof plan.moves)[number]) => boolean) => plan.moves.filter(wanted).length;
      assert.ok(moves(({ kind }) => kind === 'placement') > 0, 'a gated task that fits');
      assert.ok(moves((move) => move.kind === 'resize' && move.direction === 'shrink') > 0, 'a task with too much');
      assert.ok(moves((move) => move.kind === 'resize' && move.direction === 'expand') > 0, 'a task with too little');
      assert.ok(moves(({ kind }) => kind === 'migration') > 0, 'a task worth moving');
      assert.ok(
        plan.migrations.some(({ decision }) => decision.kind === 'wait'),
        'a case where waiting is better',
      );
      const refusals = plan.resizes.flatMap(({ decision }) =>
        decision.kind === 'refused' ? [decision.reason.code] : [],
      );
      assert.ok(refusals.includes('right'), 'a missing right');
    });

    it('is fragmented whatever the seed: tasks fit nowhere although the free capacity together exceeds what they ask for', () => {
      for (let seed = 100; seed < 105; seed += 1) {
        const snapshot = snapshotOf(seed);
        const capacity = clusterCapacity(snapshot);
        const stuck = snapshot.tasks.filter((task) => {
          if (task.phase !== 'pending' || task.gated) return false;
          const refuses = nodeFilter(task, capacity);
          const free = capacity.nodes.map((held) => held.free).reduce(addResources, NO_RESOURCES);
          return capacity.nodes.every((held) => refuses(held)) && shortage(task.request, free) === undefined;
        });
        assert.ok(stuck.length > 0, `seed ${seed}`);
        const placeable = snapshot.tasks.filter((task) => {
          const refuses = nodeFilter(task, capacity);
          return task.gated && capacity.nodes.some((held) => !refuses(held));
        });
        assert.ok(placeable.length > 0, `seed ${seed}`);
      }
    });

    it('has owners whose runs can be told from who runs what: each explains most of its own runtimes', async () => {
      const { tasks } = await (await open()).readHistory();
      const logs = tasks
        .filter(({ outcome }) => outcome === 'succeeded')
        .map((task) => ({
          key: `${task.parameters.creator} ${task.parameters.name} ${task.parameters.dataScale}`,
          log: Math.log(task.endedAtSeconds - task.startedAtSeconds),
        }));
      const total = variance(logs.map(({ log }) => log));
      const groups = Map.groupBy(logs, ({ key }) => key);
      const within = [...groups.values()].map((group) => group.length * variance(group.map(({ log }) => log)));
      const explained = 1 - within.reduce((sum, each) => sum + each, 0) / logs.length / total;
      assert.ok(explained > 0.5 && explained < 0.95, `${explained} of the variance of ln runtime`);
    });
  });

  describe('is its seed, its clock and what was done to it', () => {
    it('same seed, same bytes; another seed, another cluster', async () => {
      const [one, two, other] = [snapshotOf(7), snapshotOf(7), snapshotOf(8)].map((each) => JSON.stringify(each));
      assert.equal(one, two);
      assert.notEqual(one, other);
    });

    it('comes to the same whether its clock goes in one step or in many', () => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 6 }), (steps) => {
          const many = begin(7).world;
          for (const seconds of steps) advance(many, many.nowSeconds + seconds);
          const once = begin(7).world;
          advance(once, many.nowSeconds);
          assert.equal(JSON.stringify(lookAt(once, 'x')), JSON.stringify(lookAt(many, 'x')));
        }),
        { numRuns: 4 },
      );
    });

    it('is rebuilt by another process, after acts and time', async () => {
      const cluster = await open();
      const { tasks } = await cluster.readSnapshot();
      const gated = tasks.find((task) => task.gated)!;
      const { id, uid, generation } = gated;
      const fitting = clusterCapacity(await cluster.readSnapshot());
      const refuses = nodeFilter(gated, fitting);
      const node = fitting.nodes.find((held) => !refuses(held))!.node.name;
      await cluster.place({ id, uid, generation }, node, { dryRun: false });
      await cluster.advance(60);
      const again = await open();
      assert.equal(JSON.stringify(await again.readSnapshot()), JSON.stringify(await cluster.readSnapshot()));
      assert.equal((await again.readSnapshot()).tasks.find((task) => task.uid === uid)?.node, node);
    });

    it('sees what another process does to it', async () => {
      const [here, there] = [await open(), await open()];
      await there.advance(600);
      assert.equal((await here.readSnapshot()).takenAtSeconds, BEGIN_SECONDS + 600);
    });

    it('keeps several seeds in one file', async () => {
      await open(600, 7);
      await open(1200, 8);
      assert.equal((await open(0, 7)).nowSeconds(), BEGIN_SECONDS + 600);
      assert.equal((await open(0, 8)).nowSeconds(), BEGIN_SECONDS + 1200);
    });

    it('stands still unless it is told, or something that was asked for is followed', async () => {
      const cluster = await open();
      const { tasks } = await cluster.readSnapshot();
      const running = tasks.find(
        ({ phase, owner, namespace }) => phase === 'running' && owner?.kind === 'Job' && namespace === 'media',
      )!;
      const { id, uid, generation, desired } = running;
      await cluster.readTask({ id, uid, generation });
      assert.equal(cluster.nowSeconds(), BEGIN_SECONDS);
      const record = { planId: 'p', moveId: 'm', kind: 'resize', startedAtSeconds: 0 } as const;
      await cluster.resize({ id, uid, generation }, { ...desired, milliCpu: desired.milliCpu - 100 }, record, {
        dryRun: false,
      });
      const state = await cluster.readTask({ id, uid, generation });
      assert.equal(cluster.nowSeconds(), BEGIN_SECONDS + POLL_SECONDS);
      assert.equal(state?.resize, 'none');
    });
  });

  it('never gives away more of a node than it has, over days and seeds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 86_400 }), (seed, seconds) => {
        const { world } = begin(seed);
        advance(world, world.nowSeconds + seconds);
        assertNotOverfilled(lookAt(world, 'x'));
      }),
      { numRuns: 5 },
    );
  });

  it('goes on: tasks end and become history, others arrive', async () => {
    const cluster = await open();
    const before = await cluster.readSnapshot();
    const finished = (await cluster.readHistory()).tasks.length;
    await cluster.advance(6 * 3600);
    const after = await cluster.readSnapshot();
    const old = new Set(before.tasks.map(({ uid }) => uid));
    assert.ok((await cluster.readHistory()).tasks.length > finished + 50);
    assert.ok(after.tasks.filter(({ uid }) => !old.has(uid)).length > 30);
  });

  it('replaces the node that expires, and begins its tasks again', async () => {
    const cluster = await open();
    const before = await cluster.readSnapshot();
    const node = before.nodes.find(({ deadline }) => deadline?.source === 'expiry')!;
    await cluster.advance(node.deadline!.atSeconds - BEGIN_SECONDS);
    const after = await cluster.readSnapshot();
    const next = after.nodes.find(({ name }) => name === node.name)!;
    assert.notEqual(next.uid, node.uid);
    assert.ok(next.deadline!.atSeconds > after.takenAtSeconds);
    const uids = new Set(after.tasks.map(({ uid }) => uid));
    for (const task of before.tasks) {
      if (task.node === node.name && !task.infrastructure)
        assert.ok(!uids.has(task.uid), `${task.id} went with its node`);
    }
  });

  it('defers a resize that its node has no room for, and grants it when there is', async () => {
    const cluster = await open();
    const { nodes, tasks } = await cluster.readSnapshot();
    const capacity = clusterCapacity(await cluster.readSnapshot());
    const held = capacity.nodes.find(({ node }) => node.name.startsWith('cpu-l'))!;
    const task = tasks.find(
      ({ node, owner, phase, namespace }) =>
        node === held.node.name && owner?.kind === 'Job' && phase === 'running' && namespace !== 'clinic',
    )!;
    const { id, uid, generation, desired } = task;
    const wanted = { ...desired, milliCpu: desired.milliCpu + held.free.milliCpu + 1 };
    assert.ok(wanted.milliCpu <= nodes.find(({ name }) => name === task.node)!.allocatable.milliCpu);
    const record = { planId: 'p', moveId: 'm', kind: 'resize', startedAtSeconds: 0 } as const;
    const result = await cluster.resize({ id, uid, generation }, wanted, record, { dryRun: false });
    assert.equal(result.kind, 'done');
    const state = await cluster.readTask({ id, uid, generation });
    assert.equal(state?.resize, 'deferred');
    assert.match(state!.message!, /didn't have enough resource: milliCpu/);
    const seen = (await cluster.readSnapshot()).tasks.find((each) => each.uid === uid)!;
    assert.deepEqual(
      [seen.allocation.milliCpu, seen.resizeState?.kind],
      [wanted.milliCpu, 'deferred'],
      'it counts as held',
    );
    for (let hour = 0; hour < 48; hour += 1) {
      await cluster.advance(1800);
      const now = await cluster.readTask({ id, uid, generation });
      if (now?.resize !== 'deferred') {
        assert.ok(now === undefined || now.phase !== 'running' || now.actual.milliCpu === wanted.milliCpu);
        return;
      }
    }
    assert.fail('it stayed deferred for a day');
  });

  it('loses nothing of what two processes do to it at once', async () => {
    const both = [await open(), await open()];
    const times = Array.from({ length: 10 }, (_, at) => at);
    await Promise.all(both.flatMap((cluster) => times.map(() => cluster.advance(60))));
    assert.equal((await open()).nowSeconds(), BEGIN_SECONDS + 2 * 10 * 60);
  });

  it('is never read as it was before a change that is just being kept', async () => {
    const cluster = await open();
    for (let round = 1; round <= 20; round++) {
      const before = cluster.nowSeconds();
      const [, snapshot] = await Promise.all([cluster.advance(60), cluster.readSnapshot(), cluster.readHistory()]);
      assert.deepEqual([snapshot.takenAtSeconds, cluster.nowSeconds()], [before + 60, before + 60], `round ${round}`);
    }
  });

  describe('refuses', () => {
    it('what its user has no right to, naming the right', async () => {
      const cluster = await open();
      const { tasks, rights } = await cluster.readSnapshot();
      assert.deepEqual(Object.keys(rights.resize ?? {}), ['clinic']);
      const task = tasks.find(({ namespace, phase }) => namespace === 'clinic' && phase === 'running')!;
      const { id, uid, generation, desired } = task;
      const record = { planId: 'p', moveId: 'm', kind: 'resize', startedAtSeconds: 0 } as const;
      const result = await cluster.resize({ id, uid, generation }, { ...desired, milliCpu: 1000 }, record, {
        dryRun: true,
      });
      assert.deepEqual([result.kind, 'code' in result && result.code], ['refused', 'forbidden']);
      assert.match(result.kind === 'refused' ? describeRefusedAct(result) : '', /patch pods\/resize in clinic/);
    });

    it('seeds and steps that make no sense, and a state that is none', async () => {
      await assert.rejects(openSampleCluster({ seed: 1.5, directory }), InputError);
      await assert.rejects(openSampleCluster({ seed: -1, directory }), InputError);
      await assert.rejects(open(-5), InputError);
      await writeFile(stateFile(directory), 'not a state');
      await assert.rejects(open(), /not a sample cluster's state. Delete it/);
      assert.equal(await readFile(stateFile(directory), 'utf8'), 'not a state', 'it is left as it is');
    });
  });
});

function snapshotOf(seed: number): Snapshot {
  return lookAt(begin(seed).world, `sample seed ${seed}`);
}

function planOf(seed: number) {
  const { world, history } = begin(seed);
  const snapshot = lookAt(world, `sample seed ${seed}`);
  const finished = [...history, ...world.finished];
  const predictions = predictSnapshot(fitPredictor(finished), snapshot);
  const predictor = { name: 'baselines', tasks: finished.length };
  return draftPlan({ snapshot, predictions, predictor, settings: DEFAULT_SETTINGS, since: {}, hash: sha256 });
}

function assertNotOverfilled({ nodes, tasks }: Snapshot): void {
  for (const { name, allocatable } of nodes) {
    const held = tasks.filter(({ node }) => node === name).map(({ allocation }) => allocation);
    const sum = held.reduce<Resources>(addResources, NO_RESOURCES);
    for (const resource of resourceNames(sum)) {
      assert.ok(amountOf(sum, resource) <= amountOf(allocatable, resource), `${name} ${resource}`);
    }
  }
}

function variance(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}
