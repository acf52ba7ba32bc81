/**
 * How soon the plan panel can be used once it is handed a plan of a large cluster, and what a tick and a search take in
 * it; in Chromium without the editor around it: `node bench/panel.ts [nodes tasks]`, default 5,000 nodes, 50,000 tasks.
 * Needs the built extension and Chromium.
 */

import { resolve } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { countArrivals } from '../src/core/forecast/arrivals.ts';
import { DEFAULT_SETTINGS } from '../src/core/model/settings.ts';
import type { Usage } from '../src/core/model/usage.ts';
import { draftPlan, finishPlan } from '../src/core/plan/makePlan.ts';
import { sha256 } from '../src/io/sha256.ts';
import { forecastOnThreads } from '../src/worker/threads/forecasting.ts';
import { editorAvailability } from '../test/vscode/workbench.ts';
import { madeUpCluster } from './madeUpCluster.ts';

/** The plan, in the page. */
declare const planBytes: Uint8Array;

const [nodes = 5000, tasks = 50_000] = process.argv.slice(2).map(Number);
const editor = editorAvailability();
if (editor.kind === 'missing') throw new Error(`${editor.reason} ${editor.remedy}`);
const json = await madeUpPlan();
const browser = await chromium.launch({ executablePath: editor.chromium, args: ['--no-sandbox', '--disable-gpu'] });
try {
  for (let round = 0; round < 3; round++) {
    const page = await openPage();
    const first = await measured(page, () => page.evaluate(usableAfter, `plan ${round}`));
    const megabytes = (json.length / 1e6).toFixed(1);
    console.log(`${megabytes} MB, usable after ${first}`);
    const box = 'section[aria-label=Moves] input[type=checkbox]';
    console.log(`  tick a group: ${await measured(page, () => page.evaluate(drawnAfterClick, box))}`);
    console.log(`  search: ${await measured(page, () => page.evaluate(drawnAfterSearch, 'task-1234'))}`);
    console.log(`  tick a move: ${await measured(page, () => page.evaluate(drawnAfterClick, `${box} >> last`))}`);
    await page.close();
  }
} finally {
  await browser.close();
}

async function openPage(): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
  await page.setContent('<!DOCTYPE html><body><main id="root"></main></body>');
  await page.evaluate('globalThis.acquireVsCodeApi = () => ({ postMessage() {}, getState() {}, setState() {} })');
  await page.addScriptTag({ path: resolve(import.meta.dirname, '../dist/webview/panel.js') });
  await page.evaluate((text) => Object.assign(window, { planBytes: new TextEncoder().encode(text) }), json);
  return page;
}

/** What a piece of work takes by the clock, and of the page's processor time. */
async function measured(page: Page, work: () => Promise<number>): Promise<string> {
  const protocol = await page.context().newCDPSession(page);
  await protocol.send('Performance.enable', { timeDomain: 'threadTicks' });
  const used = async () => {
    const { metrics } = await protocol.send('Performance.getMetrics');
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
  };
  const before = await used();
  const milliseconds = await work();
  return `${milliseconds.toFixed(0)} ms; ${((await used()) - before).toFixed(0)} ms of processor time`;
}

/** From the message to the first frame in which every chart is drawn and "Apply" can be pressed. */
function usableAfter(planId: string): Promise<number> {
  const state = { cluster: 'made up', steps: [], stepsBefore: 0, plan: planBytes, planId };
  const started = performance.now();
  window.postMessage({ type: 'state', state }, '*');
  return new Promise((done) => {
    const look = () => {
      const plots = [...document.querySelectorAll('.charts .plot')];
      const drawn = plots.length > 0 && plots.every((plot) => plot.querySelector('.main-svg'));
      const buttons = [...document.querySelectorAll('vscode-button:not([aria-disabled=true])')];
      if (drawn && buttons.some(({ textContent }) => textContent?.startsWith('Apply')))
        done(performance.now() - started);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

/** From a click on the first box that is found, or the last, to the second frame after it: what it changes is drawn. */
function drawnAfterClick(words: string): Promise<number> {
  const [selector = '', which] = words.split(' >> ');
  const boxes = [...document.querySelectorAll<HTMLElement>(selector)];
  const started = performance.now();
  (which === 'last' ? boxes.at(-1) : boxes[0])?.click();
  return new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - started)));
  });
}

function drawnAfterSearch(words: string): Promise<number> {
  const box = document.querySelector<HTMLInputElement>('input[type=search]')!;
  box.value = words;
  const started = performance.now();
  box.dispatchEvent(new Event('input'));
  return new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - started)));
  });
}

/**
 * Half of the tasks use too little or too much, so that the plan holds thousands of moves. Its forecast is of few futures and
 * of the same cluster twice: what drawing it costs depends on neither.
 */
async function madeUpPlan(): Promise<string> {
  const { snapshot, predictions, history } = madeUpCluster(nodes, tasks);
  const span = { fromSeconds: snapshot.takenAtSeconds - 1800, toSeconds: snapshot.takenAtSeconds, readings: 60 };
  const usage: Record<string, Usage> = {};
  for (const [index, { id, request, phase }] of snapshot.tasks.entries()) {
    const share = [0.1, 0.3, 0.7, 0.97][index % 4]!;
    const { milliCpu, memoryBytes } = request;
    const used = { ...request, milliCpu: Math.round(milliCpu * share), memoryBytes: Math.round(memoryBytes * share) };
    if (phase === 'running') usage[id] = { mean: used, peak: used, ...span, source: 'observed' };
  }
  const predictor = { name: 'none', tasks: 0 };
  const draft = draftPlan({
    snapshot: { ...snapshot, usage },
    predictions,
    predictor,
    settings: DEFAULT_SETTINGS,
    since: {},
    hash: sha256,
  });
  const forecast = await forecastOnThreads({
    predictions,
    arrivals: countArrivals(history, snapshot, snapshot.takenAtSeconds),
    settings: DEFAULT_SETTINGS,
    seed: 1,
    samples: 4,
    scenarios: { nothing: snapshot, plan: snapshot },
  });
  const plan = finishPlan(draft, sha256, { forecast });
  console.log(
    `${plan.moves.length} moves, ${plan.resizes.length} resize advices, ${plan.placements.length} pending tasks`,
  );
  return JSON.stringify(plan);
}
