import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { InputError } from '../../../src/core/model/input.ts';
import type { Move } from '../../../src/core/model/moves.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import type { Task } from '../../../src/core/model/task.ts';
import {
  type ClusterCapacity,
  clusterCapacity,
  withAllocation,
  withoutTask,
  withTask,
} from '../../../src/core/place/capacity.ts';
import { checkPlan, fitsOnceFreed, movesThatFit } from '../../../src/core/plan/checkPlan.ts';
import { digest } from '../../../src/core/plan/digest.ts';
import { goalsOf } from '../../../src/core/plan/goals.ts';
import { parsePlan } from '../../../src/core/plan/parsePlan.ts';
import type { Plan } from '../../../src/core/plan/plan.ts';
import { previewPlan, selectMoves } from '../../../src/core/plan/previewPlan.ts';
import { sha256 } from '../../../src/io/sha256.ts';
import { amounts, aNode, aSnapshot, aTask, HOUR, NOW, used } from '../small.ts';
import { checkpoint, everything, plan } from './everything.ts';

/** The capacity after moves, as the scheduler would count it. */
function after(moves: readonly Move[], snapshot: Snapshot, look: (capacity: ClusterCapacity) => void): void {
  const tasks = new Map(snapshot.tasks.map((task) => [task.id, task]));
  let capacity = clusterCapacity(snapshot);
  for (const move of moves) {
    const task = tasks.get(move.task.id)!;
    if (move.kind === 'resize') capacity = withAllocation(capacity, task, move.to);
    else capacity = withTask(withoutTask(capacity, task), task, move.to);
    look(capacity);
  }
}

function changed(snapshot: Snapshot, name: string, change: Partial<Task>): Snapshot {
  return { ...snapshot, tasks: snapshot.tasks.map((task) => (task.name === name ? { ...task, ...change } : task)) };
}

