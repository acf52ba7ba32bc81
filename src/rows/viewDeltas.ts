import { differences, position } from '../core/model/sortedList.ts';
import type { ClusterView, NodeRow, TaskRow, ViewHead } from './clusterView.ts';

/**
 * One of the pieces that turn one view into the next, small enough that the editor's thread applies it in a few
 * milliseconds. Deltas are numbered from 1, which starts from an empty view: a gap shows, and the next 1 closes it.
 */
export type ViewDelta = {
  readonly number: number;
  /** Deltas that follow before the view is whole. */
  readonly left: number;
  readonly head: ViewHead;
  readonly nodes: readonly Edit<NodeRow>[];
  readonly tasks: readonly Edit<TaskRow>[];
};

/** A row that is new or changed, or the key of one that is gone; in the order of their keys. */
export type Edit<Row extends object> = Row | string;

/** A view, and the number of the last delta that led to it. */
export type NumberedView = { readonly view: ClusterView; readonly number: number };

export const EMPTY_VIEW: NumberedView = {
  view: { cluster: '', takenAtSeconds: 0, refused: {}, problems: [], predictor: '', nodes: [], tasks: [] },
  number: 0,
};

/** Nodes and tasks in one delta at most, each: 1,000 take the editor's thread 2–3 ms (bench/notes/scale.md). */
const MOST_ROWS = 1000;

/**
 * The deltas that turn one view into another; at least one, since time goes on. Rows are compared by identity.
 * @param most nodes and tasks in one delta, each
 */
export function deltasTo({ view: before, number }: NumberedView, after: ClusterView, most = MOST_ROWS): ViewDelta[] {
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

/** A view with one more delta; undefined when the delta is not the next one. */
export function withDelta(numbered: NumberedView, { number, head, nodes, tasks }: ViewDelta): NumberedView | undefined {
  const { view, number: last } = number === 1 ? EMPTY_VIEW : numbered;
  if (number !== last + 1) return undefined;
  const rows = { nodes: edited(view.nodes, nodes, nameOf), tasks: edited(view.tasks, tasks, idOf) };
  return { view: { ...head, ...rows }, number };
}

const nameOf = ({ name }: NodeRow): string => name;
export const idOf = ({ id }: TaskRow): string => id;

function edits<Row extends object>(
  before: readonly Row[],
  after: readonly Row[],
  keyOf: (row: Row) => string,
): Edit<Row>[] {
  return Array.from(differences(before, after, keyOf), ({ was, is }) => is ?? keyOf(was!));
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

function chunks<T>(all: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, index) =>
    all.slice(index * most, (index + 1) * most),
  );
}
