import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import { Planner } from '../../src/planner/client.ts';

const script = resolve(import.meta.dirname, '../../src/planner/thread.ts');

describe('the planning thread', function () {
  this.timeout(60_000);
  let directory: string;
  let planner: Planner;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-planner-'));
    const silent = () => undefined;
    const events = { onView: silent, onStep: silent, onKubeconfig: silent, onDied: silent };
    planner = new Planner(script, { ...events, confirm: () => Promise.resolve(true) });
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
