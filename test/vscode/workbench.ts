import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type Browser, chromium, errors, type Frame, type Locator, type Page } from 'playwright-core';
import {
  findCodeServer,
  installCodeServer,
  installExtension,
  QUIET_SETTINGS,
  startCodeServer,
} from '../../scripts/code-server.mjs';

/** Whether this machine can run the editor tests; both texts are whole sentences. */
export type EditorAvailability =
  | { readonly kind: 'available'; readonly chromium: string }
  | { readonly kind: 'missing'; readonly reason: string; readonly remedy: string };

export function editorAvailability(): EditorAvailability {
  const server = findCodeServer();
  if (server.kind === 'missing') return server;
  const browser = browserPath();
  if (browser) return { kind: 'available', chromium: browser };
  return {
    kind: 'missing',
    reason: 'No Chromium was found, which the editor tests drive.',
    remedy: 'Run `sudo apt-get install chromium`, or set STOWAGE_CHROMIUM to a Chromium or Chrome.',
  };
}

/**
 * Skips the suite where the editor cannot be had, with reason and remedy in the report; `.ci/run` sets
 * STOWAGE_REQUIRE_EDITOR, and then it is a failure. To be called in a `before` hook.
 */
export function requireEditor(context: Mocha.Context): void {
  const editor = editorAvailability();
  if (editor.kind === 'available') return;
  const text = `${editor.reason} ${editor.remedy}`;
  if (process.env['STOWAGE_REQUIRE_EDITOR']) throw new Error(text);
  console.log(`      left out: ${text}`);
  context.skip();
}

export type WorkbenchOptions = {
  /** A packaged extension, or a folder with a built one (its `dist/` is what runs). */
  readonly extension?: { readonly vsix: string } | { readonly folder: string };
  /** Folders of further extensions, which the test itself needs. */
  readonly helpers?: readonly string[];
  /** Folder to open. */
  readonly folder: string;
  readonly userSettings?: Readonly<Record<string, unknown>>;
  /** The zone of the user's browser by its IANA name; absent: this machine's. */
  readonly zone?: string;
  /** The zone of the machine that serves the editor; absent: this machine's. */
  readonly serverZone?: string;
  /** False keeps Workspace Trust on: the folder opens in Restricted Mode. Default true. */
  readonly trust?: boolean;
};

/** What is waited for in the page and is not there after this long does not come, however loaded the machine is. */
const PATIENCE_MILLISECONDS = 180_000;

const QUICK_INPUT = '.quick-input-widget .quick-input-box input';

/** Where pictures go of what the tests saw; none are taken where it is not set. */
const PICTURES = process.env['STOWAGE_PICTURES'];

/** VS Code's own themes, one of each kind; a view must look right in all. */
export const THEMES = {
  light: { label: 'Light Modern', className: 'vs' },
  dark: { label: 'Dark Modern', className: 'vs-dark' },
  highContrast: { label: 'Dark High Contrast', className: 'hc-black' },
  lightHighContrast: { label: 'Light High Contrast', className: 'hc-light' },
} as const;

export type Theme = keyof typeof THEMES;

/**
 * Starts code-server on a fresh profile, opens `folder` in Chromium and waits for the workbench.
 * The first call of a machine installs code-server (minutes).
 * @throws Error when the editor cannot be had or does not come up; the text holds what the server said
 */
