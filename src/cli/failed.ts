import { plainLine } from '../core/model/plain.ts';
import { readOperations } from '../operate/journal.ts';
import { stoppedOwners } from '../operate/stopped.ts';
import { describeStopped } from '../text/operation.ts';
import { complain, EXIT } from './complaint.ts';
import { printError } from './plain.ts';
import { STATE_DIRECTORY } from './target.ts';

/** Says what kept a command from its end, and whom it leaves stopped. @returns the exit code */
export async function failed(error: unknown, signal: AbortSignal): Promise<number> {
  const isCancelled = signal.aborted && error === signal.reason;
  if (isCancelled) printError('Cancelled before anything was changed.\n');
  return orStopped(isCancelled ? EXIT.failed : complain(error));
}

/**
 * Says whom an end before the moves leaves stopped, as far as the journal knows.
 * @returns `code` where that is nobody
 */
export async function orStopped(code: number): Promise<number> {
  const operations = await readOperations(STATE_DIRECTORY).catch(() => []); // why it cannot be read is said already
  const stopped = describeStopped(stoppedOwners(operations), Date.now() / 1000);
  if (stopped === '') return code;
  printError(`${plainLine(stopped)} Run "stowage apply" to go on.\n`);
  return EXIT.stopped;
}
