import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openSampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import type { Task } from '../../src/core/model/task.ts';
import { Planner } from '../../src/planner/client.ts';
import type { Confirmation } from '../../src/text/operation.ts';
import type { PlanFormat } from '../../src/text/plan/formats.ts';

const script = resolve(import.meta.dirname, '../../src/planner/thread.ts');

describe('the planning thread', () => {
  let directory: string;
  let planner: Planner;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-planner-'));
    const silent = () => undefined;
    const events = { onView: silent, onStep: silent, onKubeconfig: silent, onDied: silent };
    planner = new Planner(script, events);
  });

  afterEach(async () => {
    await planner.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  const connect = () => {
    const target = { kind: 'sample', seed: 7, directory } as const;
    return planner.ask({ type: 'connect', target, stateDirectory: directory, access: {}, settings: DEFAULT_SETTINGS });
  };

  it('answers what is asked while a cluster is being opened once it is open', async () => {
    const [, plan] = await Promise.all([connect(), planner.ask({ type: 'plan' })]);
    assert.ok(planner.view.nodes.length > 0);
    assert.ok(plan.moves.length > 0);
    const [, later] = await Promise.all([
      planner.ask({ type: 'advance', seconds: 7200 }),
      planner.ask({ type: 'plan' }),
    ]);
    assert.notEqual(later.id, plan.id);
    const [, stale] = await Promise.allSettled([
      planner.ask({ type: 'advance', seconds: 86_400 }),
      planner.ask({ type: 'apply', planId: later.id }),
    ]);
    assert.match(
      String(stale.status === 'rejected' && stale.reason),
      /The cluster has changed since the plan was made/,
    );
  });

  it('asks with every move before it writes, and does nothing without a yes', async () => {
    await connect();
    const { id, moves } = await planner.ask({ type: 'plan' });
    const chosen = moves.slice(0, 1).map((move) => move.id);
    const asked: Confirmation[] = [];
    const confirm = async (confirmation: Confirmation) => asked.push(confirmation) > 1;
    const apply = { type: 'apply', planId: id, moveIds: chosen } as const;
    assert.deepEqual(await planner.ask(apply), { text: '', trouble: false, ended: 0 });
    assert.equal((await planner.ask(apply, { confirm })).ended, 0);
    assert.equal((await planner.ask(apply, { confirm })).ended, 1);
    assert.equal(asked[1]?.message, `Apply 1 of ${moves.length} moves to sample seed 7?`);
    assert.equal(asked[1]?.moves.split('\n').length, 2);
    assert.ok(asked[1]?.moves.includes(moves[0]!.taskId));
  });

  it('leaves moves that were begun elsewhere alone when it goes on by itself, and asks about them otherwise', async () => {
    const sample = await openSampleCluster({ seed: 7, directory });
    const { tasks } = await sample.readSnapshot();
    const mayMove = (task: Task) =>
      task.owner?.kind === 'Job' && task.phase === 'running' && task.namespace === 'media';
    const task = tasks.find(mayMove)!;
    const { kind, name, uid, generation } = task.owner!;
    const owner = { kind, namespace: task.namespace, name, uid, generation };
    const record = { planId: 'elsewhere', moveId: 'm', kind: 'migration', startedAtSeconds: 0 } as const;
    assert.equal((await sample.suspend(owner, record, { dryRun: false })).kind, 'done');
    await connect();
    const asked: Confirmation[] = [];
    const confirm = async (confirmation: Confirmation) => asked.push(confirmation) > 0;
    const left = await planner.ask({ type: 'continue', unasked: true }, { confirm });
    assert.match(left.text, /^Moves: 0 done, 1 waiting\./);
    assert.deepEqual([left.dueInSeconds, asked.length], [undefined, 0]);
    assert.equal((await sample.readOwner(owner))?.suspended, true);
    const ended = await planner.ask({ type: 'continue' }, { confirm });
    assert.deepEqual([ended.ended, asked.length], [1, 1]);
    assert.equal((await sample.readOwner(owner))?.suspended, false);
  });

  it('gives an issued plan in each format, and no other', async () => {
    await connect();
    const { id, json } = await planner.ask({ type: 'plan' });
    const of = (format: PlanFormat, planId = id) => planner.ask({ type: 'planAs', planId, format });
    assert.deepEqual(JSON.parse(await of('json')), JSON.parse(new TextDecoder().decode(json)));
    assert.match(await of('markdown'), /^# Plan: sample seed 7\n/);
    await assert.rejects(of('text', 'another'), /This plan was not made in this window/);
  });

  it('tells with pending tasks what the last plan says of them, until it is applied', async () => {
    await connect();
    const outlooks = () => planner.view.tasks.filter(({ outlook }) => outlook?.starts).map((task) => task.id);
    assert.deepEqual(outlooks(), []);
    const { id, moves } = await planner.ask({ type: 'plan' });
    const pending = planner.view.tasks.filter(({ kind }) => kind === 'pending').map((task) => task.id);
    assert.deepEqual(outlooks(), pending);
    const moveIds = moves.slice(0, 1).map((move) => move.id);
    await planner.ask({ type: 'apply', planId: id, moveIds }, { confirm: async () => true });
    assert.deepEqual(outlooks(), []);
  });

  it('has sent the rows once a cluster is open, and what has changed after a refresh', async () => {
    assert.deepEqual(planner.view.nodes, []);
    await connect();
    const first = planner.view;
    assert.ok(first.nodes.length > 0 && first.tasks.length > 0);
    await planner.ask({ type: 'refresh' });
    const again = planner.view;
    assert.ok(again.tasks.filter(({ ends }) => ends).length > 0);
    await planner.ask({ type: 'advance', seconds: 7200 });
    const later = planner.view;
    assert.equal(later.takenAtSeconds, again.takenAtSeconds + 7200);
    assert.notDeepEqual(
      later.tasks.map(({ id }) => id),
      again.tasks.map(({ id }) => id),
    );
  });

  it('reads usage over windows that are changed while the cluster is open', async () => {
    await connect();
    const usage = () => planner.view.tasks.map((task) => task.usage?.milliCpu);
    const before = usage();
    await planner.ask({ type: 'refresh' });
    assert.deepEqual(usage(), before, 'the sample stands still');
    await planner.ask({ type: 'settings', settings: { ...DEFAULT_SETTINGS, usageWindowSeconds: 60 } });
    await planner.ask({ type: 'refresh' });
    assert.notDeepEqual(usage(), before);
  });

  it('says so where no cluster is open, or the one that is being opened cannot be', async () => {
    await assert.rejects(planner.ask({ type: 'plan' }), /No cluster is open/);
    const kubeconfig = join(directory, 'missing');
    const target = { kind: 'kubernetes', kubeconfig } as const;
    const answers = await Promise.allSettled([
      planner.ask({ type: 'connect', target, stateDirectory: directory, access: {}, settings: DEFAULT_SETTINGS }),
      planner.ask({ type: 'plan' }),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.match(String((answers[1] as PromiseRejectedResult).reason), /No cluster is open/);
  });
});
