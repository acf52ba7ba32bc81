/**
 * `npm run first-hour`: the first hour of a new user, walked in the real editor on the sample cluster: walkthrough, plan,
 * ticks, apply, Moves Done, undo, notebooks 1 and 4. At each stop it takes a picture in each theme and width, and asks
 * axe-core about the plan panel and the notebooks' outputs. The browser is in Asia/Shanghai, the server in UTC.
 *
 *     npm run first-hour -- --out DIR --themes light,dark --widths 600,1440 --fresh
 *
 * What is in DIR already is not taken again, so that a walk that was cut off is soon where it was; `--fresh` empties it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Frame, Locator } from 'playwright-core';
import { HEADINGS, PLAN_AGAIN, TICK_ALL, TICK_NONE } from '../../src/text/panel.ts';
import { NOT_OURS_IN_NOTEBOOKS } from './axe.ts';
import { Gallery } from './gallery.ts';
import { startWorkbench, THEMES, type Theme, type Workbench } from './workbench.ts';

const root = resolve(import.meta.dirname, '../..');
const STEP = '.gettingStarted.showDetails .getting-started-step';
const APPLY = /^Apply \d+ /;
/** Above it: what a reader sees at once of the plan; then part for part. */
const PARTS = [HEADINGS.moves, HEADINGS.forecast, HEADINGS.placements, HEADINGS.resizes, HEADINGS.migrations];

type Walk = { readonly workbench: Workbench; readonly gallery: Gallery };

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, '.stowage/first-hour') },
    themes: { type: 'string', default: Object.keys(THEMES).join() },
    widths: { type: 'string', default: '600,1440,2560' },
    fresh: { type: 'boolean', default: false },
  },
});
const out = resolve(process.env['INIT_CWD'] ?? process.cwd(), values.out);
if (values.fresh) rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
process.exitCode = (await walkAll(values.themes.split(',').map(themeNamed), values.widths.split(',').map(Number)))
  ? 0
  : 1;

/** @returns whether nothing is amiss */
async function walkAll(themes: readonly Theme[], widths: readonly number[]): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-first-hour-'));
  const workbench = await startWorkbench({
    extension: { vsix: packaged() },
    folder,
    zone: 'Asia/Shanghai',
    serverZone: 'UTC',
  });
  const gallery = new Gallery(workbench, { out, themes, widths });
  try {
    // A stop stands on the ones before it; the notebooks stand on none of them.
    await gallery.leg([walkthrough, firstPlan, ticks, apply, movesDone, undo], { workbench, gallery });
    await gallery.leg([notebook('1-history.ipynb')], { workbench, gallery });
    await gallery.leg([notebook('4-plan.ipynb')], { workbench, gallery });
  } finally {
    await workbench.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return gallery.report();
}

async function walkthrough({ workbench, gallery }: Walk): Promise<void> {
  await workbench.openContainer('Stowage');
  await gallery.pictures('01-welcome');
  const first = await walkthroughStep(workbench, 0);
  const many = await workbench.page.locator(STEP).count();
  for (let index = 0; index < many; index++)
    await gallery.pictures(`02-walkthrough-${index + 1}`, { before: () => walkthroughStep(workbench, index) });
  await walkthroughStep(workbench, 0);
  await first.getByRole('button', { name: 'Open the Sample Cluster' }).click();
  await workbench.tree('Nodes').row('node ');
  await gallery.pictures('03-trees');
}

/** Opens a step of the walkthrough, with its picture; Escape, which also closes a palette, leaves the walkthrough. */
async function walkthroughStep(workbench: Workbench, index: number): Promise<Locator> {
  const { page } = workbench;
  const step = page.locator(STEP).nth(index);
  if (!(await step.isVisible()))
    await workbench.choose('Welcome: Open Walkthrough', 'Plan a cluster in space and time');
  await step.waitFor();
  if (!(await step.getAttribute('class'))?.includes('expanded')) await step.locator('.step-title').click();
  // A narrow window leaves it out.
  await page.locator('.getting-started-media').locator('iframe, img').first().waitFor({ state: 'attached' });
  return step;
}

async function firstPlan({ workbench, gallery }: Walk): Promise<void> {
  await workbench.command('Stowage: Preview Plan');
  const panel = await planned(workbench);
  const head = await panel.locator('header').first().textContent();
  gallery.expect(/times in UTC\+8/.test(head ?? ''), `the panel's times are in the reader's zone: ${head}`);
  const top = () =>
    panel
      .locator('h1')
      .first()
      .evaluate((heading) => heading.scrollIntoView({ block: 'start' }));
  await gallery.pictures('04-plan', { before: top, page: async () => panel });
  for (const part of PARTS)
    await gallery.pictures(`05-${part.replace(/\W+/g, '-')}`, {
      before: () => show(region(panel, part)),
      page: async () => panel,
    });
  await gallery.axe('plan', async () => panel);
}

