import type { ClusterView, NodeRow, TaskRow, ViewHead } from './clusterView.ts';

/**
 * What leads from one view to the next, in pieces that the editor's thread takes in a few milliseconds each. Parts are
 * counted from 1, which is of an empty view: one that is missing shows, and the next 1 mends it.
 */
export type ViewPart = {
  readonly number: number;
  /** Parts that follow before the view is whole. */
  readonly left: number;
  readonly head: ViewHead;
  readonly nodes: readonly Edit<NodeRow>[];
  readonly tasks: readonly Edit<TaskRow>[];
};

/** A row that is new or changed, or the key of one that is gone; in the order of their keys. */
export type Edit<Row extends object> = Row | string;

/** A view as far as it was told, and the number of the last part. */
export type Told = { readonly view: ClusterView; readonly number: number };

export const NOTHING_TOLD: Told = {
  view: { cluster: '', takenAtSeconds: 0, refused: {}, problems: [], predictor: '', nodes: [], tasks: [] },
  number: 0,
};

/** Nodes and tasks in one part at most, each: 1,000 take the editor's thread 2–3 ms (`bench/README.md`, scale). */
const MOST_ROWS = 1000;

/**
 * The parts that lead from what was told to a view; at least one, since time goes on. Rows are compared by identity.
 * @param most nodes and tasks in one part, each
 */
export function partsTo({ view: before, number }: Told, after: ClusterView, most = MOST_ROWS): ViewPart[] {
  const { nodes: _, tasks: __, ...head } = after;
  const nodes = chunks(edits(before.nodes, after.nodes, nameOf), most);
  const tasks = chunks(edits(before.tasks, after.tasks, idOf), most);
  const count = Math.max(nodes.length, tasks.length, 1);
  return Array.from({ length: count }, (_, index) => ({
    number: number + 1 + index,
    left: count - 1 - index,
    head,
    nodes: nodes[index] ?? [],
    tasks: tasks[index] ?? [],
  }));
}

/** What is told with one part more; undefined when it does not follow on what was told. */
export function withPart(told: Told, { number, head, nodes, tasks }: ViewPart): Told | undefined {
  const { view, number: last } = number === 1 ? NOTHING_TOLD : told;
  if (number !== last + 1) return undefined;
  const rows = { nodes: edited(view.nodes, nodes, nameOf), tasks: edited(view.tasks, tasks, idOf) };
  return { view: { ...head, ...rows }, number };
}

/** The row of a key among rows in the order of their keys. */
export function findRow<Row extends object>(
  rows: readonly Row[],
  key: string,
  keyOf: (row: Row) => string,
): Row | undefined {
  const row = rows[position(rows, key, keyOf)];
  return row && keyOf(row) === key ? row : undefined;
}

export const nameOf = ({ name }: NodeRow): string => name;
export const idOf = ({ id }: TaskRow): string => id;

/** What is different between rows in the order of their keys, by identity: what a row was, what it is. */
export function* rowEdits<Row extends object>(
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

function edits<Row extends object>(
  before: readonly Row[],
  after: readonly Row[],
  keyOf: (row: Row) => string,
): Edit<Row>[] {
  return Array.from(rowEdits(before, after, keyOf), ({ was, is }) => is ?? keyOf(was!));
}

/** The rows themselves when there is nothing to edit. */
function edited<Row extends object>(
  rows: readonly Row[],
  changes: readonly Edit<Row>[],
  keyOf: (row: Row) => string,
): readonly Row[] {
  if (changes.length === 0) return rows;
  const result: Row[] = [];
  let at = 0;
  const take = (to: number) => {
    while (at < to) result.push(rows[at++]!);
  };
  for (const change of changes) {
    const key = typeof change === 'string' ? change : keyOf(change);
    take(position(rows, key, keyOf, at));
    if (at < rows.length && keyOf(rows[at]!) === key) at += 1;
    if (typeof change !== 'string') result.push(change);
  }
  take(rows.length);
  return result;
}

/** Where the first row stands whose key is not less, from a position on. */
export function position<Row extends object>(
  rows: readonly Row[],
  key: string,
  keyOf: (row: Row) => string,
  from = 0,
): number {
  let low = from;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keyOf(rows[middle]!) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function chunks<T>(all: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, index) =>
    all.slice(index * most, (index + 1) * most),
  );
}