describe('a plan', () => {
  it('of an empty cluster has nothing to do', () => {
    const { moves, placements, resizes, migrations } = plan(aSnapshot([], []));
    assert.deepEqual(
      { moves, placements, resizes, migrations },
      { moves: [], placements: [], resizes: [], migrations: [] },
    );
  });

  it('is the same however long the usage it stands on was watched', () => {
    const watchedFor = (seconds: number) => {
      const snapshot = everything();
      const usage = Object.fromEntries(
        Object.entries(snapshot.usage).map(([id, each]) => [
          id,
          { ...each, fromSeconds: NOW - seconds, readings: Math.max(3, Math.floor(seconds / 15)) },
        ]),
      );
      const { id: _, resizes, ...rest } = plan({ ...snapshot, usage }, { 'default/idle': 3 * HOUR });
      return { ...rest, resizes: resizes.map(({ usage: __, ...each }) => each) };
    };
    const [first, ...later] = [45, 15 * 60, 30 * 60, 2 * HOUR].map(watchedFor);
    assert.equal(first!.moves.length, 5);
    for (const each of later) assert.deepEqual(each, first);
  });

  it('shrinks, expands, places, migrates, and places what the migration makes room for, in this order', () => {
    const made = plan(everything());
    assert.deepEqual(
      made.moves.map(({ id }) => id),
      [
        'resize default/idle',
        'resize default/busy',
        'place default/fits',
        'migrate default/small',
        'place default/big',
      ],
    );
    const [idle, busy, fits, small, big] = made.moves;
    assert.ok(idle?.kind === 'resize' && idle.direction === 'shrink' && idle.to.milliCpu === 2000);
    assert.ok(busy?.kind === 'resize' && busy.direction === 'expand' && busy.to.milliCpu === 6500);
    assert.ok(small?.kind === 'migration' && small.from === 'n2' && small.to === 'n1');
    assert.deepEqual(
      [small.run.elapsedSeconds, small.run.lostSeconds, small.run.checkpoint],
      [HOUR, 600, 's3://saved'],
    );
    assert.ok(big?.kind === 'placement' && big.to === 'n2');
    assert.ok(fits?.kind === 'placement');
    const decision = made.placements.find(({ taskId }) => taskId === 'default/big')!.decision;
    assert.deepEqual(decision, { kind: 'place', to: 'n2', afterMigrations: true });
  });

  it('leaves a pending task that nothing of ours holds back to the scheduler, and what is refused to the user', () => {
    const decisionOf = (snapshot: Snapshot) =>
      plan(snapshot).placements.find(({ taskId }) => taskId === 'default/fits')!.decision.kind;
    assert.equal(decisionOf(changed(everything(), 'fits', { gated: false })), 'scheduler');
    assert.equal(decisionOf({ ...everything(), rights: { place: { default: 'patch pods' } } }), 'refused');
    assert.equal(decisionOf(changed(everything(), 'fits', { constraints: { nodeName: 'none' } })), 'noNode');
  });

  it('is the same for the same snapshot, and comes back from JSON as it was', () => {
    const made = plan(everything());
    assert.deepEqual(plan(everything()), made);
    assert.deepEqual(parsePlan(JSON.parse(JSON.stringify(made)), sha256), JSON.parse(JSON.stringify(made)));
  });

  it('says with a migration whose manifest its pin would conflict with', () => {
    const { tasks } = everything();
    const owner = { ...tasks.find(({ name }) => name === 'small')!.owner!, affinityAppliedBy: 'argocd-controller' };
    const made = plan(changed(everything(), 'small', { owner }));
    const warnings = made.moves.map((move) => (move.kind === 'migration' ? move.warnings : undefined));
    assert.deepEqual(warnings.filter(Boolean), [[{ code: 'affinityApplied', manager: 'argocd-controller' }]]);
    const content = JSON.parse(JSON.stringify(made));
    assert.deepEqual(parsePlan(content, sha256), content);
    for (const broken of ['x', [7], [{ code: 'affinityApplied' }], [{ code: 'other', manager: 'm' }]]) {
      const moves = made.moves.map((move) => (move.kind === 'migration' ? { ...move, warnings: broken } : move));
      const { id: _, ...rest } = { ...content, moves };
      assert.throws(() => parsePlan({ ...rest, id: digest(rest, sha256) }, sha256), /Move \d+ of the plan is broken/);
    }
  });

  it('is refused when it is not one, of another version, cut short, or edited by hand', () => {
    const made = JSON.parse(JSON.stringify(plan(everything())));
    const refused = (value: unknown, text: RegExp) =>
      assert.throws(
        () => parsePlan(value, sha256),
        (error) => error instanceof InputError && text.test(error.message),
      );
    for (const value of [null, 7, 'plan', [], undefined]) refused(value, /not a plan/);
    refused({}, /has no format/);
    refused({ ...made, format: 'stowage-plan-0' }, /stowage-plan-0/);
    const { moves: _, ...short } = made;
    refused(short, /damaged: moves/);
    for (const problems of [undefined, 'none', [7], [{ message: 'x' }]]) {
      refused({ ...made, snapshot: { ...made.snapshot, problems } }, /damaged: snapshot/);
    }
    refused({ ...made, moves: made.moves.slice(1) }, /changed after it was made/);
    refused({ ...made, snapshot: { ...made.snapshot, cluster: 'production' } }, /changed after it was made/);
  });

  it('of version 0.1.0 is read, its waits under the names of now, its sentences as they were written', () => {
    const { id: _, ...content } = JSON.parse(JSON.stringify(plan(everything()))) as Plan;
    const [advice] = content.resizes;
    const wait = { kind: 'wait', direction: 'shrink', amount: 1, untilSeconds: 2, waitedSeconds: 0 };
    const decisions = (names: readonly [string, string, string]) => [
      { ...wait, wait: names[0] },
      { ...wait, wait: names[1] },
      { kind: 'refused', reason: { code: 'waitedOut', wait: names[2], waitedSeconds: 3 } },
    ];
    const problems = ['The nodes cannot be read: nodes is forbidden.'];
    const old = {
      ...content,
      snapshot: { ...content.snapshot, problems },
      resizes: decisions(['first', 'firstWindow', 'fourth']).map((decision) => ({ ...advice, decision })),
    };
    const read = parsePlan({ ...old, id: digest(old, sha256) }, sha256);
    assert.deepEqual(
      read.resizes.map(({ decision }) => decision),
      decisions(['shrink', 'lastShrink', 'expand']),
    );
    const { rules, ...older } = old;
    assert.deepEqual(parsePlan({ ...older, id: digest(older, sha256) }, sha256).rules, rules);
    assert.deepEqual(read.snapshot.problems, problems);
  });

  it('sums up what it ends, loses and wins, each goal once', () => {
    const preview = previewPlan(plan(everything()));
    const { placements, shrinks, expands, migrations, tasksEnded, lostSeconds, withoutCheckpoint } = preview;
    assert.deepEqual([placements, shrinks, expands, migrations], [2, 1, 1, 1]);
    assert.deepEqual([tasksEnded, lostSeconds, withoutCheckpoint], [['default/small'], 600, []]);
    assert.equal(preview.costNodeSeconds, 0.25 * 660);
    const empty = previewPlan(selectMoves(plan(everything()), new Set(), sha256));
    assert.deepEqual([empty.migrations, empty.lostSeconds, empty.gainNodeSeconds], [0, 0, 0]);
  });

  it('can be narrowed to some of its moves, under an id of its own', () => {
    const made = plan(everything());
    const part = selectMoves(made, new Set(['place default/fits', 'unknown']), sha256);
    assert.deepEqual(
      part.moves.map(({ id }) => id),
      ['place default/fits'],
    );
    assert.notEqual(part.id, made.id);
    assert.deepEqual(parsePlan(part, sha256), part);
  });
});

