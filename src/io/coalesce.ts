/**
 * Work that is asked for more often than it is worth doing: never two at a time, a pause after each, and once more when
 * it was asked for meanwhile. The first call begins at once. Work that takes long is done less often.
 * @param work must not throw
 * @param rest how many times as long as the work the pause is at least; 4 leave it at most a fifth of the thread
 */
export function coalesced(work: () => unknown, pauseMilliseconds: number, rest = 4): () => void {
  let busy = false;
  let again = false;
  const run = async () => {
    busy = true;
    do {
      again = false;
      const began = performance.now();
      await work();
      const pause = Math.max(pauseMilliseconds, rest * (performance.now() - began));
      await new Promise((resolve) => setTimeout(resolve, pause));
    } while (again);
    busy = false;
  };
  return () => {
    if (busy) again = true;
    else void run();
  };
}
