/**
 * Work that is asked for more often than it is worth doing: never two at a time, a pause after each, and once more when
 * it was asked for meanwhile. The first call begins at once. Work that takes long is done less often, so that it never
 * has more than a fifth of the thread.
 * @param work must not throw
 */
export function coalesced(work: () => unknown, pauseMilliseconds: number): () => void {
  let busy = false;
  let again = false;
  const run = async () => {
    busy = true;
    do {
      again = false;
      const began = performance.now();
      await work();
      const pause = Math.max(pauseMilliseconds, 4 * (performance.now() - began));
      await new Promise((resolve) => setTimeout(resolve, pause));
    } while (again);
    busy = false;
  };
  return () => {
    if (busy) again = true;
    else void run();
  };
}
