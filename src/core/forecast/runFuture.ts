import { seededRandom } from '../model/random.ts';
import { QUANTILE_LEVELS, quantile, quantileOfRow } from '../predict/distribution.ts';
import { type DrawnArrivals, drawArrivals } from './arrivals.ts';
import { createEndQueue, type EndQueue } from './endQueue.ts';
import type { FutureStart, Leaving, NodeEnd, Waiting } from './futureStart.ts';
import { type FutureWorld, futureWorlds } from './futureWorld.ts';
import { createHeldTasks, type HeldTasks } from './heldTasks.ts';
import { type Arriving, createWaitingTasks, type WaitingTasks } from './waitingTasks.ts';

/** Runs one sample, and measures it on the way. */
export type FutureRunner = (
  seed: number,
  /** Told the world at each moment, and how many tasks wait. */
  measure: (world: FutureWorld, moment: number, waiting: number) => void,
) => Float64Array;

/**
 * Runs samples of a scenario's future. Running tasks end at times drawn from their predictions, given their ages; tasks
 * arrive; nodes end. A waiting task starts once it fits, on the least allocated of the nodes that are compared; a gated
 * one never does.
 * Scenarios of one seed share each task's draw, and the arrivals.
 * @param atSeconds moments to measure, ascending
 * @returns by seed, when each of `start.waiting` started; `Infinity` where it did not
 */
export function futureRunner(start: FutureStart, atSeconds: readonly number[]): FutureRunner {
  const lastSeconds = atSeconds.at(-1) ?? 0;
  const behindGates = start.waiting.filter(({ gated }) => gated).length;
  const worlds = futureWorlds(start);
  const held = createHeldTasks(start.leaving);
  const ends = createEndQueue(lastSeconds);
  return (seed, measure) => {
    held.begin();
    ends.begin();
    const future: Future = {
      start,
      world: worlds(seededRandom(seed + 0.5)),
      held,
      ends,
      waiting: createWaitingTasks(),
      startSeconds: new Float64Array(start.waiting.length).fill(Number.POSITIVE_INFINITY),
    };
    const arrivals = drawArrivals(start.arrivals, seededRandom(seed + 0.25), lastSeconds);
    const coming = beginNow(future, seed, arrivals);
    for (const [moment, untilSeconds] of atSeconds.entries()) {
      runUntil(future, coming, untilSeconds);
      measure(future.world, moment, future.waiting.count() + behindGates);
    }
    return future.startSeconds;
  };
}

/** One sample on its way. */
type Future = {
  readonly start: FutureStart;
  readonly world: FutureWorld;
  readonly held: HeldTasks;
  readonly ends: EndQueue;
  readonly waiting: WaitingTasks;
  /** When each of `start.waiting` started. */
  readonly startSeconds: Float64Array;
};

/** What comes by itself, whatever runs: the next arrival, and the next end of a node. */
type Coming = { readonly arrivals: DrawnArrivals; nextArrival: number; nextNodeEnd: number };

/** Draws when running tasks end, lets overdue nodes end, and lets those start that wait and fit. */
function beginNow(future: Future, seed: number, arrivals: DrawnArrivals): Coming {
  const { start, held, ends } = future;
  const { leaving, nodeEnds } = start;
  for (let row = 0; row < leaving.count; row++) {
    const end = drawEnd(leaving, row, seed);
    held.setRuntime(row, end + leaving.elapsedSeconds[row]!);
    ends.push(row, Math.round(end));
  }
  let nextNodeEnd = 0;
  while ((nodeEnds[nextNodeEnd]?.inSeconds ?? 1) <= 0) endNode(future, nodeEnds[nextNodeEnd++]!, 0);
  start.waiting.forEach((task, pending) => {
    if (!task.gated) arrive(future, task.kind, { runtimeSeconds: drawRuntime(task, seed), pending }, 0);
  });
  return { arrivals, nextArrival: 0, nextNodeEnd };
}

