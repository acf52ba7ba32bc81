import type { Fleet, GpuMask } from '../place/policies/fleet.ts';
import { fits, hold, holdGpus, release } from '../place/policies/fleet.ts';
import type { Policy } from '../place/policies/policy.ts';

/** A task that holds room. `node` and `gpus` change when it is moved. */
export type Placed = { readonly classNumber: number; readonly memoryBytes: number; node: number; gpus: GpuMask };

/** A task that found no room. */
export type Unplaced = Pick<Placed, 'classNumber' | 'memoryBytes'>;

/** One move of a running task, made when its target had room. */
export type Relocation = { readonly moved: Placed; readonly from: number; readonly to: number };

/**
 * Moves after saturation. One task goes where it fits now, so that a larger one that fitted nowhere can take its place;
 * or it makes way for another running task, whose place then goes to the one that fitted nowhere. Most gained per move
 * first, until `limit` moves are made or none helps. Each step is proven by making it in order, from the fleet as it is
 * then.
 * @param fleet, placed changed by the moves
 */
export function relocate(
  fleet: Fleet,
  policy: Policy,
  placed: readonly Placed[],
  unplaced: readonly Unplaced[],
  limit: number,
): Relocation[] {
  const waiting = [...unplaced].sort((left, right) => demandOf(fleet, right) - demandOf(fleet, left));
  const made: Relocation[] = [];
  for (let before = -1; before < made.length; ) {
    before = made.length;
    for (const chain of chains(fleet, placed, waiting)) {
      if (made.length + chain.tasks.length <= limit) made.push(...tryChain(fleet, policy, chain.tasks, waiting));
    }
  }
  return made;
}

/** Tasks to move in this order: each goes to the place of the one before it, the first to a free place. */
type Chain = { readonly tasks: readonly Placed[]; readonly gainPerMove: number };

function chains(fleet: Fleet, placed: readonly Placed[], waiting: readonly Unplaced[]): Chain[] {
  const kinds = distinct(waiting);
  const openings = placed.flatMap((task) => {
    const admitted = whileAway(fleet, task, () => kinds.find((kind) => fitsOn(fleet, task.node, kind)));
    const gain = admitted ? demandOf(fleet, admitted) : 0;
    return gain > 0 ? [{ task, gain }] : [];
  });
  openings.sort((left, right) => right.gain - left.gain);
  const gains = new Map(openings.map(({ task, gain }) => [task, gain]));
  const byKind = Map.groupBy(openings, ({ task }) => kindOf(task));
  const found: Chain[] = [];
  for (const task of movable(fleet, placed)) {
    const own = gains.get(task);
    if (own) found.push({ tasks: [task], gainPerMove: own });
    const next = whileAway(fleet, task, () => {
      let best: (typeof openings)[number] | undefined;
      for (const [kind, [first, second]] of byKind) {
        const other = first!.task.node === task.node ? second : first;
        if (kind === kindOf(task) || !other || other.gain <= (best?.gain ?? 0)) continue;
        if (other.task.node !== task.node && fitsOn(fleet, task.node, other.task)) best = other;
      }
      return best;
    });
    if (next) found.push({ tasks: [task, next.task], gainPerMove: next.gain / 2 });
  }
  return found.sort((left, right) => right.gainPerMove - left.gainPerMove);
}

/** Makes the moves of a chain and admits the waiting task, or leaves all as it was. */
function tryChain(fleet: Fleet, policy: Policy, tasks: readonly Placed[], waiting: Unplaced[]): Relocation[] {
  const made: Relocation[] = [];
  const places = tasks.map(({ node, gpus }) => ({ node, gpus }));
  for (const [index, task] of tasks.entries()) {
    const to = index === 0 ? bestOther(fleet, policy, task) : places[index - 1]!.node;
    if (to < 0 || to === task.node || !fitsOn(fleet, to, task)) break;
    made.push({ moved: task, from: task.node, to });
    move(fleet, task, to, policy);
  }
  const opened = made.at(-1)?.from ?? -1;
  const admitted =
    made.length === tasks.length
      ? waiting.findIndex((one) => demandOf(fleet, one) > 0 && fitsOn(fleet, opened, one))
      : -1;
  if (admitted >= 0) {
    const [one] = waiting.splice(admitted, 1);
    place(fleet, policy, opened, one!);
    return made;
  }
  for (const [index, { moved }] of [...made.entries()].reverse()) {
    release(fleet, moved.node, moved.classNumber, moved.memoryBytes, moved.gpus);
    Object.assign(moved, places[index]);
    holdGpus(fleet, moved.node, moved.classNumber, moved.memoryBytes, moved.gpus);
  }
  return [];
}

/** Placed tasks of kinds that fit somewhere now. */
function movable(fleet: Fleet, placed: readonly Placed[]): Placed[] {
  const fitting = new Map<string, boolean>();
  return placed.filter((task) => {
    const kind = kindOf(task);
    if (!fitting.has(kind))
      fitting.set(
        kind,
        fleet.nodes.some((_, node) => fitsOn(fleet, node, task)),
      );
    return fitting.get(kind);
  });
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

function move(fleet: Fleet, task: Placed, to: number, policy: Policy): void {
  release(fleet, task.node, task.classNumber, task.memoryBytes, task.gpus);
  task.node = to;
  task.gpus = place(fleet, policy, to, task);
}

function place(fleet: Fleet, policy: Policy, node: number, task: Unplaced): GpuMask {
  const free = policy.gpuFree(node, { ...task, nowSeconds: 0 });
  return hold(fleet, node, task.classNumber, task.memoryBytes, free);
}

/** What is true while a task is away from its node; it returns to the same GPUs. */
function whileAway<T>(fleet: Fleet, { node, classNumber, memoryBytes, gpus }: Placed, look: () => T): T {
  release(fleet, node, classNumber, memoryBytes, gpus);
  const seen = look();
  holdGpus(fleet, node, classNumber, memoryBytes, gpus);
  return seen;
}

function fitsOn(fleet: Fleet, node: number, { classNumber, memoryBytes }: Unplaced): boolean {
  return fits(fleet, node, classNumber, memoryBytes);
}

/** Milli-GPU a task asks for. */
function demandOf(fleet: Fleet, { classNumber }: Unplaced): number {
  const { gpuMilli, gpuCount } = fleet.classes.classes[classNumber]!;
  return gpuMilli * gpuCount;
}

function kindOf({ classNumber, memoryBytes }: Unplaced): string {
  return `${classNumber} ${memoryBytes}`;
}

function distinct(tasks: readonly Unplaced[]): Unplaced[] {
  return [...new Map(tasks.map((task) => [kindOf(task), task])).values()];
}
