import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { NO_ARRIVALS } from '../../../src/core/forecast/arrivals.ts';
import { forecast } from '../../../src/core/forecast/forecast.ts';
import { changeName, withChange, withMoves, withNode, withoutNode } from '../../../src/core/forecast/scenarios.ts';
import type { Migration, Placement, Resize } from '../../../src/core/model/moves.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/model/settings.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import type { Checkpoint } from '../../../src/core/model/task.ts';
import { scenarioTitle } from '../../../src/text/forecast.ts';
import { amounts, node, snapshot, sure, task } from '../place/cluster.ts';

const HOUR = 3600;
const wide = amounts({ milliCpu: 6000, memoryBytes: 2 ** 30 });
const small = amounts({ milliCpu: 2000, memoryBytes: 2 ** 30 });
const nodes = [node('a'), node('b')];
const running = task('running', { node: 'a', request: small, startedAtSeconds: 0 });
const pending = task('pending', { request: wide });
const snap = { ...snapshot(nodes, [pending, running]), takenAtSeconds: HOUR };

const ref = (id: string) => ({ id, uid: id, generation: 1 });
const placement: Placement = { kind: 'placement', id: '1', task: ref(pending.id), to: 'b', request: wide };
const resize: Resize = {
  kind: 'resize',
  id: '2',
  task: ref(running.id),
  direction: 'shrink',
  from: small,
  to: amounts({ milliCpu: 500, memoryBytes: 2 ** 30 }),
  request: small,
};
const migration: Migration = {
  kind: 'migration',
  id: '3',
  task: ref(running.id),
  owner: { kind: 'Job', namespace: 'default', name: 'running', uid: 'u', generation: 1 },
  from: 'a',
  to: 'b',
  allocation: small,
  run: { elapsedSeconds: HOUR, remainingSeconds: HOUR, usageSoFar: amounts({}), lostSeconds: 0 },
};

/** Free CPU now and after each horizon, with both tasks sure to take 2 h. */
function freeCores(scenario: Snapshot): number[] {
  const predictions = { [running.id]: sure(2 * HOUR), [pending.id]: sure(2 * HOUR) };
  const run = forecast({
    scenarios: { it: scenario },
    predictions,
    arrivals: NO_ARRIVALS,
    settings: DEFAULT_SETTINGS,
    seed: 1,
    samples: 2,
  });
  for (let step = run.next(); ; step = run.next()) {
    if (step.done) return step.value.scenarios[0]!.moments.map(({ free }) => free['milliCpu']!.p50 / 1000);
  }
}

describe('a scenario with moves', () => {
  it('binds placed tasks, which begin now', () => {
    const placed = withMoves(snap, [placement], DEFAULT_SETTINGS).tasks[0]!;
    assert.deepEqual([placed.node, placed.phase, placed.startedAtSeconds], ['b', 'running', HOUR]);
  });

  it('changes what a resized task holds', () => {
    const resized = withMoves(snap, [resize], DEFAULT_SETTINGS).tasks[1]!;
    assert.deepEqual(
      [resized.allocation.milliCpu, resized.desired.milliCpu, resized.request.milliCpu],
      [500, 500, 2000],
    );
  });

  it('moves a task and makes it younger by the work it loses and its restart', () => {
    const startOf = (checkpoint?: Checkpoint) => {
      const tasks = [pending, { ...running, ...(checkpoint && { checkpoint }) }];
      const moved = withMoves({ ...snap, tasks }, [migration], DEFAULT_SETTINGS).tasks[1]!;
      assert.equal(moved.node, 'b');
      return moved.startedAtSeconds! - HOUR;
    };
    // It begins 60 s from now: from nothing, from what was saved at 2,600 s of its run, or from where it stopped.
    assert.equal(startOf(), 60);
    assert.equal(startOf({ location: 's3://x', savedAtSeconds: 2600 }), 60 - 2600);
    assert.equal(startOf({ location: 's3://x' }), 60 - 3600);
  });

  it("moves all of an owner's tasks", () => {
    const twin = { ...running, id: 'default/twin' };
    const both = withMoves(
      { ...snap, tasks: [running, twin] },
      [{ ...migration, others: [ref(twin.id)] }],
      DEFAULT_SETTINGS,
    );
    assert.deepEqual(
      both.tasks.map(({ node: on }) => on),
      ['b', 'b'],
    );
  });

  it('carries out only the kinds asked for', () => {
    const all = [placement, resize, migration];
    const tasks = withMoves(snap, all, DEFAULT_SETTINGS, ['resize']).tasks;
    assert.deepEqual(
      tasks.map((each) => [each.node, each.allocation.milliCpu]),
      [
        [undefined, 6000],
        ['a', 500],
      ],
    );
    assert.deepEqual(withMoves(snap, all, DEFAULT_SETTINGS, []), snap);
  });

  it('leaves out moves of tasks that are gone', () => {
    const gone = { ...resize, task: ref('default/gone') };
    assert.deepEqual(withMoves(snap, [gone], DEFAULT_SETTINGS), snap);
  });

  it('shows in the forecast: lost work holds capacity longer', () => {
    const saved = { ...running, checkpoint: { location: 's3://x' } };
    const kept = freeCores(withMoves({ ...snap, tasks: [pending, saved] }, [migration], DEFAULT_SETTINGS));
    const lost = freeCores(withMoves(snap, [migration], DEFAULT_SETTINGS));
    assert.ok(kept.every((cores, index) => cores >= lost[index]!));
    assert.ok(kept.some((cores, index) => cores > lost[index]!));
  });
});