/** All events up to a time. At the same time tasks end first, then nodes, then tasks arrive. */
function runUntil(future: Future, coming: Coming, untilSeconds: number): void {
  const { start, ends } = future;
  const { arrivals } = coming;
  for (;;) {
    const arrivalAt = arrivals.inSeconds[coming.nextArrival] ?? Number.POSITIVE_INFINITY;
    const nodeEndAt = start.nodeEnds[coming.nextNodeEnd]?.inSeconds ?? Number.POSITIVE_INFINITY;
    const otherwise = Math.min(arrivalAt, nodeEndAt, untilSeconds);
    for (let slot = ends.pop(otherwise); slot >= 0; slot = ends.pop(otherwise)) leave(future, slot, ends.nowSeconds());
    if (Math.min(arrivalAt, nodeEndAt) > untilSeconds) return;
    if (nodeEndAt <= arrivalAt) endNode(future, start.nodeEnds[coming.nextNodeEnd++]!, nodeEndAt);
    else {
      const arrival = coming.nextArrival++;
      const runtimeSeconds = arrivals.runtimeSeconds[arrival]!;
      arrive(future, start.arrivalKinds[arrivals.kind[arrival]!]!, { runtimeSeconds, pending: -1 }, arrivalAt);
    }
  }
}

/** Starts a task, or lets it wait. */
function arrive(future: Future, kind: number, task: Arriving, nowSeconds: number): void {
  const { world, waiting } = future;
  const node = waiting.has(kind) ? -1 : world.find(kind);
  if (node >= 0) begin(future, kind, task, node, nowSeconds);
  else waiting.add(kind, task);
}

function begin(
  { world, held, ends, startSeconds }: Future,
  kind: number,
  task: Arriving,
  node: number,
  nowSeconds: number,
) {
  const slot = held.add(kind, task.runtimeSeconds, node, world.hold(kind, node));
  if (task.pending >= 0) startSeconds[task.pending] = nowSeconds;
  ends.push(slot, nowSeconds + task.runtimeSeconds);
}

/** Starts those that wait and fit on a node that has more free than before. */
function fill(future: Future, node: number, nowSeconds: number): void {
  const { world, waiting } = future;
  waiting.takeWhile(
    (kind) => world.fits(kind, node),
    (kind, task) => begin(future, kind, task, node, nowSeconds),
  );
}

function leave(future: Future, slot: number, nowSeconds: number): void {
  const { start, world, held } = future;
  const node = held.node(slot);
  // A task whose node ended has left already.
  if (node < 0) return;
  held.remove(slot);
  if (node >= start.fleet.nodes.length) return;
  world.release(held.kind(slot), node, held.gpus(slot));
  fill(future, node, nowSeconds);
}

/** What ran on the node begins again elsewhere, from nothing. */
function endNode(future: Future, { node, renewed }: NodeEnd, nowSeconds: number): void {
  const { start, world, held } = future;
  const takesTasks = node < start.fleet.nodes.length;
  const lost = held.on(node);
  if (takesTasks) for (const slot of lost) world.release(held.kind(slot), node, held.gpus(slot));
  for (const slot of lost) held.remove(slot);
  if (renewed) fill(future, node, nowSeconds);
  else if (takesTasks) world.remove(node);
  for (const slot of lost) {
    const kind = held.againKind(slot);
    const runtimeSeconds = held.runtimeSeconds(slot);
    if (kind >= 0) arrive(future, kind, { runtimeSeconds, pending: -1 }, nowSeconds);
  }
}

/** A task that is ending leaves within the usual grace period. */
const GRACE_SECONDS = 30;

/**
 * Seconds from now at which a running task ends in this sample; `Infinity` for one that only its node's end takes away.
 */
export function drawEnd(leaving: Leaving, row: number, seed: number): number {
  const draw = uniform(leaving.drawKey[row]!, seed);
  if (leaving.ending[row] === 1) return draw * GRACE_SECONDS;
  const first = row * QUANTILE_LEVELS.length;
  if (Number.isNaN(leaving.runtimes[first]!)) return Math.max(0, leaving.limitSeconds[row]!);
  const ended = leaving.ended[row]!;
  const runtime = quantileOfRow(leaving.runtimes, first, ended + draw * (1 - ended));
  return Math.max(0, Math.min(leaving.limitSeconds[row]!, runtime - leaving.elapsedSeconds[row]!));
}

function drawRuntime({ drawKey, prediction, endless, limitSeconds }: Waiting, seed: number): number {
  if (endless || !prediction) return limitSeconds;
  return Math.min(limitSeconds, quantile(prediction.runtime, uniform(drawKey, seed)));
}

/**
 * A uniform number of one task in one sample, in [0, 1): a hash of both (MurmurHash3's finaliser, Appleby), so that it
 * depends on no order and no other task.
 */
function uniform(drawKey: number, seed: number): number {
  let hash = drawKey ^ Math.imul(seed | 0, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}
