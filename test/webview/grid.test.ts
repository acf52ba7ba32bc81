import assert from 'node:assert/strict';
import type * as Lit from 'lit-html';
import { before, beforeEach, describe, it } from 'mocha';
import { aroundMiddle, boundedWidth, type Column, leastWidth, names, numeric } from '../../webview/grid/columns.ts';
import type * as Grid from '../../webview/grid/grid.ts';
import { placeAfter } from '../../webview/grid/keys.ts';
import { nextSorting, sortRows } from '../../webview/grid/sorting.ts';
import { withPage } from './browser.ts';

type Node = { readonly name: string; readonly cpus: number };

describe('keys of a grid', () => {
  const extent = { rows: 30, columns: 3, page: 12 };
  const lead = (key: string, row: number, column: number, ctrlKey = false) => {
    const place = placeAfter({ key, ctrlKey }, { row, column }, extent);
    return place && [place.row, place.column];
  };

  it('lead one cell on, a page on, and to the ends of the row or of the grid', () => {
    assert.deepEqual(lead('ArrowDown', 4, 1), [5, 1]);
    assert.deepEqual(lead('ArrowUp', 4, 1), [3, 1]);
    assert.deepEqual(lead('ArrowLeft', 4, 1), [4, 0]);
    assert.deepEqual(lead('ArrowRight', 4, 1), [4, 2]);
    assert.deepEqual(lead('PageDown', 4, 1), [16, 1]);
    assert.deepEqual(lead('PageUp', 16, 1), [4, 1]);
    assert.deepEqual(lead('Home', 4, 1), [4, 0]);
    assert.deepEqual(lead('End', 4, 1), [4, 2]);
    assert.deepEqual(lead('Home', 4, 1, true), [0, 0]);
    assert.deepEqual(lead('End', 4, 1, true), [29, 2]);
  });

  it('stop at the edges, above at the header that only an arrow reaches', () => {
    assert.deepEqual(lead('ArrowUp', 0, 0), [-1, 0]);
    assert.deepEqual(lead('ArrowUp', -1, 0), [-1, 0]);
    assert.deepEqual(lead('PageUp', 3, 0), [0, 0]);
    assert.deepEqual(lead('PageDown', 25, 0), [29, 0]);
    assert.deepEqual(lead('ArrowDown', 29, 2), [29, 2]);
    assert.deepEqual(lead('ArrowLeft', 0, 0), [0, 0]);
    assert.deepEqual(lead('ArrowRight', 0, 2), [0, 2]);
  });

  it('are left alone where they mean nothing to it', () => assert.equal(lead('a', 1, 1), undefined));
});

describe('a name in a narrow column', () => {
  it('keeps its end, and enough of its beginning to tell that its middle is cut', () => {
    assert.deepEqual(aroundMiddle('vision/train-detector-mez0-c54q6'), ['vision/train-detec', 'tor-mez0-c54q6']);
    assert.deepEqual(aroundMiddle('gpu-a100-eval-1'), ['gpu-', 'a100-eval-1']);
    assert.deepEqual(aroundMiddle('n1'), ['n1', '']);
    assert.deepEqual(aroundMiddle(''), ['', '']);
  });
});

describe('sorting of a grid', () => {
  it('begins with the first text and the largest number, and turns when it is asked for again', () => {
    assert.deepEqual(nextSorting(undefined, 'node'), { column: 'node', descending: false });
    assert.deepEqual(nextSorting(undefined, 'score', true), { column: 'score', descending: true });
    assert.deepEqual(nextSorting({ column: 'score', descending: true }, 'score', true), {
      column: 'score',
      descending: false,
    });
    assert.deepEqual(nextSorting({ column: 'score', descending: true }, 'node'), { column: 'node', descending: false });
  });

  it('leaves equals as they came, in both directions, and the rows it was given alone', () => {
    const rows = ['b2', 'a1', 'b1', 'a2'];
    const letter = (row: string) => row.slice(0, 1);
    assert.deepEqual(sortRows(rows, letter, false), ['a1', 'a2', 'b2', 'b1']);
    assert.deepEqual(sortRows(rows, letter, true), ['b2', 'b1', 'a1', 'a2']);
    assert.deepEqual(rows, ['b2', 'a1', 'b1', 'a2']);
  });
});