describe('checking a plan on a fresh snapshot', () => {
  const made = plan(everything());
  const codes = (snapshot: Snapshot) => {
    const check = checkPlan(made, snapshot);
    return check.kind === 'ok' ? 'ok' : [...new Set(check.reasons.map(({ code }) => code))];
  };

  it('accepts the unchanged snapshot, and one on which only time, readings and others have gone on', () => {
    assert.deepEqual(checkPlan(made, everything()), { kind: 'ok', waits: [] });
    const later = changed(everything(), 'other', { generation: 9, priority: 5 });
    assert.equal(codes({ ...later, takenAtSeconds: NOW + 60, usage: {} }), 'ok');
  });

  it('refuses each kind of change to a task it touches', () => {
    const gone = { ...everything(), tasks: everything().tasks.filter(({ name }) => name !== 'idle') };
    assert.deepEqual(codes(gone), ['taskGone']);
    assert.deepEqual(codes(changed(everything(), 'idle', { uid: 'new' })), ['taskReplaced']);
    assert.deepEqual(codes(changed(everything(), 'idle', { generation: 2 })), ['taskChanged']);
    assert.deepEqual(codes(changed(everything(), 'idle', { node: 'n3' })), ['taskMoved']);
    assert.deepEqual(codes(changed(everything(), 'idle', { phase: 'ending' })), ['taskEnding']);
    assert.deepEqual(codes(changed(everything(), 'idle', { allocation: amounts(3, 1) })), ['allocationChanged']);
    assert.deepEqual(codes(changed(everything(), 'fits', { node: 'n1', phase: 'running' })), ['taskMoved']);
    const { owner } = everything().tasks.find(({ name }) => name === 'small')!;
    assert.deepEqual(codes(changed(everything(), 'small', { owner: { ...owner!, suspended: true } })), [
      'ownerChanged',
    ]);
    assert.deepEqual(codes(changed(everything(), 'small', { owner: { ...owner!, generation: 2 } })), ['ownerChanged']);
  });

  it('refuses a node that is gone or no longer takes the task', () => {
    const { nodes } = everything();
    const placement = selectMoves(made, new Set(['place default/fits']), sha256);
    const to = made.moves.find(({ id }) => id === 'place default/fits')!;
    assert.ok(to.kind === 'placement');
    const cordoned = nodes.map((node) => (node.name === to.to ? { ...node, unschedulable: true } : node));
    const check = checkPlan(placement, { ...everything(), nodes: cordoned });
    assert.ok(check.kind === 'stale' && check.reasons[0]?.code === 'doesNotFit');
    const without = checkPlan(placement, { ...everything(), nodes: nodes.filter(({ name }) => name !== to.to) });
    assert.ok(without.kind === 'stale' && without.reasons[0]?.code === 'nodeGone');
  });

  it('refuses what leaves a node that is gone while its tasks are still listed, and says which', () => {
    const without = (name: string) => ({ ...everything(), nodes: everything().nodes.filter((n) => n.name !== name) });
    const staleOf = (moveId: string, node: string) => {
      const check = checkPlan(selectMoves(made, new Set([moveId]), sha256), without(node));
      return check.kind === 'stale' ? check.reasons : check;
    };
    const small = { moveId: 'migrate default/small', taskId: 'default/small' };
    assert.deepEqual(staleOf(small.moveId, 'n2'), [{ ...small, code: 'nodeGone', node: 'n2' }]);
    assert.deepEqual(staleOf(small.moveId, 'n1'), [{ ...small, code: 'nodeGone', node: 'n1' }]);
    const idle = { moveId: 'resize default/idle', taskId: 'default/idle' };
    assert.deepEqual(staleOf(idle.moveId, 'n1'), [{ ...idle, code: 'nodeGone', node: 'n1' }]);
    for (const { name } of everything().nodes) {
      const check = checkPlan(made, without(name));
      // No move leaves or takes n3.
      assert.equal(check.kind === 'ok', name === 'n3');
      assert.ok(check.kind === 'ok' || check.reasons.every(({ code }) => code === 'nodeGone'), name);
      assert.doesNotThrow(() => movesThatFit(made.moves, without(name)));
      const [placement, ...others] = made.moves.toSorted((left) => (left.kind === 'placement' ? -1 : 1));
      assert.ok(placement?.kind === 'placement');
      assert.doesNotThrow(() => fitsOnceFreed(placement, others, without(name)));
    }
  });

  it('refuses a migration of which another task stands on a node that is gone', () => {
    const migration = made.moves.find(({ id }) => id === 'migrate default/small')!;
    assert.ok(migration.kind === 'migration');
    const { owner } = everything().tasks.find(({ name }) => name === 'small')!;
    const second = aTask('second', 'n9', amounts(1, 1), { owner: owner! });
    const { id, uid, generation } = second;
    const both = { ...migration, others: [{ id, uid, generation, node: 'n9' }] };
    const check = checkPlan({ moves: [both] }, { ...everything(), tasks: [...everything().tasks, second] });
    assert.deepEqual(check.kind === 'stale' && check.reasons, [
      { moveId: migration.id, taskId: id, code: 'nodeGone', node: 'n9' },
    ]);
  });

  it("leaves to the method's waits what only lacks room: an expand, and the target of a migration", () => {
    const crowd = aTask('crowd', 'n1', amounts(8, 1));
    const crowded = { ...everything(), tasks: [...everything().tasks, crowd] };
    const some = selectMoves(made, new Set(['resize default/busy', 'migrate default/small']), sha256);
    const check = checkPlan(some, crowded);
    // n1: 18 − 4 − 5 − 8 = 1 core free; the expand wants 1.5 more, the migration 4.
    assert.ok(check.kind === 'ok');
    assert.deepEqual(
      check.waits.map(({ moveId, requested, free }) => [moveId, requested, free]),
      [
        ['resize default/busy', 1500, 1000],
        ['migrate default/small', 4000, 1000],
      ],
    );
  });

  it('passes over the moves that are done', () => {
    const idle = made.moves[0]!;
    assert.ok(idle.kind === 'resize');
    const shrunk = changed(everything(), 'idle', { generation: 2, allocation: idle.to, desired: idle.to });
    assert.deepEqual(codes(shrunk), ['taskChanged']);
    assert.deepEqual(checkPlan(made, shrunk, new Set([idle.id])), { kind: 'ok', waits: [] });
  });
});