/** None, then one by its box, then what a search finds; then all again. */
async function ticks({ workbench, gallery }: Walk): Promise<void> {
  const panel = await planned(workbench);
  const moves = region(panel, HEADINGS.moves);
  await moves.getByRole('button', { name: TICK_NONE }).click();
  const box = moves.getByRole('checkbox').first();
  await box.focus();
  await workbench.page.keyboard.press('Space');
  gallery.expect(await box.isChecked(), 'Space ticks a box');
  gallery.expect(await box.evaluate((element) => element === document.activeElement), 'the box keeps the focus');
  await gallery.pictures('06-ticked', { before: () => show(moves), page: async () => panel });
  await moves.getByRole('searchbox').fill('train');
  await gallery.pictures('06-searched', { before: () => show(moves), page: async () => panel });
  await gallery.axe('ticked', async () => panel);
  await moves.getByRole('searchbox').fill('');
  await moves.getByRole('button', { name: TICK_ALL }).click();
}

/** The question stands before the palette: for each theme it is asked, looked at and taken back. Then all is applied. */
async function apply({ workbench, gallery }: Walk): Promise<void> {
  const panel = await planned(workbench);
  const button = region(panel, HEADINGS.moves).getByRole('button', { name: APPLY });
  const dialog = workbench.page.locator('.monaco-dialog-box');
  const cancel = async () => {
    await workbench.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  };
  await gallery.pictures('07-question', {
    before: async () => {
      await button.click();
      await dialog.locator('.monaco-button').first().waitFor({ timeout: 60_000 });
    },
    after: cancel,
  });
  await button.click();
  await workbench.answerModal('Apply');
  await workbench.toast(/Moves: \d+ done/);
  const progress = region(panel, HEADINGS.progress);
  await progress.waitFor();
  await gallery.pictures('08-applied', { before: () => show(progress), page: async () => panel });
  await gallery.axe('applied', async () => panel);
  await workbench.dismissToasts();
}

async function movesDone({ workbench, gallery }: Walk): Promise<void> {
  await workbench.command('Stowage: Show Moves Done');
  const ledger = () => workbench.webview('.markdown-body table');
  await ledger();
  await gallery.pictures('09-moves-done', { page: ledger });
  await workbench.command('View: Close Editor');
}

async function undo({ workbench, gallery }: Walk): Promise<void> {
  await workbench.command('Stowage: Undo Last Resizes');
  await workbench.answerModal('Undo');
  await workbench.toast(/Moves: \d+ done/);
  await workbench.dismissToasts();
  const panel = await workbench.webview('h1');
  await gallery.pictures('10-undone', {
    before: () => show(region(panel, HEADINGS.progress)),
    page: async () => panel,
  });
}

/** Runs a notebook from top to bottom; then its beginning, and each of its charts and tables. */
function notebook(name: string): (walk: Walk) => Promise<void> {
  return async function runNotebook({ workbench, gallery }) {
    await workbench.choose('Stowage: Open Notebooks', name);
    await workbench.page.locator(`.tabs-container .tab.active[data-resource-name="${name}"]`).waitFor();
    const view = workbench.notebook();
    await view.runAll(300_000);
    gallery.expect((await view.failedCells()) === 0, `no cell of ${name} fails`);
    const title = `11-${name.replace('.ipynb', '')}`;
    const outputs = () => workbench.webview('.stowage-figure, .stowage-scroll', 60_000);
    await workbench.command('Notebook: Focus First');
    await workbench.page.keyboard.press('Control+Home');
    await gallery.pictures(title);
    await gallery.axe(title, outputs, NOT_OURS_IN_NOTEBOOKS);
    await workbench.page.keyboard.press('Control+End');
    await gallery.pictures(`${title}-end`);
    await gallery.axe(`${title}-end`, outputs, NOT_OURS_IN_NOTEBOOKS);
    await workbench.command('View: Revert and Close Editor');
  };
}

/** The panel, once its plan is there with its forecast and nothing is under way. */
async function planned(workbench: Workbench): Promise<Frame> {
  const panel = await workbench.webview('section[aria-label] svg', 120_000);
  await panel.getByRole('button', { name: PLAN_AGAIN }).first().waitFor({ timeout: 120_000 });
  await region(panel, HEADINGS.moves).waitFor();
  return panel;
}

function region(panel: Frame, name: string): Locator {
  return panel.getByRole('region', { name, exact: true });
}

function show(part: Locator): Promise<unknown> {
  return part.evaluate((element) => element.scrollIntoView({ block: 'start' }));
}

/** Packs the extension, as who installs it gets it. @returns where */
function packaged(): string {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/package.mjs')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The extension could not be packed: ${stderr}`);
  return join(root, 'dist/stowage.vsix');
}

function themeNamed(name: string): Theme {
  const theme = (Object.keys(THEMES) as Theme[]).find((each) => each === name);
  if (!theme) throw new Error(`There is no theme "${name}". Themes: ${Object.keys(THEMES).join(', ')}.`);
  return theme;
}
