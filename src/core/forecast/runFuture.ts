import type { GpuMask } from '../fleet/fleet.ts';
import { seededRandom } from '../model/random.ts';
import { QUANTILE_LEVELS, quantile, quantileOfRow } from '../predict/distribution.ts';
import { drawArrivals } from './arrivals.ts';
import { createEndQueue, type EndQueue, longer } from './endQueue.ts';
import type { FutureStart, Leaving, NodeEnd, Waiting } from './futureStart.ts';
import { type FutureWorld, futureWorlds } from './futureWorld.ts';

/** One sample: what was measured on the way is told to the caller, what comes back is when each waiting task started. */
export type FutureRunner = (
  seed: number,
  /** Told the world at each moment, and how many tasks wait. */
  measure: (world: FutureWorld, moment: number, waiting: number) => void,
) => Float64Array;

/**
 * Runs samples of a scenario's future: every running task ends at a time drawn from its prediction, given its age; new
 * tasks arrive; who waits starts as soon as a node has room; nodes end, and what ran on them begins again from nothing. The
 * scheduler is a plain one: of the nodes it compares, the least allocated takes the task. Tasks end at whole seconds. Two
 * scenarios of one seed see the same draw for the same task and the same arrivals.
 * @param atSeconds moments to measure, ascending, in seconds from now
 * @returns for a seed, when each of `start.waiting` started, in seconds from now; `Infinity` where it did not in that span
 */
export function futureRunner(start: FutureStart, atSeconds: readonly number[]): FutureRunner {
  const lastSeconds = atSeconds.at(-1) ?? 0;
  const worlds = futureWorlds(start);
  // Of 100,000 tasks: samples use them one after the other.
  const held = createHeldTasks(start.leaving);
  const ends = createEndQueue(lastSeconds);
  return (seed, measure) => {
    held.begin();
    ends.begin();
    return runFuture(start, worlds(seededRandom(seed + 0.5)), held, ends, seed, atSeconds, measure);
  };
}

function runFuture(
  start: FutureStart,
  world: FutureWorld,
  held: HeldTasks,
  ends: EndQueue,
  seed: number,
  atSeconds: readonly number[],
  measure: Parameters<FutureRunner>[1],
): Float64Array {
  const { leaving } = start;
  const nodeCount = start.fleet.nodes.length;
  const arrivals = drawArrivals(start.arrivals, seededRandom(seed + 0.25), atSeconds.at(-1) ?? 0);
  const startSeconds = new Float64Array(start.waiting.length).fill(Number.POSITIVE_INFINITY);
  /** By kind, in the order in which kinds began to wait. */
  const queues: (Queue | undefined)[] = [];
  const waitingKinds: number[] = [];
  let waiting = 0;

  const begin = (kind: number, runtimeSeconds: number, pending: number, node: number, nowSeconds: number) => {
    const slot = held.add(kind, runtimeSeconds, node, world.hold(kind, node));
    if (pending >= 0) startSeconds[pending] = nowSeconds;
    ends.push(slot, nowSeconds + runtimeSeconds);
  };
  const arrive = (kind: number, runtimeSeconds: number, pending: number, nowSeconds: number) => {
    const queue = queues[kind];
    const node = queue ? -1 : world.find(kind);
    if (node >= 0) {
      begin(kind, runtimeSeconds, pending, node, nowSeconds);
      return;
    }
    waiting++;
    const task = { runtimeSeconds, pending };
    if (queue) queue.tasks.push(task);
    else {
      queues[kind] = { tasks: [task], next: 0 };
      waitingKinds.push(kind);
    }
  };
  /** Starts those that wait and fit on a node that gained room. */
  const fill = (node: number, nowSeconds: number) => {
    for (let at = 0; at < waitingKinds.length; ) {
      const kind = waitingKinds[at]!;
      const queue = queues[kind]!;
      while (queue.next < queue.tasks.length && world.fits(kind, node)) {
        waiting--;
        const { runtimeSeconds, pending } = queue.tasks[queue.next++]!;
        begin(kind, runtimeSeconds, pending, node, nowSeconds);
      }
      if (queue.next < queue.tasks.length) at++;
      else {
        queues[kind] = undefined;
        waitingKinds.splice(at, 1);
      }
    }
  };
  const leave = (slot: number, nowSeconds: number) => {
    const node = held.node(slot);
    // A task whose node ended has left already.
    if (node < 0) return;
    held.remove(slot);
    if (node >= nodeCount) return;
    world.release(held.kind(slot), node, held.gpus(slot));
    fill(node, nowSeconds);
  };
  const endNode = ({ node, renewed }: NodeEnd, nowSeconds: number) => {
    const lost = held.on(node);
    if (node < nodeCount) for (const slot of lost) world.release(held.kind(slot), node, held.gpus(slot));
    const again = lost.map((slot) => ({ kind: held.againKind(slot), runtimeSeconds: held.runtimeSeconds(slot) }));
    for (const slot of lost) held.remove(slot);
    if (renewed) fill(node, nowSeconds);
    else if (node < nodeCount) world.remove(node);
    for (const { kind, runtimeSeconds } of again) if (kind >= 0) arrive(kind, runtimeSeconds, -1, nowSeconds);
  };

  for (let row = 0; row < leaving.count; row++) {
    const end = drawEnd(leaving, row, seed);
    held.setRuntime(row, end + leaving.elapsedSeconds[row]!);
    ends.push(row, Math.round(end));
  }
  let nextNodeEnd = 0;
  while ((start.nodeEnds[nextNodeEnd]?.inSeconds ?? 1) <= 0) endNode(start.nodeEnds[nextNodeEnd++]!, 0);
  start.waiting.forEach((task, pending) => {
    arrive(task.kind, drawRuntime(task, seed), pending, 0);
  });
  let nextArrival = 0;
  for (const [moment, untilSeconds] of atSeconds.entries()) {
    for (;;) {
      const arrivalAt = arrivals.inSeconds[nextArrival] ?? Number.POSITIVE_INFINITY;
      const nodeEndAt = start.nodeEnds[nextNodeEnd]?.inSeconds ?? Number.POSITIVE_INFINITY;
      const otherwise = Math.min(arrivalAt, nodeEndAt, untilSeconds);
      for (let slot = ends.pop(otherwise); slot >= 0; slot = ends.pop(otherwise)) leave(slot, ends.nowSeconds());
      if (Math.min(arrivalAt, nodeEndAt) > untilSeconds) break;
      if (nodeEndAt <= arrivalAt) endNode(start.nodeEnds[nextNodeEnd++]!, nodeEndAt);
      else {
        const arrival = nextArrival++;
        const kind = start.arrivalKinds[arrivals.kind[arrival]!]!;
        arrive(kind, arrivals.runtimeSeconds[arrival]!, -1, arrivalAt);
      }
    }
    measure(world, moment, waiting);
  }
  return startSeconds;
}