describe('a placement that does not fit now', () => {
  // n1 has 8 cores: 4 + 3 are held, 1 is free, and the task that waits for n1 asks for 3.
  const wide = aTask('wide', 'n1', amounts(4, 1));
  const narrow = aTask('narrow', 'n1', amounts(3, 1));
  const waiting = aTask('waiting', undefined, amounts(3, 1));
  const nodes = [aNode('n1', amounts(8, 64)), aNode('n2', amounts(8, 64))];
  const snapshot = aSnapshot(nodes, [wide, narrow, waiting]);
  const placement = { ...moveOf(waiting), kind: 'placement', to: 'n1', request: waiting.request } as const;
  const resize = (task: Task, fromCores: number, toCores: number): Move => ({
    ...moveOf(task),
    kind: 'resize',
    direction: toCores < fromCores ? 'shrink' : 'expand',
    from: amounts(fromCores, 1),
    to: amounts(toCores, 1),
    request: task.request,
  });
  const migration = { ...moveOf(wide), kind: 'migration', from: 'n1', to: 'n2', allocation: wide.allocation } as const;
  const run = { elapsedSeconds: HOUR, remainingSeconds: HOUR, usageSoFar: amounts(0), lostSeconds: 0 };
  const owner = { kind: 'Job', namespace: 'default', name: 'wide', uid: 'job-wide', generation: 1 };
  const away: Move = { ...migration, owner, run };
  const fits = (underWay: readonly Move[], fresh = snapshot) => fitsOnceFreed(placement, underWay, fresh);

  it('fits once a shrink or a migration has freed as much as it lacks, and not when they free less', () => {
    assert.ok(fits([resize(wide, 4, 2)])); // 1 + 2 = 3
    assert.ok(!fits([resize(wide, 4, 3)])); // 1 + 1 < 3
    assert.ok(fits([resize(wide, 4, 3), resize(narrow, 3, 2)])); // 1 + 1 + 1 = 3
    assert.ok(fits([away])); // 1 + 4 > 3
  });

  it('gets nothing from an expand that waits, but what is taken back of one that its node holds for it', () => {
    assert.ok(!fits([resize(narrow, 3, 4)]));
    assert.ok(fits([resize(narrow, 1, 3)])); // it holds its 3 already; 1 + 2 = 3
  });

  it('gets nothing from moves on another node, from other placements, or where no capacity helps', () => {
    assert.ok(!fits([]));
    const elsewhere = changed(snapshot, 'narrow', { node: 'n2' });
    const full = { ...elsewhere, tasks: [...elsewhere.tasks, aTask('more', 'n1', amounts(3, 1))] };
    assert.ok(!fits([resize(narrow, 3, 1)], full));
    assert.ok(!fits([{ ...placement, id: 'another', to: 'n2' }]));
    assert.ok(!fits([away], { ...snapshot, nodes: nodes.map((node) => ({ ...node, unschedulable: true })) }));
    assert.ok(!fits([away], changed(snapshot, 'waiting', { uid: 'new' })));
  });

  function moveOf({ id, uid, generation, node }: Task) {
    return { id: `move ${id}`, task: { id, uid, generation, ...(node !== undefined && { node }) } };
  }
});

