import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { packageExtension } from '../../scripts/package.mjs';
import { requireEditor, startWorkbench, type Workbench } from './workbench.ts';

describe('Restricted Mode', () => {
  let workbench: Workbench;
  const folder = mkdtempSync(join(tmpdir(), 'stowage-restricted-'));
  const written = join(folder, 'a-cell-ran');

  before(async function () {
    requireEditor(this);
    writeFileSync(join(folder, 'hostile.ipynb'), notebook(`require('node:fs').writeFileSync('${written}', '')`));
    mkdirSync(join(folder, '.vscode'));
    // As `npm start` leaves it, for the sample.
    mkdirSync(join(folder, '.stowage'));
    // The ids of version 0.1.0, which are read and restricted as those of now.
    const settings = { 'stowage.openSample': true, 'stowage.kubeconfig': join(folder, 'kubeconfig-of-the-workspace') };
    writeFileSync(join(folder, '.vscode/settings.json'), JSON.stringify(settings));
    // As users get it: from the package.
    const vsix = process.env['STOWAGE_VSIX'] ?? (await packageExtension()).path;
    workbench = await startWorkbench({ extension: { vsix }, folder, trust: false });
  });

  afterEach(async function () {
    await workbench?.recordFailure(this.currentTest);
  });

  after(async () => {
    await workbench?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('opens on the sample where the folder asks for it: its trees, its plan, and behind that the walkthrough', async () => {
    await workbench.page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).waitFor();
    await workbench.tree('Nodes').row('node gpu-a100-1');
    await workbench.tree('Tasks').row('Pending');
    const panel = await workbench.webview('.charts .plot .main-svg');
    assert.match((await panel.locator('#root').textContent()) ?? '', /with this plan/);
    const tabs = await workbench.page.locator('.tabs-container .tab').allInnerTexts();
    assert.deepEqual(tabs, ['Welcome', 'Stowage Plan']);
    await workbench.picture('trust-plan');
  });

  it('reads no kubeconfig, and says how to change that', async () => {
    await workbench.command('Stowage: Connect to a Cluster');
    const toast = workbench.page.locator('.notification-toast', {
      hasText: 'In Restricted Mode no kubeconfig is read',
    });
    await toast.waitFor();
    // No list of contexts comes up in the place of the palette.
    await workbench.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
    await toast.locator('.monaco-button', { hasText: 'Manage Workspace Trust' }).waitFor();
    await workbench.picture('trust-connect');
  });

  it('runs no cell', async () => {
    await workbench.openFile('hostile.ipynb');
    await workbench.command('Notebook: Run All');
    await workbench.page.waitForTimeout(3000);
    assert.equal(existsSync(written), false);
    await workbench.picture('trust-notebook');
  });
});

function notebook(source: string): string {
  const cell = { cell_type: 'code', id: 'a', execution_count: null, metadata: {}, outputs: [], source: [source] };
  return JSON.stringify({
    cells: [cell],
    metadata: { language_info: { name: 'javascript' } },
    nbformat: 4,
    nbformat_minor: 5,
  });
}
