import type { SolveProgram } from '../model/program.ts';
import type { GpuSlot, PlannedMove } from './moveOrder.ts';
import { orderMoves } from './moveOrder.ts';
import type { GpuChange } from './regroupProgram.ts';
import { bestChanges, possibleChanges } from './regroupProgram.ts';
import type { Placed, Relocation, SaturatedCluster, Unplaced, WaitingKind } from './saturatedCluster.ts';
import { admitOn, leave, settle } from './saturatedCluster.ts';
import type { Shared, Stock, Usual } from './shareStock.ts';
import { classOf, takeOut, takeStock } from './shareStock.ts';

/** Programs that are solved, at most: each without the changes that no node could take in those before. */
const MOST_PROGRAMS = 20;

/**
 * Regroups shares, wherever they are, so that their scattered rests add up to what waiting tasks need. A program
 * over kinds of shares says which GPUs change how (`regroupProgram.ts`); here, tasks and nodes with the CPU and memory
 * are found for it, and an order in which each move fits when its turn comes, where need be after a task has stopped
 * (`paused`).
 * @param limit moves at most
 */
export function regroup(cluster: SaturatedCluster, limit: number, solve: SolveProgram): Relocation[] {
  const stock = takeStock(cluster);
  const changes = possibleChanges(stock.packing, solve);
  const capacity = capacityOf(cluster);
  const refused = new Set<string>();
  for (let program = 0; program < MOST_PROGRAMS; program += 1) {
    const able = changes.map((change) => {
      const from = stock.alike[change.gpus]!.filter(
        (gpu) =>
          !refused.has(refusal(gpu, change)) &&
          isWithin(capacity, gpu.node, usualNeed(cluster, stock, { gpu, change })),
      );
      return { ...change, from };
    });
    const best = bestChanges(
      stock.packing,
      able.filter(({ from }) => from.length > 0),
      limit,
      solve,
    );
    if (best.length === 0) return [];
    const slots = slotsThatFit(cluster, stock, best, refused);
    if (slots) return carryOut(cluster, slots);
  }
  return [];
}

/** What a node's CPU and memory have left. */
type Left = { readonly milliCpu: Float64Array; readonly memoryBytes: Float64Array };

function capacityOf({ fleet }: SaturatedCluster): Left {
  return { milliCpu: fleet.freeMilliCpu.slice(), memoryBytes: fleet.freeMemoryBytes.slice() };
}

function takeCapacity(
  { fleet }: SaturatedCluster,
  capacity: Left,
  node: number,
  { classNumber, memoryBytes }: Unplaced,
  sign: 1 | -1,
): void {
  capacity.milliCpu[node]! -= sign * fleet.classes.classes[classNumber]!.milliCpu;
  capacity.memoryBytes[node]! -= sign * memoryBytes;
}

/** What a change of a GPU takes of its node, should what comes ask what is usual. */
function usualNeed(cluster: SaturatedCluster, stock: Stock, { gpu, change }: Chosen): Usual {
  const leaving = takeOut(stock, gpu, change.leaving);
  const coming = change.coming.map((kind) => stock.usual[kind]!);
  const cpu = (sum: number, { milliCpu }: Pick<Usual, 'milliCpu'>) => sum + milliCpu;
  const memory = (sum: number, { memoryBytes }: Pick<Usual, 'memoryBytes'>) => sum + memoryBytes;
  return {
    milliCpu: coming.reduce(cpu, 0) - leaving.map((task) => classOf(cluster, task)).reduce(cpu, 0),
    memoryBytes: coming.reduce(memory, 0) - leaving.reduce(memory, 0),
  };
}

function isWithin(capacity: Left, node: number, { milliCpu, memoryBytes }: Usual): boolean {
  return milliCpu <= capacity.milliCpu[node]! && memoryBytes <= capacity.memoryBytes[node]!;
}

type Wanted = GpuChange & { readonly from: readonly Shared[]; readonly count: number };

/**
 * Slots for all that the changes move; undefined where GPUs run out. A change that did not fit is refused from then on.
 */
function slotsThatFit(
  cluster: SaturatedCluster,
  stock: Stock,
  wanted: readonly Wanted[],
  refused: Set<string>,
): Assigned | undefined {
  for (;;) {
    const { chosen, missed } = choose(cluster, stock, wanted, refused);
    for (const { gpu, change } of missed) refused.add(refusal(gpu, change));
    if (missed.length > 0) return undefined;
    const { full, ...slots } = slotsFor(cluster, stock, chosen);
    if (full.size === 0) return slots;
    for (const { gpu, change } of chosen) if (full.has(gpu.node)) refused.add(refusal(gpu, change));
  }
}

type Chosen = { readonly gpu: Shared; readonly change: GpuChange };

/**
 * GPUs for the changes, those first that fewest can be changed like; `missed` where they do not suffice: all that
 * another change has taken, or that refused.
 */
function choose(
  cluster: SaturatedCluster,
  stock: Stock,
  wanted: readonly Wanted[],
  refused: ReadonlySet<string>,
): { readonly chosen: readonly Chosen[]; readonly missed: readonly Chosen[] } {
  const capacity = capacityOf(cluster);
  const taken = new Set<Shared>();
  const chosen: Chosen[] = [];
  const missed: Chosen[] = [];
  for (const change of [...wanted].sort((left, right) => left.from.length - right.from.length)) {
    const passed: Chosen[] = [];
    let missing = change.count;
    for (const gpu of change.from) {
      if (missing === 0) break;
      const one = { gpu, change };
      const need = usualNeed(cluster, stock, one);
      if (taken.has(gpu) || refused.has(refusal(gpu, change)) || !isWithin(capacity, gpu.node, need)) {
        passed.push(one);
        continue;
      }
      taken.add(gpu);
      chosen.push(one);
      missing -= 1;
      capacity.milliCpu[gpu.node]! -= need.milliCpu;
      capacity.memoryBytes[gpu.node]! -= need.memoryBytes;
    }
    if (missing > 0) missed.push(...passed);
  }
  return { chosen, missed };
}

