import { element } from './element.ts';

/** One column: what a cell shows, and what it is sorted by. */
export type Column<Row> = {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly value?: (row: Row) => number | string;
  /** Share of 1 drawn as a bar behind the text. */
  readonly bar?: (row: Row) => number | undefined;
  readonly numeric?: boolean;
  /** How much of the width it takes beside the others; 2, or 1 for numbers. */
  readonly share?: number;
};

export type GridOptions<Row> = {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly onOpen?: (row: Row) => void;
};

const ROW_HEIGHT = 26;
const VISIBLE_ROWS = 12;
const SPARE_ROWS = 6;

/**
 * A table for keyboard and screen reader: `role=grid`, one tab stop, arrows, Home, End, Page keys, Enter opens; headers
 * sort by Enter or click and say so in `aria-sort`. Only the rows in sight are in the document.
 */
export function grid<Row>({ label, columns, rows, onOpen }: GridOptions<Row>): HTMLElement {
  let order = [...rows];
  let sorted: { column: number; descending: boolean } | undefined;
  let focus = { row: 0, column: 0 };

  const template = columns
    .map(({ numeric, share }) => `minmax(${numeric ? 13 : 12}ch, ${share ?? (numeric ? 1 : 2)}fr)`)
    .join(' ');
  const header = element('div', { role: 'row', class: 'grid-row grid-header', 'aria-rowindex': '1' });
  const body = element('div', { class: 'grid-body', role: 'rowgroup' });
  const spacer = element('div', { class: 'grid-spacer', role: 'presentation' });
  const root = element(
    'div',
    {
      role: 'grid',
      class: 'grid',
      'aria-label': label,
      'aria-rowcount': String(rows.length + 1),
      'aria-colcount': String(columns.length),
    },
    element('div', { role: 'rowgroup' }, header),
    body,
  );
  header.style.gridTemplateColumns = template;
  body.style.maxHeight = `${VISIBLE_ROWS * ROW_HEIGHT}px`;
  body.append(spacer);

  const drawHeader = () => {
    header.replaceChildren(
      ...columns.map((column, index) => {
        const direction = sorted?.column === index ? (sorted.descending ? 'descending' : 'ascending') : 'none';
        const mark = direction === 'ascending' ? ' ▲' : direction === 'descending' ? ' ▼' : '';
        const cell = element(
          'div',
          {
            role: 'columnheader',
            class: column.numeric ? 'cell numeric' : 'cell',
            'aria-sort': direction,
            tabindex: tab(-1, index),
          },
          column.title + mark,
        );
        cell.addEventListener('click', () => sortBy(index));
        return cell;
      }),
    );
  };

  const drawBody = () => {
    const first = Math.max(0, Math.floor(body.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const last = Math.min(order.length, first + VISIBLE_ROWS + 2 * SPARE_ROWS);
    spacer.style.height = `${order.length * ROW_HEIGHT}px`;
    const drawn = order.slice(first, last).map((row, offset) => drawRow(row, first + offset));
    spacer.replaceChildren(...drawn);
  };

  const drawRow = (row: Row, index: number) => {
    const line = element('div', { role: 'row', class: 'grid-row', 'aria-rowindex': String(index + 2) });
    line.style.gridTemplateColumns = template;
    line.style.top = `${index * ROW_HEIGHT}px`;
    line.append(
      ...columns.map((column, at) => {
        const cell = element(
          'div',
          {
            role: 'gridcell',
            class: column.numeric ? 'cell numeric' : 'cell',
            tabindex: tab(index, at),
            title: column.text(row),
          },
          column.text(row),
        );
        const share = column.bar?.(row);
        if (share !== undefined) cell.style.setProperty('--bar', `${Math.max(0, Math.min(1, share)) * 100}%`);
        if (share !== undefined) cell.classList.add('bar');
        cell.addEventListener('dblclick', () => onOpen?.(row));
        cell.addEventListener('focus', () => {
          focus = { row: index, column: at };
        });
        return cell;
      }),
    );
    return line;
  };

  const tab = (row: number, column: number) => (row === focus.row && column === focus.column ? '0' : '-1');

  const sortBy = (index: number) => {
    const column = columns[index];
    if (!column) return;
    sorted = { column: index, descending: sorted?.column === index ? !sorted.descending : column.numeric === true };
    const value = column.value ?? column.text;
    const sign = sorted.descending ? -1 : 1;
    order = [...rows].sort((a, b) => sign * compare(value(a), value(b)));
    drawHeader();
    drawBody();
  };

  const moveTo = (row: number, column: number) => {
    focus = {
      row: Math.max(-1, Math.min(order.length - 1, row)),
      column: Math.max(0, Math.min(columns.length - 1, column)),
    };
    if (focus.row >= 0) scrollTo(focus.row);
    drawHeader();
    drawBody();
    root.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  };

  const scrollTo = (row: number) => {
    const top = row * ROW_HEIGHT;
    const height = body.clientHeight || VISIBLE_ROWS * ROW_HEIGHT;
    if (top < body.scrollTop) body.scrollTop = top;
    else if (top + ROW_HEIGHT > body.scrollTop + height) body.scrollTop = top + ROW_HEIGHT - height;
  };

  root.addEventListener('keydown', (event) => {
    const { row, column } = focus;
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => moveTo(row + 1, column),
      ArrowUp: () => moveTo(row - 1, column),
      ArrowRight: () => moveTo(row, column + 1),
      ArrowLeft: () => moveTo(row, column - 1),
      PageDown: () => moveTo(row + VISIBLE_ROWS, column),
      PageUp: () => moveTo(Math.max(0, row - VISIBLE_ROWS), column),
      Home: () => moveTo(event.ctrlKey ? 0 : row, 0),
      End: () => moveTo(event.ctrlKey ? order.length - 1 : row, columns.length - 1),
      Enter: () => {
        const opened = order[row];
        if (row === -1) {
          sortBy(column);
          moveTo(row, column);
        } else if (opened !== undefined) onOpen?.(opened);
      },
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  });
  body.addEventListener('scroll', drawBody);
  drawHeader();
  drawBody();
  return root;
}

function compare(left: number | string, right: number | string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
