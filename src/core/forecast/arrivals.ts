import type { FinishedTask } from '../model/finished.ts';
import { type Random, randomIndex } from '../model/random.ts';
import type { Resources } from '../model/resources.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { firstAt } from '../model/sortedList.ts';

/** What arrived from outside in a span before now: what futures draw their arrivals from. */
export type Arrivals = {
  readonly perSecond: number;
  /** Most frequent first; their shares sum to 1. Empty where nothing was seen. */
  readonly kinds: readonly ArrivalKind[];
  readonly past: PastArrivals;
  /** The span that was counted, up to now. */
  readonly fromSeconds: number;
  readonly toSeconds: number;
};

/** Tasks of one shape. */
export type ArrivalKind = {
  readonly request: Resources;
  readonly gpuCount: number;
  readonly share: number;
  /** Of those that finished, ascending. */
  readonly runtimesSeconds: ArrayLike<number>;
};

/** The tasks that arrived, in that order, column by column: there may be a million. */
export type PastArrivals = {
  readonly atSeconds: Float64Array;
  /** Indices into `kinds`. */
  readonly kind: Int32Array;
  /** How long each ran; NaN for one that still waits or runs. */
  readonly runtimeSeconds: Float64Array;
};

/** The arrivals of a future, in their order, column by column. */
export type DrawnArrivals = {
  /** From now. */
  readonly inSeconds: Float64Array;
  /** Indices into `Arrivals.kinds`. */
  readonly kind: Int32Array;
  readonly runtimeSeconds: Float64Array;
};

export const NO_ARRIVALS: Arrivals = {
  perSecond: 0,
  kinds: [],
  past: pastArrivals([]),
  fromSeconds: 0,
  toSeconds: 0,
};

/** Tasks that arrived, given one by one. */
export function pastArrivals(
  seen: readonly { readonly atSeconds: number; readonly kind: number; readonly runtimeSeconds?: number | undefined }[],
): PastArrivals {
  return {
    atSeconds: Float64Array.from(seen, ({ atSeconds }) => atSeconds),
    kind: Int32Array.from(seen, ({ kind }) => kind),
    runtimeSeconds: Float64Array.from(seen, ({ runtimeSeconds }) => runtimeSeconds ?? Number.NaN),
  };
}

/**
 * Collects what was submitted in a span before now, finished or still there; endless tasks and infrastructure are left
 * out.
 * @param history in any order; tasks that ended after `nowSeconds` are not looked at
 * @param windowSeconds how far back; a history that begins later is counted from its beginning
 */
export function countArrivals(
  history: readonly FinishedTask[],
  snapshot: Snapshot,
  nowSeconds: number,
  windowSeconds: number = 14 * DAY,
): Arrivals {
  const finished = history.filter(({ endedAtSeconds }) => endedAtSeconds <= nowSeconds);
  const fromSeconds = Math.max(nowSeconds - windowSeconds, Math.min(nowSeconds, earliest(finished)));
  const seen = [...finished.map(seenFinished), ...snapshot.tasks.filter(endsByItself).map(seenLive)]
    .filter(({ atSeconds }) => atSeconds >= fromSeconds && atSeconds <= nowSeconds)
    .sort((left, right) => left.atSeconds - right.atSeconds);
  const span = nowSeconds - fromSeconds;
  if (seen.length === 0 || !(span > 0)) return { ...NO_ARRIVALS, fromSeconds, toSeconds: nowSeconds };
  const kinds = kindsOf(seen);
  const number = new Map(kinds.map(({ key }, kind) => [key, kind]));
  return {
    perSecond: seen.length / span,
    kinds: kinds.map(({ key: _, ...kind }) => kind),
    past: pastArrivals(
      seen.map(({ atSeconds, key, runtimeSeconds, ...shape }) => ({
        atSeconds,
        kind: number.get(key) ?? number.get(roundedKey(shape))!,
        runtimeSeconds,
      })),
    ),
    fromSeconds,
    toSeconds: nowSeconds,
  };
}

