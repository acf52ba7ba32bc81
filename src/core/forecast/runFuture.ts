import type { GpuMask } from '../place/policies/fleet.ts';
import { quantile } from '../predict/distribution.ts';
import { createEventQueue } from '../simulate/eventQueue.ts';
import { seededRandom } from '../simulate/random.ts';
import { drawArrivals } from './arrivals.ts';
import type { FutureStart, Leaving, Waiting } from './futureStart.ts';
import { createFutureWorld, type FutureWorld } from './futureWorld.ts';

/**
 * Runs one sample of a scenario's future: every running task ends at a time drawn from its prediction, given its age; new
 * tasks arrive; who waits starts as soon as a node has room. The scheduler is a plain one: of the nodes it compares, the
 * least allocated takes the task. Two scenarios of one seed see the same draw for the same task and the same arrivals.
 * @param atSeconds moments to measure, ascending, in seconds from now
 * @param measure is told the world at each moment, and how many tasks wait
 * @returns when each of `start.waiting` started, in seconds from now; `Infinity` where it did not in that span
 */
export function runFuture(
  start: FutureStart,
  seed: number,
  atSeconds: readonly number[],
  measure: (world: FutureWorld, moment: number, waiting: number) => void,
): Float64Array {
  const lastSeconds = atSeconds.at(-1) ?? 0;
  const world = createFutureWorld(start, seededRandom(seed + 0.5));
  const ends = drawEnds(start.leaving, seed, lastSeconds);
  const arrivals = drawArrivals(start.arrivals, seededRandom(seed + 0.25), lastSeconds);
  let nextArrival = 0;
  const begun = createEventQueue<Held>();
  const startSeconds = new Float64Array(start.waiting.length).fill(Number.POSITIVE_INFINITY);
  /** By kind, in the order in which kinds began to wait. */
  const queues: (Queued[] | undefined)[] = [];
  const waitingKinds: number[] = [];
  let waiting = 0;

  const begin = (task: Queued, node: number, nowSeconds: number) => {
    const gpus = world.hold(task.kind, node);
    if (task.pending !== undefined) startSeconds[task.pending] = nowSeconds;
    const endSeconds = nowSeconds + task.runtimeSeconds;
    if (endSeconds <= lastSeconds) begun.push(endSeconds, { kind: task.kind, node, gpus });
  };
  const arrive = (task: Queued, nowSeconds: number) => {
    const queue = queues[task.kind];
    const node = queue ? -1 : world.find(task.kind);
    if (node >= 0) {
      begin(task, node, nowSeconds);
      return;
    }
    waiting++;
    if (queue) queue.push(task);
    else {
      queues[task.kind] = [task];
      waitingKinds.push(task.kind);
    }
  };
  const leave = ({ kind, node, gpus }: Held, nowSeconds: number) => {
    world.release(kind, node, gpus);
    for (let at = 0; at < waitingKinds.length; ) {
      const waitingKind = waitingKinds[at]!;
      const queue = queues[waitingKind]!;
      while (queue.length > 0 && world.fits(waitingKind, node)) {
        waiting--;
        begin(queue.shift()!, node, nowSeconds);
      }
      if (queue.length > 0) at++;
      else {
        queues[waitingKind] = undefined;
        waitingKinds.splice(at, 1);
      }
    }
  };

  start.waiting.forEach((task, pending) => {
    arrive({ kind: task.kind, pending, runtimeSeconds: drawRuntime(task, seed) }, 0);
  });
  for (const [moment, untilSeconds] of atSeconds.entries()) {
    for (;;) {
      const arrival = arrivals[nextArrival];
      const end = ends.nextSeconds();
      const begunEnd = begun.nextSeconds();
      const first = Math.min(end, begunEnd, arrival?.inSeconds ?? Number.POSITIVE_INFINITY);
      if (first > untilSeconds) break;
      if (first === end) {
        leave(ends.take(), first);
      } else if (first === begunEnd) {
        leave(begun.pop()!, first);
      } else {
        arrive({ kind: start.arrivalKinds[arrival!.kind]!, runtimeSeconds: arrival!.runtimeSeconds }, first);
        nextArrival++;
      }
    }
    measure(world, moment, waiting);
  }
  return startSeconds;
}

type Held = { readonly kind: number; readonly node: number; readonly gpus: GpuMask };
type Queued = { readonly kind: number; readonly runtimeSeconds: number; readonly pending?: number };

/** A task that is ending leaves within the usual grace period. */
const GRACE_SECONDS = 30;

/** Seconds from now at which a running task ends in this sample. */
export function drawEnd(task: Leaving, seed: number): number {
  const draw = uniform(task.drawKey, seed);
  if (task.ending) return draw * GRACE_SECONDS;
  if (!task.prediction) return task.limitSeconds;
  const level = task.ended + draw * (1 - task.ended);
  return Math.min(task.limitSeconds, Math.max(0, quantile(task.prediction.runtime, level) - task.elapsedSeconds));
}

function drawRuntime({ drawKey, prediction, endless, limitSeconds }: Waiting, seed: number): number {
  if (endless || !prediction) return limitSeconds;
  return Math.min(limitSeconds, quantile(prediction.runtime, uniform(drawKey, seed)));
}

/** The ends of running tasks up to the last moment, in order; in whole seconds, so that they sort as numbers. */
function drawEnds(leaving: readonly Leaving[], seed: number, lastSeconds: number) {
  const keys = new Float64Array(leaving.length);
  let count = 0;
  for (let task = 0; task < leaving.length; task++) {
    const end = Math.round(drawEnd(leaving[task]!, seed));
    if (end > lastSeconds) continue;
    keys[count] = end * TASKS + task;
    count++;
  }
  const sorted = keys.subarray(0, count).sort();
  let next = 0;
  return {
    nextSeconds: () => (next < count ? Math.floor(sorted[next]! / TASKS) : Number.POSITIVE_INFINITY),
    take: () => leaving[sorted[next++]! % TASKS]!,
  };
}

/** More than a snapshot's tasks; a day of seconds times this stays an exact number. */
const TASKS = 2 ** 24;

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
