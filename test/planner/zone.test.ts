import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import type * as Lit from 'lit-html';
import { after, before, describe, it } from 'mocha';
import type { Resize } from '../../src/core/model/moves.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { applyPlan } from '../../src/operate/applyPlan.ts';
import { openJournal } from '../../src/operate/journal.ts';
import { Planner } from '../../src/planner/client.ts';
import type { StepText } from '../../src/text/operation.ts';
import { planText } from '../../src/text/plan/planText.ts';
import { ownZone, useZone } from '../../src/text/zone.ts';
import type { PanelActions } from '../../webview/actions.ts';
import type * as Page from '../../webview/page.ts';
import { EMPTY_MODEL } from '../../webview/state.ts';
import { doctored, filled } from '../operate/doctored.ts';
import { firstOfEach, freshSample, isExpand, open, optionsOf, planOf } from '../operate/samplePlan.ts';
import { withPage } from '../webview/browser.ts';
import { watchPlots } from '../webview/plots.ts';

const script = resolve(import.meta.dirname, '../../src/planner/thread.ts');

/** The sample's clock stands at 14:00 UTC on 2 November: in Shanghai it is 22:00, in St John's 10:30. */
describe('one clock for the planning thread and the panel', () => {
  withPage();
  let planner: Planner;
  let directory: string;
  let remove: () => Promise<void>;
  let plan: Plan;
  let steps: StepText[];
  let stopPlots: () => void;
  let render: typeof Lit.render;
  let page: typeof Page.page;

  before(async () => {
    ({ directory, remove } = await freshSample());
    await leaveWaiting();
    steps = [];
    const silent = () => undefined;
    const onStep = (step: StepText) => steps.push(step);
    planner = new Planner(script, { onView: silent, onStep, onKubeconfig: silent, onDied: silent });
    const plots = await watchPlots();
    stopPlots = () => plots.stop();
    ({ render } = await import('lit-html'));
    ({ page } = await import('../../webview/page.ts'));
  });
  after(async () => {
    useZone(ownZone());
    stopPlots?.();
    await planner?.dispose();
    await remove();
  });

  /** An expand on a node without room is applied, so that a wait is in the journal of the folder. */
  async function leaveWaiting(): Promise<void> {
    const cluster = await open(directory);
    const expand = firstOfEach(await planOf(cluster), [isExpand]);
    const { node } = (expand.moves[0] as Resize).task;
    const full = doctored(cluster, { snapshot: (snapshot) => filled(snapshot, node!) });
    const journal = await openJournal(directory);
    assert.equal((await applyPlan(expand, full, optionsOf(journal))).kind, 'waiting');
    await journal.close();
    await cluster.close();
  }

  const target = () => ({ kind: 'sample', seed: 7, directory }) as const;

  /** What the panel shows of the plan and of the steps in this page's zone. */
  const panel = () => {
    const root = document.createElement('main');
    document.body.replaceChildren(root);
    const actions = new Proxy({} as PanelActions, { get: () => () => undefined });
    const host = { cluster: 'sample', planId: plan.id, nowSeconds: planner.view.takenAtSeconds };
    const taken = new Map(steps.map((step) => [step.moveId, step]));
    render(page({ ...EMPTY_MODEL, plan, host, steps: taken }, actions), root);
    return root.textContent.replace(/\s+/g, ' ');
  };

  const includes = (text: string, words: string) => assert.ok(text.includes(words), `"${words}" in: ${text}`);

  it('names the same hour in notification, panel, terminal and doctor, and the zone once on each', async () => {
    useZone('Asia/Shanghai');
    const { stateDirectory, ...more } = { stateDirectory: directory, access: {}, settings: DEFAULT_SETTINGS };
    await planner.ask({ type: 'connect', target: target(), stateDirectory, ...more });
    const { text } = await planner.ask({ type: 'continue' });
    const [, until] = /^Moves: 0 done, 1 waiting until (\d\d:\d\d) UTC\+8\.$/.exec(text) ?? assert.fail(text);
    plan = JSON.parse(new TextDecoder().decode((await planner.ask({ type: 'plan' })).json));
    assert.equal(plan.snapshot.takenAtSeconds, Date.parse('2026-11-02T14:00:00Z') / 1000);
    includes(panel(), `waiting until ${until}. `);
    includes(panel(), 'at 2026-11-02 22:00, times in UTC+8 (Asia/Shanghai)');
    const terminal = planText(plan, { paint: (_, words) => words, all: true });
    includes(terminal, 'at 2026-11-02 22:00, times in UTC+8 (Asia/Shanghai)');
    const doctor = await planner.ask({ type: 'doctor', target: target(), name: 'sample', access: {} });
    includes(doctor, 'All times in UTC+8 (Asia/Shanghai).');
    includes(doctor, 'read at 2026-11-02 22:00 |');
    for (const head of [panel(), terminal, doctor]) assert.equal(head.split('times in').length, 2);
    // What is a wait's end by one clock is no other screen's by another.
    assert.doesNotMatch(panel() + terminal + doctor, /\b14:00\b/);
  });

  it('follows when the page of another reader is opened, in a thread that runs already', async () => {
    useZone('America/St_Johns');
    planner.tellZone();
    const { text } = await planner.ask({ type: 'continue' });
    const [, until] = /waiting until (\d\d:\d\d) UTC−3:30\.$/.exec(text) ?? assert.fail(text);
    includes(panel(), `waiting until ${until}. `);
    includes(panel(), 'at 2026-11-02 10:30, times in UTC−3:30 (America/St_Johns)');
    includes(await planner.ask({ type: 'doctor', target: target(), name: 'sample', access: {} }), '2026-11-02 10:30');
  });

  it('shows the day of a wait that ends tomorrow', () => {
    useZone('Asia/Shanghai');
    const { takenAtSeconds } = plan.snapshot;
    // Two hours after 22:00 it is another day in Shanghai, while in London it is not.
    steps = steps.map((step) => ({ ...step, untilSeconds: takenAtSeconds + 2 * 3600 }));
    includes(panel(), 'waiting until 2026-11-03 00:00. ');
    useZone('UTC');
    includes(panel(), 'waiting until 16:00. ');
  });
});
