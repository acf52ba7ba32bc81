import assert from 'node:assert/strict';
import type * as Lit from 'lit-html';
import { before, beforeEach, describe, it } from 'mocha';
import { numeric } from '../../webview/grid/columns.ts';
import type * as Grid from '../../webview/grid/grid.ts';
import type * as Look from '../../webview/look.ts';
import { withPage } from './browser.ts';

describe('how the panel stands for its reader', () => {
  withPage();
  let lit: typeof Lit;
  let grids: typeof Grid;
  let look: typeof Look;
  let root: HTMLElement;
  const rows = Array.from({ length: 40 }, (_, at) => at);

  before(async () => {
    lit = await import('lit-html');
    grids = await import('../../webview/grid/grid.ts');
    look = await import('../../webview/look.ts');
  });

  const show = () => {
    root = document.createElement('main');
    document.body.replaceChildren(root);
    const columns = [numeric('CPUs', (row: number) => row, String)];
    const table = grids.grid({ label: 'Nodes', rows, key: String, columns });
    const fold = lit.html`<details><summary>more</summary></details>`;
    lit.render(lit.html`<section aria-label="Nodes">${table}${fold}${fold}</section>`, root);
  };
  const header = () => root.querySelector<HTMLElement>('[role=columnheader]')!;
  const folds = () => [...root.querySelectorAll('details')].map(({ open }) => open);
  const change = () => {
    header().click();
    header().focus();
    const widen = { key: 'ArrowRight', altKey: true, bubbles: true };
    header().dispatchEvent(new window.KeyboardEvent('keydown', widen) as never);
    root.querySelector<HTMLElement>('.grid-body')!.scrollTop = 260;
    root.querySelectorAll('details')[1]!.open = true;
  };
  const kept = () => look.parseLook(JSON.parse(JSON.stringify(look.lookOf(root))))!;

  beforeEach(show);

  it('comes back after the page was hidden: sorting, widths, scrolling, folds', () => {
    change();
    const before = kept();
    assert.deepEqual(before.folds, ['Nodes 1']);
    show();
    look.restoreLook(root, before, true);
    assert.equal(header().getAttribute('aria-sort'), 'descending');
    assert.match(root.querySelector<HTMLElement>('.grid-header')!.style.gridTemplateColumns, /^\d+px$/);
    assert.equal(root.querySelector('.grid-body')!.scrollTop, 260);
    assert.deepEqual(folds(), [false, true]);
    assert.deepEqual(kept(), before);
  });

  it('of another plan has only its grids as they were', () => {
    change();
    const before = kept();
    show();
    look.restoreLook(root, before, false);
    assert.equal(header().getAttribute('aria-sort'), 'descending');
    assert.deepEqual(folds(), [false, false]);
  });

  it('is told of where the reader changes a grid, and not where it is drawn again', () => {
    let told = 0;
    root.addEventListener(grids.LOOKED, () => told++);
    header().click();
    assert.equal(told, 1);
  });

  it('is nothing where what was kept is out of shape', () => {
    for (const value of [undefined, null, 7, [], {}, { folds: 3, grids: {} }, { folds: [], grids: [] }])
      assert.equal(look.parseLook(value), undefined);
    const grid = { widths: [['a', 60], ['b'], 7, [1, 2]], sorting: 3, scrolledPixels: 'x' };
    assert.deepEqual(look.parseLook({ folds: [1, 'a'], grids: { Nodes: grid, other: 7 } }), {
      scrolledPixels: 0,
      folds: ['a'],
      grids: { Nodes: { widths: [['a', 60]], scrolledPixels: 0 } },
    });
  });
});
