/**
 * Work that is asked for more often than it is worth doing: never two at a time, a pause after each, and once more when
 * it was asked for meanwhile. The first call begins at once.
 * @param work must not throw
 */
export function coalesced(work: () => unknown, pauseMilliseconds: number): () => void {
  let busy = false;
  let again = false;
  const run = async () => {
    busy = true;
    do {
      again = false;
      await work();
      await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    } while (again);
    busy = false;
  };
  return () => {
    if (busy) again = true;
    else void run();
  };
}
