import { element } from '../element.ts';
import { type Place, placeAfter } from './keys.ts';
import { nextSorting, type Sorting, sortRows } from './sorting.ts';

/** One column: what a cell shows, and what it is sorted by. */
export type Column<Row> = {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** What the column is sorted by; its text when absent. */
  readonly value?: (row: Row) => number | string;
  /** Share of 1 drawn as a bar behind the text. */
  readonly bar?: (row: Row) => number | undefined;
  readonly numeric?: boolean;
  /** How much of the width it takes beside the others; 2, or 1 for numbers. */
  readonly share?: number;
};

export type GridOptions<Row> = {
  /** What the grid holds and what Enter does, for those who do not see it. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Enter or a double click on a row. */
  readonly onOpen?: (row: Row) => void;
};

/** A column of numbers: on the right, sorted by value, largest first. */
export function numeric<Row>(
  title: string,
  value: (row: Row) => number,
  format: (value: number) => string,
): Column<Row> {
  return { title, text: (row) => format(value(row)), value, numeric: true };
}

const ROW_HEIGHT_PIXELS = 26;
const VISIBLE_ROWS = 12;
/** Rows drawn above and below those in sight. */
const SPARE_ROWS = 6;

/** What a grid shows: rows in their order, and the one cell that Tab reaches. */
type Shown<Row> = { readonly order: readonly Row[]; readonly sorting?: Sorting; readonly focus: Place };

/** What its cells do. */
type Acts<Row> = { sort(column: number): void; open(row: Row): void; focused(place: Place): void };

/**
 * A table for keyboard and screen reader: `role=grid`, one tab stop, arrows, Home, End, Page keys, Enter opens; headers
 * sort by Enter or click and say so in `aria-sort`. Only the rows in sight are in the document.
 */
export function grid<Row>(options: GridOptions<Row>): HTMLElement {
  const { columns, rows, onOpen } = options;
  const { root, header, body, spacer } = frame(options);
  let shown: Shown<Row> = { order: rows, focus: { row: 0, column: 0 } };

  const acts: Acts<Row> = {
    sort(column) {
      shown = sorted(shown, options, column);
      draw();
    },
    open: (row) => onOpen?.(row),
    focused(focus) {
      shown = { ...shown, focus };
    },
  };
  const drawRows = () => {
    const focused = spacer.contains(document.activeElement);
    spacer.replaceChildren(...rowsInSight(body.scrollTop, columns, shown, acts));
    if (focused) tabStop(root)?.focus({ preventScroll: true });
  };
  const draw = () => {
    header.replaceChildren(...headerCells(columns, shown, acts));
    drawRows();
  };
  const moveTo = (focus: Place) => {
    shown = { ...shown, focus };
    scrollTo(body, focus.row);
    draw();
    tabStop(root)?.focus();
  };
  const enter = ({ row, column }: Place) => {
    const opened = shown.order[row];
    if (opened !== undefined) acts.open(opened);
    else if (row === -1) {
      acts.sort(column);
      tabStop(root)?.focus();
    }
  };
  root.addEventListener('keydown', (event) => {
    const { focus } = shown;
    const next = placeAfter(event, focus, { rows: rows.length, columns: columns.length, page: VISIBLE_ROWS });
    if (!next && event.key !== 'Enter') return;
    event.preventDefault();
    if (next) moveTo(next);
    else enter(focus);
  });
  body.addEventListener('scroll', drawRows);
  draw();
  return root;
}

/** The elements that stay while rows and headers are drawn again. */
function frame<Row>({ label, columns, rows }: GridOptions<Row>) {
  const header = element('div', { role: 'row', class: 'grid-row grid-header', 'aria-rowindex': 1 });
  const spacer = element('div', { class: 'grid-spacer', role: 'presentation' });
  const body = element('div', { class: 'grid-body', role: 'rowgroup' }, spacer);
  const root = element(
    'div',
    {
      role: 'grid',
      class: 'grid',
      'aria-label': label,
      'aria-rowcount': rows.length + 1,
      'aria-colcount': columns.length,
    },
    element('div', { role: 'rowgroup' }, header),
    body,
  );
  header.style.gridTemplateColumns = widths(columns);
  spacer.style.height = `${rows.length * ROW_HEIGHT_PIXELS}px`;
  body.style.maxHeight = `${VISIBLE_ROWS * ROW_HEIGHT_PIXELS}px`;
  return { root, header, body, spacer };
}

