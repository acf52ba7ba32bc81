/** One column: what a cell shows, and what it is sorted by. */
export type Column<Row> = {
  /** What the column is known by: no other of its grid has the same. */
  readonly title: string;
  readonly text: (row: Row) => string;
  /** A mark before the text, which is never cut. */
  readonly flag?: (row: Row) => string | undefined;
  /** A second, fainter line; only in grids of two lines. */
  readonly detail?: (row: Row) => string | undefined;
  /** What the column is sorted by; its text when absent. */
  readonly value?: (row: Row) => number | string;
  /** Share of 1 drawn as a bar behind the text. */
  readonly bar?: (row: Row) => number | undefined;
  readonly numeric?: boolean;
  /** How much of the width it takes beside the others; 2, or 1 for numbers. */
  readonly share?: number;
  /** A text that is too long loses its middle: names differ at their end. */
  readonly isName?: boolean;
  /** Where the name leads: the cell is a link, but where `leads` says no. */
  readonly open?: (row: Row) => void;
  readonly leads?: (row: Row) => boolean;
  /** The cell holds a checkbox in place of a text. */
  readonly tick?: Tick<Row>;
};

/** A checkbox in each row. */
export type Tick<Row> = {
  /** Undefined: nothing can be ticked there. */
  readonly state: (row: Row) => 'all' | 'some' | 'none' | undefined;
  /** What it ticks, for those who do not see its row. */
  readonly label: (row: Row) => string;
  readonly set: (row: Row, on: boolean) => void;
};

/** Widths that the reader gave columns, in pixels, by their titles. */
export type Widths = ReadonlyMap<string, number>;

/** A column of numbers: on the right, sorted by value, largest first. */
export function numeric<Row>(
  title: string,
  value: (row: Row) => number,
  format: (value: number) => string,
): Column<Row> {
  return { title, text: (row) => format(value(row)), value, numeric: true };
}

/** A column of names that lead somewhere; a dash, which leads nowhere, where there is none. */
export function names<Row>(
  title: string,
  name: (row: Row) => string | undefined,
  open: (row: Row) => void,
): Column<Row> {
  return {
    title,
    text: (row) => name(row) ?? '—',
    leads: (row) => name(row) !== undefined,
    open,
    isName: true,
  };
}

/** The least width of a column: numbers, short texts, names, and sentences, which have a large share. */
const LEAST_CH = { number: 15, text: 16, name: 20, sentence: 36 } as const;
const SENTENCE_SHARE = 5;
const TICK_PIXELS = 36;
/** No column can be made narrower. */
const LEAST_PIXELS = 48;

/** A width that a column may have: no wider than the page, or its other edge would be out of reach. */
export function boundedWidth(pixels: number, pagePixels: number): number {
  return Math.max(LEAST_PIXELS, Math.min(pixels, pagePixels || Number.POSITIVE_INFINITY));
}

/** The columns' widths for CSS grid: those of the reader, the others by their shares. */
export function template<Row>(columns: readonly Column<Row>[], widths: Widths): string {
  return columns
    .map((column) => {
      const { title, numeric, share, tick } = column;
      const width = widths.get(title) ?? (tick && TICK_PIXELS);
      if (width !== undefined) return `${width}px`;
      return `minmax(${least(column)}ch, ${share ?? (numeric ? 1 : 2)}fr)`;
    })
    .join(' ');
}

/** The least width at which all columns are read; a narrower page scrolls the grid, not itself. */
export function leastWidth<Row>(columns: readonly Column<Row>[], widths: Widths): string {
  let [ch, pixels] = [0, 0];
  for (const column of columns) {
    const width = widths.get(column.title) ?? (column.tick && TICK_PIXELS);
    if (width === undefined) ch += least(column);
    else pixels += width;
  }
  return `calc(${ch}ch + ${pixels}px)`;
}

/** No heading of numbers is cut: they are short, and a cut one would name another thing. */
function least({ title, numeric, isName, share = 0 }: Column<never>): number {
  if (numeric) return Math.max(LEAST_CH.number, title.length + BESIDE_TITLE_CH);
  return LEAST_CH[share >= SENTENCE_SHARE ? 'sentence' : isName ? 'name' : 'text'];
}

/** What stands beside a heading: the space at its sides, and how it is sorted. */
const BESIDE_TITLE_CH = 5;

/** The end of a name that stays when its middle is cut: generated names differ there. */
const TAIL = 14;

/** Of a name that is hardly longer all may be cut, but for these characters: its end tells more than its middle. */
const HEAD = 4;

/** A name in two parts, of which only the first may be cut; it is never so short that nothing would tell of the cut. */
export function aroundMiddle(name: string): readonly [head: string, tail: string] {
  const at = Math.min(name.length, Math.max(HEAD, name.length - TAIL));
  return [name.slice(0, at), name.slice(at)];
}
