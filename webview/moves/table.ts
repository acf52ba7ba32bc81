import { type Move, namespaceOf } from '../../src/core/model/moves.ts';
import { NO_RESOURCES, type Resources, subtractResources, sumResources } from '../../src/core/model/resources.ts';
import type { PlanGoal } from '../../src/core/plan/goals.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { describeMove } from '../../src/text/operation.ts';
import { sortRows } from '../grid/sorting.ts';
import type { MovesView } from './view.ts';

/** The moves of a plan as a table: search, sort, and groups with totals. Pure; made for tens of thousands of moves. */

/** A move with all that the table shows, finds and groups it by. */
export type MoveRow = {
  readonly kind: 'move';
  readonly key: string;
  readonly move: Move;
  /** Key of its group, by what moves can be grouped by. */
  readonly groups: Readonly<Record<Exclude<MovesView['group'], 'none'>, string>>;
  /** What running tasks hold less once it is done; negative where they hold more. */
  readonly frees: Resources;
  readonly lostSeconds: number;
};

/** Moves of one group, those that the search leaves. */
export type GroupRow = {
  readonly kind: 'group';
  readonly key: string;
  /** What is common to its moves. */
  readonly by: Exclude<MovesView['group'], 'none'>;
  readonly name: string;
  readonly goal?: PlanGoal;
  readonly moves: readonly MoveRow[];
  readonly moveIds: readonly string[];
  readonly frees: Resources;
  readonly lostSeconds: number;
  readonly opened: boolean;
};

export type TableRow = MoveRow | GroupRow;

/** One row a move, in the plan's order. */
export function moveRows({ moves }: Pick<Plan, 'moves'>, goals: readonly PlanGoal[]): MoveRow[] {
  const goalOf = new Map(goals.flatMap(({ id, moveIds }) => moveIds.map((moveId) => [moveId, id] as const)));
  return moves.map((move) => {
    const owner = move.owner ? `${move.owner.kind} ${move.owner.namespace}/${move.owner.name}` : `Pod ${move.task.id}`;
    const node = nodeOf(move);
    const kind = move.kind === 'resize' ? move.direction : move.kind;
    return {
      kind: 'move',
      key: move.id,
      move,
      groups: { goal: goalOf.get(move.id) ?? '', namespace: namespaceOf(move), owner, node, kind },
      frees: freesOf(move),
      lostSeconds: move.kind === 'migration' ? move.run.lostSeconds : 0,
    };
  });
}

/** The node that a move changes: the one it takes from, where there are two. */
function nodeOf(move: Move): string {
  return move.kind === 'placement' ? move.to : move.kind === 'migration' ? move.from : (move.task.node ?? '');
}

function freesOf(move: Move): Resources {
  switch (move.kind) {
    case 'placement':
      return subtractResources(NO_RESOURCES, move.request);
    case 'resize':
      return subtractResources(move.from, move.to);
    case 'migration':
      return NO_RESOURCES;
  }
}

/** What a search looks in, in small letters; made when one looks there first, since it takes longer than all the rest. */
function textOf(row: MoveRow, meaning: (row: MoveRow) => string): string {
  const { owner, node, kind } = row.groups;
  const known = TEXTS.get(row);
  if (known !== undefined) return known;
  const text = `${describeMove(row.move)} ${row.move.task.id} ${owner} ${node} ${kind} ${meaning(row)}`.toLowerCase();
  TEXTS.set(row, text);
  return text;
}

const TEXTS = new WeakMap<MoveRow, string>();

/**
 * Rows whose text has each word of the search; all where it is empty.
 * @param meaning what a row is found by beside its own words, always the same for the same row
 */
export function found(
  rows: readonly MoveRow[],
  search: string,
  meaning: (row: MoveRow) => string = () => '',
): readonly MoveRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0 ? rows : rows.filter((row) => words.every((word) => textOf(row, meaning).includes(word)));
}

/** What a column sorts moves by. */
export type SortValue = (row: TableRow) => number | string;

/**
 * The rows of the table: moves under the group they are in, where that is open.
 * @param rows what the search leaves
 * @param value what the view's column sorts by, groups and moves within each; the plan's order when absent
 */
export function tableRows(
  rows: readonly MoveRow[],
  goals: readonly PlanGoal[],
  { group, sorting, opened, search }: MovesView,
  value: SortValue | undefined,
): readonly TableRow[] {
  const sort = <Row extends TableRow>(all: readonly Row[]) =>
    sorting && value ? sortRows(all, value, sorting.descending) : all;
  if (group === 'none') return sort(rows);
  const open = new Set(opened);
  // A search that leaves little shows it at once.
  const showAll = search.trim() !== '' && rows.length <= OPEN_BY_SEARCH;
  const groups = [...Map.groupBy(rows, (row) => row.groups[group])].map(([name, moves]) => {
    const goal = group === 'goal' ? goals.find(({ id }) => id === name) : undefined;
    return groupRow({ by: group, name, ...(goal && { goal }) }, moves, showAll || open.has(`${group} ${name}`));
  });
  const order = new Map(goals.map(({ id }, at) => [id, at]));
  const ordered = group === 'goal' ? sortRows(groups, ({ name }) => order.get(name) ?? goals.length, false) : groups;
  return sort(ordered).flatMap((each) => (each.opened ? [each, ...sort(each.moves)] : [each]));
}

/** Moves that a search may leave to have all their groups open. */
const OPEN_BY_SEARCH = 50;

function groupRow(name: Pick<GroupRow, 'by' | 'name' | 'goal'>, moves: readonly MoveRow[], opened: boolean): GroupRow {
  return {
    kind: 'group',
    key: `${name.by} ${name.name}`,
    ...name,
    moves,
    moveIds: moves.map(({ key }) => key),
    ...totals(moves),
    opened,
  };
}

/** What some moves free and lose together. */
export function totals(moves: readonly MoveRow[]): Pick<GroupRow, 'frees' | 'lostSeconds'> {
  return {
    frees: sumResources(moves.map(({ frees }) => frees)),
    lostSeconds: moves.reduce((total, { lostSeconds }) => total + lostSeconds, 0),
  };
}
