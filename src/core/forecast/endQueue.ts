/** Ends of numbered tasks, in order of time; those of one second in the order in which they were put in. */
export type EndQueue = {
  /** Empties it and goes back to the beginning of the span. */
  begin(): void;
  /**
   * Lets a task end at a time, brought up to the next whole second; one that ends after the last second never comes
   * out. The time is not before what was taken out last; a task is in the queue once at most.
   */
  push(task: number, atSeconds: number): void;
  /** The next task that ends up to a time; −1: none does. */
  pop(untilSeconds: number): number;
  /** When the task that was taken out last ended. */
  nowSeconds(): number;
};

/**
 * A list a second, so that both push and pop take O(1) and nothing is allocated: futures have 100,000 ends each.
 * @param lastSeconds of the span, from 0 on
 */
export function createEndQueue(lastSeconds: number): EndQueue {
  const seconds = Math.floor(lastSeconds) + 1;
  /** Task + 1, so that 0 is nobody. */
  const first = new Int32Array(seconds);
  const last = new Int32Array(seconds);
  let next = new Int32Array(1024);
  let now = 0;
  return {
    begin() {
      for (; now < seconds; now++) first[now] = 0;
      now = 0;
    },
    push(task, atSeconds) {
      if (!(atSeconds <= lastSeconds)) return;
      const second = Math.ceil(atSeconds);
      if (second >= seconds) return;
      if (task >= next.length) next = longer(next, 2 * task);
      next[task] = 0;
      const before = last[second]!;
      if (first[second] === 0) first[second] = task + 1;
      else next[before - 1] = task + 1;
      last[second] = task + 1;
    },
    pop(untilSeconds) {
      const until = Math.min(Math.floor(untilSeconds), seconds - 1);
      while (now < until && first[now] === 0) now++;
      if (now > until) return -1;
      const task = first[now]! - 1;
      if (task >= 0) first[now] = next[task]!;
      return task;
    },
    nowSeconds: () => now,
  };
}

/** A copy of a column with space for more. */
export function longer<Column extends Int32Array | Float64Array>(column: Column, size: number): Column {
  const grown = new (column.constructor as new (size: number) => Column)(size);
  grown.set(column);
  return grown;
}
