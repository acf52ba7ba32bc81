import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { requireEditor, startWorkbench, type Workbench } from './workbench.ts';

const root = resolve(import.meta.dirname, '../..');
const pictures = process.env['STOWAGE_PICTURES'] ?? join(tmpdir(), 'stowage-pictures');

describe('the sample cluster in the editor', () => {
  let workbench: Workbench;
  const folder = mkdtempSync(join(tmpdir(), 'stowage-folder-'));

  before(async function () {
    this.timeout(600_000);
    requireEditor(this);
    workbench = await startWorkbench({ extension: { folder: root }, folder });
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

  it('offers the sample cluster and a connection where nothing is open', async () => {
    await workbench.openContainer('Stowage');
    const welcome = await workbench.tree('Nodes').welcome();
    assert.match(welcome, /Open the Sample Cluster/);
    assert.match(welcome, /Connect to a Cluster/);
    await workbench.screenshots(pictures, '1-welcome');
  });

  it('shows nodes with free room and available time, and tasks with their predicted runtimes', async () => {
    await workbench.command('Stowage: Open the Sample Cluster');
    const nodes = workbench.tree('Nodes');
    await nodes.row('node gpu-a100-1');
    assert.ok((await nodes.rows()).some((row) => /GPU free · .* until its last task ends/.test(row)));
    const tasks = workbench.tree('Tasks');
    await tasks.row('Pending');
    assert.ok(
      (await tasks.rows()).some((row) => /would run/.test(row)),
      (await tasks.rows()).join('\n'),
    );
    assert.ok((await workbench.statusItems()).some((text) => /sample cluster \(seed 7\)/.test(text)));
    await nodes.expand('node gpu-a100-1');
    await workbench.screenshots(pictures, '2-trees');
  });

  it('previews the plan: moves, forecast, ranked nodes, resizes, migrations', async () => {
    await workbench.command('Stowage: Preview Plan');
    const panel = await workbench.webview('.charts .plot .main-svg', 60_000);
    const text = await panel.locator('#root').innerText();
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
    await workbench.screenshots(pictures, '3-plan');
  });

  it('sorts and walks the score grid by keyboard', async () => {
    const panel = await workbench.webview('[role=grid]');
    const grid = panel.locator('[role=grid][aria-label^="Ranked nodes"]');
    await grid.locator('[role=gridcell]').first().click();
    await workbench.page.keyboard.press('ArrowUp');
    await workbench.page.keyboard.press('ArrowRight');
    await workbench.page.keyboard.press('Enter');
    assert.equal(await grid.locator('[aria-sort=descending]').count(), 1);
    await workbench.page.keyboard.press('Enter');
    assert.equal(await grid.locator('[aria-sort=ascending]').count(), 1);
  });

  it('applies after one modal that names cluster, moves and lost work, and follows each step', async () => {
    const panel = await workbench.webview('vscode-button');
    await panel.locator('vscode-button', { hasText: /^Apply \d+ moves/ }).click();
    await workbench.page.locator('.monaco-dialog-box').waitFor();
    await workbench.page.screenshot({ path: join(pictures, '4-confirm.png') });
    const asked = await workbench.answerModal('Apply');
    assert.match(asked, /sample seed 7/);
    assert.match(asked, /of work is lost/);
    await panel.locator('ol.steps li.done').first().waitFor({ timeout: 60_000 });
    await workbench.page.locator('.notification-toast', { hasText: /Moves: \d+ done/ }).waitFor({ timeout: 120_000 });
    const steps = await panel.locator('ol.steps li').allInnerTexts();
    assert.ok(
      steps.some((step) => /^.*Place .* done/.test(step)),
      steps.join('\n'),
    );
    assert.ok(
      steps.some((step) => /^.*Migrate .* done/.test(step)),
      steps.join('\n'),
    );
    await workbench.page.screenshot({ path: join(pictures, '5-applied.png') });
  });

  it('undoes the applied resizes, and writes the ledger', async () => {
    await workbench.command('Stowage: Undo Last Resizes');
    const asked = await workbench.answerModal('Undo');
    assert.match(asked, /resize/);
    await workbench.command('Stowage: Show Ledger');
    await workbench.page.locator('.view-lines', { hasText: 'Ledger' }).waitFor();
  });
});
