/** Lists in the order of their keys, each key once. */

/**
 * The first index from which a condition holds, by halving; `length` where it never does. @param from where to begin
 */
export function firstAt(length: number, holds: (index: number) => boolean, from = 0): number {
  let low = from;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Where the first row stands whose key is not less, from a position on. */
export function position<Row>(rows: readonly Row[], key: string, keyOf: (row: Row) => string, from = 0): number {
  return firstAt(rows.length, (index) => keyOf(rows[index]!) >= key, from);
}

/** The row of a key; undefined where there is none. */
export function findRow<Row>(rows: readonly Row[], key: string, keyOf: (row: Row) => string): Row | undefined {
  const row = rows[position(rows, key, keyOf)];
  return row !== undefined && keyOf(row) === key ? row : undefined;
}

/** What is different from one list to the next, by identity: what a row was, what it is; in the order of the keys. */
export function* differences<Row>(
  before: readonly Row[],
  after: readonly Row[],
  keyOf: (row: Row) => string,
): Generator<{ readonly was?: Row; readonly is?: Row }> {
  let at = 0;
  for (const row of after) {
    if (before[at] === row) {
      at += 1;
      continue;
    }
    const key = keyOf(row);
    while (at < before.length && keyOf(before[at]!) < key) yield { was: before[at++]! };
    const was = before[at];
    if (was !== undefined && keyOf(was) === key) {
      at += 1;
      if (was !== row) yield { was, is: row };
    } else {
      yield { is: row };
    }
  }
  while (at < before.length) yield { was: before[at++]! };
}
