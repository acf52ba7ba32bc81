import { duration } from './format.ts';

/** Every sentence about the cluster and the plan of a window, whichever of its parts says it. */

/** How far a connection is: the server is asked for the first time; it has answered. */
export const CONNECTING = 'connecting';
export const READING = 'reading the cluster';

/** What is done before the question whether moves are to be done. */
export const CHECKING = 'checking the moves';

export const NO_CLUSTER = 'No cluster is open. Open one from the Stowage view.';
export const NO_PLAN = 'There is no plan yet. Preview the plan first.';
export const NEWER_PLAN = 'There is a newer plan of this cluster. Preview the plan again.';
export const PLAN_OF_ELSEWHERE = 'This plan was not made in this window. Preview the plan again, then apply it.';
export const PLANNER_STOPPED =
  'The planning thread stopped. Moves that had begun are in the journal; open the cluster again to resume them.';

/** A cluster that was not open in time. */
export function describeNoAnswer(name: string, seconds: number): string {
  return `${name} did not answer within ${duration(seconds)}. Check the network or VPN, then try again.`;
}

/** What a request is answered whose thread ended before it answered. */
export function describePlannerDeath(reason: string): string {
  return `The planning thread stopped: ${reason}. Run the command again.`;
}

/** Why nothing may be changed in a context. */
export function describeReadOnly(context: string | undefined): string {
  return context === undefined
    ? 'The current context is read-only (setting stowage.safety.readOnlyContexts).'
    : `The context ${context} is read-only (setting stowage.safety.readOnlyContexts).`;
}
