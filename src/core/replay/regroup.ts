import type { SolveProgram } from '../model/program.ts';
import type { Change } from './regroupProgram.ts';
import { bestChanges, possibleChanges } from './regroupProgram.ts';
import type { Shared, Stock, Usual } from './shareStock.ts';
import { classOf, takeOut, takeStock } from './shareStock.ts';
import type { Seat, Shift } from './shiftOrder.ts';
import { orderShifts } from './shiftOrder.ts';
import type { Placed, Relocation, Unplaced, WaitingKind, Yard } from './yard.ts';
import { admitOn, leave, settle } from './yard.ts';

/** Programs that are solved, at most: each without the changes that nodes had no room for in those before. */
const MOST_PROGRAMS = 20;

/**
 * Regroups shares, wherever they are, so that their scattered rests add up to room for waiting tasks. A program over kinds
 * of shares says which GPUs change how (`regroupProgram.ts`); here, tasks and nodes with the CPU and memory are found for
 * it, and an order in which each move fits when its turn comes, where need be after a task has stopped (`paused`).
 * @param limit moves at most
 */
export function regroup(yard: Yard, limit: number, solve: SolveProgram): Relocation[] {
  const stock = takeStock(yard);
  const changes = possibleChanges(stock.packing, solve);
  const capacity = capacityOf(yard);
  const refused = new Set<string>();
  for (let program = 0; program < MOST_PROGRAMS; program += 1) {
    const able = changes.map((change) => {
      const from = stock.alike[change.gpus]!.filter(
        (gpu) =>
          !refused.has(refusal(gpu, change)) && isWithin(capacity, gpu.node, usualNeed(yard, stock, { gpu, change })),
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
    const seats = seatsThatFit(yard, stock, best, refused);
    if (seats) return carryOut(yard, seats);
  }
  return [];
}

/** What a node's CPU and memory have left. */
type Capacity = { readonly milliCpu: Float64Array; readonly memoryBytes: Float64Array };

function capacityOf({ fleet }: Yard): Capacity {
  return { milliCpu: fleet.freeMilliCpu.slice(), memoryBytes: fleet.freeMemoryBytes.slice() };
}

function takeCapacity(
  { fleet }: Yard,
  capacity: Capacity,
  node: number,
  { classNumber, memoryBytes }: Unplaced,
  sign: 1 | -1,
): void {
  capacity.milliCpu[node]! -= sign * fleet.classes.classes[classNumber]!.milliCpu;
  capacity.memoryBytes[node]! -= sign * memoryBytes;
}

/** What a change of a GPU takes of its node, should what comes ask what is usual. */
function usualNeed(yard: Yard, stock: Stock, { gpu, change }: Chosen): Usual {
  const leaving = takeOut(stock, gpu, change.leaving);
  const coming = change.coming.map((kind) => stock.usual[kind]!);
  const cpu = (sum: number, { milliCpu }: Pick<Usual, 'milliCpu'>) => sum + milliCpu;
  const memory = (sum: number, { memoryBytes }: Pick<Usual, 'memoryBytes'>) => sum + memoryBytes;
  return {
    milliCpu: coming.reduce(cpu, 0) - leaving.map((task) => classOf(yard, task)).reduce(cpu, 0),
    memoryBytes: coming.reduce(memory, 0) - leaving.reduce(memory, 0),
  };
}

function isWithin(capacity: Capacity, node: number, { milliCpu, memoryBytes }: Usual): boolean {
  return milliCpu <= capacity.milliCpu[node]! && memoryBytes <= capacity.memoryBytes[node]!;
}

type Wanted = Change & { readonly from: readonly Shared[]; readonly count: number };

/** Seats for all that the changes move; undefined where GPUs run out. What there was no room for is refused from then on. */
function seatsThatFit(yard: Yard, stock: Stock, wanted: readonly Wanted[], refused: Set<string>): Seats | undefined {
  for (;;) {
    const { chosen, missed } = choose(yard, stock, wanted, refused);
    for (const { gpu, change } of missed) refused.add(refusal(gpu, change));
    if (missed.length > 0) return undefined;
    const { full, ...seats } = seatsFor(yard, stock, chosen);
    if (full.size === 0) return seats;
    for (const { gpu, change } of chosen) if (full.has(gpu.node)) refused.add(refusal(gpu, change));
  }
}

type Chosen = { readonly gpu: Shared; readonly change: Change };

/**
 * GPUs for the changes, those first that fewest can be changed like; `missed` where they do not suffice: all that another
 * change has taken, or that refused.
 */
function choose(
  yard: Yard,
  stock: Stock,
  wanted: readonly Wanted[],
  refused: ReadonlySet<string>,
): { readonly chosen: readonly Chosen[]; readonly missed: readonly Chosen[] } {
  const capacity = capacityOf(yard);
  const taken = new Set<Shared>();
  const chosen: Chosen[] = [];
  const missed: Chosen[] = [];
  for (const change of [...wanted].sort((left, right) => left.from.length - right.from.length)) {
    const passed: Chosen[] = [];
    let missing = change.count;
    for (const gpu of change.from) {
      if (missing === 0) break;
      const one = { gpu, change };
      const need = usualNeed(yard, stock, one);
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

type Seats = {
  readonly shifts: readonly Shift[];
  readonly guests: readonly (Seat & { readonly kind: WaitingKind })[];
};

/** A seat that opens, and who takes it: a task that leaves another, or one that waits. */
type Sitting = Seat & { one: { readonly task: Placed; readonly from: Seat } | { readonly task: WaitingKind } };

/** Who goes where: by kind, who leaves and who waits to the seats that open, and the nodes that have no room for it. */
function seatsFor(yard: Yard, stock: Stock, chosen: readonly Chosen[]): Seats & { readonly full: ReadonlySet<number> } {
  const milliCpu = ({ task }: { readonly task: Unplaced }) => classOf(yard, task).milliCpu;
  const capacity = capacityOf(yard);
  const pool = chosen.flatMap(({ gpu, change }) =>
    takeOut(stock, gpu, change.leaving).map((task) => ({ task, from: { node: gpu.node, gpu: gpu.gpu } })),
  );
  for (const { task, from } of pool) takeCapacity(yard, capacity, from.node, task, -1);
  const open = chosen
    .flatMap(({ gpu: { node, gpu }, change }) => change.coming.map((kind) => ({ node, gpu, kind })))
    .sort((left, right) => capacity.milliCpu[left.node]! - capacity.milliCpu[right.node]!);
  const byKind = [...Map.groupBy(open, ({ kind }) => kind)].map(([kind, seats]): Sitting[] => {
    const leaving = pool.filter(({ task }) => stock.kindOf(task) === kind);
    const waiting = yard.waiting
      .filter((guest) => guest.count > 0 && stock.kindOf(guest) === kind)
      .flatMap((guest) => Array.from({ length: Math.min(guest.count, seats.length) }, () => ({ task: guest })))
      .sort((left, right) => milliCpu(left) - milliCpu(right))
      .slice(0, seats.length - leaving.length);
    const all = [...leaving, ...waiting].sort((left, right) => milliCpu(left) - milliCpu(right));
    return all.map((one, index) => ({ node: seats[index]!.node, gpu: seats[index]!.gpu, one }));
  });
  for (const { node, one } of byKind.flat()) takeCapacity(yard, capacity, node, one.task, 1);
  for (const sittings of byKind) relieve(yard, capacity, sittings);
  const shifts: Shift[] = [];
  const guests: (Seat & { readonly kind: WaitingKind })[] = [];
  for (const { node, gpu, one } of byKind.flat()) {
    if ('from' in one) shifts.push({ ...one, to: { node, gpu } });
    else guests.push({ node, gpu, kind: one.task });
  }
  return { shifts, guests, full: new Set([...capacity.milliCpu.keys()].filter((node) => lacks(capacity, node) > 0)) };
}

/** Exchanges seats of a kind while a node is thereby relieved and none else made full. */
function relieve(yard: Yard, capacity: Capacity, sittings: readonly Sitting[]): void {
  for (const sitting of sittings) {
    for (const other of sittings) {
      const lacked = lacks(capacity, sitting.node);
      if (lacked === 0) break;
      exchangeSeats(yard, capacity, sitting, other);
      const relieved = lacks(capacity, sitting.node) < lacked && lacks(capacity, other.node) === 0;
      if (!relieved) exchangeSeats(yard, capacity, sitting, other);
    }
  }
}

function exchangeSeats(yard: Yard, capacity: Capacity, left: Sitting, right: Sitting): void {
  for (const { node, one } of [left, right]) takeCapacity(yard, capacity, node, one.task, -1);
  [left.one, right.one] = [right.one, left.one];
  for (const { node, one } of [left, right]) takeCapacity(yard, capacity, node, one.task, 1);
}

/** What a node lacks, in CPUs and GiB; 0 where all have room. */
function lacks({ milliCpu, memoryBytes }: Capacity, node: number): number {
  return Math.max(0, -milliCpu[node]! / 1000) + Math.max(0, -memoryBytes[node]! / 2 ** 30);
}

/** Makes the moves, each where it fits by now, and lets the waiting tasks in. */
function carryOut(yard: Yard, { shifts, guests }: Seats): Relocation[] {
  const made: Relocation[] = [];
  for (const { type, shift } of orderShifts(yard.fleet, shifts)) {
    const { task, from, to } = shift;
    if (type !== 'goOn') leave(yard, task);
    if (type === 'stop') continue;
    settle(yard, task, to.node, 1 << to.gpu);
    made.push({ moved: task, from: from.node, to: to.node, ...(type === 'goOn' && { paused: true as const }) });
  }
  for (const { kind, node, gpu } of guests) admitOn(yard, kind, node, 1 << gpu);
  return made;
}

function refusal({ node, gpu }: Seat, { leaving, coming }: Change): string {
  return `${node} ${gpu}: ${leaving} for ${coming}`;
}
