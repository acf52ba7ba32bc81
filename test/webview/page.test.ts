import assert from 'node:assert/strict';
import type * as Lit from 'lit-html';
import { after, before, describe, it } from 'mocha';
import { changeName } from '../../src/core/forecast/scenarios.ts';
import { goalsOf } from '../../src/core/plan/goals.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { verdictOf } from '../../src/core/plan/verdict.ts';
import { undoneMoveId } from '../../src/operate/undo.ts';
import { costOfGoal, gainOfGoal, reasonOfGoal, titleOfGoal } from '../../src/text/goals.ts';
import { describeMove, type StepText } from '../../src/text/operation.ts';
import { policyTitle } from '../../src/text/policies.ts';
import { describeProblem } from '../../src/text/problem.ts';
import { groupResizes } from '../../src/text/resize.ts';
import { describeVerdict, verdictFigures } from '../../src/text/verdict.ts';
import type { PanelActions } from '../../webview/actions.ts';
import { NONE_TICKED, withTicks } from '../../webview/moves/ticks.ts';
import type * as Page from '../../webview/page.ts';
import { EMPTY_MODEL, type PanelModel } from '../../webview/state.ts';
import { layOut, withPage } from './browser.ts';
import { emptyPlan, renamed, samplePlan } from './plans.ts';
import { watchPlots } from './plots.ts';

type Host = PanelModel['host'];

const HOST: Host = { cluster: 'sample' };
const SECTIONS = ['The plan in figures', 'Moves', 'Forecast', 'Pending tasks', 'Resizes in place', 'Migrations'];