/**
 * One sample of the arrivals to come: those of a past day drawn at random, from the same time of day on, with their
 * real shapes and runtimes (a block bootstrap, Künsch 1989). So the daily rhythm, busy and quiet days, batches of tasks
 * and what they ask for together stay as they were; shorter blocks gave bands that were too narrow.
 */
export function drawArrivals(arrivals: Arrivals, random: Random, lastSeconds: number): DrawnArrivals {
  const { past, toSeconds } = arrivals;
  const stretches = drawStretches(arrivals, random, lastSeconds);
  const count = stretches.reduce((sum, { first, end }) => sum + end - first, 0);
  const inSeconds = new Float64Array(count);
  const kind = new Int32Array(count);
  const runtimeSeconds = new Float64Array(count);
  let drawn = 0;
  for (const { first, end, aheadSeconds } of stretches) {
    for (let index = first; index < end; index++) {
      inSeconds[drawn] = past.atSeconds[index]! + aheadSeconds;
      kind[drawn] = past.kind[index]!;
      const known = past.runtimeSeconds[index]!;
      runtimeSeconds[drawn] = Number.isNaN(known)
        ? longerThan(arrivals.kinds[kind[drawn]!]!, toSeconds - past.atSeconds[index]!, random)
        : known;
      drawn++;
    }
  }
  return { inSeconds, kind, runtimeSeconds };
}

/** Arrivals `first` … `end` − 1 come once more, at their own times plus `aheadSeconds`, in seconds from now. */
type Stretch = { readonly first: number; readonly end: number; readonly aheadSeconds: number };

function drawStretches(
  { past: { atSeconds }, fromSeconds, toSeconds }: Arrivals,
  random: Random,
  lastSeconds: number,
): Stretch[] {
  const span = toSeconds - fromSeconds;
  if (atSeconds.length === 0 || !(span > 0)) return [];
  const block = blockOf(span);
  const days = Math.floor(span / DAY);
  const stretches: Stretch[] = [];
  for (let begin = 0; begin < lastSeconds; begin += block) {
    const back = block === DAY ? DAY * (1 + randomIndex(random, days)) : block + random() * (span - block);
    const length = Math.min(block, lastSeconds - begin);
    stretches.push({
      first: firstAt(atSeconds.length, (index) => atSeconds[index]! >= toSeconds - back),
      end: firstAt(atSeconds.length, (index) => atSeconds[index]! >= toSeconds - back + length),
      aheadSeconds: begin + back - toSeconds,
    });
  }
  return stretches;
}

/** Whole days where enough are known, else stretches of two hours. */
function blockOf(spanSeconds: number): number {
  return spanSeconds >= FEW_DAYS * DAY ? DAY : Math.min(STRETCH, spanSeconds);
}

/**
 * The level of a sample of futures below which the next outcome falls with a probability. A coming day like n past ones
 * falls below their k-th smallest with probability k ÷ (n + 1), and that one lies at level (k − ½) ÷ n. So a band of
 * 80 % holds 88 % of the samples of ten days, and 80 % of those of very many.
 * @param probability 0 … ½
 * @returns 0 … ½; the probability itself where no arrivals are drawn
 */
export function lowerLevel({ past, fromSeconds, toSeconds }: Arrivals, probability: number): number {
  const span = toSeconds - fromSeconds;
  if (past.kind.length === 0 || !(span > 0)) return probability;
  const blocks = Math.floor(span / blockOf(span));
  return Math.max(0, (probability * (blocks + 1) - 0.5) / blocks);
}

/** Equal for requests of the same amounts. */
export function shapeKey(request: Resources, gpuCount: number): string {
  const builtIn = `${request.milliCpu} ${request.memoryBytes} ${request.gpuMilli} ${gpuCount}`;
  const extended = Object.entries(request.extended).sort(([left], [right]) => (left < right ? -1 : 1));
  return extended.length > 0 ? `${builtIn} ${JSON.stringify(extended)}` : builtIn;
}