function widths<Row>(columns: readonly Column<Row>[]): string {
  return columns
    .map(({ numeric, share }) => `minmax(${numeric ? 13 : 12}ch, ${share ?? (numeric ? 1 : 2)}fr)`)
    .join(' ');
}

const MARKS = { ascending: ' ▲', descending: ' ▼', none: '' };

function headerCells<Row>(columns: readonly Column<Row>[], shown: Shown<Row>, { sort }: Acts<Row>): HTMLElement[] {
  const { sorting } = shown;
  return columns.map((column, at) => {
    const direction = sorting?.column === at ? (sorting.descending ? 'descending' : 'ascending') : 'none';
    const cell = element(
      'div',
      { role: 'columnheader', class: classOf(column), 'aria-sort': direction, tabindex: tabIndex(shown, -1, at) },
      column.title + MARKS[direction],
    );
    cell.addEventListener('click', () => sort(at));
    return cell;
  });
}

function rowsInSight<Row>(
  scrolledPixels: number,
  columns: readonly Column<Row>[],
  shown: Shown<Row>,
  acts: Acts<Row>,
): HTMLElement[] {
  const first = Math.max(0, Math.floor(scrolledPixels / ROW_HEIGHT_PIXELS) - SPARE_ROWS);
  return shown.order.slice(first, first + VISIBLE_ROWS + 2 * SPARE_ROWS).map((row, offset) => {
    const index = first + offset;
    const line = element(
      'div',
      { role: 'row', class: 'grid-row', 'aria-rowindex': index + 2 },
      columns.map((column, at) => rowCell(row, column, { row: index, column: at }, shown, acts)),
    );
    line.style.gridTemplateColumns = widths(columns);
    line.style.top = `${index * ROW_HEIGHT_PIXELS}px`;
    return line;
  });
}

function rowCell<Row>(
  row: Row,
  column: Column<Row>,
  place: Place,
  shown: Shown<Row>,
  { open, focused }: Acts<Row>,
): HTMLElement {
  const text = column.text(row);
  const cell = element(
    'div',
    { role: 'gridcell', class: classOf(column), tabindex: tabIndex(shown, place.row, place.column), title: text },
    text,
  );
  const share = column.bar?.(row);
  if (share !== undefined) {
    cell.style.setProperty('--bar', `${share * 100}%`);
    cell.classList.add('bar');
  }
  cell.addEventListener('dblclick', () => open(row));
  cell.addEventListener('focus', () => focused(place));
  return cell;
}

function classOf({ numeric }: { readonly numeric?: boolean }): string {
  return numeric ? 'cell numeric' : 'cell';
}

/** One cell of the grid is in the order of Tab (a roving tab index). */
function tabIndex({ focus }: { readonly focus: Place }, row: number, column: number): number {
  return row === focus.row && column === focus.column ? 0 : -1;
}

function tabStop(root: HTMLElement): HTMLElement | null {
  return root.querySelector('[tabindex="0"]');
}

function sorted<Row>(shown: Shown<Row>, { columns, rows }: GridOptions<Row>, at: number): Shown<Row> {
  const column = columns[at]!;
  const sorting = nextSorting(shown.sorting, at, column.numeric);
  return { ...shown, sorting, order: sortRows(rows, column.value ?? column.text, sorting.descending) };
}

/** Scrolls as little as brings a row into sight; the header always is. */
function scrollTo(body: HTMLElement, row: number): void {
  if (row < 0) return;
  const top = row * ROW_HEIGHT_PIXELS;
  const height = body.clientHeight || VISIBLE_ROWS * ROW_HEIGHT_PIXELS;
  if (top < body.scrollTop) body.scrollTop = top;
  else if (top + ROW_HEIGHT_PIXELS > body.scrollTop + height) body.scrollTop = top + ROW_HEIGHT_PIXELS - height;
}
