import { isSorting, type Sorting } from '../grid/sorting.ts';

/** What moves can be grouped by. */
export const GROUPINGS = ['goal', 'namespace', 'owner', 'node', 'kind', 'none'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** How the moves of a plan are listed; plain data. */
export type MovesView = {
  /** Words of which a move must have each. */
  readonly search: string;
  readonly group: Grouping;
  /** Within each group; the plan's order when absent. */
  readonly sorting?: Sorting;
  /** Groups that are open, by their keys. */
  readonly opened: readonly string[];
};

export const FIRST_VIEW: MovesView = { search: '', group: 'goal', opened: [] };

export function withOpened(view: MovesView, group: string, on: boolean): MovesView {
  const others = view.opened.filter((each) => each !== group);
  return { ...view, opened: on ? [...others, group] : others };
}

/** What was kept over a reload; anything out of shape is as at first. */
export function parseMovesView(value: unknown): MovesView {
  if (typeof value !== 'object' || value === null) return FIRST_VIEW;
  const { search, group, sorting, opened } = value as Record<string, unknown>;
  return {
    search: typeof search === 'string' ? search : '',
    group: GROUPINGS.find((each) => each === group) ?? FIRST_VIEW.group,
    opened: Array.isArray(opened) ? opened.filter((each) => typeof each === 'string') : [],
    ...(isSorting(sorting) && { sorting }),
  };
}
