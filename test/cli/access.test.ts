import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Resize } from '../../src/core/model/moves.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import { finishPlan } from '../../src/core/plan/makePlan.ts';
import { type ClusterTarget, planRules } from '../../src/core/plan/plan.ts';
import { sha256 } from '../../src/io/sha256.ts';
import { openJournal } from '../../src/operate/journal.ts';
import { type EmptyServer, PROMETHEUS, startEmptyServer } from '../cluster/kubernetes/emptyServer.ts';
import { amounts } from '../core/small.ts';
import { BUILT } from './built.ts';

/** How apply and undo read a cluster: with the same settings and sources as the plan was made by. */
describe('apply and undo on the command line', () => {
  let directory: string;
  let server: EmptyServer;
  let target: ClusterTarget;
  const resize: Resize = {
    kind: 'resize',
    id: 'resize default/a',
    task: { id: 'default/a', uid: 'u', generation: 1, node: 'n' },
    direction: 'shrink',
    from: amounts(4, 4),
    to: amounts(2, 4),
    request: amounts(4, 4),
  };

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stowage-access-'));
    server = await startEmptyServer(directory);
    target = { kind: 'kubernetes', kubeconfig: server.kubeconfig };
  });
  afterEach(async () => {
    await server.close();
    await rm(directory, { recursive: true });
  });

  const named = () => ['--kubeconfig', server.kubeconfig];
  const stowage = (...words: string[]) =>
    new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
      const child = execFile(process.execPath, [BUILT, ...words], { cwd: directory }, (_, out, err) =>
        resolve({ code: child.exitCode, out, err }),
      );
    });

  it('check a plan on usage from the Prometheus that is named, over the windows that are set', async () => {
    const snapshot = {
      ...{ cluster: server.cluster, takenAtSeconds: 1, digest: 'd', problems: [], triggers: [], candidates: [] },
      counts: { nodes: 1, running: 1, pending: 0, ending: 0, measured: 1, blockedLeftOut: 0 },
      unresized: { betweenThresholds: 0, fewReadings: 0, noUsage: 0, bestEffort: 0 },
    };
    const predictor = { name: 'baselines', tasks: 0, chosen: {} };
    const rules = planRules(DEFAULT_SETTINGS);
    const draft = {
      snapshot,
      rules,
      predictor,
      placements: [],
      resizes: [],
      migrations: [],
      moves: [resize],
      since: {},
    };
    await writeFile(path.join(directory, 'plan.json'), JSON.stringify(finishPlan(draft, sha256, { target })));
    const settings = ['resizing.usageWindowMinutes=17', 'migration.nodeUsageWindowMinutes=23'];
    const words = settings.flatMap((setting) => ['--setting', setting]);
    const { code, err } = await stowage(
      'apply',
      'plan.json',
      '--yes',
      ...named(),
      '--prometheus',
      PROMETHEUS,
      ...words,
    );
    assert.equal(code, 2);
    assert.match(err, /Plan again/); // its task is not there
    const rates = server.asked.filter((query) => query.includes('rate(container_cpu_usage_seconds_total'));
    assert.ok(
      rates.some((query) => query.includes(`[${17 * 60}s]`)),
      server.asked.join('\n'),
    );
    assert.ok(
      rates.some((query) => query.includes(`[${23 * 60}s]`)),
      server.asked.join('\n'),
    );
  });

  it('take the Prometheus also where they go on, and where they undo', async () => {
    const journal = await openJournal(path.join(directory, '.stowage'));
    const begun = { planId: 'p', atSeconds: 1 };
    await journal.append({ type: 'begin', ...begun, cluster: server.cluster, target, moves: [resize] });
    await journal.append({
      type: 'step',
      ...begun,
      moveId: resize.id,
      state: { kind: 'done', outcome: { code: 'taskEnded', task: resize.task.id } },
    });
    await journal.close();
    for (const command of ['apply', 'undo']) {
      const { code, err } = await stowage(command, '--yes', ...named(), '--prometheus', 'nowhere');
      assert.equal(code, 2);
      assert.match(err, /"nowhere" is no address of a Prometheus/, command);
    }
  });
});
