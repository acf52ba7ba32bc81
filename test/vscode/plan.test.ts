import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { until } from '../control-plane/until.ts';
import { stepByStep } from '../stepByStep.ts';
import { APPLY, movesListed, planned, previewPlan } from './planPanel.ts';
import { requireEditor, startWorkbench, type Workbench } from './workbench.ts';

const extension = process.env['STOWAGE_EXTENSION'] ?? resolve(import.meta.dirname, '../..');
/** A public log, beside the project where there is one. */
const LOG = resolve(import.meta.dirname, '../../../shared/traces/KTH-SP2-1996-2.1-cln.swf.gz');

/** The sample's clock begins at 14:00 UTC: where this user is, it is 19:30, wherever the editor's server is. */
const ZONE = 'Asia/Kolkata';
const TIMES_IN = /times in UTC\+5:30 \(Asia\/(Kolkata|Calcutta)\)/;

/** The walk of a new user, one step after the other in one window. */
describe('the sample cluster in the editor', () => {
  stepByStep();
  let workbench: Workbench;
  const folder = mkdtempSync(join(tmpdir(), 'stowage-folder-'));

  before(async function () {
    requireEditor(this);
    workbench = await startWorkbench({ extension: { folder: extension }, folder, zone: ZONE });
  });

  afterEach(async function () {
    await workbench?.recordFailure(this.currentTest);
  });

  after(async () => {
    await workbench?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Lets time pass on the sample, and waits until it has: its kept state is another one, and nothing is under way. */
  const advance = async (by: string) => {
    const state = () => readFileSync(join(folder, '.stowage/sample.json'), 'utf8');
    const before = state();
    await workbench.choose('Stowage: Advance the Sample Cluster’s Clock', by);
    await until(
      async () => state(),
      (now) => now !== before,
    );
    await workbench.page.locator('.statusbar-item .codicon-sync').waitFor({ state: 'detached' });
  };

  /** Narrows the tasks to one and opens its group, so that its row is on the screen. */
  const show = async (task: string) => {
    await workbench.answer('Stowage: Filter Tasks', task);
    await workbench.tree('Tasks').open(`task ${task}`);
  };

  /** Chooses an entry of a task's menu, again where nothing came of it: a menu also goes when something takes its focus. */
  const choose = async (task: string, entry: string) => {
    const { page } = workbench;
    const answer = page.locator('.notification-toast').or(page.locator('.monaco-dialog-box')).first();
    for (const until = Date.now() + 600_000; Date.now() < until; ) {
      await workbench.dismissToasts(); // one of an earlier command is no answer to this one
      await workbench.tree('Tasks').choose(`task ${task}`, entry);
      const came = answer.waitFor({ timeout: 60_000 }); // the check on a fresh snapshot comes before the question
      if (await came.then(() => true).catch(() => false)) return;
    }
    assert.fail(`Nothing comes of "${entry}" for ${task}`);
  };

  it('offers the sample cluster and a connection where nothing is open', async () => {
    await workbench.openContainer('Stowage');
    await workbench.page.locator('.welcome-view-content', { hasText: 'Open the Sample Cluster' }).waitFor();
    const welcome = await workbench.tree('Nodes').welcome();
    assert.match(welcome, /Open the Sample Cluster/);
    assert.match(welcome, /Connect to a Cluster/);
    assert.match(await workbench.tree('Tasks').welcome(), /once a cluster is open/);
    await workbench.pictures('1-welcome');
  });

  it('shows nodes with free capacity and available time, and tasks with their predicted runtimes', async () => {
    await workbench.command('Stowage: Open the Sample Cluster');
    const nodes = workbench.tree('Nodes');
    await nodes.row('node gpu-a100-1');
    assert.ok((await nodes.rows()).some((row) => /free, empty in \d/.test(row)));
    const tasks = workbench.tree('Tasks');
    await tasks.row('Pending');
    const rows = await tasks.rows();
    assert.ok(
      rows.some((row) => /, pending, runs .+ \(.+–.+\)/.test(row)),
      rows.join('\n'),
    );
    assert.ok((await workbench.statusItems()).some((text) => /sample seed 7/.test(text)));
    await nodes.expand('node gpu-a100-1');
    await workbench.pictures('2-trees');
  });

  it('filters and groups tasks', async () => {
    const tasks = workbench.tree('Tasks');
    await workbench.answer('Stowage: Filter Tasks', 'train pending');
    await workbench.page.waitForFunction(
      () => document.querySelectorAll('.pane [aria-label^="Deployment"]').length === 0,
    );
    const filtered = (await tasks.rows()).filter((row) => row.startsWith('task '));
    assert.ok(filtered.length > 0 && filtered.every((row) => /train/.test(row)), filtered.join('\n'));
    await workbench.page
      .locator('.pane', { hasText: /\d+ of \d+ tasks: train pending/ })
      .first()
      .waitFor();
    await workbench.picture('2-filtered');
    await workbench.answer('Stowage: Filter Tasks', 'nobody-has-this');
    await workbench.page
      .locator('.pane', { hasText: /None of \d+ tasks: nobody-has-this/ })
      .first()
      .waitFor();
    await workbench.command('Stowage: Clear Filter');
    await tasks.row('Deployment answer-api');
    await workbench.choose('Stowage: Group Tasks by', 'node');
    await tasks.row('cpu-l-1');
    await workbench.choose('Stowage: Group Tasks by', 'owner');
    await tasks.row('Deployment answer-api');
  });

  it('pins a node to the top and lets a task’s menu show its node', async () => {
    const nodes = workbench.tree('Nodes');
    await nodes.choose('node cpu-s-2', 'Pin');
    await workbench.page.waitForFunction(() =>
      document.querySelector('.pane .monaco-list-row')?.getAttribute('aria-label')?.startsWith('node cpu-s-2'),
    );
    await nodes.choose('node cpu-s-2', 'Unpin');
    const tasks = workbench.tree('Tasks');
    await tasks.expand('Deployment answer-api');
    await tasks.choose('task answer-api', 'Reveal Node');
    await workbench.page.locator('.pane .monaco-list-row.selected[aria-label^="node "]').waitFor();
  });

  it('offers in a task’s menu only what can be done with it', async () => {
    const entries = await workbench.tree('Tasks').entries('task answer-api');
    assert.ok(entries.includes('Resize in Place…') && entries.includes('Reveal Node'), entries.join(', '));
    assert.ok(!entries.includes('Migrate…') && !entries.includes('Place on the Best Node…'), entries.join(', '));
  });

  it('previews the plan: moves, forecast, ranked nodes, resizes, migrations', async () => {
    const panel = await previewPlan(workbench);
    const text = (await panel.locator('#root').textContent()) ?? '';
    assert.match(text, /at 2026-11-02 19:30, /);
    assert.match(text, TIMES_IN);
    for (const words of [
      'Moves',
      'Forecast',
      'do nothing',
      'with this plan',
      'Pending tasks',
      'Resizes in place',
      'Migrations',
    ]) {
      assert.ok(text.includes(words), `the panel lacks "${words}"`);
    }
    assert.ok((await panel.locator('[role=grid]').count()) >= 4);
    for (const part of ['Moves', 'Forecast', 'Pending tasks', 'Resizes in place', 'Migrations']) {
      const scroll = () =>
        panel
          .locator(`section[aria-label="${part}"]`)
          .evaluate((section) => section.scrollIntoView({ block: 'start' }));
      await workbench.pictures(`3-${part}`, scroll);
    }
  });

  it('sorts and walks the score grid by keyboard', async () => {
    const panel = await workbench.webview('[role=grid]');
    const grid = panel.locator('[role=grid][aria-label^="Ranked nodes"]');
    await grid.locator('[role=gridcell]').nth(1).click(); // the first one is a link
    await workbench.page.keyboard.press('ArrowUp');
    await workbench.page.keyboard.press('ArrowRight');
    await workbench.page.keyboard.press('Enter');
    await grid.locator('[aria-sort=descending]').waitFor();
    await workbench.page.keyboard.press('Enter');
    await grid.locator('[aria-sort=ascending]').waitFor();
  });

  it('ranks a task’s nodes again at once when a policy is added, and goes back to the plan’s', async () => {
    const panel = await workbench.webview('.weighing');
    const grid = panel.locator('[role=grid][aria-label^="Ranked nodes"]');
    // In whatever order a reader had sorted them: a new ranking begins in its own.
    const rows = async () =>
      (await grid.locator('[role=rowgroup] [role=gridcell]').allTextContents()).toSorted().join();
    const planned = await rows();
    await panel.locator('select[aria-label="Add a policy to the score"]').selectOption('leastAllocated');
    await grid.getByText('least allocated').first().waitFor();
    assert.notEqual(await rows(), planned);
    await panel.locator('.weighing').evaluate((part) => part.scrollIntoView({ block: 'center' }));
    await workbench.pictures('3-weights');
    await panel.locator('vscode-button', { hasText: 'Back to the plan’s' }).click();
    await grid.getByText('least allocated').first().waitFor({ state: 'detached' });
    assert.equal(await rows(), planned);
  });

  it('forecasts the cluster without one of its nodes, beside the plan', async () => {
    const panel = await workbench.webview('.charts');
    await panel.locator('vscode-button', { hasText: 'What if a node goes?' }).click();
    await workbench.pick('gpu-a100-1');
    await panel.locator('section[aria-label=Forecast]', { hasText: 'without gpu-a100-1' }).waitFor();
    await panel
      .locator('section[aria-label=Forecast]')
      .evaluate((section) => section.scrollIntoView({ block: 'start' }));
    await workbench.pictures('3-what-if');
  });

  it('passes over a message to the panel that is out of shape', async () => {
    const panel = await planned(workbench);
    const before = await panel.locator('#root').textContent();
    await panel.evaluate(() => {
      for (const message of [null, 'state', { type: 'state' }, { type: 'state', state: { cluster: 1, steps: {} } }])
        window.postMessage(message, '*');
    });
    await workbench.page.waitForTimeout(300);
    assert.equal(await panel.locator('#root').textContent(), before);
  });

  const single = [
    {
      kind: 'placement',
      text: /^Place (\S+) on /,
      entry: 'Place on the Best Node…',
      verb: 'Place 1 task',
      end: 'Place',
    },
    { kind: 'resize', text: /^Shrink (\S+) from /, entry: 'Resize in Place…', verb: 'Resize 1 task', end: 'Shrink' },
    { kind: 'migration', text: /^Migrate (\S+) from /, entry: 'Migrate…', verb: 'Migrate 1 Job', end: 'Migrate' },
  ] as const;
  for (const { kind, text, entry, verb, end } of single) {
    it(`carries out a single ${kind} from its task’s menu after one question`, async () => {
      const panel = await planned(workbench);
      const moves = await movesListed(panel);
      const [, id = ''] = moves.map((move) => text.exec(move.trim())).find((found) => found !== null) ?? [];
      const name = basename(id);
      await show(name);
      await choose(name, entry);
      assert.match(await workbench.answerModal(verb, `4-single-${kind}`), /Apply 1 of \d+ moves to sample seed 7/);
      await workbench.toast(/Moves: 1 done\./);
      await panel.locator('ol.steps li.done', { hasText: `${end} ${id.split('/')[0]}` }).waitFor({ state: 'attached' });
      await workbench.dismissToasts();
      await workbench.command('Stowage: Clear Filter');
    });
  }

  it('says so where the plan has no such move for the task', async () => {
    await show('answer-api');
    await choose('answer-api', 'Resize in Place…');
    await workbench.toast(/The plan does not resize .*answer-api.* now\. Preview Plan shows why/);
    await workbench.dismissToasts();
    await workbench.command('Stowage: Clear Filter');
  });

  it('applies nothing by Enter in the modal, which shows the moves; nothing says that they are done', async () => {
    const panel = await previewPlan(workbench);
    await panel.locator('vscode-button', { hasText: APPLY }).click();
    await workbench.pressInModal('Enter', '5-enter');
    const shown = (name: string) => workbench.page.locator(`.tabs-container .tab.active[data-resource-name="${name}"]`);
    const text = workbench.page.locator('.monaco-editor .view-lines');
    await shown('Moves.txt').waitFor();
    await text.waitFor();
    assert.match((await text.textContent()) ?? '', /Shrink\s\S+\sfrom\s/);
    assert.equal(await workbench.page.locator('.notification-toast', { hasText: 'Applying' }).count(), 0);
    await workbench.command('View: Close Editor');
    assert.equal(await (await planned(workbench)).locator('ol.steps li').count(), 0);
    await workbench.command('Stowage: Open Plan as Text');
    await shown('Plan.txt').waitFor();
    assert.match((await text.textContent()) ?? '', /PLACE/);
    await workbench.command('View: Close Editor');
  });

  it('saves the plan as a report where the user says', async () => {
    const file = join(folder, 'plan.html');
    await workbench.choose('Stowage: Save Plan As', 'HTML');
    await workbench.chooseFile(file);
    await until(
      async () => existsSync(file) && readFileSync(file, 'utf8').endsWith('</html>\n'),
      (saved) => saved,
    );
    assert.match(readFileSync(file, 'utf8'), /<title>Plan: sample seed 7<\/title>/);
  });

  it('applies after one modal that names cluster, moves and lost work, and follows each step', async () => {
    const panel = await previewPlan(workbench);
    const before = (await workbench.tree('Tasks').rows()).filter((row) => /, pending, /.test(row)).length;
    await panel.locator('vscode-button', { hasText: APPLY }).click();
    const asked = await workbench.answerModal('Apply', '5-confirm');
    assert.match(asked, /sample seed 7/);
    assert.match(asked, /of work is lost/);
    await panel.locator('ol.steps li.done').first().waitFor({ state: 'attached' });
    await workbench.picture('5-applying');
    await workbench.toast(/Moves: \d+ done/);
    const steps = await panel.locator('ol.steps li').allTextContents();
    assert.ok(
      steps.length > 3 && steps.every((step) => / done\. | not done\. | waiting until .*\. /.test(step)),
      steps.join('\n'),
    );
    assert.ok(
      steps.some((step) => /^.*Place .* done/.test(step)),
      steps.join('\n'),
    );
    await workbench.page.waitForFunction(
      (many) => document.querySelectorAll('.pane [aria-label*=", pending, "]').length < many,
      before,
    );
    await workbench.pictures('6-applied');
    await workbench.dismissToasts();
  });

  it('undoes the applied resizes after one question, and keeps a ledger', async () => {
    await workbench.command('Stowage: Undo Last Resizes');
    const asked = await workbench.answerModal('Undo');
    assert.match(asked, /Undo \d+ resize/);
    await workbench.toast(/Moves: \d+ done/);
    await workbench.dismissToasts();
    await workbench.command('Stowage: Show Moves Done');
    const ledger = await workbench.webview('.markdown-body table');
    assert.match((await ledger.locator('.markdown-body').first().textContent()) ?? '', TIMES_IN);
    const rows = (await ledger.locator('tbody tr').allTextContents()).map((row) => row.trim());
    assert.ok(
      rows.some((row) => /(Shrink|Expand) .* to go.*is resized/s.test(row)) &&
        rows.some((row) => /Undo: .*is resized/s.test(row)) &&
        rows.some((row) => /Migrate .*loses .* of work/s.test(row)),
      rows.join('\n'),
    );
    await workbench.picture('7-ledger');
    await workbench.command('View: Close Editor');
  });

  it('goes on, once the window is loaded again, with a move that was cut off', async () => {
    // As if the process had been killed before the end of the last move was written.
    const journal = join(folder, '.stowage/journal.jsonl');
    const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
    assert.match(lines.at(-1) ?? '', /"kind":"done"/);
    writeFileSync(journal, `${lines.slice(0, -1).join('\n')}\n`);
    await workbench.reload();
    await workbench.toast(/Moves: \d+ done\./);
    assert.match(readFileSync(journal, 'utf8').trimEnd().split('\n').at(-1) ?? '', /"kind":"done"/);
    assert.ok((await workbench.statusItems()).some((text) => /sample seed 7/.test(text)));
    const again = await workbench.webview('.charts .plot .main-svg');
    await again.locator('.lead', { hasText: 'sample seed 7' }).waitFor();
    await workbench.dismissToasts();
  });

  it('refuses a plan that is older than the cluster, and says to plan again', async () => {
    await advance('2 hours');
    const panel = await previewPlan(workbench);
    await advance('1 day');
    await panel.locator('vscode-button:not([aria-disabled=true])', { hasText: APPLY }).click();
    await workbench.toast(/The cluster has changed since the plan was made. Plan again/);
    assert.equal(await workbench.page.locator('.monaco-dialog-box').count(), 0);
    await workbench.picture('9-stale');
    await workbench.dismissToasts();
  });

  it('trains on a CSV whose columns were chosen one by one', async () => {
    const path = join(folder, 'past.csv');
    writeFileSync(path, history());
    await workbench.choose('Stowage: Train Runtime Predictor', 'History file');
    await workbench.chooseFile(path);
    const box = workbench.page.locator('.quick-input-widget');
    const columns = ['queued_at', '(none)', 'finished_at', '(none)', 'user', 'job_name', ...Array(4).fill('(none)')];
    for (const [index, column] of columns.entries()) {
      await box.locator('.quick-input-title', { hasText: `(${index + 1}/${columns.length})` }).waitFor();
      if (index === 2) await workbench.picture('10-columns');
      await workbench.pick(column);
    }
    await workbench.toast(/Learned from 60 finished tasks\. 60 finished tasks are too few to judge/);
    await workbench.dismissToasts();
  });

  it('goes on with the predictor from several files of the folder, shows its card, and plans with it', async () => {
    for (const month of [2, 3]) writeFileSync(join(folder, `month-${month}.swf`), log(month));
    await workbench.choose('Stowage: Train Runtime Predictor', 'Files of this folder');
    const box = workbench.page.locator('.quick-input-widget');
    for (const name of ['month-2.swf', 'month-3.swf'])
      await workbench.take(
        box.locator('.monaco-list-row', { hasText: name }).locator('.monaco-checkbox, input').first(),
      );
    await workbench.picture('10-files');
    await box.locator('.quick-input-action .monaco-button', { hasText: 'OK' }).click();
    await workbench.picture('10-update');
    await workbench.pick('Go on with the predictor');
    const toast = await workbench.toast(/Learned from 180 finished tasks/); // 60 of the CSV and 60 of each month
    const question = await workbench.toast(/was trained on 180 finished tasks, up to .* Use it for sample seed \d+\?/);
    await workbench.picture('10-learned');
    await question.locator('.monaco-button', { hasText: 'Use it here' }).click();
    await toast.locator('.monaco-button', { hasText: 'Show Model Card' }).click();
    const card = await workbench.webview('.markdown-body table');
    assert.match((await card.locator('.markdown-body').textContent()) ?? '', /180/);
    await workbench.pictures('10-card');
    await workbench.command('View: Close Editor');
    await workbench.dismissToasts();
    const panel = await previewPlan(workbench);
    assert.match((await panel.locator('.lead').textContent()) ?? '', /runtimes: trained on 180 finished tasks, up to/);
  });

  it('says what a CSV lacks that is mapped to columns of no use', async () => {
    await workbench.choose('Stowage: Train Runtime Predictor', 'History file');
    await workbench.chooseFile(join(folder, 'past.csv'));
    const box = workbench.page.locator('.quick-input-widget');
    for (const [index, column] of ['user', 'user', 'user', ...Array(7).fill('(none)')].entries()) {
      await box.locator('.quick-input-title', { hasText: `(${index + 1}/10)` }).waitFor();
      await workbench.pick(column);
    }
    await workbench.pick('Start over');
    const toast = await workbench.toast(/past\.csv/);
    await workbench.picture('10-useless');
    await toast.locator('.monaco-button', { hasText: 'Show Log' }).waitFor();
    await workbench.dismissToasts();
  });

  it('trains on a real log by one command', async function () {
    if (!existsSync(LOG)) this.skip();
    cpSync(LOG, join(folder, basename(LOG)));
    await workbench.choose('Stowage: Train Runtime Predictor', 'History file');
    await workbench.chooseFile(join(folder, basename(LOG)));
    await workbench.pick('Start over');
    await workbench.toast(/Training the runtime predictor/);
    await workbench.toast(/Learned from 27,992 finished tasks/, 200_000);
    await workbench.picture('10-real-log');
  });
});

/** Sixty runs of two people's jobs, under column names that nobody could guess. */
function history(): string {
  const rows = Array.from({ length: 60 }, (_, index) => {
    const queued = new Date(Date.UTC(2026, 0, 1) + index * 3_600_000);
    const finished = new Date(queued.getTime() + (index % 2 === 0 ? 600 : 5400) * 1000 + index * 1000);
    return [queued.toISOString(), finished.toISOString(), index % 2 === 0 ? 'ana' : 'ben', `job-${index % 2}`].join(
      ',',
    );
  });
  return ['queued_at,finished_at,user,job_name', ...rows].join('\n');
}

/** Sixty runs as a Standard Workload Format log that begins in a month of 2026: two users, one a run of ten minutes. */
function log(month: number): string {
  const rows = Array.from({ length: 60 }, (_, index) => {
    const [user, seconds] = index % 2 === 0 ? [1, 600 + index] : [2, 5400 + index];
    return [index + 1, index * 3600, 0, seconds, 1, -1, -1, 1, 7200, -1, 1, user, 1, index % 2, 1, 1, -1, -1].join(' ');
  });
  return [`; UnixStartTime: ${Date.UTC(2026, month - 1, 1) / 1000}`, ...rows].join('\n');
}
