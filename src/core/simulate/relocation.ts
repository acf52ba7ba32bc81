import type { Fleet, GpuMask } from '../place/policies/fleet.ts';
import { fits, hold, holdGpus, release } from '../place/policies/fleet.ts';
import type { Policy } from '../place/policies/policy.ts';

/** A task that holds room. `node` and `gpus` change when it is moved. */
export type Placed = { readonly classNumber: number; readonly memoryBytes: number; node: number; gpus: GpuMask };

/** A task that found no room. */
export type Unplaced = Pick<Placed, 'classNumber' | 'memoryBytes'>;

/** One running task to another node, after which a task that found no room takes its place. */
export type Relocation = {
  readonly moved: Placed;
  readonly from: number;
  readonly to: number;
  readonly admitted: Unplaced;
};

/**
 * Moves after saturation: each moves one task to a node where it fits now, so that a larger one that fitted nowhere can
 * take its place. Largest gain first, until `limit` moves are made or none helps. Every step is proven by making it: the
 * moved task's target is checked before, the admitted task's room after.
 * @param fleet, placed changed by the moves
 */
export function relocate(
  fleet: Fleet,
  policy: Policy,
  placed: readonly Placed[],
  unplaced: readonly Unplaced[],
  limit: number,
): Relocation[] {
  const waiting = [...unplaced].sort((left, right) => gpuMilli(fleet, right) - gpuMilli(fleet, left));
  const done: Relocation[] = [];
  for (let found = -1; found < done.length && done.length < limit; ) {
    found = done.length;
    for (const { task } of candidates(fleet, placed, waiting)) {
      if (done.length >= limit) break;
      const move = tryMove(fleet, policy, task, waiting);
      if (move) done.push(move);
    }
  }
  return done;
}

/** Tasks whose leaving would let a larger one in, most gained first. */
function candidates(fleet: Fleet, placed: readonly Placed[], waiting: readonly Unplaced[]) {
  const kinds = distinct(waiting);
  const movable = new Map<string, boolean>();
  const all: { readonly task: Placed; readonly gain: number }[] = [];
  for (const task of placed) {
    const key = `${task.classNumber} ${task.memoryBytes}`;
    if (!movable.has(key))
      movable.set(
        key,
        fleet.nodes.some((_, node) => fitsOn(fleet, node, task)),
      );
    if (!movable.get(key)) continue;
    const admitted = whileAway(fleet, task, () => kinds.find((kind) => fitsOn(fleet, task.node, kind)));
    if (admitted && gpuMilli(fleet, admitted) > 0) all.push({ task, gain: gpuMilli(fleet, admitted) });
  }
  return all.sort((left, right) => right.gain - left.gain);
}

function tryMove(fleet: Fleet, policy: Policy, task: Placed, waiting: Unplaced[]): Relocation | undefined {
  const from = task.node;
  const admitted = whileAway(fleet, task, () => waiting.findIndex((other) => fitsOn(fleet, from, other)));
  if (admitted < 0 || gpuMilli(fleet, waiting[admitted]!) === 0) return undefined;
  const to = bestOther(fleet, policy, task);
  if (to < 0) return undefined;
  release(fleet, from, task.classNumber, task.memoryBytes, task.gpus);
  task.gpus = place(fleet, policy, to, task);
  task.node = to;
  const [one] = waiting.splice(admitted, 1);
  place(fleet, policy, from, one!);
  return { moved: task, from, to, admitted: one! };
}

/** The policy's best node for a task, its own left out; −1 where there is none. */
function bestOther(fleet: Fleet, policy: Policy, task: Placed): number {
  const ask = { ...task, nowSeconds: 0 };
  let chosen = -1;
  let best = Number.NEGATIVE_INFINITY;
  for (let node = 0; node < fleet.nodes.length; node += 1) {
    if (node === task.node || !fitsOn(fleet, node, task)) continue;
    const score = policy.score(node, ask);
    if (score > best) {
      best = score;
      chosen = node;
    }
  }
  return chosen;
}

function place(fleet: Fleet, policy: Policy, node: number, task: Unplaced): GpuMask {
  const free = policy.gpuFree(node, { ...task, nowSeconds: 0 });
  return hold(fleet, node, task.classNumber, task.memoryBytes, free);
}

/** What is true while a task is away from its node; it returns to the same GPUs. */
function whileAway<T>(fleet: Fleet, task: Placed, look: () => T): T {
  const { node, classNumber, memoryBytes, gpus } = task;
  release(fleet, node, classNumber, memoryBytes, gpus);
  const seen = look();
  holdGpus(fleet, node, classNumber, memoryBytes, gpus);
  return seen;
}

function fitsOn(fleet: Fleet, node: number, { classNumber, memoryBytes }: Unplaced): boolean {
  return fits(fleet, node, classNumber, memoryBytes);
}

function gpuMilli(fleet: Fleet, { classNumber }: Unplaced): number {
  const { gpuMilli: perGpu, gpuCount } = fleet.classes.classes[classNumber]!;
  return perGpu * gpuCount;
}

function distinct(tasks: readonly Unplaced[]): Unplaced[] {
  return [...new Map(tasks.map((task) => [`${task.classNumber} ${task.memoryBytes}`, task])).values()];
}
