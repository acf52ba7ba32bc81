export type WaitEvents = {
  /** The cluster's time in seconds, from any origin; the sample's passes only when it is advanced. */
  now(): number;
  /** Whether other work is under way, beside which no move can be resumed. */
  busy(): boolean;
  /** The earliest wait is over: its move can be resumed. */
  onDue(): void;
};

/** How soon a wait that is over is checked again when other work was under way. */
const BUSY_SECONDS = 30;
/** The clock is checked at least this often: a timer stands still while the machine sleeps, and lasts 24 days at most. */
const CHECK_SECONDS = 60;
/** How soon the same wait is reported again when its moves were not resumed, say because the cluster did not answer. */
const AGAIN_SECONDS = 300;

/** Follows the waits of the open cluster's moves, and reports when the earliest is over; again until `forget`. */
export class WaitTimer {
  private dueSeconds: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly events: WaitEvents;

  constructor(events: WaitEvents) {
    this.events = events;
  }

  /** Adds a wait; undefined: none. */
  add(inSeconds: number | undefined): void {
    if (inSeconds === undefined) return;
    this.dueSeconds = Math.min(this.dueSeconds ?? Number.POSITIVE_INFINITY, this.events.now() + inSeconds);
    this.check();
  }

  /** Reports the earliest wait if it is over by now; else checks again later. */
  check(): void {
    clearTimeout(this.timer);
    if (this.dueSeconds === undefined) return;
    const seconds = secondsToNextCheck(this.dueSeconds, this.events.now(), this.events.busy());
    if (seconds > 0) {
      this.timer = setTimeout(() => this.check(), 1000 * seconds);
      return;
    }
    this.forget();
    this.add(AGAIN_SECONDS);
    this.events.onDue();
  }

  /** Drops all waits: their moves were resumed, or another cluster is open. */
  forget(): void {
    clearTimeout(this.timer);
    this.dueSeconds = undefined;
  }
}

/** @returns 0 when the wait is over and no other work is under way, so that its move can be resumed now */
export function secondsToNextCheck(dueSeconds: number, nowSeconds: number, busy: boolean): number {
  const left = dueSeconds - nowSeconds;
  if (left > 0) return Math.min(left, CHECK_SECONDS);
  return busy ? BUSY_SECONDS : 0;
}
