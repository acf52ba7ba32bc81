export type CoalesceOptions = {
  /** Between a call and the work it begins, so that a burst of calls is one; default: none. */
  readonly delayMilliseconds?: number;
  /** After the work, at least. */
  readonly pauseMilliseconds?: number;
  /**
   * How many times as long as the work the pause is at least; the default, 4, leaves it at most a fifth of the thread.
   */
  readonly rest?: number;
  /** Once aborted, no more work begins. */
  readonly signal?: AbortSignal;
};

/**
 * Work that is asked for more often than it is worth doing: never two at a time, a pause after each, and once more when
 * it was asked for meanwhile. Work that takes long is done less often.
 * @param work must not throw
 */
export function coalesced(
  work: () => unknown,
  { delayMilliseconds = 0, pauseMilliseconds = 0, rest = 4, signal }: CoalesceOptions,
): () => void {
  let busy = false;
  let again = false;
  const run = async () => {
    busy = true;
    do {
      if (delayMilliseconds > 0) await sleep(delayMilliseconds);
      if (signal?.aborted) break;
      again = false;
      const began = performance.now();
      await work();
      await sleep(Math.max(pauseMilliseconds, rest * (performance.now() - began)));
    } while (again);
    busy = false;
  };
  return () => {
    if (busy) again = true;
    else if (!signal?.aborted) void run();
  };
}

/** The global timer, which tests can move. */
function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
