import type { TaskClass } from '../fragment/mix.ts';
import { packInto } from './packing.ts';
import type { Random } from './random.ts';
import { randomIndex } from './random.ts';
import type { Placed, Relocation, Unplaced, WaitingKind, Yard } from './yard.ts';
import { admitOn, fitsOnGpu, leave, settle, whileAway } from './yard.ts';

/** A GPU with a rest: the tasks that share it. */
type Shared = {
  readonly node: number;
  readonly gpu: number;
  readonly tasks: readonly Placed[];
  readonly freeMilli: number;
};

const GPU_MILLI = 1000;
/** GPUs that are regrouped together, at most. */
const MOST_GPUS = 6;
/** What each round asks a move to gain at least, in milli-GPU, so that the best come first. */
const ROUNDS = [80, 40, 20, 8];
/** Neighbourhoods drawn in vain before a round ends, and actual GPUs tried for one that can be packed. */
const PATIENCE = 40_000;
const TRIES = 40;

/**
 * Regroups the tasks of a few shared GPUs, wherever they are, so that their scattered rests add up to room for a waiting
 * task: a large-neighbourhood search whose neighbourhoods are packed exactly. GPUs that hold the same amounts are alike,
 * so that neighbourhoods are drawn by their amounts. Moves are made in an order in which each fits when its turn comes;
 * where none does, one task stops and goes on last (`paused`).
 * @param limit moves at most
 */
export function regroup(yard: Yard, limit: number, random: Random): Relocation[] {
  const made: Relocation[] = [];
  let groups = [...sharedGpus(yard).values()];
  for (const worth of ROUNDS) {
    const hopeless = new Set<string>();
    for (let vain = 0; vain < PATIENCE && groups.length > 0 && made.length < limit; vain += 1) {
      const kind = anyShare(yard, random);
      const drawn = kind ? drawGroups(groups, kind.demandMilli, random) : [];
      if (!kind || drawn.length === 0) continue;
      const sample = drawn.map((group) => groups[group]![0]!);
      const key = `${drawn.toSorted().join()} ${kind.demandMilli}`;
      if (hopeless.has(key)) continue;
      const amounts = sample.flatMap(({ tasks }) => tasks.map((task) => milliOf(yard, task)));
      const bins = packInto([...amounts, kind.demandMilli], sample.length, GPU_MILLI);
      const matched = bins && bestMatch(yard, sample, bins);
      const most = Math.min(limit - made.length, kind.demandMilli / worth);
      const from = drawn.map((group) => groups[group]!);
      const moves =
        matched && amounts.length - matched.stay <= most
          ? regroupSome(yard, from, matched.bins, kind, random)
          : undefined;
      if (!moves) hopeless.add(key);
      else {
        made.push(...moves);
        groups = [...sharedGpus(yard).values()];
        hopeless.clear();
        vain = 0;
      }
    }
  }
  return made;
}

/** Shared GPUs with a rest, by the amounts on them. */
function sharedGpus(yard: Yard): Map<string, Shared[]> {
  const shared = yard.onNode.flatMap((all, node) => {
    const sharing = all.filter((task) => isShare(classOf(yard, task)));
    return [...Map.groupBy(sharing, ({ gpus }) => gpus)].map(([mask, tasks]): Shared => {
      const gpu = 31 - Math.clz32(mask);
      return { node, gpu, tasks, freeMilli: yard.fleet.freeGpuMilli[node * yard.fleet.gpuStride + gpu]! };
    });
  });
  const amounts = ({ tasks }: Shared) =>
    tasks
      .map((task) => milliOf(yard, task))
      .sort()
      .join(' ');
  return Map.groupBy(
    shared.filter(({ freeMilli }) => freeMilli > 0),
    amounts,
  );
}

/** A kind of share that waits, each as likely. */
function anyShare({ fleet, waiting }: Yard, random: Random): WaitingKind | undefined {
  const able = waiting.filter(({ classNumber, count }) => count > 0 && isShare(fleet.classes.classes[classNumber]!));
  return able[randomIndex(random, able.length)];
}

/** Groups, one GPU of each, until their rests would hold so much; none where `MOST_GPUS` of them do not. */
function drawGroups(groups: readonly (readonly Shared[])[], demandMilli: number, random: Random): number[] {
  const drawn: number[] = [];
  for (let rest = 0; rest < demandMilli; ) {
    if (drawn.length === MOST_GPUS) return [];
    const group = randomIndex(random, groups.length);
    drawn.push(group);
    rest += groups[group]![0]!.freeMilli;
  }
  return drawn;
}

/** Tries some of the GPUs that are alike until nodes and models agree; undefined where none do. */
function regroupSome(
  yard: Yard,
  groups: readonly (readonly Shared[])[],
  bins: readonly (readonly number[])[],
  kind: WaitingKind,
  random: Random,
): Relocation[] | undefined {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const gpus = groups.map((group) => group[randomIndex(random, group.length)]!);
    if (new Set(gpus).size < gpus.length) continue;
    const seats = seatsFor(yard, gpus, bins, kind);
    if (seats && roomForAll(yard, seats)) return carryOut(yard, seats, kind);
  }
  return undefined;
}

type Seat = { readonly node: number; readonly gpu: number };
type Seats = {
  readonly moves: readonly (Seat & { readonly task: Placed })[];
  readonly guest: Seat & { readonly kind: WaitingKind };
};

