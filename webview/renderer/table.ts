import type { Table } from '../../src/notebook/table.ts';
import { describeRows, describeTable } from '../../src/text/counts.ts';
import { element } from './element.ts';

type Sorting = { readonly column: number; readonly ascending: boolean };

/**
 * Draws a table; all its text is text, whatever it says.
 * @throws TypeError when the value is no table
 */
export function drawTable(value: unknown, root: HTMLElement): void {
  const table = parseTable(value);
  root.replaceChildren(tableElement(table), countOf(table));
}

/** How many rows a table has, and how many of them are shown. */
export function countOf({ rows, total }: Table): HTMLElement {
  return element('p', { class: 'stowage-count' }, describeRows(rows.length, total));
}

/**
 * A table that sorts by a press on a column's name: up, down, as it came. The box that scrolls is a group with a name of
 * its own: as a landmark it would stand among those of the editor, with the name of every other table.
 */
export function tableElement(table: Table, title?: string): HTMLElement {
  const label = title ?? describeTable(table);
  const box = element('div', { class: 'stowage-scroll', tabindex: '0', role: 'group', 'aria-label': label });
  const draw = (sorting: Sorting | undefined, focused?: number) => {
    const head = element(
      'tr',
      {},
      element('td', {}),
      ...table.columns.map((column, at) => headCell(column, at, sorting, (next) => draw(next, at))),
    );
    const body = order(table, sorting).map((row) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, table.index[row] ?? ''),
        ...table.columns.map(({ numeric }, at) =>
          element('td', { class: numeric ? 'number' : undefined }, table.rows[row]?.[at] ?? ''),
        ),
      ),
    );
    box.replaceChildren(
      element('table', { class: 'stowage-table' }, element('thead', {}, head), element('tbody', {}, body)),
    );
    if (focused !== undefined) box.querySelectorAll('button')[focused]?.focus();
  };
  draw(undefined);
  return box;
}

function headCell(
  { name, numeric }: Table['columns'][number],
  column: number,
  sorting: Sorting | undefined,
  sort: (next: Sorting | undefined) => void,
): HTMLElement {
  const own = sorting?.column === column ? sorting : undefined;
  const button = element('button', {}, own ? `${name} ${own.ascending ? '▲' : '▼'}` : name);
  button.addEventListener('click', () =>
    sort(own ? (own.ascending ? { column, ascending: false } : undefined) : { column, ascending: true }),
  );
  return element(
    'th',
    {
      scope: 'col',
      class: numeric ? 'number' : undefined,
      'aria-sort': own ? (own.ascending ? 'ascending' : 'descending') : 'none',
    },
    button,
  );
}

function order(table: Table, sorting: Sorting | undefined): number[] {
  const rows = table.rows.map((_, row) => row);
  if (!sorting) return rows;
  const { column, ascending } = sorting;
  const numeric = table.columns[column]?.numeric ?? false;
  const text = (row: number) => table.rows[row]?.[column] ?? '';
  const compare = (a: string, b: string) => (numeric ? Number(a) - Number(b) : a.localeCompare(b));
  return rows.sort((a, b) => {
    if (text(a) === '' || text(b) === '') return Number(text(a) === '') - Number(text(b) === '');
    return compare(text(a), text(b)) * (ascending ? 1 : -1);
  });
}

/** @throws TypeError when the value is no table */
export function parseTable(value: unknown): Table {
  const { columns, index, rows, total } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Table>;
  const isTable =
    Array.isArray(columns) &&
    columns.every((column) => typeof column === 'object' && column !== null && typeof column.name === 'string') &&
    Array.isArray(index) &&
    Array.isArray(rows) &&
    rows.every((row) => Array.isArray(row) && row.every((cell) => typeof cell === 'string')) &&
    typeof total === 'number';
  if (!isTable) throw new TypeError('it is no table');
  return { columns, index: index.map(String), rows, total };
}