/** Tasks of one kind that wait, first come first served; those before `next` have started. */
type Queue = { readonly tasks: { readonly runtimeSeconds: number; readonly pending: number }[]; next: number };

type HeldTasks = ReturnType<typeof createHeldTasks>;

/** The tasks that hold capacity, by slot: first those of `leaving`, row by row. */
function createHeldTasks(leaving: Leaving) {
  let size = 2 * leaving.count + 16;
  let nodes = new Int32Array(size);
  let kinds = new Int32Array(size);
  let masks = new Int32Array(size);
  let runtimes = new Float64Array(size);
  let used = 0;
  const grow = () => {
    size *= 2;
    [nodes, kinds, masks] = [longer(nodes, size), longer(kinds, size), longer(masks, size)];
    runtimes = longer(runtimes, size);
  };
  return {
    begin(): void {
      nodes.set(leaving.node);
      kinds.set(leaving.kind);
      masks.set(leaving.gpus);
      used = leaving.count;
    },
    /** −1 for a task that has left. */
    node: (slot: number): number => nodes[slot]!,
    kind: (slot: number): number => kinds[slot]!,
    gpus: (slot: number): GpuMask => masks[slot]!,
    runtimeSeconds: (slot: number): number => runtimes[slot]!,
    setRuntime(slot: number, seconds: number): void {
      runtimes[slot] = seconds;
    },
    add(kind: number, runtimeSeconds: number, node: number, gpus: GpuMask): number {
      if (used === size) grow();
      nodes[used] = node;
      kinds[used] = kind;
      masks[used] = gpus;
      runtimes[used] = runtimeSeconds;
      return used++;
    },
    remove(slot: number): void {
      nodes[slot] = -1;
    },
    on(node: number): number[] {
      const slots: number[] = [];
      for (let slot = 0; slot < used; slot++) if (nodes[slot] === node) slots.push(slot);
      return slots;
    },
    /** What the task asks for when it begins again; −1: it does not. */
    againKind: (slot: number): number => (slot < leaving.count ? leaving.againKind[slot]! : kinds[slot]!),
  };
}

/** A task that is ending leaves within the usual grace period. */
const GRACE_SECONDS = 30;

/** Seconds from now at which a running task ends in this sample; `Infinity` for one that only its node's end takes away. */
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
