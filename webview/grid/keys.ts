/** A cell by its place; row −1 is the header. */
export type Place = { readonly row: number; readonly column: number };

export type Extent = {
  readonly rows: number;
  readonly columns: number;
  /** Rows that a Page key passes over. */
  readonly page: number;
};

/**
 * Where a key leads from a cell, as the ARIA pattern for grids has it: arrows, Home, End, Page keys; with Control, Home
 * and End go to the first and the last row.
 * @returns a place in the grid or its header; undefined for a key that leads nowhere
 */
export function placeAfter(
  { key, ctrlKey }: Pick<KeyboardEvent, 'key' | 'ctrlKey'>,
  { row, column }: Place,
  { rows, columns, page }: Extent,
): Place | undefined {
  const leads: Readonly<Record<string, readonly [row: number, column: number]>> = {
    ArrowDown: [row + 1, column],
    ArrowUp: [row - 1, column],
    ArrowRight: [row, column + 1],
    ArrowLeft: [row, column - 1],
    PageDown: [row + page, column],
    PageUp: [Math.max(0, row - page), column],
    Home: [ctrlKey ? 0 : row, 0],
    End: [ctrlKey ? rows - 1 : row, columns - 1],
  };
  const to = leads[key];
  return to && { row: Math.max(-1, Math.min(rows - 1, to[0])), column: Math.max(0, Math.min(columns - 1, to[1])) };
}