describe('the plan panel', () => {
  withPage();
  let page: typeof Page.page;
  let render: typeof Lit.render;
  let plots: Awaited<ReturnType<typeof watchPlots>>;
  let plan: Plan;
  /** What the reader asked for, in order. */
  let asked: unknown[][];

  before(async () => {
    plots = await watchPlots();
    ({ render } = await import('lit-html'));
    ({ page } = await import('../../webview/page.ts'));
    plan = await samplePlan();
  });
  after(() => plots.stop());

  const actions = new Proxy({} as PanelActions, {
    get:
      (_, name) =>
      (...words: unknown[]) =>
        asked.push([name, ...words]),
  });

  let root: HTMLElement;
  /** Shows a model on a new page. */
  const show = (model: Partial<PanelModel>) => {
    root = document.createElement('main');
    document.body.replaceChildren(root);
    draw(model);
  };
  /** Shows a model on the page that is there, as the panel does. */
  const draw = (model: Partial<PanelModel>) => {
    asked = [];
    render(page({ ...EMPTY_MODEL, host: HOST, ...model }, actions), root);
  };
  const choices = (more: Partial<PanelModel['choices']>) => ({ ...EMPTY_MODEL.choices, planId: plan.id, ...more });
  /** The moves one by one, in the plan's order. */
  const ungrouped = { moves: { ...EMPTY_MODEL.choices.moves, group: 'none' } } as const;
  const stepsOf = (...steps: readonly StepText[]) => new Map(steps.map((step) => [step.moveId, step]));
  const step = (moveId: string, state: StepText['state'], title: string = state): StepText => ({
    moveId,
    title: `title ${title}`,
    state,
    text: 'so.',
  });
  /** Id of the move that takes another back. */
  const undoOf = (id: string) => `undo ${id}`;
  const all = (selector: string, within: ParentNode = document) => [...within.querySelectorAll<HTMLElement>(selector)];
  const landmark = (label: string) => {
    const [found, ...others] = all(`section[aria-label="${label}"]`);
    assert.ok(found && others.length === 0, `one section is called ${label}`);
    return found;
  };
  /** As it is read: without the white space of the template. */
  const said = ({ textContent }: Element) => textContent.replace(/\s+/g, ' ').trim();
  const texts = (selector: string, within?: ParentNode) => all(selector, within).map(said);
  const button = (beginning: string) => {
    const found = all('vscode-button').find((each) => said(each).startsWith(beginning));
    assert.ok(found, `a button begins with ${beginning}`);
    return found;
  };
  const gridOf = (within: ParentNode) => all('[role=grid], [role=treegrid]', within)[0]!;
  const firstCells = (within: ParentNode) => texts('[role=gridcell]:first-child', gridOf(within));
  /** Cells of the moves' own column. */
  const moveCells = () => texts('[role=gridcell]:nth-child(2)', landmark('Moves'));

  describe('without a plan', () => {
    it('names the cluster and offers a plan', () => {
      show({});
      assert.match(all('header')[0]!.textContent, /sample/);
      button('Preview plan').click();
      assert.deepEqual(asked, [['refresh']]);
      assert.equal(all('section').length, 0);
    });

    it('tells a failure as an alert, and what is going on as a status', () => {
      show({ host: { ...HOST, failure: 'The cluster does not answer.', busy: 'connecting' } });
      assert.deepEqual(texts('[role=alert]'), ['The cluster does not answer.']);
      assert.match(texts('[role=status]')[0]!, /connecting/);
      // The button stays, for who has the focus on it, and does nothing.
      button('Preview plan').click();
      assert.deepEqual(asked, []);
    });
  });

  describe('with the plan of the sample', () => {
    it('has a landmark and a heading for each part, in the order of reading', () => {
      show({ plan });
      assert.deepEqual(
        all('section').map((part) => part.getAttribute('aria-label')),
        SECTIONS,
      );
      for (const part of all('section').slice(1)) assert.equal(part.firstElementChild?.tagName, 'H2');
      assert.equal(all('h1').length, 1);
    });

    it('counts what the plan was made from', () => {
      show({ plan });
      const { nodes, running, pending } = plan.snapshot.counts;
      const head = all('header')[0]!.textContent;
      for (const fact of [nodes, running, pending, plan.predictor.tasks.toLocaleString('en')])
        assert.match(head, new RegExp(`\\b${fact}\\b`));
    });

    it('tells the verdict and four figures first', () => {
      show({ plan });
      const figures = landmark('The plan in figures');
      assert.ok(texts('.verdict', figures)[0]!.length > 20);
      assert.deepEqual(
        all('dl > div', figures).map((each) => texts('dt, dd', each)),
        verdictFigures(verdictOf(plan)).map(({ label, value, note }) => [label, value, note]),
      );
      assert.equal(all('dl > div', figures).length, 4);
    });

    it('lists the goals with what each wins, costs and is for, closed, and ticked whole', () => {
      show({ plan });
      const goals = goalsOf(plan);
      assert.equal(moveCells().length, goals.length);
      for (const row of all('.grid-spacer [role=row]', landmark('Moves')))
        assert.equal(row.getAttribute('aria-expanded'), 'false');
      for (const box of all('input[type=checkbox]') as HTMLInputElement[]) assert.ok(box.checked);
      all('.twisty')[0]!.click();
      assert.deepEqual(asked, [['open', `goal ${goals[0]!.id}`, true]]);
    });

    it('names each move, whom it moves and where to', () => {
      show({ plan, choices: choices(ungrouped) });
      assert.deepEqual([...new Set(plan.moves.map(({ kind }) => kind))].sort(), ['migration', 'placement', 'resize']);
      const cells = moveCells();
      for (const [at, move] of plan.moves.slice(0, cells.length).entries())
        assert.ok(cells[at]!.startsWith(describeMove(move)));
    });

    it('asks for the ticked moves of this plan, and for no other', () => {
      const chosen = plan.moves.slice(1, 3).map(({ id }) => id);
      show({ plan, choices: choices({ ...ungrouped, ticks: withTicks(NONE_TICKED, chosen, true) }) });
      assert.equal((all('input[type=checkbox]') as HTMLInputElement[]).filter(({ checked }) => checked).length, 2);
      button('Apply 2 of').click();
      assert.deepEqual(asked, [['apply', plan.id, chosen]]);
    });

    it('tells which move was ticked, and of a group all its moves', () => {
      const untick = (at: number) => {
        const box = all('input[type=checkbox]')[at] as HTMLInputElement;
        box.checked = false;
        box.dispatchEvent(new Event('change'));
      };
      show({ plan, choices: choices(ungrouped) });
      untick(1);
      assert.deepEqual(asked, [['tick', [plan.moves[1]!.id], false]]);
      show({ plan });
      untick(0);
      assert.deepEqual(asked, [['tick', goalsOf(plan)[0]!.moveIds, false]]);
    });

    it('ticks all or none of what a search leaves', () => {
      const { id, task } = plan.moves[0]!;
      const search = task.id;
      show({ plan, choices: choices({ moves: { ...ungrouped.moves, search } }) });
      const goal = goalsOf(plan).find(({ moveIds }) => moveIds.includes(id))!;
      const found = moveCells();
      assert.ok(found.some((text) => text.includes(search)) && found.length < plan.moves.length, goal.id);
      button('Tick none').click();
      assert.equal(asked[0]![0], 'tick');
      assert.ok((asked[0]![1] as string[]).includes(id));
      show({ plan });
      button('Tick none').click();
      assert.deepEqual(asked, [['tickAll', false]]);
      show({ plan, choices: choices({ moves: { ...ungrouped.moves, search: 'nothing is called so' } }) });
      // The table stays as the reader sorted it, with nothing in it.
      assert.deepEqual([all('[role=treegrid]').length, moveCells().length], [1, 0]);
      assert.match(said(landmark('Moves')), /No move/);
    });

    it('offers nothing to apply where nothing is ticked, something is under way, or the cluster is read-only', () => {
      const refused: Partial<PanelModel>[] = [
        { choices: choices({ ticks: NONE_TICKED }) },
        { host: { ...HOST, busy: 'applying' } },
        { host: { ...HOST, readOnly: 'This context is read-only.' } },
      ];
      for (const model of refused) {
        show({ plan, ...model });
        const apply = button('Apply');
        assert.equal(apply.getAttribute('aria-disabled'), 'true');
        apply.click();
        assert.deepEqual(asked, []);
      }
      assert.ok(texts('header .notice').includes('This context is read-only.'));
    });

    it('leaves moves out that are done, says how each stands, and that the rest of the page is older', () => {
      const [first, second] = plan.moves;
      const steps = stepsOf(step(first!.id, 'done'), step(second!.id, 'failed'));
      show({ plan, steps, choices: choices(ungrouped) });
      assert.equal(gridOf(landmark('Moves')).getAttribute('aria-rowcount'), String(plan.moves.length));
      assert.ok(!moveCells().some((text) => text.startsWith(describeMove(first!))));
      const progress = landmark('Progress');
      assert.match(said(progress), /1 of 2 moves done, 1 not done\./);
      const notice = () => texts('.notice').find((text) => text.includes('This is the plan of'));
      assert.ok(notice());
      // Before the verdict, which is old too.
      const [, verdict] = all('.notice, .verdict').map(({ className }) => className);
      assert.equal(verdict, 'verdict');
      assert.deepEqual(
        all('li', progress).map(({ className }) => className),
        ['failed', 'done'],
      );
      assert.deepEqual(texts('details li strong', progress), ['title done']);
      for (const mark of all('.mark', progress)) assert.equal(mark.getAttribute('aria-hidden'), 'true');
      draw({ plan, steps, host: { ...HOST, busy: 'applying' } });
      assert.equal(notice(), undefined);
    });

    it('counts progress against all that was confirmed, begun or not', () => {
      const steps = stepsOf(step(plan.moves[0]!.id, 'done'), step(plan.moves[1]!.id, 'running'));
      show({ plan, steps, host: { ...HOST, busy: 'applying', confirmed: 25 } });
      const progress = landmark('Progress');
      assert.match(said(progress), /1 of 25 moves done, 1 running\./);
      const bar = all('progress', progress)[0] as HTMLProgressElement;
      assert.deepEqual([bar.getAttribute('max'), bar.value], ['25', 1]);
    });

    it('says what was taken back, and calls a plan old that an undo came after', () => {
      const [first, ...rest] = plan.moves.map(({ id }) => id);
      assert.equal(undoneMoveId(undoOf(first!)), first);
      const done = [first!, ...rest].map((id) => step(id, 'done'));
      const undone = { ...step(undoOf(first!), 'done') };
      show({ plan, steps: stepsOf(...done, undone) });
      assert.match(said(landmark('Progress')), /1 of them was taken back/);
      assert.match(
        said(landmark('Moves')),
        new RegExp(`All ${plan.moves.length} moves .*, and 1 of them was taken back`),
      );
      show({ plan, steps: stepsOf({ ...step(undoOf('a move of an earlier plan'), 'done') }) });
      assert.ok(texts('.notice').some((text) => text.includes('This is the plan of')));
    });

    it('keeps the search box, with the focus, when the last move is done', () => {
      const moves = { ...EMPTY_MODEL.choices.moves, search: 'gpu' };
      show({ plan, choices: choices({ moves }) });
      const box = all('input[type=search]')[0] as HTMLInputElement;
      box.focus();
      draw({ plan, choices: choices({ moves }), steps: stepsOf(...plan.moves.map(({ id }) => step(id, 'done'))) });
      assert.equal(document.activeElement, box);
      assert.equal(box.value, 'gpu');
    });

    it('finds moves by the title and the reason of their goal', () => {
      const goal = goalsOf(plan).find(({ purpose }) => purpose.kind === 'giveBack')!;
      for (const search of [titleOfGoal(goal), reasonOfGoal(goal, plan.rules)]) {
        show({ plan, choices: choices({ moves: { ...ungrouped.moves, search } }) });
        assert.equal(moveCells().length, goal.moveIds.length, search);
      }
    });

    it('marks a goal of which a part is of no use, and says its gain and cost before the reason', () => {
      show({ plan });
      const goals = goalsOf(plan);
      assert.deepEqual(
        all('.grid-spacer [role=row]', landmark('Moves')).map((row) => texts('.flag', row)),
        goals.map(({ together }) => (together ? ['all or none'] : [])),
      );
      for (const [at, detail] of texts('.detail', landmark('Moves')).entries()) {
        const goal = goals[at]!;
        assert.ok(detail.startsWith(`${gainOfGoal(goal)} · ${costOfGoal(goal)} · ${reasonOfGoal(goal, plan.rules)}`));
      }
      const goal = goals.find(({ together }) => together)!;
      const ticks = withTicks(EMPTY_MODEL.choices.ticks, [goal.moveIds[0]!], false);
      show({ plan, choices: choices({ ticks }) });
      assert.deepEqual(texts('.flag', landmark('Moves'))[0], '⚠ all or none');
      assert.match(texts('.detail', landmark('Moves'))[0]!, /^Of no use/);
    });

    it('says of a goal that is listed in part that its gain is the whole goal’s', () => {
      const goal = goalsOf(plan).find(({ moveIds }) => moveIds.length > 1)!;
      const steps = stepsOf(step(goal.moveIds[0]!, 'done'));
      show({ plan, steps });
      assert.match(
        moveCells()[0]!,
        new RegExp(`${goal.moveIds.length - 1} of ${goal.moveIds.length} moves · of the whole goal: `),
      );
    });

    it('has a column for what moves free only where some move frees or takes it, each heading as wide as its words', () => {
      const shrinks = plan.moves.filter((move) => move.kind === 'resize' && move.from.gpuMilli === move.to.gpuMilli);
      show({ plan: { ...plan, moves: shrinks } });
      const heads = texts('[role=columnheader]', landmark('Moves'));
      assert.ok(heads.includes('frees CPU') && !heads.includes('frees GPU'), heads.join());
    });

    it('counts the rows of each table in its heading', () => {
      show({ plan });
      assert.deepEqual(texts('h2').slice(0, 1).concat(texts('h2').slice(2)), [
        `Moves (${plan.moves.length})`,
        `Pending tasks (${plan.placements.length})`,
        `Resizes in place (${plan.resizes.filter(({ decision }) => decision.kind !== 'refused').length})`,
        `Migrations (${plan.migrations.length})`,
      ]);
    });

    it('leads nowhere from a dash', () => {
      const none = plan.migrations.find(({ taskIds, to }) => taskIds.length === 0 || to === undefined)!;
      show({ plan: { ...plan, migrations: [none] } });
      const cells = all('[role=gridcell]', gridOf(landmark('Migrations'))).filter((cell) => said(cell) === '—');
      assert.ok(cells.length > 0);
      for (const cell of cells) assert.equal(all('a', cell).length, 0);
    });

    it('calls a goal of no use only where a part of it is neither ticked nor done, whatever a search leaves', () => {
      const goal = goalsOf(plan).find(({ together }) => together)!;
      const [first] = goal.moveIds;
      const detail = (model: Partial<PanelModel>) => {
        show({ plan, ...model });
        return moveCells()[0]!;
      };
      const ticks = withTicks(EMPTY_MODEL.choices.ticks, [first!], false);
      assert.match(detail({ choices: choices({ ticks }) }), /Of no use without the other/);
      const search = plan.moves.find(({ id }) => id === first)!.task.id;
      const found = detail({ choices: choices({ moves: { ...EMPTY_MODEL.choices.moves, search } }) });
      assert.doesNotMatch(found, /Of no use/);
      assert.match(found, new RegExp(`1 of ${goal.moveIds.length} moves`));
      assert.doesNotMatch(detail({ steps: stepsOf(step(first!, 'done')) }), /Of no use/);
    });

    it('speaks what is done, the plan, and the latest step in one region that stays', () => {
      show({ host: { ...HOST, busy: 'planning' } });
      const region = all('[aria-live=polite]')[0]!;
      assert.equal(said(region), 'planning …');
      draw({ plan });
      assert.equal(said(region), describeVerdict(plan));
      draw({ plan, steps: stepsOf(step('a', 'running')) });
      draw({ plan, steps: stepsOf(step('a', 'running'), step('b', 'done')) });
      assert.equal(all('[aria-live=polite]')[0], region);
      assert.equal(said(region), 'title done: done. so.');
      // What came later is said: what is being done, or another plan.
      draw({ plan, steps: stepsOf(step('a', 'done')), latest: 'busy', host: { ...HOST, busy: 'planning' } });
      assert.equal(said(region), 'planning …');
      draw({ plan, steps: stepsOf(step('a', 'waiting')), latest: 'plan' });
      assert.equal(said(region), describeVerdict(plan));
    });

    it('counts undos and moves of earlier plans apart from the plan’s own', () => {
      const steps = stepsOf(...plan.moves.map(({ id }) => step(id, 'done')), step(`undo ${plan.moves[0]!.id}`, 'done'));
      show({ plan, steps });
      const progress = said(landmark('Progress'));
      assert.match(progress, new RegExp(`${plan.moves.length} of ${plan.moves.length} moves done`));
      assert.match(progress, /Taken back, or of earlier plans: 1 done\./);
    });

    it('lists a bounded number of steps, whatever was begun', () => {
      show({ plan, steps: stepsOf(...Array.from({ length: 500 }, (_, at) => step(`m${at}`, 'failed'))) });
      assert.equal(all('li', landmark('Progress')).length, 20);
      assert.match(said(landmark('Progress')), /and 480 more/);
    });

    it('takes the plan elsewhere', () => {
      show({ plan });
      for (const text of ['Open as text', 'Copy as Markdown', 'Save as']) button(text).click();
      assert.deepEqual(asked, [
        ['take', 'text'],
        ['take', 'markdown'],
        ['take', 'file'],
      ]);
    });

    it('keeps the focus, the scrolling and every element whose content did not change', () => {
      show({ plan });
      const box = all('input[type=checkbox]')[0]!;
      const [forecast, resizes, slider] = [
        landmark('Forecast'),
        gridOf(landmark('Resizes in place')),
        all('.weights input')[0] as HTMLInputElement,
      ];
      const body = all('.grid-body', resizes)[0]!;
      body.scrollTop = 100;
      box.focus();
      slider.value = '2.2';
      const ticks = withTicks(EMPTY_MODEL.choices.ticks, [plan.moves[0]!.id], false);
      draw({ plan, choices: choices({ ticks }) });
      draw({ plan, choices: choices({ ticks }), host: { ...HOST, busy: 'planning' } });
      assert.equal(document.activeElement, box);
      assert.equal(landmark('Forecast'), forecast);
      assert.equal(gridOf(landmark('Resizes in place')), resizes);
      assert.equal(body.scrollTop, 100);
      assert.equal(all('.weights input')[0], slider);
      assert.equal(slider.value, '2.2');
    });

    it('draws each scenario once in each chart: a line, and the band of those that have one', () => {
      show({ plan });
      plots.drawn.length = 0;
      layOut();
      const { scenarios } = plan.forecast!;
      // fragments, free capacity, waiting tasks, tasks that fit
      assert.equal(plots.drawn.length, 4);
      for (const { traces } of plots.drawn) {
        const lines = traces.filter(({ name }) => name !== undefined);
        // one that lies on another is not drawn
        assert.ok(lines.length >= 2 && lines.length <= scenarios.length);
        assert.equal(new Set(lines.map(({ y }) => JSON.stringify(y))).size, lines.length);
        assert.equal(new Set(lines.map(({ line }) => line?.dash)).size, lines.length);
        for (const { y } of lines) assert.equal(y.length, scenarios[0]!.moments.length);
      }
      assert.equal(texts('.legend li').length, scenarios.length);
      for (const { plot } of plots.drawn) assert.ok((plot.getAttribute('aria-label') ?? '').length > 20);
    });

    it('draws a change of nodes that was asked for as one scenario more', () => {
      const change = { kind: 'lost', node: 'cpu-s-1' } as const;
      const [own] = plan.forecast!.scenarios;
      const forecast = { ...plan.forecast!, scenarios: [{ ...own!, name: changeName(change) }] };
      show({ plan, host: { ...HOST, whatIfs: [{ planId: plan.id, change, forecast }] } });
      plots.drawn.length = 0;
      layOut();
      const names = texts('.legend li');
      assert.equal(names.length, plan.forecast!.scenarios.length + 1);
      assert.ok(names.at(-1)!.includes('cpu-s-1'));
      button('What if a node goes').click();
      assert.deepEqual(asked, [['whatIf', 'lost']]);
    });

    it('has a grid for each kind of advice, with a row for each and the decision in it', () => {
      show({ plan });
      for (const [label, rows] of [
        ['Pending tasks', plan.placements],
        ['Resizes in place', plan.resizes.filter(({ decision }) => decision.kind !== 'refused')],
        ['Migrations', plan.migrations],
      ] as const) {
        const table = gridOf(landmark(label));
        assert.equal(table.getAttribute('aria-rowcount'), String(rows.length + 1));
        assert.ok(table.getAttribute('aria-label'));
        for (const cell of all('[role=gridcell]', table)) assert.ok(cell.textContent !== '', label);
      }
      assert.deepEqual(
        firstCells(landmark('Pending tasks')),
        plan.placements.map(({ taskId }) => taskId),
      );
      for (const [at, { decision }] of plan.placements.entries())
        if (decision.kind === 'place')
          assert.ok(all('.grid-spacer [role=row]', landmark('Pending tasks'))[at]!.textContent.includes(decision.to));
    });

    it('leads from a row to its task: Enter shows the nodes of one that waits, and reveals one that runs', () => {
      show({ plan });
      const enter = () => new window.KeyboardEvent('keydown', { key: 'Enter', bubbles: true });
      for (const label of ['Pending tasks', 'Resizes in place', 'Migrations'])
        all('[role=gridcell][tabindex="0"]', gridOf(landmark(label)))[0]!.dispatchEvent(enter() as unknown as Event);
      assert.deepEqual(asked, [
        ['showTask', plan.placements[0]!.taskId],
        ['reveal', 'task', groupResizes(plan.resizes).shrinks[0]!.taskId],
        ['reveal', 'task', plan.migrations[0]!.taskIds[0]],
      ]);
    });

    it('ranks the nodes of the chosen task, with a column for each policy, and says which cannot take it', () => {
      const task = plan.placements.findLast(({ ranked, refused }) => ranked.length > 0 && refused.length > 0)!;
      show({ plan, choices: choices({ task: task.taskId }) });
      assert.ok(texts('h3').some((text) => text.includes(task.taskId)));
      const table = all('[role=grid]').find((one) => one.getAttribute('aria-label')?.startsWith('Ranked nodes'))!;
      assert.deepEqual(
        texts('[role=gridcell]:first-child', table),
        task.ranked.map(({ node }) => node),
      );
      const headers = texts('[role=columnheader]', table);
      for (const { policy } of task.ranked[0]!.parts) assert.ok(headers.includes(policyTitle(policy)));
      const refused = texts('details li');
      for (const { example } of task.refused) assert.ok(refused.some((text) => text.includes(example.node)));
    });

    it('shows the ranking that was tried, with its weights on the sliders', () => {
      const { taskId, ranked, fitting } = plan.placements.find(({ ranked }) => ranked.length > 1)!;
      const [policy] = ranked[0]!.parts.map((part) => part.policy);
      const weighed = { planId: plan.id, taskId, weights: { [policy!]: 2.5 }, ranked: ranked.toReversed(), fitting };
      show({ plan, host: { ...HOST, weighed }, choices: choices({ task: taskId }) });
      const table = all('[role=grid]').find((one) => one.getAttribute('aria-label')?.startsWith('Ranked nodes'))!;
      assert.equal(texts('[role=gridcell]:first-child', table)[0], ranked.at(-1)!.node);
      const slider = all('.weights input[type=range]')[0] as HTMLInputElement;
      assert.ok(slider.getAttribute('aria-label')?.includes(policyTitle(policy!)));
      assert.equal(slider.value, '2.5');
      slider.value = '1';
      slider.dispatchEvent(new Event('input'));
      assert.deepEqual(asked, [['rank', plan.id, taskId, { [policy!]: 1 }]]);
    });
  });

  describe('with little to say', () => {
    it('says in each part of an empty plan why there is nothing, in place of an empty grid', () => {
      show({ plan: emptyPlan(plan) });
      for (const label of ['Moves', 'Pending tasks', 'Resizes in place', 'Migrations'])
        assert.deepEqual(
          [...landmark(label).children].map(({ tagName }) => tagName),
          ['H2', 'P'],
        );
      assert.equal(all('[role=grid], .chart, input[type=checkbox]').length, 0);
    });

    it('tells a plan that gains nothing from one that is done and from one without nodes', () => {
      const empty = emptyPlan(plan);
      const saying = (model: Partial<PanelModel>) => {
        show(model);
        return said(landmark('Moves'));
      };
      const counts = { ...plan.snapshot.counts, nodes: 0, running: 0 };
      const problems = [{ code: 'noMetrics' } as const, ...Array.from({ length: 9 }, (_, at) => `problem ${at}`)];
      const done = stepsOf(...plan.moves.map(({ id }) => step(id, 'done')));
      const sayings = [
        saying({ plan: empty }),
        saying({ plan, steps: done }),
        saying({ plan: { ...empty, snapshot: { ...plan.snapshot, counts, problems } } }),
      ];
      assert.equal(new Set(sayings).size, 3);
      assert.match(sayings[2]!, /no node/);
      // the first five problems stand in the header
      assert.deepEqual(texts('header .notice'), problems.slice(0, 5).map(describeProblem));
    });
  });

  describe('with names that mean harm', () => {
    const NAMES = {
      markup: '<img src=x onerror=alert(1)>',
      long: 'n'.repeat(5000),
      leftward: 'שרת-‮cod.exe‬',
      quotes: `"'&amp;</section>`,
    };

    for (const [kind, name] of Object.entries(NAMES)) {
      it(`shows them as text: ${kind}`, () => {
        const waiting = plan.placements.find(({ decision }) => decision.kind === 'place')!;
        const { to } = waiting.decision as { to: string };
        const hostile = renamed(plan, { [waiting.taskId]: `ns/${name}`, [to]: name });
        show({
          plan: { ...hostile, snapshot: { ...hostile.snapshot, problems: [name] } },
          host: { ...HOST, cluster: name, failure: name, readOnly: name, busy: name },
          choices: choices({ ...ungrouped, task: `ns/${name}` }),
        });
        assert.equal(all('img, script, iframe').length, 0);
        const raw = (selector: string) => all(selector).map(({ textContent }) => textContent);
        assert.ok(raw('[role=gridcell]').some((text) => text.includes(`Place ns/${name} on ${name}`)));
        assert.ok(raw('[role=gridcell]').includes(`ns/${name}`));
        assert.ok(raw('h3').some((text) => text.includes(`ns/${name}`)));
        assert.equal(raw('[role=alert]')[0], name);
        assert.deepEqual(
          all('section').map((part) => part.getAttribute('aria-label')),
          SECTIONS,
        );
      });
    }
  });
});
