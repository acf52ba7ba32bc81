import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { changeName } from '../../src/core/forecast/scenarios.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { describeProblem } from '../../src/text/problem.ts';
import type { PanelActions } from '../../webview/actions.ts';
import type * as Render from '../../webview/render.ts';
import { EMPTY_MODEL, MOVES_PAGE, type PanelModel } from '../../webview/state.ts';
import { layOut, withPage } from './page.ts';
import { emptyPlan, renamed, samplePlan } from './plans.ts';
import { watchPlots } from './plots.ts';

type Host = PanelModel['host'];

const HOST: Host = { cluster: 'sample', steps: [] };

describe('the plan panel', function () {
  this.timeout(60_000);
  withPage();
  let render: typeof Render.render;
  let plots: Awaited<ReturnType<typeof watchPlots>>;
  let plan: Plan;
  /** What the reader asked for, in order. */
  let asked: unknown[][];

  before(async () => {
    plots = await watchPlots();
    ({ render } = await import('../../webview/render.ts'));
    plan = await samplePlan();
  });
  after(() => plots.stop());

  const actions = new Proxy({} as PanelActions, {
    get:
      (_, name) =>
      (...words: unknown[]) =>
        asked.push([name, ...words]),
  });

  /** Shows a model as the panel does. */
  const show = (model: Partial<PanelModel>) => {
    asked = [];
    const sections = render({ ...EMPTY_MODEL, host: HOST, ...model }, actions);
    document.body.replaceChildren(...sections.map(({ make }) => make()));
    return sections;
  };
  const all = (selector: string, root: ParentNode = document) => [...root.querySelectorAll<HTMLElement>(selector)];
  const landmark = (label: string) => {
    const [found, ...others] = all(`section[aria-label="${label}"]`);
    assert.ok(found && others.length === 0, `one section is called ${label}`);
    return found;
  };
  const texts = (selector: string, root?: ParentNode) => all(selector, root).map(({ textContent }) => textContent);
  const button = (beginning: string) => {
    const found = all('vscode-button').find(({ textContent }) => textContent.startsWith(beginning));
    assert.ok(found, `a button begins with ${beginning}`);
    return found;
  };
  const gridOf = (root: ParentNode) => all('[role=grid]', root)[0]!;
  const firstCells = (root: ParentNode) => texts('[role=gridcell]:first-child', gridOf(root));

  describe('without a plan', () => {
    it('names the cluster and offers a plan', () => {
      show({});
      assert.match(all('header')[0]!.textContent, /sample/);
      button('Preview plan').click();
      assert.deepEqual(asked, [['refresh']]);
      assert.equal(all('section').length, 0);
    });

    it('tells a failure as an alert, and what is going on as a status in place of the button', () => {
      show({ host: { ...HOST, failure: 'The cluster does not answer.', busy: 'connecting' } });
      assert.deepEqual(texts('[role=alert]'), ['The cluster does not answer.']);
      assert.match(all('[role=status]')[0]!.textContent, /connecting/);
      assert.equal(all('vscode-button').length, 0);
    });
  });

  describe('with the plan of the sample', () => {
    it('has a landmark and a heading for each part, in the order of reading', () => {
      show({ plan });
      assert.deepEqual(
        all('section').map((part) => part.getAttribute('aria-label')),
        ['Moves', 'Forecast', 'Placements', 'Resizes', 'Migrations'],
      );
      for (const part of all('section')) assert.equal(part.firstElementChild?.tagName, 'H2');
      assert.equal(all('h1').length, 1);
    });

    it('counts what the plan was made from', () => {
      show({ plan });
      const { nodes, running, pending } = plan.snapshot.counts;
      const head = all('header')[0]!.textContent;
      for (const fact of [nodes, running, pending, plan.predictor.tasks.toLocaleString('en')])
        assert.match(head, new RegExp(`\\b${fact}\\b`));
    });

    it('lists each move with a ticked checkbox that names whom it moves and where to', () => {
      show({ plan });
      const boxes = all('ul.moves > li > vscode-checkbox');
      assert.equal(boxes.length, plan.moves.length);
      assert.deepEqual([...new Set(plan.moves.map(({ kind }) => kind))].sort(), ['migration', 'placement', 'resize']);
      for (const [at, move] of plan.moves.entries()) {
        assert.ok(boxes[at]!.hasAttribute('checked'));
        // what migrates is a Job: its pod gets another name
        const name = move.kind === 'migration' ? `${move.owner.namespace}/${move.owner.name}` : move.task.id;
        assert.ok(boxes[at]!.textContent.includes(name));
        if (move.kind !== 'resize') assert.ok(boxes[at]!.textContent.includes(move.to));
      }
    });

    it('asks for the ticked moves of this plan, and for no other', () => {
      const chosen = plan.moves.slice(1, 3).map(({ id }) => id);
      show({ plan, choices: { planId: plan.id, chosen } });
      assert.equal(all('vscode-checkbox[checked]').length, 2);
      button('Apply 2').click();
      assert.deepEqual(asked, [['apply', plan.id, chosen]]);
    });

    it('tells which move was ticked, among which', () => {
      show({ plan });
      const box = all('vscode-checkbox')[1] as HTMLElement & { checked: boolean };
      box.checked = false;
      box.dispatchEvent(new Event('change'));
      const ids = plan.moves.map(({ id }) => id);
      assert.deepEqual(asked, [['choose', ids[1], false, ids]]);
    });

    it('offers nothing to apply where nothing is ticked, something is under way, or the cluster is read-only', () => {
      const refused: Partial<PanelModel>[] = [
        { choices: { planId: plan.id, chosen: [] } },
        { host: { ...HOST, busy: 'applying' } },
        { host: { ...HOST, readOnly: 'This context is read-only.' } },
      ];
      for (const model of refused) {
        show({ plan, ...model });
        const apply = button('Apply');
        assert.ok(apply.hasAttribute('disabled'));
        apply.click();
        assert.deepEqual(asked, []);
      }
      assert.ok(texts('header .notice').includes('This context is read-only.'));
    });

    it('leaves moves out that are done, and says how each stands', () => {
      const [first, second] = plan.moves;
      const step = (moveId: string, state: 'done' | 'failed') => ({
        moveId,
        title: `title ${state}`,
        state,
        text: 'so.',
      });
      const steps = [step(first!.id, 'done'), step(second!.id, 'failed')];
      show({ plan, host: { ...HOST, steps } });
      assert.equal(all('vscode-checkbox').length, plan.moves.length - 1);
      assert.ok(!texts('vscode-checkbox').some((text) => text.includes(first!.task.id)));
      const progress = landmark('Progress');
      assert.equal(progress.getAttribute('aria-live'), 'polite');
      assert.deepEqual(
        all('li', progress).map(({ className }) => className),
        ['done', 'failed'],
      );
      assert.deepEqual(texts('li strong', progress), ['title done', 'title failed']);
      for (const mark of all('.mark', progress)) assert.equal(mark.getAttribute('aria-hidden'), 'true');
    });

    it('lists a page of moves, and more when asked', () => {
      const moves = Array.from({ length: MOVES_PAGE + 5 }, (_, at) => ({ ...plan.moves[0]!, id: `move ${at}` }));
      show({ plan: { ...plan, moves } });
      assert.equal(all('vscode-checkbox').length, MOVES_PAGE);
      button('Show 5').click();
      assert.deepEqual(asked, [['listMore']]);
      show({ plan: { ...plan, moves }, choices: { planId: plan.id, listed: 2 * MOVES_PAGE } });
      assert.equal(all('vscode-checkbox').length, MOVES_PAGE + 5);
      // all are asked for, listed or not
      assert.ok(button(`Apply ${MOVES_PAGE + 5}`));
    });

    it('draws each scenario once in each chart: a line, and the band of those that have one', () => {
      show({ plan });
      plots.drawn.length = 0;
      layOut();
      const { scenarios } = plan.forecast!;
      // fragments, free capacity, waiting tasks, tasks that fit
      assert.equal(plots.drawn.length, 4);
      for (const { traces } of plots.drawn) {
        const lines = traces.filter(({ showlegend }) => showlegend !== false);
        assert.equal(lines.length, scenarios.length);
        assert.equal(new Set(lines.map(({ name }) => name)).size, scenarios.length);
        assert.equal(new Set(lines.map(({ line }) => line?.dash)).size, scenarios.length);
        for (const { y } of lines) assert.equal(y.length, scenarios[0]!.moments.length);
        const banded = scenarios.filter(({ name }) => name === 'nothing' || name === 'plan');
        assert.equal(traces.length - lines.length, 2 * banded.length);
      }
      for (const { plot } of plots.drawn) assert.ok((plot.getAttribute('aria-label') ?? '').length > 20);
    });

    it('draws a change of nodes that was asked for as one scenario more', () => {
      const change = { kind: 'lost', node: 'cpu-s-1' } as const;
      const [own] = plan.forecast!.scenarios;
      const forecast = { ...plan.forecast!, scenarios: [{ ...own!, name: changeName(change) }] };
      show({ plan, host: { ...HOST, whatIfs: [{ planId: plan.id, change, forecast }] } });
      plots.drawn.length = 0;
      layOut();
      const names = plots.drawn[0]!.traces.flatMap(({ name }) => name ?? []);
      assert.equal(names.length, plan.forecast!.scenarios.length + 1);
      assert.ok(names.at(-1)!.includes('cpu-s-1'));
      button('What if a node goes').click();
      assert.deepEqual(asked, [['whatIf', 'lost']]);
    });

    it('has a grid for each kind of advice, with a row for each and the decision in it', () => {
      show({ plan });
      for (const [label, rows] of [
        ['Placements', plan.placements],
        ['Resizes', plan.resizes],
        ['Migrations', plan.migrations],
      ] as const) {
        const table = gridOf(landmark(label));
        assert.equal(table.getAttribute('aria-rowcount'), String(rows.length + 1));
        assert.ok(table.getAttribute('aria-label'));
        for (const cell of all('[role=gridcell]', table)) assert.ok(cell.textContent !== '', label);
      }
      assert.deepEqual(
        firstCells(landmark('Placements')),
        plan.placements.map(({ taskId }) => taskId),
      );
      for (const [at, { decision }] of plan.placements.entries())
        if (decision.kind === 'place')
          assert.ok(all('.grid-spacer [role=row]', landmark('Placements'))[at]!.textContent.includes(decision.to));
    });

    it('leads from a row to its task: Enter shows the nodes of one that waits, and reveals one that runs', () => {
      show({ plan });
      const enter = () => new window.KeyboardEvent('keydown', { key: 'Enter', bubbles: true });
      for (const label of ['Placements', 'Resizes', 'Migrations'])
        all('[tabindex="0"]', gridOf(landmark(label)))[0]!.dispatchEvent(enter() as unknown as Event);
      assert.deepEqual(asked, [
        ['showTask', plan.placements[0]!.taskId],
        ['reveal', 'task', plan.resizes[0]!.taskId],
        ['reveal', 'task', plan.migrations[0]!.taskIds[0]],
      ]);
    });

    it('ranks the nodes of the chosen task, with a column for each policy, and says which cannot take it', () => {
      const task = plan.placements.findLast(({ ranked, refused }) => ranked.length > 0 && refused.length > 0)!;
      show({ plan, choices: { planId: plan.id, task: task.taskId } });
      assert.ok(texts('h3').some((text) => text.includes(task.taskId)));
      const table = all('[role=grid]').find((one) => one.getAttribute('aria-label')?.startsWith('Ranked nodes'))!;
      assert.deepEqual(
        texts('[role=gridcell]:first-child', table),
        task.ranked.map(({ node }) => node),
      );
      const headers = texts('[role=columnheader]', table);
      for (const { policy } of task.ranked[0]!.parts) assert.ok(headers.includes(policy));
      const refused = all('details li').map(({ textContent }) => textContent);
      for (const { example } of task.refused) assert.ok(refused.some((text) => text.includes(example.node)));
    });

    it('shows the ranking that was tried, with its weights on the sliders', () => {
      const { taskId, ranked, fitting } = plan.placements.find(({ ranked }) => ranked.length > 1)!;
      const [policy] = ranked[0]!.parts.map((part) => part.policy);
      const weighed = { planId: plan.id, taskId, weights: { [policy!]: 2.5 }, ranked: ranked.toReversed(), fitting };
      show({ plan, host: { ...HOST, weighed }, choices: { planId: plan.id, task: taskId } });
      const table = all('[role=grid]').find((one) => one.getAttribute('aria-label')?.startsWith('Ranked nodes'))!;
      assert.equal(texts('[role=gridcell]:first-child', table)[0], ranked.at(-1)!.node);
      const slider = all('.weights input[type=range]')[0] as HTMLInputElement;
      assert.ok(slider.getAttribute('aria-label')?.includes(policy!));
      assert.equal(slider.value, '2.5');
      slider.value = '1';
      slider.dispatchEvent(new Event('input'));
      assert.deepEqual(asked, [['rank', plan.id, taskId, { [policy!]: 1 }]]);
    });
  });

  describe('with little to say', () => {
    it('says in each part of an empty plan why there is nothing, in place of an empty grid', () => {
      show({ plan: emptyPlan(plan) });
      for (const label of ['Moves', 'Placements', 'Resizes', 'Migrations'])
        assert.deepEqual(
          [...landmark(label).children].map(({ tagName }) => tagName),
          ['H2', 'P'],
        );
      assert.equal(all('[role=grid], .chart, vscode-checkbox').length, 0);
    });

    it('tells a plan that gains nothing from one that is done and from one without nodes', () => {
      const empty = emptyPlan(plan);
      const saying = (model: Partial<PanelModel>) => {
        show(model);
        return landmark('Moves').textContent;
      };
      const counts = { ...plan.snapshot.counts, nodes: 0, running: 0 };
      const problems = [{ code: 'noMetrics' } as const, ...Array.from({ length: 9 }, (_, at) => `problem ${at}`)];
      const done = plan.moves.map(({ id }) => ({ moveId: id, title: 'x', state: 'done' as const, text: 'x' }));
      const said = [
        saying({ plan: empty }),
        saying({ plan, host: { ...HOST, steps: done } }),
        saying({ plan: { ...empty, snapshot: { ...plan.snapshot, counts, problems } } }),
      ];
      assert.equal(new Set(said).size, 3);
      assert.match(said[2]!, /no node/);
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
          choices: { planId: plan.id, task: `ns/${name}` },
        });
        assert.equal(all('img, script, iframe').length, 0);
        assert.ok(texts('vscode-checkbox').some((text) => text.includes(`ns/${name}`) && text.includes(`on ${name}`)));
        assert.ok(firstCells(landmark('Placements')).includes(`ns/${name}`));
        assert.ok(texts('h3').some((text) => text.includes(`ns/${name}`)));
        assert.equal(texts('[role=alert]')[0], name);
        for (const cell of all('[role=gridcell]')) assert.equal(cell.getAttribute('title'), cell.textContent);
        assert.deepEqual(
          all('section').map((part) => part.getAttribute('aria-label')),
          ['Moves', 'Forecast', 'Placements', 'Resizes', 'Migrations'],
        );
      });
    }
  });

  describe('its parts', () => {
    /** Names of the parts that are made again when one model follows the other. */
    const madeAgain = (before: Partial<PanelModel>, next: Partial<PanelModel>) => {
      const keys = new Map(show(before).map(({ name, key }) => [name, key]));
      return show(next).flatMap(({ name, key }) => (keys.get(name) === key ? [] : [name]));
    };

    it('are named once each, and made again only when what they show has changed', () => {
      const names = show({ plan }).map(({ name }) => name);
      assert.equal(new Set(names).size, names.length);
      assert.deepEqual(madeAgain({ plan }, { plan: structuredClone(plan) }), []);
      assert.deepEqual(madeAgain({ plan }, { plan, choices: { chosen: [] } }), ['moves']);
      assert.deepEqual(madeAgain({ plan }, { plan, choices: { task: plan.placements.at(-1)!.taskId } }), [
        'nodes',
        'weights',
        'ranked',
      ]);
      assert.deepEqual(madeAgain({ plan }, { plan, host: { ...HOST, failure: 'x' } }), ['head']);
      assert.deepEqual(
        madeAgain({ plan }, { plan: { ...plan, id: 'other' } }),
        names.filter((name) => name !== 'steps'),
      );
    });
  });
});
