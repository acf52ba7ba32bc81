import type { FinishedTask } from '../model/finished.ts';
import type { Resources } from '../model/resources.ts';
import type { Snapshot } from '../model/snapshot.ts';

/** What arrives from outside: a Poisson stream whose tasks are drawn from the kinds seen. */
export type Arrivals = {
  readonly perSecond: number;
  /** Most frequent first; their shares sum to 1. Empty where nothing was seen. */
  readonly kinds: readonly ArrivalKind[];
  /** The span that was counted. */
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly seen: number;
};

/** Tasks of one shape, with the runtimes that such tasks had. */
export type ArrivalKind = {
  readonly request: Resources;
  readonly gpuCount: number;
  readonly share: number;
  /** Of the latest finished ones in the span, at least one. */
  readonly runtimesSeconds: readonly number[];
};

export const NO_ARRIVALS: Arrivals = { perSecond: 0, kinds: [], fromSeconds: 0, toSeconds: 0, seen: 0 };

/**
 * Counts what was submitted in a span before now, finished or still there; endless tasks and infrastructure are left out.
 * Rare shapes beyond 95 % of all tasks join the rate but are drawn as the others are, as FGD's typical pods.
 * @param history in any order; tasks that ended after `nowSeconds` are not looked at
 * @param windowSeconds how far back; a history that begins later is counted from its beginning
 */
export function countArrivals(
  history: readonly FinishedTask[],
  snapshot: Snapshot,
  nowSeconds: number,
  windowSeconds: number = 7 * 86400,
): Arrivals {
  const fromSeconds = Math.max(nowSeconds - windowSeconds, Math.min(nowSeconds, earliest(history)));
  const kinds = new Map<string, { request: Resources; gpuCount: number; count: number; runtimes: number[] }>();
  let seen = 0;
  const count = (request: Resources, gpuCount: number, submittedAtSeconds: number, runtimeSeconds?: number) => {
    if (submittedAtSeconds < fromSeconds || submittedAtSeconds > nowSeconds) return;
    const key = shapeKey(request, gpuCount);
    const kind = kinds.get(key) ?? { request, gpuCount, count: 0, runtimes: [] };
    kinds.set(key, kind);
    kind.count++;
    seen++;
    if (runtimeSeconds !== undefined) kind.runtimes.push(runtimeSeconds);
  };
  for (const { request, submittedAtSeconds, startedAtSeconds, endedAtSeconds } of history) {
    if (endedAtSeconds > nowSeconds) continue;
    count(
      request,
      Math.ceil(request.gpuMilli / 1000),
      submittedAtSeconds,
      Math.max(0, endedAtSeconds - startedAtSeconds),
    );
  }
  for (const { request, gpuCount, createdAtSeconds, endless, infrastructure } of snapshot.tasks) {
    if (!endless && !infrastructure) count(request, request.gpuMilli > 0 ? gpuCount : 0, createdAtSeconds);
  }
  const span = nowSeconds - fromSeconds;
  const typical = typicalOf([...kinds.values()].filter(({ runtimes }) => runtimes.length > 0));
  if (!(span > 0) || typical.length === 0) return { ...NO_ARRIVALS, fromSeconds, toSeconds: nowSeconds, seen };
  return { perSecond: seen / span, kinds: typical, fromSeconds, toSeconds: nowSeconds, seen };
}

/** Equal for requests of the same amounts. */
export function shapeKey(request: Resources, gpuCount: number): string {
  const extended = Object.entries(request.extended).sort(([left], [right]) => (left < right ? -1 : 1));
  return `${request.milliCpu} ${request.memoryBytes} ${request.gpuMilli} ${gpuCount} ${JSON.stringify(extended)}`;
}

const KEPT_RUNTIMES = 500;
const COVERAGE = 0.95;

function typicalOf(
  kinds: readonly { request: Resources; gpuCount: number; count: number; runtimes: readonly number[] }[],
): ArrivalKind[] {
  const all = kinds.reduce((sum, { count }) => sum + count, 0);
  const kept: (typeof kinds)[number][] = [];
  let covered = 0;
  for (const kind of [...kinds].sort((left, right) => right.count - left.count)) {
    if (covered >= COVERAGE * all) break;
    kept.push(kind);
    covered += kind.count;
  }
  return kept.map(({ request, gpuCount, count, runtimes }) => ({
    request,
    gpuCount,
    share: count / covered,
    runtimesSeconds: runtimes.slice(-KEPT_RUNTIMES),
  }));
}

function earliest(history: readonly FinishedTask[]): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { submittedAtSeconds } of history) first = Math.min(first, submittedAtSeconds);
  return first;
}