describe('a grid', () => {
  withPage();
  let grid: typeof Grid.grid;
  let render: typeof Lit.render;
  let page: HTMLElement;
  let root: HTMLElement;
  let opened: string[];

  before(async () => {
    ({ render } = await import('lit-html'));
    ({ grid } = await import('../../webview/grid/grid.ts'));
  });

  const show = (rows: readonly Node[], more: Partial<Grid.GridOptions<Node>> = {}) => {
    const options = {
      label: 'Nodes',
      rows,
      key: ({ name }: Node) => name,
      columns: [
        { title: 'node', text: ({ name }: Node) => name },
        { ...numeric('CPUs', ({ cpus }: Node) => cpus, String), bar: ({ cpus }: Node) => cpus / 100 },
      ],
      onOpen: ({ name }: Node) => opened.push(name),
      ...more,
    };
    render(grid<Node>(options), page);
    root = page.querySelector<HTMLElement>('[role=grid], [role=treegrid]')!;
  };
  const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
  const firstColumn = () => all('[role=gridcell]:first-child').map(({ textContent }) => textContent);
  const press = (key: string, ctrlKey = false) => {
    const event = new window.KeyboardEvent('keydown', { key, ctrlKey, bubbles: true, cancelable: true });
    (document.activeElement ?? root).dispatchEvent(event);
    return event;
  };
  const focused = () => document.activeElement?.textContent;
  /** The cell that Tab reaches behind the header. */
  const stop = () => all('[role=gridcell][tabindex="0"]')[0]!;

  beforeEach(() => {
    opened = [];
    page = document.createElement('main');
    document.body.replaceChildren(page);
    // node-00 … node-39; CPUs 0, 7, 14, … modulo 40, each once, since 7 and 40 have no common divisor
    show(Array.from({ length: 40 }, (_, at) => ({ name: `node-${String(at).padStart(2, '0')}`, cpus: (7 * at) % 40 })));
  });

  it('tells a screen reader its name, its size with the header, and where each row stands', () => {
    assert.equal(root.getAttribute('role'), 'grid');
    assert.equal(root.getAttribute('aria-label'), 'Nodes');
    assert.equal(root.getAttribute('aria-rowcount'), '41');
    assert.equal(root.getAttribute('aria-colcount'), '2');
    const rows = all('[role=row]').map((row) => row.getAttribute('aria-rowindex'));
    assert.deepEqual(rows.slice(0, 3), ['1', '2', '3']);
    assert.deepEqual(
      all('[role=columnheader]').map((cell) => [cell.textContent, cell.getAttribute('aria-sort')]),
      [
        ['node', 'none'],
        ['CPUs', 'none'],
      ],
    );
  });

  it('keeps its sorting and widths with their columns when another column comes before them', () => {
    const nodes = [5, 9, 7].map((cpus) => ({ name: `node-${cpus}`, cpus }));
    const columns = [
      { title: 'node', text: ({ name }: Node) => name },
      numeric('CPUs', ({ cpus }: Node) => cpus, String),
    ];
    show(nodes, { columns });
    const header = () => all('[role=columnheader]').find(({ textContent }) => textContent.startsWith('CPUs'))!;
    header().click();
    header().focus();
    header().dispatchEvent(new window.KeyboardEvent('keydown', { key: 'ArrowRight', altKey: true, bubbles: true }));
    const widths = () => all('[role=row]')[0]!.style.gridTemplateColumns.split(/ (?!\d)/);
    assert.match(widths().at(-1)!, /px$/);
    show(nodes, { columns: [{ title: 'so far', text: () => 'done' }, ...columns] });
    assert.equal(header().getAttribute('aria-sort'), 'descending');
    assert.deepEqual(
      all('[role=gridcell]:last-child').map(({ textContent }) => textContent),
      ['9', '7', '5'],
    );
    assert.match(widths().at(-1)!, /px$/);
    assert.doesNotMatch(widths().slice(0, -1).join(' '), /px/);
  });

  it('holds the rows in sight and some to spare, and the height of all', () => {
    // 14 in sight, 6 more on either side
    assert.equal(all('[role=gridcell]:first-child').length, 26);
    assert.equal(all('.grid-spacer')[0]?.style.height, `${40 * 26}px`);
  });

  it('has one stop for Tab in its header and one in its cells, which go with the arrows', () => {
    const stops = () => all('[tabindex="0"]').map(({ textContent }) => textContent);
    assert.deepEqual(stops(), ['node', 'node-00']);
    stop().focus();
    press('ArrowDown');
    press('ArrowRight');
    assert.deepEqual(stops(), ['CPUs', '7']);
    assert.equal(focused(), '7');
  });

  it('keeps a key that moves from scrolling the page, and leaves every other to it', () => {
    stop().focus();
    assert.ok(press('ArrowDown').defaultPrevented);
    assert.ok(!press('a').defaultPrevented);
  });

  it('scrolls to a row out of sight, draws it and gives it the focus', () => {
    stop().focus();
    press('End', true);
    assert.equal(focused(), String((7 * 39) % 40));
    assert.equal(firstColumn().at(-1), 'node-39');
    assert.equal(all('[role=row]').at(-1)?.getAttribute('aria-rowindex'), '41');
    press('Home', true);
    assert.equal(focused(), 'node-00');
  });

  it('keeps the focus on a cell that is drawn again because the rows were scrolled', () => {
    stop().focus();
    press('PageDown');
    all('.grid-body')[0]?.dispatchEvent(new Event('scroll'));
    assert.equal(focused(), 'node-14');
    press('ArrowDown');
    assert.equal(focused(), 'node-15');
  });

  it('does not take the focus when somebody else has it', () => {
    all('.grid-body')[0]?.dispatchEvent(new Event('scroll'));
    assert.equal(document.activeElement?.tagName, 'BODY');
  });

  it('sorts by Enter on a header, says so, and keeps the focus there', () => {
    stop().focus();
    press('ArrowUp');
    press('ArrowRight');
    press('Enter');
    assert.equal(focused(), 'CPUs ▼');
    assert.equal(document.activeElement?.getAttribute('aria-sort'), 'descending');
    // 39 = 7 · 17 modulo 40, 38 = 7 · 34
    assert.deepEqual(firstColumn().slice(0, 2), ['node-17', 'node-34']);
    press('Enter');
    assert.equal(document.activeElement?.getAttribute('aria-sort'), 'ascending');
    assert.equal(firstColumn()[0], 'node-00');
  });

  it('sorts by a click on a header, by one column at a time', () => {
    all('[role=columnheader]')[1]?.click();
    all('[role=columnheader]')[0]?.click();
    assert.deepEqual(
      all('[role=columnheader]').map((cell) => cell.getAttribute('aria-sort')),
      ['ascending', 'none'],
    );
    all('[role=columnheader]')[0]?.click();
    assert.equal(firstColumn()[0], 'node-39');
  });

  it('opens the row under the focus by Enter, as it is sorted, and a row by a double click', () => {
    all('[role=columnheader]')[1]?.click();
    stop().focus();
    press('Enter');
    all('[role=gridcell]')[2]?.dispatchEvent(new Event('dblclick'));
    assert.deepEqual(opened, ['node-17', 'node-34']);
  });

  it('draws a share as a bar under the number', () => {
    const bar = all('[role=gridcell]')[3];
    assert.ok(bar?.classList.contains('bar'));
    // 7 CPUs of 100
    assert.match(bar?.style.getPropertyValue('--bar') ?? '', /^7(\.0+\d)?%$/);
    assert.ok(!all('[role=gridcell]')[0]?.classList.contains('bar'));
  });

  it('is usable without rows', () => {
    show([]);
    assert.equal(root.getAttribute('aria-rowcount'), '1');
    all('[tabindex="0"]')[0]?.focus();
    press('ArrowDown');
    assert.equal(focused(), 'node');
    press('ArrowRight');
    press('Enter');
    assert.equal(focused(), 'CPUs ▼');
    assert.deepEqual(opened, []);
  });

  it('is never so narrow that the heading of a number is cut', () => {
    const column = numeric('frees memory of all tasks', ({ cpus }: Node) => cpus, String);
    const ch = Number(/(\d+)ch/.exec(leastWidth([column], new Map()))![1]);
    assert.ok(ch > column.title.length + 2);
  });

  describe('drawn again with other rows', () => {
    const nodes = (names: string) => [...names].map((name) => ({ name, cpus: name.charCodeAt(0) }));

    it('keeps the focus on its row, wherever that stands now, and on the element itself', () => {
      show(nodes('abcd'));
      stop().focus();
      press('ArrowDown');
      const before = document.activeElement;
      show(nodes('xyzb'));
      assert.equal(focused(), 'b');
      press('ArrowUp');
      assert.equal(focused(), 'z');
      show(nodes('zq'));
      assert.equal(focused(), 'z');
      assert.equal(before?.isConnected, false);
    });

    it('stays sorted, scrolled and as wide as the reader made it', () => {
      all('[role=columnheader]')[1]?.click();
      const body = all('.grid-body')[0]!;
      body.scrollTop = 260;
      stop().focus();
      press('ArrowUp');
      document.activeElement?.dispatchEvent(
        new window.KeyboardEvent('keydown', {
          key: 'ArrowRight',
          altKey: true,
          bubbles: true,
          cancelable: true,
        }) as never,
      );
      const wide = all('.grid-header')[0]!.style.gridTemplateColumns;
      show(Array.from({ length: 40 }, (_, at) => ({ name: `other-${at}`, cpus: at })));
      assert.equal(all('[role=columnheader]')[1]?.getAttribute('aria-sort'), 'descending');
      assert.equal(all('.grid-body')[0], body);
      assert.equal(body.scrollTop, 260);
      assert.match(wide, /^\d+px /);
      assert.equal(all('.grid-header')[0]!.style.gridTemplateColumns, wide);
    });
  });

  it('gives a column its first width back by Alt+Backspace, and lets none be wider than the page', () => {
    const alt = (key: string) =>
      document.activeElement?.dispatchEvent(
        new window.KeyboardEvent('keydown', { key, altKey: true, bubbles: true, cancelable: true }) as never,
      );
    const widths = () => all('.grid-header')[0]!.style.gridTemplateColumns;
    const first = widths();
    stop().focus();
    press('ArrowUp');
    alt('ArrowRight');
    assert.notEqual(widths(), first);
    alt('Backspace');
    assert.equal(widths(), first);
    assert.equal(
      document.activeElement?.getAttribute('aria-keyshortcuts'),
      'Alt+ArrowLeft Alt+ArrowRight Alt+Backspace',
    );
    assert.deepEqual([boundedWidth(2000, 600), boundedWidth(300, 600), boundedWidth(3, 600)], [600, 300, 48]);
    // A page without layout bounds nothing.
    assert.equal(boundedWidth(2000, 0), 2000);
  });

  it('keeps a name one run of text, wherever it is cut for the eye', () => {
    const name = 'vision/train-detector-mez0-c54q6';
    show([{ name, cpus: 1 }], {
      columns: [
        names(
          'node',
          (row: Node) => row.name,
          () => {},
        ),
      ],
    });
    assert.equal(all('a')[0]!.textContent, name);
  });

  it('scrolls header and rows together, in both directions', () => {
    const [scroller] = all('.grid-body');
    for (const part of ['.grid-header', '.grid-spacer']) assert.ok(scroller!.contains(all(part)[0]!));
  });

  it('goes on from a name that was clicked, and keeps a stop for Tab when columns go', () => {
    const withNames = (more: readonly Column<Node>[]) => ({
      columns: [
        { title: 'node', text: ({ name }: Node) => name, open: ({ name }: Node) => opened.push(name) },
        ...more,
      ],
    });
    const nodes = [...'abc'].map((name) => ({ name, cpus: 1 }));
    show(nodes, withNames([numeric('CPUs', ({ cpus }: Node) => cpus, String)]));
    all('a')[1]!.focus();
    press('ArrowDown');
    press('Enter');
    assert.deepEqual(opened, ['c']);
    press('ArrowRight');
    show(nodes, withNames([]));
    assert.equal(stop()?.textContent, 'c');
  });

  describe('with boxes to tick and rows under rows', () => {
    const ticked = new Set<string>();
    let expanded: [string, boolean][];
    const showTree = () =>
      show(
        [
          { name: 'group', cpus: 3 },
          { name: 'a', cpus: 1 },
        ],
        {
          columns: [
            {
              title: '',
              text: () => '',
              tick: {
                state: ({ name }) => (name === 'group' ? 'some' : ticked.has(name) ? 'all' : 'none'),
                label: ({ name }) => `Tick ${name}`,
                set: ({ name }, on) => {
                  if (on) ticked.add(name);
                  else ticked.delete(name);
                  showTree();
                },
              },
            },
            { title: 'node', text: ({ name }) => name },
          ],
          tree: {
            level: ({ name }) => (name === 'group' ? 1 : 2),
            expanded: ({ name }) => (name === 'group' ? true : undefined),
            expand: ({ name }, on) => expanded.push([name, on]),
          },
        },
      );

    beforeEach(() => {
      expanded = [];
      ticked.clear();
      showTree();
    });

    it('says what each box ticks, and shows what is ticked in part', () => {
      assert.equal(root.getAttribute('role'), 'treegrid');
      const boxes = all('input') as HTMLInputElement[];
      assert.deepEqual(
        boxes.map((box) => [box.getAttribute('aria-label'), box.checked, box.indeterminate]),
        [
          ['Tick group', false, true],
          ['Tick a', false, false],
        ],
      );
    });

    it('keeps the focus on a box that is ticked', () => {
      const [, box] = all('input') as HTMLInputElement[];
      box!.focus();
      box!.checked = true;
      box!.dispatchEvent(new Event('change'));
      assert.deepEqual([...ticked], ['a']);
      assert.equal(document.activeElement, box);
      assert.equal(box!.checked, true);
    });

    it('opens and closes by arrows and by Enter, and says how it stands', () => {
      all('input')[0]?.focus();
      press('ArrowRight');
      press('ArrowLeft');
      assert.equal(document.activeElement?.textContent, '▾group');
      press('Enter');
      assert.deepEqual(expanded, [
        ['group', false],
        ['group', false],
      ]);
      assert.deepEqual(
        all('.grid-spacer [role=row]').map((row) => [
          row.getAttribute('aria-level'),
          row.getAttribute('aria-expanded'),
        ]),
        [
          ['1', 'true'],
          ['2', null],
        ],
      );
    });
  });
});
