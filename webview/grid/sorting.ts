/** By which column rows are sorted, by its title. */
export type Sorting = { readonly column: string; readonly descending: boolean };

/** The sorting after a column's header is pressed: text upwards first, numbers downwards first, then the other way. */
export function nextSorting(sorting: Sorting | undefined, column: string, numeric = false): Sorting {
  return { column, descending: sorting?.column === column ? !sorting.descending : numeric };
}

/** The rows in order of a value; rows with the same value stay as they came. */
export function sortRows<Row>(rows: readonly Row[], value: (row: Row) => number | string, descending: boolean): Row[] {
  const sign = descending ? -1 : 1;
  // Each value once: some are sentences, and there may be tens of thousands of rows.
  const valued = rows.map((row) => [row, value(row)] as const);
  return valued.sort(([, left], [, right]) => sign * compare(left, right)).map(([row]) => row);
}

function compare(left: number | string, right: number | string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** True for a sorting; of what was kept over a reload. */
export function isSorting(value: unknown): value is Sorting {
  if (typeof value !== 'object' || value === null) return false;
  const { column, descending } = value as Record<string, unknown>;
  return typeof column === 'string' && typeof descending === 'boolean';
}
