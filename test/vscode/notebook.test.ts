import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireEditor, startWorkbench, type Workbench } from './workbench.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const PROBE = join(ROOT, 'test/vscode/probe');
/** Pictures of what the tests saw, to be looked at. */
const PICTURES = process.env['STOWAGE_PICTURES'];

describe('notebooks in the real editor', function () {
  this.timeout(1_200_000);
  let folder: string;
  let workbench: Workbench;

  before(async function () {
    requireEditor(this);
    folder = mkdtempSync(join(tmpdir(), 'stowage-notebooks-'));
    cpSync(join(ROOT, 'notebooks'), folder, { recursive: true });
    writeFileSync(join(folder, 'errors.ipynb'), notebookOf(['const kept = 41;', 'const a = 1;\nmissing(a);', '2']));
    writeFileSync(join(folder, 'loop.ipynb'), notebookOf(['let n = 1;', 'for (;;) n += 0;']));
    writeFileSync(
      join(folder, 'typed.ipynb'),
      notebookOf(['type Pair = [number, string];\nconst pair: Pair = [1, "a"];\npair'], 'typescript'),
    );
    workbench = await startWorkbench({ folder, extension: { folder: ROOT }, helpers: [PROBE] });
  });

  after(async () => {
    await workbench?.close();
    if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it('runs 4-plan with no question, draws its charts in the theme, and keeps text beside them in the file', async () => {
    await workbench.openFile('4-plan.ipynb');
    const notebook = workbench.notebook();
    await notebook.runAll(300_000);
    assert.equal(await notebook.failedCells(), 0);
    await workbench.page.keyboard.press('Control+End');
    const outputs = await workbench.webview('.stowage-figure .main-svg');
    const label = await outputs.locator('.stowage-figure [role="img"]').last().getAttribute('aria-label');
    assert.match(label ?? '', /^Chart: Do nothing, or this plan/);
    assert.equal(
      await outputs.locator('.modebar-btn[data-title*="hare"], .modebar-btn[data-title*="cloud" i]').count(),
      0,
    );
    if (PICTURES) await workbench.screenshots(PICTURES, 'notebook-plan');
    await workbench.page.keyboard.press('ControlOrMeta+S');
    await workbench.page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
    const bundles = storedOutputs(join(folder, '4-plan.ipynb'));
    const charts = bundles.filter((data) => 'application/vnd.plotly.v1+json' in data);
    assert.ok(charts.length > 0 && charts.every((data) => 'text/plain' in data));
    assert.ok(bundles.some((data) => 'application/vnd.stowage.table+json' in data && 'text/plain' in data));
  });

  it('shows an error with the cell’s line, keeps the cells after it from running, and stays alive', async () => {
    await workbench.openFile('errors.ipynb');
    const notebook = workbench.notebook();
    await notebook.runAll();
    const [error] = await notebook.outputTexts();
    assert.match(error ?? '', /ReferenceError: missing is not defined\n\s+at Cell \[2\], line 2/);
    assert.equal((await notebook.outputTexts()).length, 1);
  });

  it('runs a TypeScript cell', async () => {
    await workbench.openFile('typed.ipynb');
    await workbench.notebook().runAll();
    assert.deepEqual(await workbench.notebook().outputTexts(), ["[ 1, 'a' ]"]);
  });

  it('stops an endless loop by Interrupt', async () => {
    await workbench.openFile('loop.ipynb');
    await workbench.command('Notebook: Run All');
    const { page } = workbench;
    await page.locator('.editor-group-container.active .codicon-notebook-state-executing').first().waitFor();
    await page.waitForTimeout(1000);
    await workbench.notebook().action('Interrupt');
    await workbench.notebook().idle(30_000);
    const [text] = await workbench.notebook().outputTexts();
    assert.match(text ?? '', /Interrupted: The cell was stopped; variables keep what they had/);
  });

  it('never holds the extension host’s thread for more than 16 ms while a notebook trains', async () => {
    await workbench.openFile('2-train-runtime-predictor.ipynb');
    await workbench.command('Notebook: Run All');
    // From the first points of the curve on: what starting a process costs is no part of training.
    await workbench.webview('.stowage-figure .main-svg', 300_000);
    await workbench.command('Stowage Probe: Start Measuring');
    await workbench.notebook().idle(1_000_000);
    await workbench.command('Stowage Probe: Stop Measuring');
    assert.equal(await workbench.notebook().failedCells(), 0);
    if (PICTURES) await workbench.screenshots(PICTURES, 'notebook-train');
    const path = join(folder, 'probe.json');
    for (const until = Date.now() + 10_000; !existsSync(path) && Date.now() < until; )
      await workbench.page.waitForTimeout(100);
    const { count, longest } = JSON.parse(readFileSync(path, 'utf8')) as { count: number; longest: number[] };
    console.log(
      `      ${count} stretches; the longest: ${longest
        .slice(0, 5)
        .map((each) => each.toFixed(1))
        .join(', ')} ms`,
    );
    assert.ok(longest[0]! <= 16, `the thread was busy for ${longest[0]} ms at a stretch`);
  });
});

describe('notebooks in Restricted Mode', function () {
  this.timeout(300_000);

  it('have no kernel of ours, so that no cell runs', async function () {
    requireEditor(this);
    const folder = mkdtempSync(join(tmpdir(), 'stowage-restricted-'));
    const proof = join(folder, 'it-ran');
    writeFileSync(
      join(folder, 'hostile.ipynb'),
      notebookOf([`require('node:fs').writeFileSync(${JSON.stringify(proof)}, '')`]),
    );
    const workbench = await startWorkbench({ folder, extension: { folder: ROOT }, trust: false });
    try {
      await workbench.openFile('hostile.ipynb');
      await workbench.command('Notebook: Run All');
      await workbench.page.waitForTimeout(5000);
      if (PICTURES) await workbench.page.screenshot({ path: join(PICTURES, 'notebook-restricted.png') });
      assert.ok(!existsSync(proof));
    } finally {
      await workbench.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});

function notebookOf(cells: readonly string[], language = 'javascript'): string {
  return JSON.stringify({
    cells: cells.map((source) => ({ cell_type: 'code', metadata: {}, source, outputs: [], execution_count: null })),
    metadata: { kernelspec: { name: 'stowage', display_name: 'Stowage', language }, language_info: { name: language } },
    nbformat: 4,
    nbformat_minor: 5,
  });
}

function storedOutputs(path: string): Record<string, unknown>[] {
  const { cells } = JSON.parse(readFileSync(path, 'utf8')) as {
    cells: { outputs?: { data?: Record<string, unknown> }[] }[];
  };
  return cells.flatMap(({ outputs }) => (outputs ?? []).map(({ data }) => data ?? {}));
}