describe('any plan', () => {
  const someTask = fc.record({
    node: fc.option(fc.nat(3), { nil: undefined, freq: 3 }),
    cores: fc.integer({ min: 1, max: 9 }),
    hours: fc.integer({ min: 2, max: 40 }),
    use: fc.double({ min: 0.05, max: 1.1, noNaN: true }),
    saved: fc.boolean(),
    gated: fc.boolean(),
  });
  const cluster = fc.array(someTask, { maxLength: 18 }).map((drawn) => {
    const left = [16, 16, 12, 8];
    const nodes = left.map((cores, index) => aNode(`n${index}`, amounts(cores, 64)));
    const rows = drawn.flatMap(({ node, cores, hours, use, saved, gated }, index) => {
      if (node !== undefined && left[node]! < cores) return [];
      if (node !== undefined) left[node] = left[node]! - cores;
      const more = { ...(saved && { checkpoint }), ...(node === undefined && { gated }) };
      const task = aTask(`t${index}`, node === undefined ? undefined : `n${node}`, amounts(cores, 1), more);
      return [{ task, hours, usage: used(amounts(Math.round(cores * use * 10) / 10, 0.6)) }];
    });
    const running = rows.filter(({ task }) => task.node !== undefined);
    const usage = Object.fromEntries(running.map(({ task, usage }) => [task.id, usage]));
    const runtimes = Object.fromEntries(rows.map(({ task, hours }) => [task.id, hours * HOUR]));
    const since = Object.fromEntries(nodes.map(({ name }) => [`free ${name}`, NOW - HOUR]));
    return {
      snapshot: aSnapshot(
        nodes,
        rows.map(({ task }) => task),
        { usage },
      ),
      runtimes,
      since,
    };
  });

  it('never overfills a node at any step, touches a task at most once, has a goal for each move, and passes its own check', () => {
    let moved = 0;
    fc.assert(
      fc.property(cluster, ({ snapshot, runtimes, since }) => {
        const made = plan(snapshot, runtimes, since);
        after(made.moves, snapshot, ({ nodes }) => {
          for (const { free } of nodes) assert.ok(free.milliCpu >= 0 && free.memoryBytes >= 0);
        });
        const touched = made.moves.map(({ task }) => task.id);
        assert.equal(new Set(touched).size, touched.length);
        assert.deepEqual(checkPlan(made, snapshot), { kind: 'ok', waits: [] });
        parsePlan(JSON.parse(JSON.stringify(made)), sha256);
        const goals = goalsOf(made);
        const inGoals = goals.flatMap(({ moveIds }) => moveIds);
        assert.deepEqual(inGoals.toSorted(), made.moves.map(({ id }) => id).toSorted());
        assert.ok(goals.every(({ purpose }) => purpose.kind !== 'migrate'));
        moved += made.moves.length;
      }),
    );
    assert.ok(moved > 100, 'the drawn clusters give plans something to do');
  });
});
