import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Frame } from 'playwright-core';
import { requireCluster } from '../control-plane/availability.ts';
import { startCluster, type TestCluster } from '../control-plane/cluster.ts';
import { until } from '../control-plane/until.ts';
import { DEMO_NODES, demoWorkload, job } from '../control-plane/workload.ts';
import { stepByStep } from '../stepByStep.ts';
import { APPLY, movesListed, previewPlan } from './planPanel.ts';
import { requireEditor, startWorkbench, type Workbench } from './workbench.ts';

const extension = process.env['STOWAGE_EXTENSION'] ?? resolve(import.meta.dirname, '../..');

/** All three kinds of move, an undo that waits, and the ledger, on the cluster that `npm run cluster` gives. */
describe('the demo cluster in the editor', () => {
  stepByStep();
  let cluster: TestCluster;
  let workbench: Workbench;
  const folder = mkdtempSync(join(tmpdir(), 'stowage-demo-'));

  before(async function () {
    requireEditor(this);
    requireCluster(this);
    cluster = await startCluster({ nodes: DEMO_NODES, metrics: true });
    mkdirSync(join(folder, '.vscode'));
    const settings = {
      'stowage.connection.kubeconfig': cluster.kubeconfigPath,
      // The waits and the threshold are the method's; a test shortens the first and its small nodes need the second.
      'stowage.migration.triggerHoldMinutes': 1 / 60,
      'stowage.resizing.expandRetryMinutes': 1 / 10,
      'stowage.migration.candidateFreeFraction': 0.15,
      'stowage.migration.triggerFreeFraction': 0.15,
    };
    writeFileSync(join(folder, '.vscode/settings.json'), JSON.stringify(settings));
    [workbench] = await Promise.all([startWorkbench({ extension: { folder: extension }, folder }), fill()]);
    await workbench.openContainer('Stowage');
  });

  afterEach(async function () {
    await workbench?.recordFailure(this.currentTest);
  });

  after(async () => {
    await workbench?.close();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows what each node’s tasks use of it', async () => {
    await workbench.command('Stowage: Connect to a Cluster');
    await workbench.take(workbench.page.locator('.quick-input-list .monaco-list-row').first());
    const nodes = workbench.tree('Nodes');
    await until(
      () => nodes.tooltip('node cpu-1'),
      (text) => /usage: \d/.test(text),
      90,
    );
    await nodes.expand('node cpu-1');
    await workbench.pictures('d-trees');
  });

  it('plans a placement, resizes both ways and a migration, with their reasons', async () => {
    const panel = await planWhenMeasured('report', 'index');
    const planned = await movesListed(panel);
    const reasons = (await panel.locator('section').allTextContents()).join('\n');
    for (const move of [/Place /, /Shrink default\/report/, /Expand default\/index/, /Migrate /])
      assert.ok(
        planned.some((text) => move.test(text)),
        `no move is ${move}:\n${planned.join('\n')}\n\n${reasons}`,
      );
    for (const part of ['Moves', 'Resizes in place', 'Migrations']) {
      await workbench.pictures(`d-${part}`, () =>
        panel
          .locator(`section[aria-label="${part}"]`)
          .evaluate((section) => section.scrollIntoView({ block: 'start' })),
      );
    }
  });

  it('applies all of them after one question, each followed to its end', async () => {
    const panel = await workbench.webview('[role=treegrid]');
    await panel.locator('vscode-button:not([aria-disabled=true])', { hasText: APPLY }).click();
    const asked = await workbench.answerModal('Apply', 'd-confirm');
    assert.match(asked, /work is lost/);
    await workbench.toast(/Moves: \d+ done\./);
    await workbench.pictures('d-applied');
    const steps = await panel.locator('ol.steps li').allTextContents();
    for (const kind of ['Place', 'Shrink', 'Expand', 'Migrate'])
      assert.ok(
        steps.some((step) => step.includes(kind) && / done\. /.test(step)),
        steps.join('\n'),
      );
    assert.match(await cpuOf('index'), /^2\d00m$|^2\d\d\dm$/);
    assert.equal(await cpuOf('report'), '2');
    await workbench.dismissToasts();
  });

  it('lets an undo wait for capacity, and goes on by itself once the wait is over', async () => {
    // One core each, as many as fit: what `report` gave up is taken.
    const filler = job({
      name: 'filler',
      requests: { cpu: '1', memory: '64Mi' },
      nodeSelector: DEMO_NODES[0]!.labels!,
    });
    await cluster.apply({ ...filler, spec: { ...filler.spec, parallelism: 16, completions: 16 } });
    await workbench.page.locator('.pane .monaco-list-row[aria-label^="task filler"]').first().waitFor();
    await workbench.command('Stowage: Undo Last Resizes');
    await workbench.answerModal('Undo');
    // `index` uses what it would give back: it waits for hours. `report` waits for capacity, for seconds.
    await workbench.toast(/Moves: 0 done, 2 waiting until /);
    const panel = await workbench.webview('ol.steps li.waiting');
    await panel.locator('li.waiting', { hasText: /Expand default\/report.* waiting until .* needs 2 CPU/ }).waitFor();
    await workbench.pictures('d-waiting');
    await workbench.dismissToasts();
    assert.equal(await cpuOf('report'), '2');
    await cluster.remove('job/filler', 'pod/notebook');
    await workbench.toast(/Moves: 1 done, 1 waiting until /);
    await panel.locator('li.done', { hasText: /Expand default\/report.* done/ }).waitFor({ state: 'attached' });
    assert.equal(await cpuOf('report'), '4');
    await workbench.picture('d-undone');
    await workbench.dismissToasts();
  });

  it('follows what waits on after the window is loaded again', async () => {
    await workbench.reload();
    const panel = await workbench.webview('ol.steps li.waiting');
    await panel.locator('li.waiting', { hasText: /Shrink default\/index.* waiting until / }).waitFor();
    await workbench.picture('d-reloaded');
  });

  it('keeps in its ledger what was predicted and what happened', async () => {
    await workbench.command('Stowage: Show Moves Done');
    const ledger = await workbench.webview('.markdown-body table');
    const rows = (await ledger.locator('tbody tr').allTextContents()).map((row) => row.replace(/\s+/g, ' ').trim());
    for (const done of [/ Place .* runs on /, / (Shrink|Expand) .* is resized /, / Migrate .* runs on /])
      assert.ok(
        rows.some((row) => done.test(row)),
        rows.join('\n'),
      );
    await workbench.picture('d-ledger');
  });

  /**
   * The long tasks come first, so that they decide what is free where. The short ones have ended when this resolves: until
   * then they hold what the plan counts on.
   */
  async function fill(): Promise<void> {
    const { running, waiting, history } = demoWorkload();
    await cluster.apply(...running);
    await cluster.kubectl(['wait', 'pods', '--all', '--for=condition=Ready', '--timeout=600s']);
    await cluster.apply(...waiting, ...history);
    const jobs = history.map(({ metadata: { name } }) => `job/${name}`);
    const ended = '--for=jsonpath={.status.conditions[0].type}';
    await cluster.kubectl(['wait', ...jobs, ended, '--timeout=120s']);
  }

  /**
   * Plans once the usage of these tasks is known, which takes three readings: then the resizes say something of them. What
   * the plan makes of it is certain: how long tasks run and what they use is the workload's.
   */
  async function planWhenMeasured(...tasks: readonly string[]): Promise<Frame> {
    await until(
      async () => {
        const panel = await previewPlan(workbench);
        await workbench.page.waitForTimeout(5000); // a reading comes every 15 s
        return (await panel.locator('section[aria-label="Resizes in place"]').allTextContents()).join('\n');
      },
      (resizes) => tasks.every((task) => resizes.includes(task)),
      180,
    );
    return workbench.webview('[role=treegrid]');
  }

  /** CPU that the pod of a Job asks for now. */
  function cpuOf(name: string): Promise<string> {
    const path = 'jsonpath={.items[0].spec.containers[0].resources.requests.cpu}';
    return cluster.kubectl(['get', 'pods', '-l', `job-name=${name}`, '-o', path]);
  }
});
