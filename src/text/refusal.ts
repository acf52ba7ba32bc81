import type { Refused } from '../cluster/port.ts';

/** Every sentence about what a cluster refuses. */

/** What was tried, why it was refused, and what to do. */
export function describeRefusedAct(refused: Refused): string {
  return refused.reason;
}
