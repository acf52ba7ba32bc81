/**
 * How soon the plan panel can be used once it is handed a plan of a large cluster, in Chromium without the editor around
 * it: `node bench/panel.ts [nodes tasks]`, default 5,000 nodes, 50,000 tasks. Needs the built extension and Chromium.
 */

import { resolve } from 'node:path';
import { chromium } from 'playwright-core';
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
  const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
  await page.setContent('<!DOCTYPE html><body><main id="root"></main></body>');
  await page.evaluate('globalThis.acquireVsCodeApi = () => ({ postMessage() {}, getState() {}, setState() {} })');
  await page.addScriptTag({ path: resolve(import.meta.dirname, '../dist/webview/panel.js') });
  await page.evaluate((text) => Object.assign(window, { planBytes: new TextEncoder().encode(text) }), json);
  const protocol = await page.context().newCDPSession(page);
  await protocol.send('Performance.enable', { timeDomain: 'threadTicks' });
  const used = async () => {
    const { metrics } = await protocol.send('Performance.getMetrics');
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
  };
  for (let round = 0; round < 3; round++) {
    const before = await used();
    const milliseconds = await page.evaluate(usableAfter, `plan ${round}`);
    const processor = (await used()) - before;
    const megabytes = (json.length / 1e6).toFixed(1);
    console.log(
      `${megabytes} MB, usable after ${milliseconds.toFixed(0)} ms; ${processor.toFixed(0)} ms of processor time`,
    );
  }
} finally {
  await browser.close();
}

/** From the message to the first frame in which every chart is drawn and "Apply" can be pressed. */
function usableAfter(planId: string): Promise<number> {
  const state = { cluster: 'made up', steps: [], plan: planBytes, planId };
  const started = performance.now();
  window.postMessage({ type: 'state', state }, '*');
  return new Promise((done) => {
    const look = () => {
      const plots = [...document.querySelectorAll('.charts .plot')];
      const drawn = plots.length > 0 && plots.every((plot) => plot.querySelector('.main-svg'));
      const buttons = [...document.querySelectorAll('vscode-button:not([disabled])')];
      if (drawn && buttons.some(({ textContent }) => textContent?.startsWith('Apply'))) {
        document.getElementById('root')?.replaceChildren();
        done(performance.now() - started);
      } else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
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
