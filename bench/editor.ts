/**
 * How long Stowage holds the extension host's thread while it opens, plans, applies and trains, how long it takes to
 * activate, and how soon the panel can be used once the plan exists. Needs the built extension and what the editor tests
 * need. `node bench/editor.ts`
 *
 * A stand-in for the extension's entry loads the real one and looks, every few milliseconds, how much processor time the
 * thread has used since it last came round: an upper bound of any one piece of work between, and one that does not grow
 * when other processes take the processor away. The plan exists when the planning thread answers; the panel can be used in
 * the first frame in which every chart is drawn and "Apply" can be pressed. Both by the machine's clock.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Frame } from 'playwright-core';
import { startWorkbench } from '../test/vscode/workbench.ts';

/** Stands in the place of the extension's entry; notes whatever holds the thread for more than 4 ms. */
const PROBE = `
const { appendFileSync } = require('node:fs');
const used = () => { const { user, system } = process.threadCpuUsage(); return (user + system) / 1000; };
const note = (reading) => appendFileSync(READINGS, JSON.stringify({ at: Date.now(), ...reading }) + '\\n');
const before = used();
const real = require('./dist/extension.cjs');
const loaded = used() - before;
exports.activate = (context) => {
  const start = used();
  const result = real.activate(context);
  note({ loaded, activated: used() - start });
  let last = used();
  setInterval(() => {
    const held = used() - last;
    if (held > 4) note({ held });
    last = used();
  }, 4);
  return result;
};
exports.deactivate = () => real.deactivate?.();
`;

/** Stands in the place of the planning thread's script; notes when a plan is answered. */
const PLANNER_PROBE = `
import { appendFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
const post = parentPort.postMessage.bind(parentPort);
parentPort.postMessage = (message, ...rest) => {
  if (message?.type === 'answer' && message.answer?.json)
    appendFileSync(READINGS, JSON.stringify({ at: Date.now(), planBytes: message.answer.json.length }) + '\\n');
  return post(message, ...rest);
};
await import('./real.js');
`;

const extension = process.env['STOWAGE_EXTENSION'] ?? resolve(import.meta.dirname, '..');
const home = mkdtempSync(join(tmpdir(), 'stowage-bench-editor-'));
const readings = join(home, 'readings.jsonl');
const probed = probedExtension();
const folder = join(home, 'folder');
mkdirSync(folder);

const workbench = await startWorkbench({ extension: { folder: probed }, folder });
const phases: { name: string; from: number; to: number }[] = [];
/** When the panel became usable, by `Date.now()`; once a plan. */
let usable: readonly number[] = [];
declare const usableAt: number[];
const toast = (text: RegExp) =>
  workbench.page.locator('.notification-toast', { hasText: text }).first().waitFor({ timeout: 300_000 });

try {
  await workbench.openContainer('Stowage');
  await workbench.page.locator('.welcome-view-content', { hasText: 'Open the Sample Cluster' }).waitFor();
  await workbench.page.waitForTimeout(5000);
  await phase('nothing', () => workbench.page.waitForTimeout(10_000));
  await phase('opening the sample', async () => {
    await workbench.command('Stowage: Open the Sample Cluster');
    await workbench.tree('Nodes').row('node gpu-a100-1');
  });
  await phase('planning and forecasting', async () => {
    await workbench.command('Stowage: Preview Plan');
    await watchPanel(await workbench.webview('#root', 300_000));
    await workbench.webview('.charts .plot .main-svg', 300_000);
  });
  await phase('planning twice more', async () => {
    for (let round = 0; round < 2; round++) {
      const panel = await workbench.webview('vscode-button', 300_000);
      const before = await panel.evaluate(() => usableAt.length);
      await panel.locator('vscode-button', { hasText: 'Plan again' }).click();
      await panel.waitForFunction((many) => usableAt.length > many, before);
    }
  });
  await phase('applying', async () => {
    const panel = await workbench.webview('vscode-button');
    usable = await panel.evaluate(() => usableAt);
    await panel.locator('vscode-button:not([aria-disabled=true])', { hasText: /^Apply \d+ moves?/ }).click();
    await workbench.answerModal('Apply');
    await toast(/Moves: \d+ done/);
  });
  await phase('training', async () => {
    await workbench.command('Stowage: Train Runtime Predictor');
    await workbench.pick('History of the open cluster');
    await toast(/Learned from/);
  });
  report();
} finally {
  await workbench.close();
  rmSync(home, { recursive: true, force: true });
}

