import { setTimeout as wait } from 'node:timers/promises';

/**
 * Lets time pass before the server is asked again. Node's own pause would throw an error of its own when it is cancelled.
 * @throws the signal's reason, should it abort first
 */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await wait(milliseconds, undefined, signal ? { signal } : {}).catch(() => {});
  signal?.throwIfAborted();
}
