/** A task that arrives in a future. */
export type Arriving = {
  readonly runtimeSeconds: number;
  /** Its place in `FutureStart.waiting`; −1 for one that comes later. */
  readonly pending: number;
};

/**
 * The tasks of a future that wait: a line for each kind, first come first served; lines in the order in which they
 * began.
 */
export type WaitingTasks = {
  count(): number;
  /** Whether a task of the kind waits already. */
  has(kind: number): boolean;
  add(kind: number, task: Arriving): void;
  /** Hands over, and forgets, the first tasks of each line as long as they fit. */
  takeWhile(fits: (kind: number) => boolean, take: (kind: number, task: Arriving) => void): void;
};

/** Tasks before `next` have been taken. */
type Line = { readonly tasks: Arriving[]; next: number };

export function createWaitingTasks(): WaitingTasks {
  const lines: (Line | undefined)[] = [];
  const kinds: number[] = [];
  let count = 0;
  return {
    count: () => count,
    has: (kind) => lines[kind] !== undefined,
    add(kind, task) {
      count++;
      const line = lines[kind];
      if (line) return void line.tasks.push(task);
      lines[kind] = { tasks: [task], next: 0 };
      kinds.push(kind);
    },
    takeWhile(fits, take) {
      for (let at = 0; at < kinds.length; ) {
        const kind = kinds[at]!;
        const line = lines[kind]!;
        while (line.next < line.tasks.length && fits(kind)) {
          count--;
          take(kind, line.tasks[line.next++]!);
        }
        if (line.next < line.tasks.length) at++;
        else {
          lines[kind] = undefined;
          kinds.splice(at, 1);
        }
      }
    },
  };
}
