import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { describeViolation, type Violation, violationsIn } from './axe.ts';
import type { Theme, Workbench } from './workbench.ts';

export type GalleryOptions = {
  /** Where pictures and findings go. */
  readonly out: string;
  readonly themes: readonly Theme[];
  /** Widths of the window. */
  readonly widths: readonly number[];
};

export type PictureOptions = {
  /** Called before each picture: brings what it shows to its place. */
  readonly before?: () => Promise<unknown>;
  /** Called after each picture. */
  readonly after?: () => Promise<unknown>;
  /** A page that must not need scrolling sideways; VS Code may make another one for another theme or width. */
  readonly page?: () => Promise<Frame>;
};

const HEIGHT = 960;
const USUAL_WIDTH = 1440;
/** Below this width the side bar leaves too little to the editor; whoever has such a window closes it. */
const NARROW = 900;

/**
 * Pictures of the editor in several themes and widths, and what is amiss on them. A picture or a finding of axe-core that is
 * in the folder already stays as it is.
 */
export class Gallery {
  private readonly workbench: Workbench;
  private readonly options: GalleryOptions;
  private readonly amiss: string[] = [];

  constructor(workbench: Workbench, options: GalleryOptions) {
    this.workbench = workbench;
    this.options = options;
  }

  /** Stops one after the other; the first that fails ends the leg, with a picture of what there was. */
  async leg<Walk>(stops: readonly ((walk: Walk) => Promise<void>)[], walk: Walk): Promise<void> {
    for (const stop of stops) {
      const began = Date.now();
      try {
        await stop(walk);
        console.log(`${stop.name}: ${Math.round((Date.now() - began) / 1000)} s`);
      } catch (error) {
        const path = join(this.options.out, `failed-${stop.name}.png`);
        await this.workbench.page.screenshot({ path }).catch(() => undefined);
        this.expect(false, `${stop.name}: ${error instanceof Error ? error.message : error}\n    ${path}`);
        return;
      }
    }
  }

  /** Notes what is not as it should be. */
  expect(holds: boolean, what: string): void {
    if (holds) return;
    this.amiss.push(what);
    console.log(`  amiss: ${what}`);
  }

  /** `<name>-<theme>-<width>.png` for each theme and width. */
  async pictures(name: string, { before, after, page }: PictureOptions = {}): Promise<void> {
    const { themes, widths } = this.options;
    for (const theme of themes) {
      const wanted = widths.filter((width) => !existsSync(this.path(`${name}-${theme}-${width}.png`)));
      if (wanted.length === 0) continue;
      await this.workbench.useTheme(theme);
      for (const width of wanted) {
        await this.resize(width);
        await before?.();
        await this.workbench.page.mouse.move(0, 0);
        await this.workbench.page.waitForTimeout(700); // what has just come up fades in, and charts follow their width
        await this.workbench.page.screenshot({ path: this.path(`${name}-${theme}-${width}.png`) });
        if (page)
          this.expect(await fits(await page()), `${name}, ${theme}, ${width} px wide: the page scrolls sideways`);
        await after?.();
      }
    }
    await this.resize(USUAL_WIDTH);
  }

  /** What axe-core finds on a page in each theme: `axe-<name>-<theme>.json`. */
  async axe(name: string, page: () => Promise<Frame>, without: readonly string[] = []): Promise<void> {
    for (const theme of this.options.themes) {
      const path = this.path(`axe-${name}-${theme}.json`);
      if (existsSync(path)) continue;
      await this.workbench.useTheme(theme);
      const found = await violationsIn(await page(), without);
      writeFileSync(path, `${JSON.stringify(found, null, 2)}\n`);
    }
  }

  /** Prints what is amiss, that of earlier walks which axe-core found included. @returns whether nothing is */
  report(): boolean {
    const files = readdirSync(this.options.out);
    const axe = files.filter((file) => file.startsWith('axe-'));
    const found = axe.flatMap((file) =>
      (JSON.parse(readFileSync(this.path(file), 'utf8')) as Violation[]).map(
        (each) => `${file}: ${describeViolation(each)}\n    ${each.examples.join('\n    ')}`,
      ),
    );
    const forbidden = this.workbench.consoleLines.filter((line) => /Content Security Policy/.test(line));
    const all = [...this.amiss, ...found, ...new Set(forbidden)];
    const pictures = files.filter((file) => file.endsWith('.png')).length;
    console.log(`\n${pictures} pictures, and ${axe.length} pages that axe-core looked at, in ${this.options.out}`);
    console.log(all.length === 0 ? 'Nothing is amiss.' : `Amiss:\n${all.map((each) => `  ${each}`).join('\n')}`);
    return all.length === 0;
  }

  private async resize(width: number): Promise<void> {
    const { page } = this.workbench;
    if (page.viewportSize()?.width !== width) await page.setViewportSize({ width, height: HEIGHT });
    const sideBar = page.locator('.part.sidebar');
    if ((await sideBar.isVisible()) === width < NARROW)
      await this.workbench.command('View: Toggle Primary Side Bar Visibility');
  }

  private path(file: string): string {
    return join(this.options.out, file);
  }
}

/** Whether nothing of a page lies to its right (WCAG 1.4.10). */
function fits(page: Frame): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
}
