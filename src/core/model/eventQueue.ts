/** Events in order of time; equal times in order of arrival in the queue. */
export type EventQueue<T> = {
  readonly size: number;
  push(atSeconds: number, event: T): void;
  /** When the next event is due; `Infinity` when there is none. */
  nextSeconds(): number;
  /** Takes the next event out; undefined when there is none. */
  pop(): T | undefined;
};

/** A binary heap. Push and pop take O(log n); times beyond all that are queued take O(1) to push. */
export function createEventQueue<T>(): EventQueue<T> {
  const times: number[] = [];
  const orders: number[] = [];
  const events: T[] = [];
  let pushed = 0;

  const before = (time: number, order: number, slot: number) =>
    time < times[slot]! || (time === times[slot]! && order < orders[slot]!);
  const put = (slot: number, time: number, order: number, event: T) => {
    times[slot] = time;
    orders[slot] = order;
    events[slot] = event;
  };
  const copy = (from: number, to: number) => put(to, times[from]!, orders[from]!, events[from]!);

  return {
    get size() {
      return times.length;
    },
    nextSeconds: () => times[0] ?? Number.POSITIVE_INFINITY,
    push(atSeconds, event) {
      const order = pushed;
      pushed += 1;
      let slot = times.length;
      put(slot, atSeconds, order, event);
      while (slot > 0) {
        const parent = (slot - 1) >> 1;
        if (!before(atSeconds, order, parent)) break;
        copy(parent, slot);
        slot = parent;
      }
      put(slot, atSeconds, order, event);
    },
    pop() {
      const first = events[0];
      const time = times.pop();
      const order = orders.pop();
      const event = events.pop();
      if (time === undefined || times.length === 0) return first;
      const size = times.length;
      let slot = 0;
      for (;;) {
        let child = 2 * slot + 1;
        if (child >= size) break;
        if (child + 1 < size && before(times[child + 1]!, orders[child + 1]!, child)) child += 1;
        if (before(time, order!, child)) break;
        copy(child, slot);
        slot = child;
      }
      put(slot, time, order!, event!);
      return first;
    },
  };
}
