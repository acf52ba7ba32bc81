import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { parsePlan } from '../../src/core/plan/parsePlan.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { sha256 } from '../../src/io/sha256.ts';
import { describeMove } from '../../src/text/operation.ts';
import { movesCsv } from '../../src/text/plan/csv.ts';
import { planDocument } from '../../src/text/plan/document.ts';
import { isPlanFormat, PLAN_FORMATS, planAs } from '../../src/text/plan/formats.ts';
import { planHtml } from '../../src/text/plan/html.ts';
import { planMarkdown } from '../../src/text/plan/markdown.ts';
import { describeVerdict } from '../../src/text/verdict.ts';
import { withPage } from '../webview/browser.ts';
import { emptyPlan, renamed, samplePlan } from '../webview/plans.ts';

const MARKUP = '<img src=x onerror=alert(1)>|[click](command:x)*_`# x';

/** Rows of RFC 4180, read back. */
function parsed(csv: string): string[][] {
  return csv
    .split('\r\n')
    .slice(0, -1)
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!,
      ),
    );
}

describe('a plan that leaves Stowage', () => {
  let plan: Plan;
  /** The task of each move, its node and its namespace under names that mean harm. */
  let hostile: Plan;

  before(async () => {
    plan = await samplePlan();
    const ids = plan.moves.map(({ task }) => task.id);
    const nodes = plan.moves.flatMap((move) => ('to' in move && typeof move.to === 'string' ? [move.to] : []));
    const names = [
      ...ids.map((id, index) => [id, `=n/${MARKUP}${index}`]),
      ...nodes.map((node) => [node, `@${node}${MARKUP}`]),
    ];
    hostile = renamed(plan, { ...Object.fromEntries(names), [plan.snapshot.cluster]: `</title><script>${MARKUP}` });
  });

  describe('as Markdown', () => {
    it('has the verdict, every move with its reason, and the tables of each kind, as every door says them', () => {
      const markdown = planMarkdown(plan).replaceAll('\\', '');
      assert.ok(markdown.includes(`**${describeVerdict(plan)}**`));
      for (const move of plan.moves) assert.ok(markdown.includes(`| ${describeMove(move)} | `), describeMove(move));
      for (const heading of ['Moves', 'Forecast', 'Pending tasks', 'Resizes in place', 'Migrations']) {
        assert.match(markdown, new RegExp(`^## ${heading}$`, 'm'));
      }
    });

    it('gives each row the cells of its head', () => {
      const tables = planMarkdown(hostile)
        .trimEnd()
        .split('\n\n')
        .filter((block) => block.startsWith('|'));
      assert.ok(tables.length >= 5);
      for (const table of tables) {
        const widths = table.split('\n').map((line) => line.replaceAll(/\\./g, '').split('|').length);
        assert.equal(new Set(widths).size, 1, table);
      }
    });

    it('makes no markup of a name', () => {
      const markdown = planMarkdown(hostile).replaceAll(/\\./g, '');
      assert.doesNotMatch(markdown, /<|\]\(|`/);
      assert.equal(markdown.match(/^# /gm)?.length, 1);
    });
  });

  describe('as HTML', () => {
    withPage();

    it('is one page without a script, and names are text in it', () => {
      const html = planHtml(hostile);
      const page = new DOMParser().parseFromString(html, 'text/html');
      assert.equal(page.querySelectorAll('script, img, link, iframe, a, [onerror], [src], [href]').length, 0);
      const policy = page.querySelector('meta[http-equiv=Content-Security-Policy]')?.getAttribute('content');
      assert.equal(policy, "default-src 'none'; style-src 'unsafe-inline'");
      assert.ok(page.title.includes(`</title><script>${MARKUP}`));
      assert.equal(page.querySelector('h1')?.textContent, page.title);
      for (const { task } of hostile.moves) assert.ok(page.body.textContent?.includes(task.id), task.id);
    });

    it('names its tables and their columns, and has a language', () => {
      const page = new DOMParser().parseFromString(planHtml(plan), 'text/html');
      assert.equal(page.documentElement.getAttribute('lang'), 'en');
      const tables = [...page.querySelectorAll('table')];
      assert.ok(tables.length >= 5);
      for (const table of tables) {
        assert.ok(table.parentElement?.getAttribute('aria-label'));
        const heads = table.querySelectorAll('th[scope=col]').length;
        for (const row of table.querySelectorAll('tbody tr')) assert.equal(row.children.length, heads);
      }
    });
  });

  describe('as CSV', () => {
    it('has a row for each move, with what it changes in plain numbers', () => {
      const [heads, ...rows] = parsed(movesCsv(plan));
      assert.equal(rows.length, plan.moves.length);
      const cell = (row: string[], head: string) => row[heads!.indexOf(head)];
      for (const [index, move] of plan.moves.entries()) {
        const row = rows[index]!;
        assert.equal(row.length, heads!.length);
        assert.equal(`${cell(row, 'namespace')}/${cell(row, 'task')}`, move.task.id);
        if (move.kind !== 'resize') continue;
        assert.equal(Number(cell(row, 'CPU before')), move.from.milliCpu / 1000);
        assert.equal(Number(cell(row, 'CPU after')), move.to.milliCpu / 1000);
      }
      const migration = rows[plan.moves.findIndex(({ kind }) => kind === 'migration')]!;
      assert.match(cell(migration, 'owner')!, /^Job /);
      assert.notEqual(cell(migration, 'from node'), cell(migration, 'to node'));
    });

    it('begins no cell as a formula, whatever a cluster names things', () => {
      for (const sign of ['=', '+', '-', '@', '\t', '\r']) {
        const evil = renamed(plan, { [plan.moves[0]!.task.id]: `${sign}cmd|' /C calc'!A0/${sign}"x",y` });
        const [, first] = parsed(movesCsv(evil));
        assert.equal(first?.[1], `'${sign}cmd|' `);
        for (const row of parsed(movesCsv(evil))) for (const text of row) assert.doesNotMatch(text, /^[=+\-@\t\r]/);
      }
    });

    it('quotes commas, quotes and line breaks', () => {
      const evil = renamed(plan, { [plan.moves[0]!.task.id]: 'n/a "b", c' });
      const [, first] = parsed(movesCsv(evil));
      assert.equal(first?.[2], 'a "b", c');
      assert.ok(movesCsv(evil).includes('"a ""b"", c"'));
    });
  });

  it('leaves rows out of a report where there are very many, and says so', () => {
    const { parts } = planDocument(plan, 3);
    const moves = parts.find(({ heading }) => heading === 'Moves')!;
    assert.deepEqual([moves.rows.length, moves.left], [3, plan.moves.length - 3]);
    const whole = planDocument(plan).parts.find(({ heading }) => heading === 'Moves')!;
    assert.equal(whole.left, 0);
    const many = { ...plan, moves: Array.from({ length: 1500 }, () => plan.moves[0]!) };
    assert.match(planMarkdown(many), /And 1,000 rows more: the plan saved as JSON has them\./);
  });

  it('with nothing to do says why in each format', () => {
    const empty = emptyPlan(plan);
    assert.equal(movesCsv(empty).split('\r\n').length, 2);
    for (const format of ['text', 'markdown', 'html'] as const) assert.match(planAs(format, empty), /[Nn]othing/);
  });

  it('as JSON is the plan itself', () => {
    assert.equal(parsePlan(JSON.parse(planAs('json', plan)), sha256).id, plan.id);
  });

  it('as text is what the terminal prints in full', () => {
    assert.match(planAs('text', plan), /PLACE {2}.*RESIZE {2}.*MIGRATE {2}.*FORECAST {2}/s);
    assert.doesNotMatch(planAs('text', plan), /--all/);
  });

  it('knows its formats by name', () => {
    assert.ok(Object.keys(PLAN_FORMATS).every(isPlanFormat));
    assert.ok(!isPlanFormat('toString') && !isPlanFormat('pdf'));
  });
});
