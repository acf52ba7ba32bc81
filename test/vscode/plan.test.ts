import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Frame } from 'playwright-core';
import { requireEditor, startWorkbench, type Workbench } from './workbench.ts';

const extension = process.env['STOWAGE_EXTENSION'] ?? resolve(import.meta.dirname, '../..');
const pictures = process.env['STOWAGE_PICTURES'] ?? join(tmpdir(), 'stowage-pictures');

/** The walk of a new user, one step after the other in one window. */
describe('the sample cluster in the editor', function () {
  this.timeout(240_000);
  let workbench: Workbench;
  const folder = mkdtempSync(join(tmpdir(), 'stowage-folder-'));

  before(async function () {
    this.timeout(600_000);
    requireEditor(this);
    workbench = await startWorkbench({ extension: { folder: extension }, folder });
  });

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed' || !workbench) return;
    await workbench.page.screenshot({ path: join(pictures, `failed-${Date.now()}.png`) });
    console.log(workbench.consoleLines.slice(-20).join('\n'));
  });

  after(async () => {
    await workbench?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const toast = (text: string | RegExp, timeout = 120_000) =>
    workbench.page.locator('.notification-toast', { hasText: text }).first().waitFor({ timeout });

  /** The modal's words, once it is there. */
  const answer = async (verb: string, picture?: string) => {
    await workbench.page.locator('.monaco-dialog-box .monaco-button').first().waitFor({ timeout: 60_000 });
    if (picture) await workbench.page.screenshot({ path: join(pictures, picture) });
    return workbench.answerModal(verb);
  };

  const plan = async (): Promise<Frame> => {
    await workbench.command('Stowage: Preview Plan');
    return planned();
  };

  const planned = async (): Promise<Frame> => {
    const panel = await workbench.webview('.charts .plot .main-svg', 90_000);
    await panel.locator('vscode-button:not([disabled])', { hasText: /^Apply \d+ moves?/ }).waitFor({ timeout: 90_000 });
    return panel;
  };

  it('offers the sample cluster and a connection where nothing is open', async () => {
    await workbench.openContainer('Stowage');
    await workbench.page.locator('.welcome-view-content', { hasText: 'Open the Sample Cluster' }).waitFor();
    const welcome = await workbench.tree('Nodes').welcome();
    assert.match(welcome, /Open the Sample Cluster/);
    assert.match(welcome, /Connect to a Cluster/);
    await workbench.screenshots(pictures, '1-welcome');
  });

  it('shows nodes with free room and available time, and tasks with their predicted runtimes', async () => {
    await workbench.command('Stowage: Open the Sample Cluster');
    const nodes = workbench.tree('Nodes');
    await nodes.row('node gpu-a100-1');
    assert.ok((await nodes.rows()).some((row) => /GPU free, .* until its last task ends/.test(row)));
    const tasks = workbench.tree('Tasks');
    await tasks.row('Pending');
    const rows = await tasks.rows();
    assert.ok(
      rows.some((row) => /would run .+ \(.+–.+\)/.test(row)),
      rows.join('\n'),
    );
    assert.ok((await workbench.statusItems()).some((text) => /sample cluster \(seed 7\)/.test(text)));
    await nodes.expand('node gpu-a100-1');
    await workbench.screenshots(pictures, '2-trees');
  });

  it('filters and groups tasks', async () => {
    const tasks = workbench.tree('Tasks');
    const input = workbench.page.locator('.quick-input-widget .quick-input-box input');
    await workbench.command('Stowage: Filter Tasks');
    await input.fill('train pending');
    await workbench.page.keyboard.press('Enter');
    await workbench.page.waitForFunction(
      () => document.querySelectorAll('.pane [aria-label^="Deployment"]').length === 0,
    );
    const filtered = (await tasks.rows()).filter((row) => row.startsWith('task '));
    assert.ok(filtered.length > 0 && filtered.every((row) => /train/.test(row)), filtered.join('\n'));
    await workbench.command('Stowage: Clear Filter');
    await tasks.row('Deployment answer-api');
    await workbench.command('Stowage: Group Tasks by');
    await workbench.pick('node');
    await tasks.row('cpu-l-1');
    await workbench.command('Stowage: Group Tasks by');
    await workbench.pick('owner');
    await tasks.row('Deployment answer-api');
  });

  it('pins a node to the top and lets a task’s menu show its node', async () => {
    const nodes = workbench.tree('Nodes');
    await nodes.choose('node cpu-s-2', 'Pin');
    await workbench.page.waitForFunction(() =>
      document.querySelector('.pane .monaco-list-row')?.getAttribute('aria-label')?.startsWith('node cpu-s-2'),
    );
    await nodes.choose('node cpu-s-2', 'Unpin');
    const tasks = workbench.tree('Tasks');
    await tasks.expand('Deployment answer-api');
    await tasks.choose('task answer-api', 'Reveal Node');
    await workbench.page.locator('.pane .monaco-list-row.selected[aria-label^="node "]').waitFor();
  });

  it('previews the plan: moves, forecast, ranked nodes, resizes, migrations', async () => {
    const panel = await plan();
    const text = (await panel.locator('#root').textContent()) ?? '';
    for (const words of [
      'Moves',
      'Forecast',
      'do nothing',
      'with this plan',
      'Pending tasks',
      'Resizes in place',
      'Migrations',
    ]) {
      assert.ok(text.includes(words), `the panel lacks "${words}"`);
    }
    assert.ok((await panel.locator('[role=grid]').count()) >= 4);
    for (const theme of ['light', 'highContrast', 'dark'] as const) {
      await workbench.useTheme(theme);
      for (const part of ['Moves', 'Forecast', 'Placements', 'Migrations']) {
        await panel.locator(`section[aria-label=${part}]`).evaluate((section) => section.scrollIntoView());
        await workbench.page.screenshot({ path: join(pictures, `3-${part}-${theme}.png`) });
      }
    }
  });

  it('sorts and walks the score grid by keyboard', async () => {
    const panel = await workbench.webview('[role=grid]');
    const grid = panel.locator('[role=grid][aria-label^="Ranked nodes"]');
    await grid.locator('[role=gridcell]').first().click();
    await workbench.page.keyboard.press('ArrowUp');
    await workbench.page.keyboard.press('ArrowRight');
    await workbench.page.keyboard.press('Enter');
    await grid.locator('[aria-sort=descending]').waitFor();
    await workbench.page.keyboard.press('Enter');
    await grid.locator('[aria-sort=ascending]').waitFor();
  });

  it('applies after one modal that names cluster, moves and lost work, and follows each step', async () => {
    const panel = await planned();
    const tasks = workbench.tree('Tasks');
    const before = (await tasks.rows()).filter((row) => /would run/.test(row)).length;
    await panel.locator('vscode-button', { hasText: /^Apply \d+ moves/ }).click();
    const asked = await answer('Apply', '4-confirm.png');
    assert.match(asked, /sample seed 7/);
    assert.match(asked, /of work is lost/);
    await toast('Applying the plan', 30_000);
    await panel.locator('ol.steps li.done').first().waitFor({ timeout: 60_000 });
    await workbench.page.screenshot({ path: join(pictures, '5-applying.png') });
    await toast(/Moves: \d+ done/);
    const steps = await panel.locator('ol.steps li').allInnerTexts();
    assert.ok(
      steps.some((step) => /^.*Place .* done/.test(step)),
      steps.join('\n'),
    );
    assert.ok(
      steps.some((step) => /^.*Migrate .* done/.test(step)),
      steps.join('\n'),
    );
    await workbench.page.waitForFunction(
      (many) => document.querySelectorAll('.pane [aria-label*="would run"]').length < many,
      before,
    );
    await workbench.page.screenshot({ path: join(pictures, '6-applied.png') });
  });

  it('undoes the applied resizes after one question, and keeps a ledger', async () => {
    await workbench.command('Stowage: Undo Last Resizes');
    const asked = await answer('Undo');
    assert.match(asked, /Undo \d+ resize/);
    await toast(/Moves: \d+ done/);
    await workbench.command('Stowage: Show Ledger');
    await workbench.page.locator('.view-lines', { hasText: 'Ledger' }).waitFor();
    await workbench.page.screenshot({ path: join(pictures, '7-ledger.png') });
  });

  it('picks up where it was after the window was reloaded in the middle of a move', async () => {
    const panel = await plan();
    await panel.locator('vscode-button', { hasText: /^Apply \d+ moves?/ }).click();
    // "Resize 12 tasks" or "Apply 19 moves", by what the tests before have left to do; "Cancel" has no s.
    await answer('s');
    await panel.locator('ol.steps li').first().waitFor({ timeout: 60_000 });
    await workbench.reload();
    await toast(/Moves: \d+ done/);
    assert.ok((await workbench.statusItems()).some((text) => /sample cluster \(seed 7\)/.test(text)));
    const again = await workbench.webview('.charts .plot .main-svg', 90_000);
    await again.locator('.lead', { hasText: 'sample seed 7' }).waitFor();
  });

  it('refuses a plan that is older than the cluster, and says to plan again', async () => {
    await workbench.command('Stowage: Advance the Sample Cluster’s Clock');
    await workbench.pick('2 hours');
    const panel = await plan();
    await workbench.command('Stowage: Advance the Sample Cluster’s Clock');
    await workbench.pick('1 day');
    await workbench.page.locator('.statusbar-item', { hasText: /· now/ }).waitFor();
    await panel.locator('vscode-button:not([disabled])', { hasText: /^Apply \d+ moves?/ }).click();
    await toast(/The cluster has changed since the plan was made. Plan again/);
    assert.equal(await workbench.page.locator('.monaco-dialog-box').count(), 0);
  });
});
