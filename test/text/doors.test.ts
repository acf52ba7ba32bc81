import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { openSampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import { goalsOf } from '../../src/core/plan/goals.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { planReport } from '../../src/notebook/planReport.ts';
import { predictedRows } from '../../src/operate/ledger.ts';
import type { Step } from '../../src/operate/step.ts';
import { planSituation } from '../../src/planning/plan.ts';
import { readSituation } from '../../src/planning/situation.ts';
import { type ClusterView, clusterView } from '../../src/rows/clusterView.ts';
import { outlookOf } from '../../src/rows/outlook.ts';
import { costOfGoal, describeTogether, gainOfGoal, titleOfGoal } from '../../src/text/goals.ts';
import { describeGoal, describeNoMigrations, describeWorth } from '../../src/text/migration.ts';
import { movesDoneText } from '../../src/text/movesDone.ts';
import { describeQuestion, describeStep, stepLine } from '../../src/text/operation.ts';
import { planText } from '../../src/text/plan/planText.ts';
import { planTables } from '../../src/text/plan/tables.ts';
import { describePredictor } from '../../src/text/prediction.ts';
import { describeNoResizes } from '../../src/text/resize.ts';
import { describeFreed, describeVerdict } from '../../src/text/verdict.ts';
import type { PanelActions } from '../../webview/actions.ts';
import { EMPTY_MODEL, type PanelModel } from '../../webview/state.ts';
import { KernelUnderTest } from '../notebook/kernelUnderTest.ts';
import { withPage } from '../webview/browser.ts';
import { emptyPlan } from '../webview/plans.ts';
import { watchPlots } from '../webview/plots.ts';

/**
 * What one plan's facts are called in the panel, on the terminal, in the trees, in a notebook and in Moves Done: each is read
 * from where a door has put it, and compared with where another has.
 */
describe('one fact at every door', () => {
  withPage();
  let plan: Plan;
  let view: ClusterView;
  /** The terminal's plan, whatever its line breaks. */
  let terminal: string;
  let panel: (more?: Partial<PanelModel>, task?: string) => void;
  let stopPlots: () => void;

  before(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'stowage-doors-'));
    try {
      const cluster = await openSampleCluster({ seed: 7, directory });
      const situation = await readSituation(cluster, directory);
      plan = await planSituation(situation, { kind: 'sample', seed: 7, directory }, DEFAULT_SETTINGS, directory);
      const { snapshot, predictions, predictor } = situation;
      view = clusterView(snapshot, predictions, DEFAULT_SETTINGS, describePredictor(predictor));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    terminal = plain(planText(plan, { paint: (_, text) => text, all: true }));
    const plots = await watchPlots();
    stopPlots = () => plots.stop();
    const { render } = await import('lit-html');
    const { page } = await import('../../webview/page.ts');
    const actions = new Proxy({} as PanelActions, { get: () => () => undefined });
    panel = (more = {}, task) => {
      const { choices } = EMPTY_MODEL;
      const moves = { ...choices.moves, group: 'none' } as const;
      const chosen = { ...choices, moves, planId: plan.id, ...(task !== undefined && { task }) };
      const root = document.createElement('main');
      document.body.replaceChildren(root);
      render(page({ ...EMPTY_MODEL, plan, choices: chosen, host: { cluster: 'sample' }, ...more }, actions), root);
    };
    panel();
  });
  after(() => stopPlots());

  /** The rows of a grid of the panel, each by its columns' titles. */
  const grid = (label: string | RegExp): Map<string, string>[] => {
    const found = [...document.querySelectorAll('[role=grid], [role=treegrid]')].find((each) =>
      each.getAttribute('aria-label')?.match(label),
    );
    assert.ok(found, `the panel has a grid ${label}`);
    const texts = (root: Element, selector: string) =>
      [...root.querySelectorAll(selector)].map(({ textContent }) => plain(textContent));
    const titles = texts(found, '[role=columnheader]').map((title) => title.replace(/ ?[▲▼↑↓]$/, ''));
    const rows = [...found.querySelectorAll('[role=row]')].map((row) => texts(row, '[role=gridcell]'));
    return rows
      .filter(({ length }) => length > 0)
      .map((cells) => new Map(cells.map((cell, at) => [titles[at]!, cell])));
  };
  const cell = (row: Map<string, string>, title: string) => row.get(title) ?? assert.fail(`no column ${title}`);

  /** What the terminal says of a pending task. */
  const block = (taskId: string) => {
    const at = (id: string) => terminal.indexOf(` ${id} `, terminal.indexOf('PLACE '));
    const from = at(taskId);
    const others = plan.placements.map((each) => at(each.taskId)).filter((other) => other > from);
    return terminal.slice(from, Math.min(...others, terminal.indexOf(' RESIZE ')));
  };
  const includes = (text: string, words: string) => assert.ok(text.includes(words), `"${words}" in: ${text}`);

  it('what the predictor in use has learned from', () => {
    includes(terminal, `runtimes: ${view.predictor}`);
    includes(plain(document.body.textContent), `runtimes: ${view.predictor}`);
  });

  it('the verdict', () => {
    const verdict = plain(document.querySelector('p.verdict')!.textContent);
    includes(terminal, verdict);
    assert.ok(planReport(plan).notes.includes(verdict));
  });

  it('what moves are for, what that saves and costs, and whose alone are of no use', () => {
    panel({ choices: { ...EMPTY_MODEL.choices, planId: plan.id } });
    const groups = grid('Moves').map((row) => cell(row, 'move'));
    const goals = goalsOf(plan);
    const groupOf = (title: string) => groups.find((group) => group.includes(title)) ?? assert.fail(groups.join('\n'));
    for (const goal of goals) groupOf(titleOfGoal(goal));
    const migrating = goals.filter(({ purpose }) => purpose.kind === 'start' || purpose.kind === 'free');
    assert.ok(migrating.length > 0);
    for (const goal of migrating) {
      const { purpose, gain, cost } = goal;
      const what = titleOfGoal(goal).replace(/^\w/, (letter) => letter.toLowerCase());
      includes(terminal, `To ${what}: ${describeWorth(gain.nodeSeconds, cost.nodeSeconds)}`);
      const group = groupOf(titleOfGoal(goal));
      includes(group, gainOfGoal(goal));
      includes(group, costOfGoal(goal));
      if (goal.together) includes(group, describeTogether(goal)!);
      const rows = planTables(plan).migrations.filter((row) => row['decision'] === 'migrate');
      assert.ok(rows.some((row) => 'node' in purpose && row['in order to'] === describeGoal(purpose)));
    }
    panel();
  });

  it('since when a pending task waits, why, and what helps', () => {
    const tables = planTables(plan).placements;
    const outlooks = outlookOf(plan);
    for (const { taskId, decision } of plan.placements) {
      const row = tables.find(({ task }) => task === taskId)!;
      const { why, ...told } = outlooks.get(taskId)!;
      const help = told.help.replace(/ UTC[+−\d:]*/, ''); // no tree has a head that names the zone
      assert.deepEqual([row['why it waits'], row['what helps']], [why, help]);
      includes(block(taskId), `waits ${row['waits']}`);
      if (decision.kind === 'noNode') includes(block(taskId), `what helps: ${help}`);
    }
  });

  it('what could start a defragmentation, with its count-down, and the candidates', () => {
    const section = document.querySelector('section[aria-label=Migrations]')!;
    const triggers = [...section.querySelectorAll('ul li')].map(({ textContent }) => plain(textContent));
    assert.ok(triggers.length > 1 && triggers.some((trigger) => trigger.includes('it must hold; plan again at')));
    for (const trigger of triggers) includes(terminal, trigger);
    const [first] = plain(section.querySelector('p')!.textContent).split('), ');
    includes(terminal, first!);
  });

  it('that nothing is moved or resized, and by which rule', () => {
    const nothing = emptyPlan(plan);
    panel({ plan: nothing });
    const said = plain(planText(nothing, { paint: (_, text) => text, all: true }));
    for (const words of [describeVerdict(nothing), describeNoMigrations(nothing), describeNoResizes(nothing)]) {
      includes(said, words);
      includes(plain(document.body.textContent), words);
    }
    panel();
  });

  it('what is forecast', () => {
    const charts = [...document.querySelectorAll('figcaption strong')].map(({ textContent }) => plain(textContent));
    assert.ok(charts.length >= 4);
    const table = terminal.slice(terminal.indexOf('FORECAST '));
    for (const title of charts) includes(table, `${title} do nothing`);
    const { parts } = planReport(plan);
    assert.ok(parts.some(({ figure }) => charts.includes(String(Object(figure?.layout['title']).text))));
  });

  it('a pending task’s runtime and where it goes', () => {
    const rows = grid('Pending tasks');
    const outlooks = outlookOf(plan);
    assert.ok(rows.length > 3);
    for (const row of rows) {
      includes(block(cell(row, 'task')), cell(row, 'asks for'));
      includes(block(cell(row, 'task')), cell(row, 'predicted runtime'));
      includes(block(cell(row, 'task')), cell(row, 'waits'));
      includes(block(cell(row, 'task')), cell(row, 'what helps'));
      assert.equal(outlooks.get(cell(row, 'task'))!.why, cell(row, 'why it waits'));
    }
  });

  it('what a node’s available time comes from, and what a prediction stands on', () => {
    const { taskId, ranked } = plan.placements.find((advice) => advice.ranked.length > 1)!;
    panel({}, taskId);
    const task = view.tasks.find(({ id }) => id === taskId)!;
    for (const words of [task.basis!, task.trackRecord!, task.beside!]) {
      includes(block(taskId), words);
      includes(plain(document.body.textContent), words);
    }
    const rows = grid('Ranked nodes');
    assert.equal(rows.length, ranked.length);
    for (const row of rows) {
      const { source } = view.nodes.find(({ name }) => name === cell(row, 'node'))!.available;
      includes(cell(row, 'why'), source);
      includes(block(taskId), source);
    }
    panel();
  });

  it('why nodes cannot take a task', () => {
    const { taskId } = plan.placements.find(({ refused, ranked }) => refused.length > 0 && ranked.length > 0)!;
    panel({}, taskId);
    const refused = [...document.querySelectorAll('details li')].map(({ textContent }) => plain(textContent));
    assert.ok(refused.length > 0);
    for (const words of refused) includes(block(taskId), words);
    panel();
  });

  it('when a task starts at the earliest, and that the plan alone lifts its gate', () => {
    const starts = terminal.slice(terminal.indexOf('earliest start'));
    const rows = grid('Earliest start');
    for (const row of rows) {
      const from = starts.indexOf(cell(row, 'task'));
      const others = rows.map((each) => starts.indexOf(cell(each, 'task'))).filter((at) => at > from);
      const line = starts.slice(from, Math.min(...others, starts.length));
      for (const scenario of ['do nothing', 'with this plan']) includes(line, cell(row, scenario));
    }
    const gated = plan.placements.find(({ decision }) => decision.kind === 'place')!.taskId;
    const row = rows.find((each) => each.get('task') === gated)!;
    assert.deepEqual([row.get('do nothing'), row.get('with this plan')], ['stays behind its gate', 'now']);
  });

  it('what is freed by team', () => {
    const [teams] = describeFreed(plan);
    includes(terminal, teams!);
    includes(plain(document.querySelector('section[aria-label="Resizes in place"]')!.textContent), teams!);
  });

  it('what a resize waits for, and why one is not made', () => {
    const rows = grid('Resizes in place').map(
      (row) => [cell(row, 'decision'), cell(row, "the method's rule")] as const,
    );
    const resized = rows.filter(([decision]) => /^(shrink|expand) /.test(decision));
    const waits = rows.filter(([decision]) => decision.includes('look again at'));
    assert.ok(resized.length > 0 && waits.length > 0);
    for (const [decision, rule] of resized) {
      includes(terminal, decision.replace(/^\w+ /, ''));
      includes(terminal, rule);
    }
    for (const [decision] of waits) includes(terminal, decision);
    // Of those that are not made the terminal gives one example a reason.
    const others = grid(/resizes? (is|are) not made/).map((row) => cell(row, 'decision'));
    assert.ok(others.some((decision) => terminal.includes(decision)));
  });

  it('what a move is called, what it loses, and how it ended', () => {
    const labels = grid('Moves').map((row) => cell(row, 'move'));
    const outcome = { code: 'ownerEnded', owner: 'team/x' } as const;
    const state: Step['state'] = { kind: 'done', outcome };
    const steps = plan.moves.map((move): Step => ({ move, state }));
    const resizes = plan.moves.filter(({ kind }) => kind === 'resize').slice(0, 10);
    const undo = describeQuestion({ kind: 'undo', cluster: 'sample', moves: resizes }).detail.split('\n');
    assert.ok(resizes.length > 0);
    assert.deepEqual(
      undo,
      resizes.map((move) => describeStep({ move, state }).title),
    );
    panel({ steps: new Map(steps.map((step) => [step.move.id, describeStep(step)])) });
    const progress = [...document.querySelectorAll('ol.steps li')].map(({ textContent }) => plain(textContent));
    assert.ok(labels.length > 10 && progress.length > 10);
    for (const [at, label] of labels.entries()) {
      const { title } = describeStep(steps[at]!);
      assert.ok(label.startsWith(title), `${label} is called ${title}`);
    }
    const said = steps.map((step) => `✓${stepLine(describeStep(step), 0)}`);
    for (const line of progress) assert.ok(said.includes(line), line);
    const done = movesDoneText(predictedRows(plan));
    const losses = labels.flatMap((label) => /loses .* of work/.exec(label) ?? []);
    assert.ok(losses.length > 0);
    for (const loss of losses) {
      includes(terminal, loss);
      includes(done, loss);
    }
    const worth = /saves [\d.]+ node-\w+, costs [\d.]+ node-\w+/.exec(terminal);
    includes(done, worth?.[0] ?? assert.fail('the terminal says what moves save'));
    panel();
  });

  it('what the plan was made from', () => {
    const { predictor } = view;
    const head = plain(document.querySelector('header')!.textContent);
    includes(head, predictor);
    includes(terminal, predictor);
    const counts = /\d+ nodes, \d+ running tasks, \d+ pending tasks/.exec(head);
    includes(terminal, counts?.[0] ?? assert.fail(head));
    const futures = /medians and 80 % bands of .* per hour/.exec(
      plain(document.querySelector('section[aria-label=Forecast] p.faint')!.textContent),
    );
    includes(terminal, futures?.[0] ?? assert.fail('the panel says what its bands are'));
  });

  it('and a notebook shows the terminal’s words', async () => {
    const cells = new KernelUnderTest();
    try {
      const { shown, error } = await cells.run('await stowage.plan()');
      assert.equal(error, undefined, error?.stack);
      const text = plain(shown.at(-1)!);
      for (const row of grid('Pending tasks')) includes(text, cell(row, 'what helps'));
    } finally {
      await cells.close();
    }
  });
});

function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