/** The bins in the order of the GPUs they are for, so that the most tasks stay, and how many do (over sets of bins). */
function bestMatch(
  yard: Yard,
  gpus: readonly Shared[],
  bins: readonly (readonly number[])[],
): { readonly bins: readonly (readonly number[])[]; readonly stay: number } {
  const kept = gpus.map(({ tasks }) =>
    bins.map((bin) => {
      const left = [...bin];
      return tasks.filter((task) => takeOut(left, milliOf(yard, task))).length;
    }),
  );
  /** By the set of bins that the first GPUs have (bit i for bin i): the most that stay, and the bin of the last of them. */
  let best = new Map([[0, { count: 0, chosen: [] as readonly number[] }]]);
  for (const row of kept) {
    const next: typeof best = new Map();
    for (const [taken, { count, chosen }] of best) {
      row.forEach((stay, bin) => {
        const set = taken | (1 << bin);
        if (set === taken || (next.get(set)?.count ?? -1) >= count + stay) return;
        next.set(set, { count: count + stay, chosen: [...chosen, bin] });
      });
    }
    best = next;
  }
  const [matched] = best.values();
  return { bins: matched!.chosen.map((bin) => bins[bin]!), stay: matched!.count };
}

/** Who goes where: what a GPU's bin has no place for is shared out over the bins that lack it, least CPU where there is least. */
function seatsFor(
  yard: Yard,
  gpus: readonly Shared[],
  bins: readonly (readonly number[])[],
  kind: WaitingKind,
): Seats | undefined {
  const pool: (Placed | WaitingKind)[] = [kind];
  const open: (Seat & { readonly milli: number })[] = [];
  gpus.forEach(({ node, gpu, tasks }, index) => {
    const left = [...bins[index]!];
    for (const task of tasks) if (!takeOut(left, milliOf(yard, task))) pool.push(task);
    open.push(...left.map((milli) => ({ node, gpu, milli })));
  });
  const { freeMilliCpu } = yard.fleet;
  open.sort((left, right) => freeMilliCpu[left.node]! - freeMilliCpu[right.node]!);
  pool.sort((left, right) => classOf(yard, left).milliCpu - classOf(yard, right).milliCpu);
  const moves: (Seat & { task: Placed })[] = [];
  let guest: Seats['guest'] | undefined;
  for (const { node, gpu, milli } of open) {
    const at = pool.findIndex((one) => milliOf(yard, one) === milli);
    const [one] = pool.splice(at, 1);
    if (one === kind) guest = { node, gpu, kind };
    else moves.push({ node, gpu, task: one as Placed });
  }
  return guest && { moves, guest };
}

/** True when every node has the CPU and memory once all have moved, and admits them by its model. */
function roomForAll({ fleet }: Yard, { moves, guest }: Seats): boolean {
  const coming: (Seat & { readonly task: Unplaced })[] = [...moves, { ...guest, task: guest.kind }];
  return coming.every(({ node, task }) => {
    const { gpuModels } = fleet.classes.classes[task.classNumber]!;
    const { gpuModel } = fleet.nodes[node]!;
    if (gpuModels.length > 0 && (gpuModel === undefined || !gpuModels.includes(gpuModel))) return false;
    const sum = (amount: (task: Unplaced) => number) =>
      coming.reduce((total, each) => total + (each.node === node ? amount(each.task) : 0), 0) -
      moves.reduce((total, each) => total + (each.task.node === node ? amount(each.task) : 0), 0);
    const cpu = sum(({ classNumber }) => fleet.classes.classes[classNumber]!.milliCpu);
    return cpu <= fleet.freeMilliCpu[node]! && sum(({ memoryBytes }) => memoryBytes) <= fleet.freeMemoryBytes[node]!;
  });
}

/** Makes the moves, each when its target has room, and lets the waiting task in. */
function carryOut(yard: Yard, { moves, guest }: Seats, kind: WaitingKind): Relocation[] {
  const left = [...moves];
  const paused = new Set<Placed>();
  const made: Relocation[] = [];
  while (left.length > 0) {
    const next = left.findIndex(({ task, node, gpu }) =>
      paused.has(task)
        ? fitsOnGpu(yard, task, node, gpu)
        : whileAway(yard, [task], () => fitsOnGpu(yard, task, node, gpu)),
    );
    if (next < 0) {
      const { task } = left.find((move) => !paused.has(move.task))!;
      leave(yard, task);
      paused.add(task);
      continue;
    }
    const [{ task, node, gpu }] = left.splice(next, 1) as [(typeof left)[number]];
    const from = task.node;
    if (!paused.has(task)) leave(yard, task);
    settle(yard, task, node, 1 << gpu);
    made.push({ moved: task, from, to: node, ...(paused.has(task) && { paused: true }) });
  }
  admitOn(yard, kind, guest.node, 1 << guest.gpu);
  return made;
}

function classOf({ fleet }: Yard, { classNumber }: Unplaced): TaskClass {
  return fleet.classes.classes[classNumber]!;
}

function milliOf(yard: Yard, task: Unplaced): number {
  return classOf(yard, task).gpuMilli;
}

function isShare({ gpuCount, gpuMilli }: TaskClass): boolean {
  return gpuCount === 1 && gpuMilli < GPU_MILLI;
}

/** Takes one such amount out of a list; false where there is none. */
function takeOut(amounts: number[], amount: number): boolean {
  const at = amounts.indexOf(amount);
  if (at >= 0) amounts.splice(at, 1);
  return at >= 0;
}