type Assigned = {
  readonly moves: readonly PlannedMove[];
  readonly pending: readonly (GpuSlot & { readonly kind: WaitingKind })[];
};

/** A slot that opens, and the task that takes it: one that leaves another slot, or one that waits. */
type TakenSlot = GpuSlot & { one: { readonly task: Placed; readonly from: GpuSlot } | { readonly task: WaitingKind } };

/**
 * By kind, tasks that leave and tasks that wait to the slots that open; `full` are the nodes that lack something then.
 */
function slotsFor(
  cluster: SaturatedCluster,
  stock: Stock,
  chosen: readonly Chosen[],
): Assigned & { readonly full: ReadonlySet<number> } {
  const milliCpu = ({ task }: { readonly task: Unplaced }) => classOf(cluster, task).milliCpu;
  const capacity = capacityOf(cluster);
  const pool = chosen.flatMap(({ gpu, change }) =>
    takeOut(stock, gpu, change.leaving).map((task) => ({ task, from: { node: gpu.node, gpu: gpu.gpu } })),
  );
  for (const { task, from } of pool) takeCapacity(cluster, capacity, from.node, task, -1);
  const open = chosen
    .flatMap(({ gpu: { node, gpu }, change }) => change.coming.map((kind) => ({ node, gpu, kind })))
    .sort((left, right) => capacity.milliCpu[left.node]! - capacity.milliCpu[right.node]!);
  const byKind = [...Map.groupBy(open, ({ kind }) => kind)].map(([kind, slots]): TakenSlot[] => {
    const leaving = pool.filter(({ task }) => stock.kindOf(task) === kind);
    const waiting = cluster.waiting
      .filter((task) => task.count > 0 && stock.kindOf(task) === kind)
      .flatMap((task) => Array.from({ length: Math.min(task.count, slots.length) }, () => ({ task })))
      .sort((left, right) => milliCpu(left) - milliCpu(right))
      .slice(0, slots.length - leaving.length);
    const all = [...leaving, ...waiting].sort((left, right) => milliCpu(left) - milliCpu(right));
    return all.map((one, index) => ({ node: slots[index]!.node, gpu: slots[index]!.gpu, one }));
  });
  for (const { node, one } of byKind.flat()) takeCapacity(cluster, capacity, node, one.task, 1);
  for (const taken of byKind) evenOut(cluster, capacity, taken);
  const moves: PlannedMove[] = [];
  const pending: (GpuSlot & { readonly kind: WaitingKind })[] = [];
  for (const { node, gpu, one } of byKind.flat()) {
    if ('from' in one) moves.push({ ...one, to: { node, gpu } });
    else pending.push({ node, gpu, kind: one.task });
  }
  return { moves, pending, full: new Set([...capacity.milliCpu.keys()].filter((node) => lacks(capacity, node) > 0)) };
}

/** Exchanges slots of a kind while one node then lacks less and the other nothing. */
function evenOut(cluster: SaturatedCluster, capacity: Left, taken: readonly TakenSlot[]): void {
  for (const slot of taken) {
    for (const other of taken) {
      const lacked = lacks(capacity, slot.node);
      if (lacked === 0) break;
      exchangeSlots(cluster, capacity, slot, other);
      const better = lacks(capacity, slot.node) < lacked && lacks(capacity, other.node) === 0;
      if (!better) exchangeSlots(cluster, capacity, slot, other);
    }
  }
}

function exchangeSlots(cluster: SaturatedCluster, capacity: Left, left: TakenSlot, right: TakenSlot): void {
  for (const { node, one } of [left, right]) takeCapacity(cluster, capacity, node, one.task, -1);
  [left.one, right.one] = [right.one, left.one];
  for (const { node, one } of [left, right]) takeCapacity(cluster, capacity, node, one.task, 1);
}

/** What a node lacks, in CPUs and GiB; 0 where nothing is lacking. */
function lacks({ milliCpu, memoryBytes }: Left, node: number): number {
  return Math.max(0, -milliCpu[node]! / 1000) + Math.max(0, -memoryBytes[node]! / 2 ** 30);
}

/** Makes the moves, each where it fits by now, and lets the waiting tasks in. */
function carryOut(cluster: SaturatedCluster, { moves, pending }: Assigned): Relocation[] {
  const made: Relocation[] = [];
  for (const { type, move } of orderMoves(cluster.fleet, moves)) {
    const { task, from, to } = move;
    if (type !== 'goOn') leave(cluster, task);
    if (type === 'stop') continue;
    settle(cluster, task, to.node, 1 << to.gpu);
    made.push({ moved: task, from: from.node, to: to.node, ...(type === 'goOn' && { paused: true as const }) });
  }
  for (const { kind, node, gpu } of pending) admitOn(cluster, kind, node, 1 << gpu);
  return made;
}

function refusal({ node, gpu }: GpuSlot, { leaving, coming }: GpuChange): string {
  return `${node} ${gpu}: ${leaving} for ${coming}`;
}
