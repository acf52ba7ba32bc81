import { plainLine } from '../core/model/plain.ts';
import { describeKnownError } from '../text/error.ts';
import { printError } from './plain.ts';

/**
 * Says what a command failed of: words for what a user, a machine or a cluster can bring about, the stack for a defect
 * of ours.
 * @returns the exit code
 */
export function complain(thrown: unknown): number {
  const known = describeKnownError(thrown);
  printError(`${known === undefined ? (thrown instanceof Error ? thrown.stack : String(thrown)) : plainLine(known)}\n`);
  return known === undefined ? EXIT.failed : EXIT.refused;
}

/** What a command's end means to whoever started it. */
export const EXIT = {
  /** All done, or a wait during which everything runs. */
  done: 0,
  /** A move was not done, or the user declined; a defect of ours. */
  failed: 1,
  /** Refused before anything was done; or the cluster, the disk or the input kept it from going on. */
  refused: 2,
  /** Tasks are stopped, and wait for another apply. */
  stopped: 3,
} as const;