describe('a scenario with other nodes', () => {
  it('loses a node: its tasks wait again, from nothing, with what they asked for; infrastructure goes with it', () => {
    const agent = task('agent', { node: 'a', infrastructure: true });
    const leaving = task('leaving', { node: 'a', phase: 'ending' });
    const lost = withoutNode({ ...snap, tasks: [...snap.tasks, agent, leaving] }, 'a');
    assert.deepEqual(
      lost.nodes.map(({ name }) => name),
      ['b'],
    );
    assert.deepEqual(
      lost.tasks.map(({ id, phase, node: on, startedAtSeconds }) => [id, phase, on, startedAtSeconds]),
      [
        ['default/pending', 'pending', undefined, undefined],
        ['default/running', 'pending', undefined, undefined],
      ],
    );
  });

  it('gains a node: all that is free before is free after, and its own capacity beside', () => {
    const before = freeCores({ ...snap, tasks: [running] });
    const after = freeCores(withNode({ ...snap, tasks: [running] }, node('c')));
    assert.deepEqual(
      after,
      before.map((cores) => cores + 8),
    );
  });

  it('adds one more of a kind: free, ready, under a name of its own, without the other’s end', () => {
    const kind = {
      labels: { 'kubernetes.io/hostname': 'a', zone: 'z' },
      taints: [
        { key: 'gpu', value: '', effect: 'NoSchedule' as const },
        { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' as const },
      ],
    };
    const deadline = { atSeconds: 9 * HOUR, source: 'spot' as const };
    const old = node('a', { ...kind, unschedulable: true, ready: false, deadline });
    const grown = withChange({ ...snap, nodes: [old, node('a-new')] }, { kind: 'added', node: 'a' });
    const fresh = grown.nodes.at(-1)!;
    assert.equal(fresh.name, 'a-new-new');
    assert.deepEqual(fresh.labels, { 'kubernetes.io/hostname': 'a-new-new', zone: 'z' });
    assert.deepEqual(
      fresh.taints.map(({ key }) => key),
      ['gpu'],
    );
    assert.deepEqual([fresh.ready, fresh.unschedulable, fresh.deadline], [true, false, undefined]);
    assert.deepEqual(grown.tasks, snap.tasks);
  });

  it('takes a node away by its name, and says which nodes there are when it has none of that name', () => {
    const change = { kind: 'lost', node: 'a' } as const;
    assert.deepEqual(withChange(snap, change), withoutNode(snap, 'a'));
    assert.equal(scenarioTitle(changeName(change)), 'without a');
    assert.throws(() => withChange(snap, { kind: 'lost', node: 'x' }), /no node x in test.*a, b/);
  });
});
