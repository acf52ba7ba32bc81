import type { PlannedSnapshot } from '../core/plan/plan.ts';
import { counted, names, number, plural } from './format.ts';

/** The offer to show the next page of what is left. */
export function describeMore(page: number, left: number): string {
  return `Show ${number(Math.min(page, left))} more of ${number(left)}`;
}

/** How many rows of a table are shown: "First 500 of 1,000 rows", or "12 rows" where these are all. */
export function describeRows(shown: number, total: number): string {
  return shown < total
    ? `First ${number(shown)} of ${number(total)} rows`
    : plural(total, { one: '# row', other: '# rows' });
}

/** A table without a title, for those who do not see it: "Table of 8 rows: task, phase, node, and 7 more". */
export function describeTable({
  columns,
  total,
}: {
  readonly columns: readonly { readonly name: string }[];
  readonly total: number;
}): string {
  const rows = plural(total, { one: 'Table of # row', other: 'Table of # rows' });
  const heads = names(columns.map(({ name }) => name));
  return heads === '' ? rows : `${rows}: ${heads}`;
}

/** A heading with the number of what stands under it: "Pending tasks (8)". */
export function describePart(heading: string, rows: number): string {
  return `${heading} (${number(rows)})`;
}

/** What a plan was made for: "24 nodes, 165 running tasks, 8 pending tasks". */
export function describeCounts({ nodes, running, pending }: PlannedSnapshot['counts']): string {
  return `${counted(nodes, 'node')}, ${counted(running, 'running task')}, ${counted(pending, 'pending task')}`;
}
