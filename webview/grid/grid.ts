import { html, nothing, render, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import { repeat } from 'lit-html/directives/repeat.js';
import { styleMap } from 'lit-html/directives/style-map.js';
import { isRecord } from '../../src/core/model/isRecord.ts';
import { aroundMiddle, boundedWidth, type Column, leastWidth, template, type Widths } from './columns.ts';
import { type Place, placeAfter } from './keys.ts';
import { isSorting, nextSorting, type Sorting, sortRows } from './sorting.ts';

export type GridOptions<Row> = {
  /** What the grid holds and what Enter does, for those who do not see it. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** What a row is known by when the rows are others: focus and place stay with it. */
  readonly key: (row: Row) => string;
  /** Enter or a double click on a row whose cell leads nowhere itself. */
  readonly onOpen?: (row: Row) => void;
  /** Lines of a row; 1 when absent. */
  readonly lines?: 1 | 2;
  /** Rows under rows, which open and close. */
  readonly tree?: Tree<Row>;
  /** Whoever sorts the rows itself says how they are sorted; absent: the grid sorts them. */
  readonly sorted?: { readonly by?: Sorting; readonly sort: (sorting: Sorting) => void };
  /** Marks a row, by a word of the style. */
  readonly mark?: (row: Row) => string | undefined;
};

/** How a grid stands for its reader, as plain data. */
export type GridLook = {
  readonly widths: readonly (readonly [title: string, pixels: number])[];
  readonly sorting?: Sorting;
  readonly scrolledPixels: number;
};

/** What those outside see of a grid: they may keep how it looks, and give it back. */
export type GridElement = HTMLElement & { readonly label: string; look: GridLook };

/** Tells those around a grid that its reader sorted it, scrolled it or changed a width. */
export const LOOKED = 'stowage-looked';

/** What was kept of a grid; anything out of shape is nothing. */
export function parseGridLook(value: unknown): GridLook | undefined {
  if (!isRecord(value) || !Array.isArray(value['widths'])) return undefined;
  const { widths, sorting, scrolledPixels } = value;
  const isWidth = (each: unknown): each is readonly [string, number] =>
    Array.isArray(each) && typeof each[0] === 'string' && Number.isFinite(each[1]);
  return {
    widths: widths.filter(isWidth),
    ...(isSorting(sorting) && { sorting }),
    scrolledPixels: typeof scrolledPixels === 'number' ? scrolledPixels : 0,
  };
}

export type Tree<Row> = {
  readonly level: (row: Row) => number;
  /** Undefined for a row with nothing under it. */
  readonly expanded: (row: Row) => boolean | undefined;
  readonly expand: (row: Row, on: boolean) => void;
};

const ROW_HEIGHTS_PIXELS = { 1: 26, 2: 44 } as const;
/** Height of a grid, in rows of one line. */
const VISIBLE_ROWS = 14;
/** Rows drawn above and below those in sight. */
const SPARE_ROWS = 6;
/** By how many pixels a key with Alt makes a column wider; undefined: as wide as it was at first. */
const WIDTH_STEPS: Readonly<Record<string, number | undefined>> = {
  ArrowLeft: -16,
  ArrowRight: 16,
  Backspace: undefined,
};

/** Height of the header with its line, which stays above the rows. */
const HEADER_PIXELS = 27;
/** Keys of a header. */
const WIDTH_KEYS = 'Alt+ArrowLeft Alt+ArrowRight Alt+Backspace';

const MARKS = { ascending: ' ▲', descending: ' ▼', none: '' };

/**
 * A table for keyboard and screen reader: `role=grid` (`treegrid` with rows under rows); one tab stop in its header and
 * one in its cells; arrows, Home, End, Page keys; Enter opens, or sorts in the header, which says so in `aria-sort`;
 * Alt with an arrow, or the edge of a header, changes a column's width; Alt+Backspace, or a double click there, gives back
 * the first one. Only the rows in sight are in the document.
 * Other options patch what is drawn: sorting, widths, scrolling and focus stay.
 */
class Grid<Row> extends HTMLElement {
  #options: GridOptions<Row> | undefined;
  #order: readonly Row[] = [];
  #sorting: Sorting | undefined;
  #widths: Widths = new Map();
  #focus: Place = { row: 0, column: 0 };
  #body: HTMLElement | undefined;

  constructor() {
    super();
    this.addEventListener('keydown', (event) => this.#press(event));
    this.addEventListener('focusin', ({ target }) => this.#follow(target as HTMLElement));
  }

  set options(options: GridOptions<Row>) {
    const focused = this.#options && this.#order[this.#focus.row];
    this.#options = options;
    this.#order = this.#sort(options);
    if (focused !== undefined) {
      const key = options.key(focused);
      const row = this.#order.findIndex((each) => options.key(each) === key);
      this.#focus = { ...this.#focus, row: row >= 0 ? row : Math.min(this.#focus.row, this.#order.length - 1) };
    }
    this.#focus = { ...this.#focus, column: Math.min(this.#focus.column, options.columns.length - 1) };
    this.#draw();
  }

  get label(): string {
    return this.#options?.label ?? '';
  }

  get look(): GridLook {
    const scrolledPixels = this.#body?.scrollTop ?? 0;
    return { widths: [...this.#widths], ...(this.#sorting && { sorting: this.#sorting }), scrolledPixels };
  }

  set look({ widths, sorting, scrolledPixels }: GridLook) {
    this.#widths = new Map(widths);
    this.#sorting = sorting;
    if (this.#options) this.#order = this.#sort(this.#options);
    this.#draw();
    if (!this.#body || scrolledPixels === 0) return;
    this.#body.scrollTop = scrolledPixels;
    this.#draw();
  }

  connectedCallback(): void {
    this.#draw();
  }

  get #rowHeight(): number {
    return ROW_HEIGHTS_PIXELS[this.#options?.lines ?? 1];
  }

  get #page(): number {
    return Math.floor((VISIBLE_ROWS * ROW_HEIGHTS_PIXELS[1]) / this.#rowHeight);
  }

  #sort({ rows, columns, sorted }: GridOptions<Row>): readonly Row[] {
    if (sorted) this.#sorting = sorted.by;
    const column = columns.find(({ title }) => title === this.#sorting?.column);
    if (sorted || !column || !this.#sorting) return rows;
    return sortRows(rows, column.value ?? column.text, this.#sorting.descending);
  }

  #sortBy({ title, tick, numeric }: Column<Row>): void {
    const options = this.#options!;
    const { sorted } = options;
    if (tick) return;
    const sorting = nextSorting(this.#sorting, title, numeric);
    if (sorted) return sorted.sort(sorting);
    this.#sorting = sorting;
    this.#order = this.#sort(options);
    this.#changed();
  }

  /** Draws what the reader changed, and tells of it. */
  #changed = (): void => {
    this.#draw();
    this.dispatchEvent(new Event(LOOKED, { bubbles: true }));
  };

  #draw = (): void => {
    const options = this.#options;
    if (!options || !this.isConnected) return;
    const focused = this.contains(document.activeElement);
    render(this.#template(options), this);
    this.#body ??= this.querySelector<HTMLElement>('.grid-body') ?? undefined;
    if (focused && !this.contains(document.activeElement)) this.#stop()?.focus({ preventScroll: true });
  };

  #template(options: GridOptions<Row>): TemplateResult {
    const { label, columns, lines, tree } = options;
    const look = { gridTemplateColumns: template(columns, this.#widths) };
    const height = this.#rowHeight;
    return html`<div
      role=${tree ? 'treegrid' : 'grid'}
      class=${lines === 2 ? 'grid two-lines' : 'grid'}
      aria-label=${label}
      aria-rowcount=${this.#order.length + 1}
      aria-colcount=${columns.length}
    >
      <div
        class="grid-body"
        role="presentation"
        style=${styleMap({ maxHeight: `${this.#page * height + HEADER_PIXELS}px` })}
        @scroll=${this.#changed}
      >
        <div class="grid-table" role="presentation" style=${styleMap({ minWidth: leastWidth(columns, this.#widths) })}>
          <div class="grid-head" role="rowgroup">
            <div role="row" class="grid-row grid-header" aria-rowindex="1" style=${styleMap(look)}>
              ${columns.map((column, at) => this.#header(column, at))}
            </div>
          </div>
          <div class="grid-spacer" role="rowgroup" style=${styleMap({ height: `${this.#order.length * height}px` })}>
            ${repeat(
              this.#inSight(),
              (at) => options.key(this.#order[at]!),
              (at) => this.#row(options, at, look),
            )}
          </div>
        </div>
      </div>
    </div>`;
  }

  /** Places of the rows to draw: those in sight with some to spare, and the one with the focus wherever it is. */
  #inSight(): number[] {
    const scrolled = this.#body?.scrollTop ?? 0;
    const first = Math.max(0, Math.floor(scrolled / this.#rowHeight) - SPARE_ROWS);
    const last = Math.min(this.#order.length, first + this.#page + 2 * SPARE_ROWS);
    const places = Array.from({ length: Math.max(0, last - first) }, (_, offset) => first + offset);
    const { row } = this.#focus;
    if (row < 0 || row >= this.#order.length || (row >= first && row < last)) return places;
    return row < first ? [row, ...places] : [...places, row];
  }

  #header(column: Column<Row>, at: number): TemplateResult {
    const direction =
      this.#sorting?.column === column.title ? (this.#sorting.descending ? 'descending' : 'ascending') : 'none';
    return html`<div
      role="columnheader"
      class=${classOf(column)}
      aria-sort=${column.tick ? nothing : direction}
      aria-keyshortcuts=${column.tick ? nothing : WIDTH_KEYS}
      tabindex=${at === this.#focus.column ? 0 : -1}
      data-row="-1"
      data-column=${at}
      @click=${() => this.#sortBy(column)}
      >${column.tick ? html`<span class="spoken">${column.title}</span>` : column.title}${MARKS[direction]}<span
        class="resizer"
        @click=${(event: Event) => event.stopPropagation()}
        @dblclick=${() => this.#widen(column.title, undefined)}
        @pointerdown=${(event: PointerEvent) => this.#drag(event, column.title)}
      ></span></div>`;
  }

  #row(options: GridOptions<Row>, at: number, look: Readonly<Record<string, string>>): TemplateResult {
    const row = this.#order[at]!;
    const { columns, tree, mark } = options;
    return html`<div
      role="row"
      class=${['grid-row', mark?.(row)].filter(Boolean).join(' ')}
      aria-rowindex=${at + 2}
      aria-level=${tree?.level(row) ?? nothing}
      aria-expanded=${tree?.expanded(row) ?? nothing}
      style=${styleMap({ ...look, top: `${at * this.#rowHeight}px` })}
    >${columns.map((column, place) => this.#cell(options, row, column, { row: at, column: place }))}</div>`;
  }

  #cell(options: GridOptions<Row>, row: Row, column: Column<Row>, place: Place): TemplateResult {
    const tab = this.#isStop(place) ? 0 : -1;
    if (column.tick) return this.#tickCell(row, column.tick, place, tab);
    const text = column.text(row);
    const detail = column.detail?.(row);
    const share = column.bar?.(row);
    const open = column.leads?.(row) === false ? undefined : column.open;
    const flag = column.flag?.(row);
    const body = column.isName ? cutInside(text) : text;
    return html`<div
      role="gridcell"
      class=${[classOf(column), share !== undefined && 'bar', place.column === 0 && 'first', column.detail && 'detailed'].filter(Boolean).join(' ')}
      tabindex=${tab}
      data-row=${place.row}
      data-column=${place.column}
      title=${[flag, text, detail].filter(Boolean).join('\n')}
      style=${share === undefined ? nothing : `--bar: ${share * 100}%`}
      @dblclick=${() => this.#open(row, column)}
    >${this.#twisty(options, row, column)}${flag ? html`<span class="flag">${flag}</span> ` : nothing}${
      open
        ? html`<a class="name" href="#" tabindex="-1" @click=${(event: Event) => {
            event.preventDefault();
            open(row);
          }}>${body}</a>`
        : column.isName
          ? html`<span class="name">${body}</span>`
          : body
    }${detail ? html`<span class="detail">${detail}</span>` : nothing}</div>`;
  }

  /** What opens and closes a row, in its first column of text. */
  #twisty({ tree, columns }: GridOptions<Row>, row: Row, column: Column<Row>): TemplateResult | typeof nothing {
    if (!tree || column !== columns.find(({ tick }) => !tick)) return nothing;
    const expanded = tree.expanded(row);
    if (expanded === undefined) return tree.level(row) > 1 ? html`<span class="indent"></span>` : nothing;
    const toggle = () => tree.expand(row, !expanded);
    return html`<span class="twisty" aria-hidden="true" @click=${toggle}>${expanded ? '▾' : '▸'}</span>`;
  }

  #tickCell(row: Row, { state, label, set }: NonNullable<Column<Row>['tick']>, place: Place, tab: number) {
    const ticked = state(row);
    return html`<div role="gridcell" class="cell tick" tabindex=${ticked === undefined ? tab : nothing}
      data-row=${ticked === undefined ? place.row : nothing} data-column=${ticked === undefined ? place.column : nothing}
    >${
      ticked === undefined
        ? nothing
        : html`<input
            type="checkbox"
            aria-label=${label(row)}
            tabindex=${tab}
            data-row=${place.row}
            data-column=${place.column}
            .checked=${live(ticked === 'all')}
            .indeterminate=${live(ticked === 'some')}
            @change=${({ target }: Event) => set(row, (target as HTMLInputElement).checked)}
          />`
    }</div>`;
  }

  #open(row: Row, column: Column<Row> | undefined): void {
    if (column?.open && column.leads?.(row) !== false) column.open(row);
    else this.#options?.onOpen?.(row);
  }

  #press(event: KeyboardEvent): void {
    const options = this.#options;
    if (!options) return;
    const { columns, tree } = options;
    const { row, column } = this.#focus;
    if (row === -1 && event.altKey && event.key in WIDTH_STEPS) {
      event.preventDefault();
      return this.#widen(columns[column]!.title, WIDTH_STEPS[event.key]);
    }
    const opened = this.#order[row];
    const expanded = opened === undefined ? undefined : tree?.expanded(opened);
    const toggles =
      (event.key === 'ArrowRight' && expanded === false) || (event.key === 'ArrowLeft' && expanded === true);
    // Elsewhere in the row the arrows lead from cell to cell.
    if (toggles && tree && opened !== undefined && columns[column] === columns.find(({ tick }) => !tick)) {
      event.preventDefault();
      return tree.expand(opened, !expanded);
    }
    const extent = { rows: this.#order.length, columns: columns.length, page: this.#page };
    const next = placeAfter(event, this.#focus, extent);
    if (next) {
      event.preventDefault();
      return this.#moveTo(next);
    }
    if (event.key !== 'Enter') return;
    event.preventDefault();
    if (row === -1) this.#sortBy(columns[column]!);
    else if (opened !== undefined && expanded !== undefined && !columns[column]?.open) tree?.expand(opened, !expanded);
    else if (opened !== undefined) this.#open(opened, columns[column]);
  }

  #moveTo(focus: Place): void {
    this.#focus = focus;
    if (this.#body) scrollTo(this.#body, focus.row, this.#rowHeight, this.#page);
    this.#draw();
    this.#stop()?.focus();
  }

  /** The tab stop goes with the focus, however it came. */
  #follow(target: HTMLElement): void {
    // What is in a cell, a link, may have it.
    const { row, column } = target.closest<HTMLElement>('[data-row]')?.dataset ?? {};
    if (row === undefined || column === undefined) return;
    const next = { row: Number(row), column: Number(column) };
    if (next.row === this.#focus.row && next.column === this.#focus.column) return;
    this.#focus = next;
    this.#draw();
  }

  #isStop({ row, column }: Place): boolean {
    return row === Math.max(0, this.#focus.row) && column === this.#focus.column;
  }

  #stop(): HTMLElement | null {
    const { row, column } = this.#focus;
    return this.querySelector(`[data-row="${row}"][data-column="${column}"]`);
  }

  /** Makes a column wider by so many pixels; undefined: as wide as it was at first. */
  #widen(title: string, by: number | undefined): void {
    const widths = new Map(this.#widths);
    if (by === undefined) widths.delete(title);
    else widths.set(title, bounded((widths.get(title) ?? this.#widthOf(title)) + by));
    this.#widths = widths;
    this.#changed();
  }

  #widthOf(title: string): number {
    const at = this.#options?.columns.findIndex((column) => column.title === title);
    return this.querySelector(`[role=columnheader][data-column="${at}"]`)?.getBoundingClientRect().width ?? 0;
  }

  #drag(down: PointerEvent, title: string): void {
    down.preventDefault();
    const [handle, width] = [down.target as HTMLElement, this.#widthOf(title)];
    handle.setPointerCapture(down.pointerId);
    const move = ({ clientX }: PointerEvent) => {
      this.#widths = new Map([...this.#widths, [title, bounded(width + clientX - down.clientX)]]);
      this.#changed();
    };
    handle.addEventListener('pointermove', move);
    handle.addEventListener('lostpointercapture', () => handle.removeEventListener('pointermove', move), {
      once: true,
    });
  }
}

customElements.define('stowage-grid', Grid);

/** A grid; whoever draws it again with other options patches it. */
export function grid<Row>(options: GridOptions<Row>): TemplateResult {
  return html`<stowage-grid .options=${options}></stowage-grid>`;
}

function bounded(pixels: number): number {
  return boundedWidth(pixels, document.documentElement.clientWidth);
}

/** The name as one run of text, which find and copying see whole; only what is drawn loses its middle. */
function cutInside(name: string): TemplateResult {
  const [head, tail] = aroundMiddle(name);
  return html`<span class="head">${head}</span><span class="tail">${tail}</span>`;
}

function classOf({ numeric, tick }: Pick<Column<never>, 'numeric' | 'tick'>): string {
  return tick ? 'cell tick' : numeric ? 'cell numeric' : 'cell';
}

/** Scrolls as little as brings a row into sight; the header always is. */
function scrollTo(body: HTMLElement, row: number, rowHeight: number, page: number): void {
  if (row < 0) return;
  const top = row * rowHeight;
  const height = body.clientHeight ? body.clientHeight - HEADER_PIXELS : page * rowHeight;
  if (top < body.scrollTop) body.scrollTop = top;
  else if (top + rowHeight > body.scrollTop + height) body.scrollTop = top + rowHeight - height;
}