const DAY = 86400;
/** Where fewer past days than this are known, any stretches of two hours stand for the time to come. */
const FEW_DAYS = 3;
const STRETCH = 2 * 3600;
/** Beyond so many shapes the rarer ones are rounded up to powers of two, so that they become the same. */
const EXACT_KINDS = 200;

type Seen = {
  readonly atSeconds: number;
  readonly request: Resources;
  readonly gpuCount: number;
  readonly key: string;
  readonly runtimeSeconds?: number;
};

function endsByItself({ endless, infrastructure }: Snapshot['tasks'][number]): boolean {
  return !endless && !infrastructure;
}

function seenFinished({ request, submittedAtSeconds, startedAtSeconds, endedAtSeconds }: FinishedTask): Seen {
  const runtimeSeconds = Math.max(0, endedAtSeconds - startedAtSeconds);
  return { ...seenAt(request, Math.ceil(request.gpuMilli / 1000), submittedAtSeconds), runtimeSeconds };
}

function seenLive({ request, gpuCount, createdAtSeconds }: Snapshot['tasks'][number]): Seen {
  return seenAt(request, request.gpuMilli > 0 ? gpuCount : 0, createdAtSeconds);
}

function seenAt(request: Resources, gpuCount: number, atSeconds: number): Seen {
  return { atSeconds, request, gpuCount, key: shapeKey(request, gpuCount) };
}

function kindsOf(seen: readonly Seen[]): (ArrivalKind & { readonly key: string })[] {
  const exact = grouped(seen, ({ key }) => key);
  const common = new Set([...exact.keys()].slice(0, EXACT_KINDS));
  const groups =
    exact.size <= EXACT_KINDS ? exact : grouped(seen, (task) => (common.has(task.key) ? task.key : roundedKey(task)));
  return [...groups].map(([key, tasks]) => {
    const { request, gpuCount } = tasks[0]!;
    return {
      key,
      request: key === tasks[0]!.key ? request : rounded(request),
      gpuCount,
      share: tasks.length / seen.length,
      runtimesSeconds: Float64Array.from(
        tasks.flatMap(({ runtimeSeconds }) => (runtimeSeconds === undefined ? [] : [runtimeSeconds])),
      ).sort(),
    };
  });
}

/** By key, the largest group first. */
function grouped(seen: readonly Seen[], keyOf: (task: Seen) => string): ReadonlyMap<string, readonly Seen[]> {
  const groups = new Map<string, Seen[]>();
  for (const task of seen) {
    const group = groups.get(keyOf(task));
    if (group) group.push(task);
    else groups.set(keyOf(task), [task]);
  }
  return new Map([...groups].sort(([, left], [, right]) => right.length - left.length));
}

function roundedKey({ request, gpuCount }: Pick<Seen, 'request' | 'gpuCount'>): string {
  return shapeKey(rounded(request), gpuCount);
}

function rounded(request: Resources): Resources {
  const up = (amount: number) => (amount > 0 ? 2 ** Math.ceil(Math.log2(amount)) : 0);
  return { ...request, milliCpu: up(request.milliCpu), memoryBytes: up(request.memoryBytes) };
}

/** A runtime of the kind that is longer than an age; where none was, as long again (Lindy). */
function longerThan({ runtimesSeconds }: ArrivalKind, ageSeconds: number, random: Random): number {
  const first = firstAt(runtimesSeconds.length, (index) => runtimesSeconds[index]! > ageSeconds);
  const longer = runtimesSeconds.length - first;
  return longer > 0 ? runtimesSeconds[first + randomIndex(random, longer)]! : 2 * ageSeconds;
}

function earliest(history: readonly FinishedTask[]): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { submittedAtSeconds } of history) first = Math.min(first, submittedAtSeconds);
  return first;
}
