import type { PlannedSnapshot } from '../core/plan/plan.ts';
import { counted, number } from './format.ts';

/** The offer to show the next page of what is left. */
export function describeMore(page: number, left: number): string {
  return `Show ${number(Math.min(page, left))} more of ${number(left)}`;
}

/** What a plan was made for: "24 nodes, 165 running tasks, 8 pending tasks". */
export function describeCounts({ nodes, running, pending }: PlannedSnapshot['counts']): string {
  return `${counted(nodes, 'node')}, ${counted(running, 'running task')}, ${counted(pending, 'pending task')}`;
}
