import type { Move } from '../core/model/moves.ts';
import { missingRight } from '../core/model/rights.ts';
import type { Action, Rights } from '../core/model/snapshot.ts';
import type { Task } from '../core/model/task.ts';
import { BEST_EFFORT, missingRightText, NOT_GATED, onlyJobsMove } from './refusal.ts';

/** Every sentence about what a user may do to a task. */

/** Why an action is not offered for a task, as a clause; empty where it can be tried. */
export function whyNot(action: Action, task: Task, rights: Rights): string {
  const missing = missingRight(rights, action, task.namespace);
  return whyNotTo(action, task) ?? (missing === undefined ? '' : missingRightText(missing));
}

function whyNotTo(action: Action, task: Task): string | undefined {
  switch (action) {
    case 'place':
      if (task.phase !== 'pending') return 'it runs already';
      return task.gated ? undefined : NOT_GATED;
    case 'resize':
      return whyFixed(task) ?? (task.qosClass === 'BestEffort' ? BEST_EFFORT : undefined);
    case 'migrate':
      return whyFixed(task) ?? (task.owner?.kind === 'Job' ? undefined : onlyJobsMove(task.owner?.kind));
  }
}

function whyFixed({ phase, infrastructure }: Task): string | undefined {
  if (phase !== 'running') return 'it does not run';
  return infrastructure ? 'it belongs to its node' : undefined;
}

/** An action that is not offered for a task, as a line of its tooltip. */
export function describeWhyNot(action: Action, why: string): string {
  switch (action) {
    case 'place':
      return `cannot be placed: ${why}`;
    case 'resize':
      return `cannot be resized: ${why}`;
    case 'migrate':
      return `cannot be migrated: ${why}`;
  }
}

/** That a plan has no such move for a task. */
export function describeNoMove(kind: Move['kind'], taskId: string): string {
  switch (kind) {
    case 'placement':
      return `The plan does not place ${taskId} now. Preview Plan shows why, and what would change it.`;
    case 'resize':
      return `The plan does not resize ${taskId} now. Preview Plan shows why, and what would change it.`;
    case 'migration':
      return `The plan does not migrate ${taskId} now. Preview Plan shows why, and what would change it.`;
  }
}

/** An action that no namespace allows. */
export function describeRefusedEverywhere(action: Action, missing: string): string {
  switch (action) {
    case 'place':
      return `No task can be placed here: ${missingRightText(missing)}.`;
    case 'resize':
      return `No task can be resized here: ${missingRightText(missing)}.`;
    case 'migrate':
      return `No task can be migrated here: ${missingRightText(missing)}.`;
  }
}
