/** What a wait is followed by. */
export type WaitingEvents = {
  /** The cluster's time in seconds, of whatever beginning; the sample's goes by only when it is advanced. */
  now(): number;
  /** Whether something is under way that a move cannot be gone on with beside. */
  busy(): boolean;
  /** The earliest wait is over: its move can be gone on with. */
  onDue(): void;
};

/** How soon a wait that is over is looked at again when something else was under way. */
const LATER_SECONDS = 30;
/** The clock is looked at so often: a timer stands still while the machine sleeps, and takes no more than 24 days. */
const LOOK_SECONDS = 60;

/** How soon the same is told again when moves were not gone on with, say because the cluster did not answer. */
const AGAIN_SECONDS = 300;

/** Follows the waits of the open cluster's moves, and tells when the earliest is over; again until `forget`. */
export class Waiting {
  private dueSeconds: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly events: WaitingEvents;

  constructor(events: WaitingEvents) {
    this.events = events;
  }

  /** One wait more; undefined: none. */
  add(inSeconds: number | undefined): void {
    if (inSeconds === undefined) return;
    this.dueSeconds = Math.min(this.dueSeconds ?? Number.POSITIVE_INFINITY, this.events.now() + inSeconds);
    this.look();
  }

  /** Tells when the earliest wait is over by now; else looks again later. */
  look(): void {
    clearTimeout(this.timer);
    if (this.dueSeconds === undefined) return;
    const seconds = secondsToNextLook(this.dueSeconds, this.events.now(), this.events.busy());
    if (seconds > 0) {
      this.timer = setTimeout(() => this.look(), 1000 * seconds);
      return;
    }
    this.forget();
    this.add(AGAIN_SECONDS);
    this.events.onDue();
  }

  /** All waits: moves were gone on with, or are no more of this cluster. */
  forget(): void {
    clearTimeout(this.timer);
    this.dueSeconds = undefined;
  }
}

/** @returns 0 when the wait is over and nothing else is under way, so that its move can be gone on with now */
export function secondsToNextLook(dueSeconds: number, nowSeconds: number, busy: boolean): number {
  const left = dueSeconds - nowSeconds;
  if (left > 0) return Math.min(left, LOOK_SECONDS);
  return busy ? LATER_SECONDS : 0;
}