export async function startWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const editor = editorAvailability();
  if (editor.kind === 'missing') throw new Error(`${editor.reason} ${editor.remedy}`);
  await installCodeServer({ onProgress: (line: string) => console.log(line) });
  const home = mkdtempSync(join(tmpdir(), 'stowage-editor-'));
  const userData = join(home, 'user-data');
  const extensions = join(home, 'extensions');
  mkdirSync(extensions, { recursive: true });
  const settings = new SettingsFile(join(userData, 'User/settings.json'), {
    ...QUIET_SETTINGS,
    'workbench.colorTheme': THEMES.dark.label,
    'git.enabled': false,
    'window.commandCenter': false,
    'security.workspace.trust.startupPrompt': 'never',
    ...options.userSettings,
  });
  if (options.extension && 'vsix' in options.extension) {
    await installExtension({ vsix: options.extension.vsix, userData, extensions });
  }
  const inPlace = options.extension && 'folder' in options.extension ? [options.extension.folder] : [];
  addFolders([...inPlace, ...(options.helpers ?? [])], extensions);
  const { folder, trust = true, serverZone } = options;
  const environment = serverZone === undefined ? {} : { TZ: serverZone };
  const server = await startCodeServer({ folder, userData, extensions, trust, environment });
  let browser: Browser | undefined;
  const stop = async () => {
    await browser?.close();
    await server.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    browser = await chromium.launch({
      executablePath: editor.chromium,
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
    const page = await browser.newPage({
      viewport: { width: 1440, height: 960 },
      ...(options.zone !== undefined && { timezoneId: options.zone }),
    });
    const workbench = new Workbench({ page, settings, url: server.url, stop, serverOutput: server.output });
    await workbench.open();
    return workbench;
  } catch (error) {
    await stop();
    throw error;
  }
}

type Parts = {
  readonly page: Page;
  readonly settings: SettingsFile;
  readonly url: string;
  readonly stop: () => Promise<void>;
  readonly serverOutput: () => string;
};

/** A running editor, driven as a user would. Everything waits for what it needs; what does not come is a TimeoutError. */
export class Workbench {
  readonly page: Page;
  /** What the page's console and the browser's CSP said, for tests that expect silence. */
  readonly consoleLines: string[] = [];
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
    this.page = parts.page;
    this.page.setDefaultTimeout(PATIENCE_MILLISECONDS);
    this.page.on('console', (message) => this.consoleLines.push(`${message.type()}: ${message.text()}`));
  }

  async open(): Promise<void> {
    await this.page.goto(this.parts.url, { waitUntil: 'domcontentloaded' });
    await this.page.waitForSelector('.monaco-workbench .part.statusbar');
  }

  /** Reloads the window as its user does. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load');
    await this.command('Developer: Reload Window');
    await loaded;
    await this.page.waitForSelector('.monaco-workbench .part.statusbar');
  }

  /** Runs a command of the palette by its title ("Stowage: Preview Plan"); the palette lists it once its extension is known. */
  async command(title: string): Promise<void> {
    await this.quickInput('F1', `>${title}`, this.quickRow(title));
  }

  /** Opens a file of the folder by its name. */
  async openFile(name: string): Promise<void> {
    const rows = this.page.locator(`.quick-input-widget .quick-input-list .monaco-list-row[aria-label*="${name}"]`);
    await this.quickInput('ControlOrMeta+P', name, rows.first());
    await this.page.locator(`.tabs-container .tab.active[data-resource-name="${name}"]`).waitFor();
    // The tab comes before its editor: a command would still go to the one before.
    await this.page.locator('.breadcrumbs-control .monaco-breadcrumb-item', { hasText: name }).first().waitFor();
  }

  /** Runs a command of the palette and picks an item of what it lists by its label. */
  async choose(title: string, label: string): Promise<void> {
    await this.insist(`"${label}" of "${title}"`, async (timeout) => {
      await this.command(title);
      await this.take(this.quickRow(label), timeout);
    });
  }

  /** Runs a command of the palette and types what it asks for. */
  async answer(title: string, text: string): Promise<void> {
    await this.insist(`an input box of "${title}"`, async (timeout) => {
      await this.command(title);
      await this.page
        .locator(`${QUICK_INPUT}:not([placeholder^="Type the name of a command"])`)
        .fill(text, { timeout });
      await this.page.keyboard.press('Enter');
    });
  }

  /** Opens a quick input, types, and takes a row; what is not listed yet is asked for again. */
  private async quickInput(key: string, text: string, row: Locator): Promise<void> {
    await this.insist(`"${text}"`, async (timeout) => {
      await this.page.keyboard.press(key);
      await this.page.locator(QUICK_INPUT).fill(text, { timeout });
      await this.take(row, timeout);
    });
  }

  /**
   * Does again what timed out: a webview that comes to the front takes the focus, which closes a quick input. Each try
   * waits twice as long as the one before, so that a loaded machine comes to its answer.
   */
  private async insist(what: string, work: (timeout: number) => Promise<void>): Promise<void> {
    const until = Date.now() + 600_000;
    for (let timeout = 5000; Date.now() < until; timeout = Math.min(2 * timeout, 80_000)) {
      try {
        return await work(timeout);
      } catch (error) {
        if (!(error instanceof errors.TimeoutError)) throw error;
        await this.page.keyboard.press('Escape');
      }
    }
    throw new Error(`The editor does not offer ${what}`);
  }

  /** Types into the open input box, and presses Enter. */
  async enter(text: string): Promise<void> {
    await this.page.locator(QUICK_INPUT).fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Names a file in the open file dialog, once that has come to the folder it begins with. */
  async chooseFile(path: string): Promise<void> {
    const widget = this.page.locator('.quick-input-widget');
    const input = widget.locator('.quick-input-box input');
    await widget.locator('.monaco-list-row', { hasText: '..' }).first().waitFor();
    for (const until = Date.now() + PATIENCE_MILLISECONDS; Date.now() < until; ) {
      await input.fill(path);
      await this.page.waitForTimeout(300);
      if ((await input.inputValue()) === path) return this.page.keyboard.press('Enter');
    }
    throw new Error(`The file dialog does not take ${path}`);
  }

  /** Picks an item of an open quick pick by its label; `typed` goes into the box first. */
  async pick(label: string, typed?: string): Promise<void> {
    if (typed !== undefined) await this.page.locator(QUICK_INPUT).fill(typed);
    await this.take(this.quickRow(label));
  }

  /**
   * Clicks a row of a quick input. The pointer leaves the list first: where it rests from the click before, the row under
   * it shows its tooltip, which covers the next rows for as long as the pointer is on it.
   */
  async take(row: Locator, timeout = PATIENCE_MILLISECONDS): Promise<void> {
    await row.waitFor({ timeout });
    await this.page.mouse.move(1, 1);
    await row.click({ timeout });
  }

  private quickRow(label: string): Locator {
    return this.page
      .locator('.quick-input-widget .quick-input-list .monaco-list-row')
      .filter({ hasText: label })
      .first();
  }

  /** Opens a view container by its title in the activity bar. */
  async openContainer(title: string): Promise<void> {
    const action = this.page.locator(`.activitybar .action-item:has(.action-label[aria-label^="${title}"])`);
    if (!(await action.getAttribute('class'))?.includes('checked')) await action.click();
  }

  /** A tree by its view's title. */
  tree(title: string): Tree {
    const pane = this.page.locator('.split-view-view .pane').filter({
      has: this.page.locator(`.pane-header h3.title:text-is("${title}")`),
    });
    return new Tree(this.page, pane);
  }

  /** The notebook on the screen. It lies over its editor group, not in it; those of other tabs lie there too, hidden. */
  notebook(): NotebookView {
    return new NotebookView(this, this.page.locator('.notebookOverlay.notebook-editor').filter({ visible: true }));
  }

  /** Clears what notifications are on the screen, so that the next one is not mistaken for them. */
  async dismissToasts(): Promise<void> {
    await this.command('Notifications: Clear All Notifications');
    await this.page.locator('.notification-toast').first().waitFor({ state: 'detached' });
  }

  /** Waits for a notification on the screen. @returns it, so that its buttons can be pressed */
  async toast(text: string | RegExp, timeoutMilliseconds = PATIENCE_MILLISECONDS): Promise<Locator> {
    const toast = this.page.locator('.notification-toast', { hasText: text }).first();
    await toast.waitFor({ timeout: timeoutMilliseconds });
    return toast;
  }

  /** Waits for the modal, presses one of its buttons, and returns its message and detail. @param picture is taken before */
  async answerModal(button: string, picture?: string): Promise<string> {
    const dialog = this.page.locator('.monaco-dialog-box');
    await dialog.locator('.monaco-button').first().waitFor();
    if (picture) await this.picture(picture);
    const text = (await dialog.locator('.dialog-message-container').allInnerTexts()).join('\n');
    await dialog.locator('.monaco-button').filter({ hasText: button }).first().click();
    await dialog.waitFor({ state: 'detached' });
    return text;
  }

  /** Waits for the modal, presses a key in it, and waits until it is gone. @param picture is taken before */
  async pressInModal(key: string, picture?: string): Promise<void> {
    const dialog = this.page.locator('.monaco-dialog-box');
    await dialog.locator('.monaco-button:focus').waitFor();
    if (picture) await this.picture(picture);
    await this.page.keyboard.press(key);
    await dialog.waitFor({ state: 'detached' });
  }

  async statusItems(): Promise<string[]> {
    return this.page.locator('.part.statusbar .statusbar-item').allInnerTexts();
  }

  /** The page inside a webview on the screen (panel or notebook output) in which `selector` is found. */
  async webview(selector: string, timeoutMilliseconds = PATIENCE_MILLISECONDS): Promise<Frame> {
    for (const until = Date.now() + timeoutMilliseconds; Date.now() < until; await this.page.waitForTimeout(100)) {
      for (const frame of this.page.frames()) {
        if (frame === this.page.mainFrame()) continue;
        const found = await frame.$(selector).catch(() => null);
        if (found && (await isOnScreen(frame))) return frame;
      }
    }
    throw new Error(`No webview shows ${selector} after ${timeoutMilliseconds} ms`);
  }

  /** Changes the user's settings and reloads the window: code-server does not notice the file by itself. */
  async configure(settings: Readonly<Record<string, unknown>>): Promise<void> {
    this.parts.settings.merge(settings);
    await this.reload();
  }

  async useTheme(theme: Theme): Promise<void> {
    const { label, className } = THEMES[theme];
    await this.command('Preferences: Color Theme');
    await this.page.locator(QUICK_INPUT).fill(label);
    await this.page
      .locator('.quick-input-widget .quick-input-list .monaco-list-row')
      .filter({ hasText: label })
      .first()
      .waitFor();
    await this.page.keyboard.press('Enter');
    await this.page.locator(`.monaco-workbench.${className}`).waitFor();
    await this.page.waitForTimeout(500);
  }

  /** A picture of the window, to be looked at: `<name>.png` in the folder that STOWAGE_PICTURES names; without one, none. */
  async picture(name: string): Promise<void> {
    if (!PICTURES) return;
    // What has just come up fades in.
    await this.page.waitForTimeout(500);
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`) });
  }

  /** The same in light, dark and high contrast: `<name>-light.png` … `before` is called for each theme's picture. */
  async pictures(name: string, before: () => Promise<unknown> = async () => {}): Promise<void> {
    if (!PICTURES) return;
    for (const theme of ['light', 'highContrast', 'dark'] as const) {
      await this.useTheme(theme);
      await before();
      await this.picture(`${name}-${theme}`);
    }
  }

  /** What the window showed when a test failed, and where that picture is. To be called in an `afterEach` hook. */
  async recordFailure(test: Mocha.Test | undefined): Promise<void> {
    if (!test || test.state === 'passed' || test.isPending()) return;
    const path = join(PICTURES ?? tmpdir(), `failed-${test.title.replace(/\W+/g, '-').slice(0, 60)}-${Date.now()}.png`);
    await this.page.screenshot({ path });
    console.log(`      ${path}\n${this.consoleLines.slice(-10).join('\n')}`);
  }

  /** What code-server printed, for a failing test. */
  serverOutput(): string {
    return this.parts.serverOutput();
  }

  async close(): Promise<void> {
    await this.parts.stop();
  }
}

/** Webviews of editors in the background live on under the one that is seen. */
async function isOnScreen(frame: Frame): Promise<boolean> {
  let outer = frame;
  for (let parent = outer.parentFrame(); parent?.parentFrame(); parent = outer.parentFrame()) outer = parent;
  const element = await outer.frameElement().catch(() => undefined);
  if (!(await element?.isVisible().catch(() => false))) return false;
  return (element as NonNullable<typeof element>).evaluate((iframe) => {
    const { left, top, width, bottom } = (iframe as HTMLElement).getBoundingClientRect();
    // The middle of what of it is in the window: a notebook's outputs are longer than that, and scrolled.
    const [x, y] = [left + width / 2, (Math.max(top, 0) + Math.min(bottom, window.innerHeight)) / 2];
    return width > 0 && document.elementsFromPoint(x, y).includes(iframe as HTMLElement);
  });
}

/** A tree of the side bar. Rows are found by the beginning of their label. */
export class Tree {
  private readonly page: Page;
  private readonly pane: Locator;

  constructor(page: Page, pane: Locator) {
    this.page = page;
    this.pane = pane;
  }

  /** Labels of the visible rows, with their descriptions, as a screen reader says them. */
  async rows(): Promise<string[]> {
    const labels = await this.pane
      .locator('.monaco-list-row')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label')));
    return labels.map((label) => label ?? '');
  }

  /** Waits until a row is there. */
  async row(label: string, timeoutMilliseconds = PATIENCE_MILLISECONDS): Promise<Locator> {
    const row = this.pane.locator(`.monaco-list-row[aria-label^="${label}"]`).first();
    await row.waitFor({ timeout: timeoutMilliseconds });
    return row;
  }

  async expand(label: string): Promise<void> {
    const row = await this.row(label);
    if ((await row.getAttribute('aria-expanded')) === 'false') await row.locator('.monaco-tl-twistie').click();
  }

  /** Opens closed rows, top to bottom, until a row is on the screen. */
  async open(label: string): Promise<void> {
    const row = this.pane.locator(`.monaco-list-row[aria-label^="${label}"]`).first();
    const closed = this.pane.locator('.monaco-list-row[aria-expanded="false"] .monaco-tl-twistie').first();
    for (const until = Date.now() + PATIENCE_MILLISECONDS; Date.now() < until; ) {
      const seen = row.waitFor({ timeout: 1000 }).then(
        () => true,
        () => false,
      );
      if (await seen) return;
      // A row that is drawn again meanwhile is looked for again.
      await closed.click({ timeout: 1000 }).catch(() => undefined);
    }
    throw new Error(`No open row shows "${label}"`);
  }

  async select(label: string): Promise<void> {
    await (await this.row(label)).click();
  }

  /** Text of a row's tooltip. A tooltip goes away when its row is drawn again, and comes back when the pointer moves. */
  async tooltip(label: string): Promise<string> {
    const tooltip = this.page.locator('.monaco-hover:visible').last();
    for (const until = Date.now() + PATIENCE_MILLISECONDS; Date.now() < until; ) {
      await this.page.mouse.move(0, 0);
      await (await this.row(label)).hover();
      const text = await tooltip.textContent({ timeout: 3000 }).catch(() => null);
      if (text) return text;
    }
    throw new Error(`The row "${label}" shows no tooltip`);
  }

  /** What a row's context menu offers now. */
  async entries(label: string): Promise<string[]> {
    await (await this.row(label)).click({ button: 'right' });
    const entries = this.page.locator('.monaco-menu .action-item:not(.disabled) .action-label:not(.separator)');
    await entries.first().waitFor();
    const texts = await entries.allInnerTexts();
    await this.page.keyboard.press('Escape');
    return texts.map((text) => text.trim());
  }

  /** Chooses an entry of a row's context menu. */
  async choose(label: string, entry: string): Promise<void> {
    await (await this.row(label)).click({ button: 'right' });
    const chosen = this.page
      .locator('.monaco-menu .action-item:not(.disabled)')
      .filter({ has: this.page.locator(`.action-label:text-is("${entry}")`) });
    await chosen.waitFor();
    // A menu that has just opened passes over a click that comes too soon: it could be the end of the one that opened it.
    // One that took a click may go later than it is looked at, and then there is nothing left to click.
    for (const until = Date.now() + PATIENCE_MILLISECONDS; Date.now() < until; ) {
      await chosen.click({ timeout: 1000 }).catch(() => undefined);
      const gone = chosen.waitFor({ state: 'detached', timeout: 1000 });
      if (await gone.then(() => true).catch(() => false)) return;
    }
    throw new Error(`The menu of "${label}" does not take "${entry}"`);
  }

  /** Presses a button of the view's title bar. */
  async titleAction(title: string): Promise<void> {
    await this.pane.hover();
    await this.pane.locator(`.pane-header .action-label[aria-label^="${title}"]`).click();
  }

  /** Text of the welcome view that stands in for an empty tree. */
  async welcome(): Promise<string> {
    return (await this.pane.locator('.welcome-view-content').allInnerTexts()).join('\n');
  }
}

/** Stands in the notebook's tool bar in the place of Run All while something runs. */
const INTERRUPT = '.notebook-toolbar-container .action-label[aria-label^="Interrupt"]';

/** A notebook editor. Cells count from 0, as the file does, and include the Markdown ones. */
export class NotebookView {
  private readonly workbench: Workbench;
  private readonly editor: Locator;

  constructor(workbench: Workbench, editor: Locator) {
    this.workbench = workbench;
    this.editor = editor;
  }

  /** Runs every cell and waits until none is running or waiting. */
  async runAll(timeoutMilliseconds = PATIENCE_MILLISECONDS): Promise<void> {
    await this.start();
    await this.idle(timeoutMilliseconds);
  }

  /** Presses Run All on a notebook in which nothing has run yet, and waits until its kernel is there and has begun. */
  async start(): Promise<void> {
    await this.workbench.command('Notebook: Run All');
    await this.editor
      .locator(`${INTERRUPT}, .cell-status-item .codicon[class*=codicon-notebook-state-]`)
      .first()
      .waitFor({ state: 'attached' });
  }

  /** Waits until no cell runs or waits to: the tool bar knows of those too that are not on the screen. */
  async idle(timeoutMilliseconds = PATIENCE_MILLISECONDS): Promise<void> {
    await this.editor.locator(INTERRUPT).waitFor({ state: 'detached', timeout: timeoutMilliseconds });
  }

  /** Runs one cell, by its button or by a key, and waits for its end. */
  async runCell(index: number, key?: string): Promise<void> {
    const cell = await this.focus(index);
    const before = await cell.locator('.execution-count-label').textContent();
    const { page } = this.workbench;
    if (key !== undefined) await page.keyboard.press(key);
    else await cell.locator('.run-button-container .action-label').first().click();
    for (const until = Date.now() + PATIENCE_MILLISECONDS; Date.now() < until; await page.waitForTimeout(100)) {
      if ((await cell.locator('.execution-count-label').textContent()) !== before) return this.ended(cell);
    }
    throw new Error(`Cell ${index} did not run`);
  }

  /** Waits for a cell's end. Its number is there from its start on, what it comes to only then. */
  private async ended(cell: Locator): Promise<void> {
    await this.workbench.page.waitForTimeout(300); // what it came to the last time is still shown for a moment
    const states = ['success', 'error'].map((state) => `.codicon-notebook-state-${state}`);
    await cell.locator(states.join(', ')).first().waitFor({ state: 'attached' });
  }

  /** Types into a cell in the place of what it holds; the cursor stays behind it. */
  async replaceCell(index: number, text: string): Promise<void> {
    await this.focus(index);
    await this.workbench.page.keyboard.press('ControlOrMeta+A');
    await this.workbench.page.keyboard.type(text);
  }

  /** What a cell holds, its lines joined. */
  async cellText(index: number): Promise<string> {
    const lines = this.editor.locator('.monaco-list-row.code-cell-row').nth(index).locator('.view-line');
    return (await lines.allInnerTexts()).map((line) => line.replaceAll('\u00a0', ' ')).join('\n');
  }

  /** Holds the pointer over a word of a cell's code. */
  async hoverWord(word: string): Promise<void> {
    await this.editor.locator('.view-line span span', { hasText: word }).first().hover();
  }

  private async focus(index: number): Promise<Locator> {
    const cell = this.editor.locator('.monaco-list-row.code-cell-row').nth(index);
    await cell.locator('.view-lines').click();
    return cell;
  }

  /** Presses a button of the notebook's tool bar, or of its "…" menu. */
  async action(title: string): Promise<void> {
    const button = this.editor.locator(`.notebook-toolbar-container .action-label[aria-label^="${title}"]`);
    if ((await button.count()) > 0) return button.first().click();
    return this.workbench.command(`Notebook: ${title}`);
  }

  /** The page that holds all outputs of the notebook. */
  outputs(): Promise<Frame> {
    return this.workbench.webview('#container .output_container');
  }

  /** Texts of all outputs, top to bottom, once at least so many are drawn. */
  async outputTexts(atLeast = 1): Promise<string[]> {
    const frame = await this.outputs();
    const outputs = frame.locator('#container .output_container');
    await outputs.nth(atLeast - 1).waitFor({ state: 'attached' });
    return outputs.allInnerTexts();
  }

  /** Code cells that ended with an error on the screen. */
  async failedCells(): Promise<number> {
    return this.editor.locator('.codicon-notebook-state-error').count();
  }
}

/** The user's settings.json; code-server watches it. */
class SettingsFile {
  private readonly path: string;

  constructor(path: string, first: Readonly<Record<string, unknown>>) {
    this.path = path;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(first, null, 2));
  }

  merge(settings: Readonly<Record<string, unknown>>): void {
    const before = JSON.parse(readFileSync(this.path, 'utf8')) as Record<string, unknown>;
    writeFileSync(this.path, JSON.stringify({ ...before, ...settings }, null, 2));
  }
}

/** Adds extensions where they lie to the list that the editor keeps of what is installed. */
function addFolders(folders: readonly string[], extensions: string): void {
  const list = join(extensions, 'extensions.json');
  const present = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as unknown[]) : [];
  const added = folders.map((folder) => {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
    return {
      identifier: { id: `${manifest['publisher']}.${manifest['name']}` },
      version: manifest['version'],
      location: { $mid: 1, path: folder, scheme: 'file' },
      metadata: { installedTimestamp: Date.now(), pinned: true, source: 'resource' },
    };
  });
  if (added.length > 0) writeFileSync(list, JSON.stringify([...present, ...added]));
}

function browserPath(): string | undefined {
  const named = process.env['STOWAGE_CHROMIUM'];
  if (named) return existsSync(named) ? named : undefined;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const places = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return names.flatMap((name) => places.map((place) => join(place, name))).find((path) => existsSync(path));
}
