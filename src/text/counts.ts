import type { PlannedSnapshot } from '../core/plan/plan.ts';
import { counted } from './format.ts';

/** What a plan was made for: "24 nodes, 165 running tasks, 8 pending tasks". */
export function describeCounts({ nodes, running, pending }: PlannedSnapshot['counts']): string {
  return `${counted(nodes, 'node')}, ${counted(running, 'running task')}, ${counted(pending, 'pending task')}`;
}
