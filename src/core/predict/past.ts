import { GROUPINGS, type Runs } from './runs.ts';

/** What is known at one moment: which runs were submitted, started and ended by then, group by group. */
export type Past = {
  /** Everything up to and including this moment, by the clock; rows of `Runs` are visited in submit order. */
  readonly nowSeconds: number;
  /** All runs that have ended, in the order they ended. */
  readonly ended: readonly number[];
  /** Runs of a group that have ended, in the order they ended. */
  endedIn(grouping: number, group: number): readonly number[];
  /** Runs of a group that run now, in the order they started. */
  runningIn(grouping: number, group: number): ReadonlySet<number>;
  queuedIn(grouping: number, group: number): number;
  /** When a run of the group was last submitted, before this moment; −Infinity if never. */
  lastSubmitIn(grouping: number, group: number): number;
};

/**
 * What happens in the order of time; at the same instant `ended` comes first and `submitted` last. `reached`: a moment
 * that the replay was asked to stop at, by its index.
 */
export type PastEvent =
  | { readonly kind: 'ended' | 'submitted'; readonly row: number }
  | { readonly kind: 'reached'; readonly row: number; readonly moment: number };

/** Moments in the life of runs: of `rows[i]`, at `seconds[i]`, which comes after its submit; `Infinity` never comes. */
export type Moments = { readonly rows: Int32Array; readonly seconds: Float64Array };

const NO_MOMENTS: Moments = { rows: new Int32Array(), seconds: new Float64Array() };

/**
 * Replays runs as time went by: at each submit only what had started or ended by then is visible, so nothing that reads
 * `past` can look ahead (bench/notes/predict.md, "Protocol"). Each event is told before it enters the past.
 * @returns the past after the last known end
 */
export function replayRuns(
  runs: Runs,
  visit: (event: PastEvent, past: Past) => void,
  moments: Moments = NO_MOMENTS,
): Past {
  const past = emptyPast(runs);
  const byStart = eventOrder(runs.start);
  const byEnd = eventOrder(runs.end);
  const byMoment = eventOrder(moments.seconds);
  let [nextStart, nextEnd, nextMoment] = [0, 0, 0];
  // A run that starts in the instant of its submit must not be seen before it is submitted.
  const timeOf = (times: Float64Array, row: number | undefined, submitted: number) =>
    row !== undefined && row < submitted ? times[row]! : Number.POSITIVE_INFINITY;
  const advance = (to: number, submitted: number) => {
    for (;;) {
      const start = timeOf(runs.start, byStart[nextStart], submitted);
      const end = timeOf(runs.end, byEnd[nextEnd], submitted);
      const moment = byMoment[nextMoment] ?? -1;
      const reached =
        moment >= 0 && moments.rows[moment]! < submitted ? moments.seconds[moment]! : Number.POSITIVE_INFINITY;
      if (start > to && end > to && reached > to) return;
      if (start <= end && start <= reached) past.start(byStart[nextStart++]!);
      else if (reached < end) {
        nextMoment += 1;
        past.nowSeconds = reached;
        visit({ kind: 'reached', row: moments.rows[moment]!, moment }, past);
      } else {
        const row = byEnd[nextEnd++]!;
        past.nowSeconds = end;
        visit({ kind: 'ended', row }, past);
        past.finish(row);
      }
    }
  };
  for (let row = 0; row < runs.count; row++) {
    advance(runs.submit[row]!, row);
    past.nowSeconds = runs.submit[row]!;
    visit({ kind: 'submitted', row }, past);
    past.submit(row);
  }
  advance(Number.MAX_VALUE, runs.count);
  return past;
}

function eventOrder(times: Float64Array): Int32Array {
  const rows = Int32Array.from(times.keys()).filter((row) => times[row]! < Number.POSITIVE_INFINITY);
  return rows.sort((a, b) => times[a]! - times[b]! || a - b);
}

type OpenPast = { -readonly [key in keyof Past]: Past[key] } & {
  submit(row: number): void;
  start(row: number): void;
  finish(row: number): void;
};

const NONE: readonly number[] = [];
const NOBODY: ReadonlySet<number> = new Set();

function emptyPast(runs: Runs): OpenPast {
  const ended: number[] = [];
  const endedIn: number[][][] = GROUPINGS.map(() => []);
  const runningIn: Set<number>[][] = GROUPINGS.map(() => []);
  const sizes = runs.groups.map((ids) => ids.reduce((most, id) => Math.max(most, id + 1), 0));
  const queuedIn = sizes.map((size) => new Int32Array(size));
  const submittedAt = sizes.map((size) => new Float64Array(size).fill(Number.NEGATIVE_INFINITY));
  const each = (row: number, act: (grouping: number, group: number) => void) => {
    for (let grouping = 0; grouping < GROUPINGS.length; grouping++) act(grouping, runs.groups[grouping]![row]!);
  };
  return {
    nowSeconds: Number.NEGATIVE_INFINITY,
    ended,
    endedIn: (grouping, group) => endedIn[grouping]![group] ?? NONE,
    runningIn: (grouping, group) => runningIn[grouping]![group] ?? NOBODY,
    queuedIn: (grouping, group) => queuedIn[grouping]![group]!,
    lastSubmitIn: (grouping, group) => submittedAt[grouping]![group]!,
    submit: (row) =>
      each(row, (grouping, group) => {
        queuedIn[grouping]![group]! += 1;
        submittedAt[grouping]![group] = runs.submit[row]!;
      }),
    start: (row) =>
      each(row, (grouping, group) => {
        queuedIn[grouping]![group]! -= 1;
        const running = runningIn[grouping]!;
        running[group] ??= new Set();
        running[group].add(row);
      }),
    finish: (row) => {
      ended.push(row);
      each(row, (grouping, group) => {
        runningIn[grouping]![group]?.delete(row);
        const lists = endedIn[grouping]!;
        lists[group] ??= [];
        lists[group].push(row);
      });
    },
  };
}
