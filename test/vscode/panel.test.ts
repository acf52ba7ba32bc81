import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Frame } from 'playwright-core';
import { stepByStep } from '../stepByStep.ts';
import { violationsIn } from './axe.ts';
import { APPLY, previewPlan } from './planPanel.ts';
import { requireEditor, startWorkbench, THEMES, type Theme, type Workbench } from './workbench.ts';

const WINDOW = { width: 1440, height: 960 };

/** The plan panel as hands, eyes and a screen reader meet it, in the real editor with the sample's plan. */
describe('the plan panel in the editor', () => {
  stepByStep();
  const folder = mkdtempSync(join(tmpdir(), 'stowage-panel-'));
  let workbench: Workbench;
  let panel: Frame;

  before(async function () {
    requireEditor(this);
    const extension = { folder: join(import.meta.dirname, '../..') };
    workbench = await startWorkbench({ folder, extension });
    await workbench.openContainer('Stowage');
    await workbench.command('Stowage: Open the Sample Cluster');
    await workbench.tree('Nodes').row('node gpu-a100-1');
    panel = await previewPlan(workbench);
  });

  afterEach(async function () {
    await workbench?.recordFailure(this.currentTest);
  });

  after(async () => {
    await workbench?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const focused = () => panel.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  const apply = () => panel.locator('vscode-button', { hasText: APPLY });

  it('keeps the focus on a box that Space ticks, and on the next that an arrow leads to', async () => {
    const boxes = panel.locator('section[aria-label=Moves] input[type=checkbox]');
    const all = ((await apply().textContent()) ?? '').trim();
    await boxes.first().focus();
    const first = await focused();
    await workbench.page.keyboard.press('Space');
    await panel.waitForFunction((text) => !document.querySelector('.apply')?.textContent?.includes(text), all);
    assert.equal(await focused(), first);
    await workbench.page.keyboard.press('ArrowDown');
    assert.notEqual(await focused(), first);
    await workbench.page.keyboard.press('ArrowUp');
    await workbench.page.keyboard.press('Space');
    await apply().filter({ hasText: all }).waitFor();
    assert.equal(await focused(), first);
  });

  it('lets a slow drag of a slider reach its end while answers come', async () => {
    const slider = panel.locator('.weights input[type=range]').first();
    await slider.scrollIntoViewIfNeeded();
    const box = (await slider.boundingBox())!;
    const at = (share: number) => [box.x + 8 + (box.width - 16) * share, box.y + box.height / 2] as const;
    const mouse = workbench.page.mouse;
    await mouse.move(...at(Number(await slider.inputValue()) / 3));
    await mouse.down();
    for (const share of [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) {
      await mouse.move(...at(share));
      await workbench.page.waitForTimeout(400);
    }
    await mouse.up();
    const value = Number(await slider.inputValue());
    assert.ok(value > 2.5, `it stands at ${value}`);
    await panel.locator('vscode-button', { hasText: 'Back to the plan’s' }).click();
  });

  it('chooses three moves by search', async () => {
    await panel.locator('vscode-button', { hasText: 'Tick none' }).click();
    const search = panel.getByLabel('Search moves');
    await search.fill('shrink build-features');
    await panel.locator('vscode-button:not([aria-disabled=true])', { hasText: 'Tick all' }).click();
    await search.fill('');
    await panel.locator('vscode-button', { hasText: /^\s*Apply 3 of \d+ moves/ }).waitFor();
    await panel.locator('vscode-button', { hasText: 'Tick all' }).click();
  });

  it('keeps charts as wide as their place, and never scrolls sideways', async () => {
    for (const [width, height] of [
      [1440, 960],
      [1100, 900],
      [2560, 1200],
      [900, 800],
      [720, 480], // 1440 × 960 at 200 %
    ] as const) {
      await workbench.page.setViewportSize({ width, height });
      await panel.waitForFunction(() =>
        [...document.querySelectorAll('.plot')].every((plot) => {
          const drawn = plot.querySelector('.main-svg')?.getBoundingClientRect().width ?? 0;
          return Math.abs(drawn - plot.clientWidth) <= 1;
        }),
      );
      const [wide, shown] = await panel.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return [scrollWidth, clientWidth];
      });
      assert.ok(wide! <= shown!, `${wide} px in ${shown} px at a window of ${width} px`);
      await workbench.picture(`panel-${width}`);
    }
    await workbench.page.setViewportSize(WINDOW);
  });

  it('does not move where people asked for less motion', async () => {
    const animation = () =>
      panel.evaluate(() => {
        const ring = Object.assign(document.createElement('span'), { className: 'ring' });
        document.body.append(ring);
        const { animationName } = getComputedStyle(ring);
        ring.remove();
        return animationName;
      });
    assert.notEqual(await animation(), 'none');
    await workbench.page.emulateMedia({ reducedMotion: 'reduce' });
    assert.equal(await animation(), 'none');
    await workbench.page.emulateMedia({ reducedMotion: null });
  });

  for (const theme of Object.keys(THEMES) as Theme[]) {
    it(`has nothing that axe-core objects to, in ${THEMES[theme].label}`, async () => {
      await workbench.useTheme(theme);
      await panel.evaluate(() => {
        for (const fold of document.querySelectorAll('details')) fold.open = true;
      });
      assert.deepEqual(await violationsIn(panel), []);
    });
  }
});
