import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Resize } from '../../src/core/model/moves.ts';
import { finishPlan } from '../../src/core/plan/makePlan.ts';
import type { ClusterTarget } from '../../src/core/plan/plan.ts';
import { sha256 } from '../../src/io/sha256.ts';
import { openJournal } from '../../src/operate/journal.ts';
import { amounts } from '../core/small.ts';

const CLI = path.resolve('src/cli/main.ts');
const PROMETHEUS = 'service:monitoring/prometheus:9090';

/** How apply and undo read a cluster: with the same settings and sources as the plan was made by. */
describe('apply and undo on the command line', function () {
  this.timeout(60_000);
  let directory: string;
  let server: Server;
  /** What Prometheus was asked. */
  let asked: string[];
  let target: ClusterTarget;
  let cluster: string;
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
    asked = [];
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://server');
      const isPrometheus = url.pathname.includes('/services/prometheus:9090/proxy/');
      if (isPrometheus) asked.push(url.searchParams.get('query') ?? '');
      const answer = isPrometheus ? { status: 'success', data: { result: [] } } : answerOf(url.pathname);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const kubeconfig = path.join(directory, 'kubeconfig');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'made',
      contexts: [{ name: 'made', context: { cluster: 'made', user: 'made' } }],
      clusters: [{ name: 'made', cluster: { server: address } }],
      users: [{ name: 'made', user: {} }],
    };
    await writeFile(kubeconfig, JSON.stringify(config));
    target = { kind: 'kubernetes', kubeconfig };
    cluster = `made (${address})`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(directory, { recursive: true });
  });

  const stowage = (...words: string[]) =>
    new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
      const child = execFile(process.execPath, [CLI, ...words], { cwd: directory }, (_, out, err) =>
        resolve({ code: child.exitCode, out, err }),
      );
    });

  it('check a plan on usage from the Prometheus that is named, over the windows that are set', async () => {
    const snapshot = {
      ...{ cluster, takenAtSeconds: 1, digest: 'd', problems: [], triggers: [], candidates: [] },
      counts: { nodes: 1, running: 1, pending: 0, ending: 0, measured: 1, blockedLeftOut: 0 },
      unresized: { betweenThresholds: 0, fewReadings: 0, noUsage: 0, bestEffort: 0 },
    };
    const predictor = { name: 'baselines', tasks: 0, chosen: {} };
    const draft = { snapshot, predictor, placements: [], resizes: [], migrations: [], moves: [resize], since: {} };
    await writeFile(path.join(directory, 'plan.json'), JSON.stringify(finishPlan(draft, sha256, { target })));
    const settings = ['resizing.usageWindowMinutes=17', 'migration.nodeUsageWindowMinutes=23'];
    const words = settings.flatMap((setting) => ['--setting', setting]);
    const { code, err } = await stowage('apply', 'plan.json', '--yes', '--prometheus', PROMETHEUS, ...words);
    assert.equal(code, 2);
    assert.match(err, /Plan again/); // its task is not there
    const rates = asked.filter((query) => query.includes('rate(container_cpu_usage_seconds_total'));
    assert.ok(
      rates.some((query) => query.includes(`[${17 * 60}s]`)),
      asked.join('\n'),
    );
    assert.ok(
      rates.some((query) => query.includes(`[${23 * 60}s]`)),
      asked.join('\n'),
    );
  });

  it('take the Prometheus also where they go on, and where they undo', async () => {
    const journal = await openJournal(path.join(directory, '.stowage'));
    const begun = { planId: 'p', atSeconds: 1 };
    await journal.append({ type: 'begin', ...begun, cluster, target, moves: [resize] });
    await journal.append({
      type: 'step',
      ...begun,
      moveId: resize.id,
      state: { kind: 'done', outcome: { code: 'taskEnded', task: resize.task.id } },
    });
    await journal.close();
    for (const command of ['apply', 'undo']) {
      const { code, err } = await stowage(command, '--yes', '--prometheus', 'nowhere');
      assert.equal(code, 2);
      assert.match(err, /"nowhere" is no address of a Prometheus/, command);
    }
  });
});

/** An empty cluster in which everything is allowed. */
function answerOf(path: string): object {
  if (path.includes('selfsubject')) return { status: { allowed: true, resourceRules: [], nonResourceRules: [] } };
  return { kind: 'List', metadata: { resourceVersion: '1' }, items: [] };
}