async function phase(name: string, work: () => Promise<unknown>): Promise<void> {
  const from = Date.now();
  await work();
  phases.push({ name, from, to: Date.now() });
}

function report(): void {
  const lines = readFileSync(readings, 'utf8').trim().split('\n');
  const all = lines.map(
    (line) =>
      JSON.parse(line) as { at: number; held?: number; loaded?: number; activated?: number; planBytes?: number },
  );
  const first = all.find(({ loaded }) => loaded !== undefined);
  console.log(`activation: ${first?.loaded?.toFixed(1)} ms to load, ${first?.activated?.toFixed(1)} ms to activate`);
  const plans = all.flatMap(({ at, planBytes }) => (planBytes === undefined ? [] : [{ at, planBytes }]));
  for (const [index, { at, planBytes }] of plans.entries()) {
    const first = usable.find((each) => each >= at && each < (plans[index + 1]?.at ?? Number.POSITIVE_INFINITY));
    const after = first === undefined ? 'not seen' : `${first - at} ms after it existed`;
    console.log(`plan ${index + 1}: ${(planBytes / 1e6).toFixed(2)} MB, panel usable ${after}`);
  }
  console.log('phase                        seconds   longest   over 16 ms');
  for (const { name, from, to } of phases) {
    const held = all.flatMap((each) =>
      each.at >= from && each.at <= to && each.held !== undefined ? [each.held] : [],
    );
    const longest = held.length > 0 ? `${Math.max(...held).toFixed(1)} ms` : '< 4 ms';
    const over = held.filter((milliseconds) => milliseconds > 16).length;
    const seconds = ((to - from) / 1000).toFixed(1);
    console.log(`${name.padEnd(26)} ${seconds.padStart(9)} ${longest.padStart(9)} ${String(over).padStart(12)}`);
  }
}

/** Notes each frame in which the panel has become usable; where it was so already, the first that is looked at. */
async function watchPanel(panel: Frame): Promise<void> {
  await panel.evaluate(() => {
    const drawn = () => {
      const plots = [...document.querySelectorAll('.charts .plot')];
      const buttons = [...document.querySelectorAll('vscode-button:not([aria-disabled=true])')];
      const apply = buttons.some(({ textContent }) => /^Apply \d+ move/.test(textContent?.trim() ?? ''));
      return apply && plots.length > 0 && plots.every((plot) => plot.querySelector('.main-svg'));
    };
    const times: number[] = [];
    Object.assign(window, { usableAt: times });
    let before = false;
    const look = () => {
      const now = drawn();
      if (now && !before) times.push(Date.now());
      before = now;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

/** The extension with another entry: its manifest and folders, and the probe around the real code. */
function probedExtension(): string {
  const directory = join(home, 'extension');
  mkdirSync(directory);
  for (const name of ['dist', 'media', 'notebooks', 'package.nls.json'])
    cpSync(join(extension, name), join(directory, name), { recursive: true, dereference: true });
  const manifest = JSON.parse(readFileSync(join(extension, 'package.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ ...manifest, main: './probe.cjs' }));
  writeFileSync(join(directory, 'probe.cjs'), PROBE.replace('READINGS', JSON.stringify(readings)));
  const planner = join(directory, 'dist/planner.js');
  renameSync(planner, join(directory, 'dist/real.js'));
  writeFileSync(planner, PLANNER_PROBE.replace('READINGS', JSON.stringify(readings)));
  return directory;
}
