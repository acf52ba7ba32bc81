import type { Fleet } from '../../fleet/fleet.ts';
import { refreshStates } from '../../fleet/fleet.ts';
import type { StateCapacity } from '../../fleet/states.ts';
import { type CountedClass, demandMilli } from '../../fragment/mix.ts';
import { GPU_MILLI } from './gpuWorth.ts';

/**
 * What is scarce in the whole cluster, priced: blocks of whole GPUs for tasks that need several, CPU for tasks that
 * need much of it, and GPU models that some tasks insist on. A capacity's own value cannot see these.
 */
export type Prices = {
  readonly kinds: readonly SlotKind[];
  /** What one slot of each kind costs now, in milli-GPU. */
  readonly slotPrices: Float64Array;
  /** What a milli-GPU of each model costs now, by the model's number. */
  readonly modelPrices: Float64Array;
  /** Slots by state and kind, at state × kinds + kind; for every state known at the last `refresh`. */
  slots(): Int32Array;
  /** Brings prices and slots up to date with the fleet. */
  refresh(): void;
};

/** Capacity for one more task of this size: whole GPUs with CPU, or CPU alone (`gpuCount` 0). */
export type SlotKind = { readonly gpuCount: number; readonly milliCpu: number; readonly popularity: number };

/*
 * How prices rise. Weights of blocks and of CPU were chosen among others on seeds 1–5 of the public lists, where the
 * others gave the same to .1 points or worse (bench/notes/place.md, "What did not help"). No reason is recorded for the
 * other numbers.
 */

/** Kinds of blocks that are priced: those that most GPUs are asked in. */
const BLOCK_KINDS = 8;
/** Price of a block over the milli-GPU in it, where as many are expected to be asked for as are left. */
const BLOCK_WEIGHT = 0.05;
/** Power of expected over left with which it rises. */
const BLOCK_POWER = 1.5;
/** Slots below which a price rises no more: half of one, since the last may be gone. */
const LEAST_SLOTS = 0.5;
/**
 * Price of CPU over the milli-GPU that it is counted as, where as many slots are expected to be asked for as are left.
 */
const CPU_WEIGHT = 0.1;
/** Milli-CPU that count as one milli-GPU. */
const CPU_PER_GPU = 10;
/** Expected over left beyond which CPU becomes no dearer. */
const MOST_CPU_DEMAND = 2;
/** Share of all GPUs that is added to the idle ones when CPU is priced: CPU is still asked for when no GPU is left. */
const CPU_RESERVE_FRACTION = 0.1;
/**
 * From how much milli-CPU a task without GPUs counts as large, and from what share of these tasks its size is priced.
 */
const LEAST_CPU = 4000;
const LEAST_CPU_FRACTION = 0.05;
/**
 * Power of expected over idle with which a model's price rises, and the price of a milli-GPU beyond which it does not.
 */
const MODEL_POWER = 2;
const MOST_MODEL_PRICE = 2;

export function clusterPrices(fleet: Fleet, seen: readonly CountedClass[]): Prices {
  const all = seen.reduce((sum, { count }) => sum + count, 0);
  const meanMilli = seen.reduce((sum, { taskClass, count }) => sum + demandMilli(taskClass) * count, 0) / all;
  const kinds = [...blockKinds(seen, all), ...cpuKinds(seen, all)];
  const demands = modelDemands(fleet, seen, all);
  const supply = createSupply(fleet, kinds);
  const slotPrices = new Float64Array(kinds.length);
  const modelPrices = new Float64Array(fleet.classes.models.length);
  /** Tasks that so many milli-GPU are enough for. */
  const tasksIn = (milli: number) => (meanMilli > 0 ? milli / meanMilli : 0);
  return {
    kinds,
    slotPrices,
    modelPrices,
    slots: supply.slots,
    refresh() {
      refreshStates(fleet);
      supply.recount();
      const tasks = tasksIn(fleet.idleGpuMilli);
      const withReserve = tasks + tasksIn(CPU_RESERVE_FRACTION * fleet.capacity.gpuMilli);
      kinds.forEach((kind, index) => {
        const left = Math.max(LEAST_SLOTS, supply.left[index]!);
        slotPrices[index] = kind.gpuCount > 0 ? blockPrice(kind, tasks, left) : cpuPrice(kind, withReserve, left);
      });
      modelPrices.fill(0);
      for (const { admitted, milliPerTask } of demands) {
        const idle = admitted.reduce((sum, model) => sum + supply.idleByModel[model]!, 0);
        const price = Math.min(MOST_MODEL_PRICE, ((tasks * milliPerTask) / Math.max(GPU_MILLI, idle)) ** MODEL_POWER);
        for (const model of admitted) modelPrices[model]! += price;
      }
    },
  };
}

function blockPrice({ gpuCount, popularity }: SlotKind, tasks: number, left: number): number {
  return BLOCK_WEIGHT * GPU_MILLI * gpuCount * ((popularity * tasks) / left) ** BLOCK_POWER;
}

function cpuPrice({ milliCpu, popularity }: SlotKind, tasks: number, left: number): number {
  return CPU_WEIGHT * (milliCpu / CPU_PER_GPU) * Math.min(MOST_CPU_DEMAND, (popularity * tasks) / left);
}

/** What the whole fleet has left, kept up to date node by node. */
type Supply = {
  /** Slots by kind. */
  readonly left: Float64Array;
  /** Idle milli-GPU by the model's number. */
  readonly idleByModel: Float64Array;
  /** As `Prices.slots`. */
  slots(): Int32Array;
  /** Counts the nodes whose state has changed; the fleet's states are fresh. */
  recount(): void;
};

function createSupply(fleet: Fleet, kinds: readonly SlotKind[]): Supply {
  const table = slotTable(fleet, kinds);
  const left = new Float64Array(kinds.length);
  const idleByModel = new Float64Array(fleet.classes.models.length);
  const counted = new Int32Array(fleet.nodes.length).fill(-1);
  let generation = -1;

  function count(state: number, sign: 1 | -1): void {
    const capacity = fleet.states.capacities[state]!;
    const slots = table.slots();
    idleByModel[capacity.model]! += sign * capacity.idleMilli;
    for (let kind = 0; kind < kinds.length; kind += 1) left[kind]! += sign * slots[state * kinds.length + kind]!;
  }

  function startOver(): void {
    generation = fleet.states.generation;
    table.clear();
    counted.fill(-1);
    left.fill(0);
    idleByModel.fill(0);
  }

  return {
    left,
    idleByModel,
    slots: table.slots,
    recount() {
      if (generation !== fleet.states.generation) startOver();
      table.fill();
      for (let node = 0; node < counted.length; node += 1) {
        const state = fleet.state[node]!;
        const before = counted[node]!;
        if (state === before) continue;
        if (before >= 0) count(before, -1);
        count(state, 1);
        counted[node] = state;
      }
    },
  };
}

/** Slots by state and kind, at state × kinds + kind, of every state up to the newest at the last `fill`. */
function slotTable(fleet: Fleet, kinds: readonly SlotKind[]) {
  let slots = new Int32Array(0);
  let filled = 0;
  return {
    slots: () => slots,
    clear() {
      filled = 0;
    },
    fill() {
      const { capacities } = fleet.states;
      if (slots.length < capacities.length * kinds.length) {
        const larger = new Int32Array(capacities.length * 2 * kinds.length);
        larger.set(slots);
        slots = larger;
      }
      for (; filled < capacities.length; filled += 1) {
        const capacity = capacities[filled]!;
        kinds.forEach((kind, index) => {
          slots[filled * kinds.length + index] = slotsIn(capacity, kind);
        });
      }
    },
  };
}

/** More slots than any node has, for a kind that asks for nothing. */
const MOST_SLOTS = 2 ** 30;

function slotsIn({ milliCpu, wholeGpus }: StateCapacity, kind: SlotKind): number {
  const byCpu = kind.milliCpu > 0 ? Math.floor(milliCpu / kind.milliCpu) : MOST_SLOTS;
  const byGpu = kind.gpuCount > 0 ? Math.floor(wholeGpus / kind.gpuCount) : byCpu;
  return Math.min(byCpu, byGpu, MOST_SLOTS);
}

/** The (GPUs, CPU) sizes of tasks with several GPUs that ask for most GPUs in all. */
function blockKinds(seen: readonly CountedClass[], all: number): SlotKind[] {
  const kinds = new Map<string, SlotKind>();
  for (const { taskClass, count } of seen) {
    const { gpuCount, milliCpu } = taskClass;
    if (gpuCount < 2) continue;
    const key = `${gpuCount} ${milliCpu}`;
    kinds.set(key, { gpuCount, milliCpu, popularity: (kinds.get(key)?.popularity ?? 0) + count / all });
  }
  return [...kinds.values()]
    .sort((left, right) => right.gpuCount * right.popularity - left.gpuCount * left.popularity)
    .slice(0, BLOCK_KINDS);
}

/** The CPU sizes that are frequent among large tasks without GPUs. */
function cpuKinds(seen: readonly CountedClass[], all: number): SlotKind[] {
  const sizes = new Map<number, number>();
  let cpuOnly = 0;
  for (const { taskClass, count } of seen) {
    if (taskClass.gpuCount > 0) continue;
    cpuOnly += count;
    if (taskClass.milliCpu >= LEAST_CPU) sizes.set(taskClass.milliCpu, (sizes.get(taskClass.milliCpu) ?? 0) + count);
  }
  return [...sizes]
    .filter(([, count]) => count > LEAST_CPU_FRACTION * cpuOnly)
    .map(([milliCpu, count]) => ({ gpuCount: 0, milliCpu, popularity: count / all }));
}

/** Every set of models that some tasks insist on, with the milli-GPU an arriving task asks of it on average. */
function modelDemands(fleet: Fleet, seen: readonly CountedClass[], all: number) {
  const demands = new Map<string, { readonly admitted: readonly number[]; milliPerTask: number }>();
  for (const { taskClass, count } of seen) {
    if (taskClass.gpuModels.length === 0) continue;
    const names = [...new Set(taskClass.gpuModels)].sort();
    const key = names.join('|');
    const admitted = names.map((name) => fleet.classes.models.indexOf(name)).filter((model) => model >= 0);
    const demand = demands.get(key) ?? { admitted, milliPerTask: 0 };
    demand.milliPerTask += (demandMilli(taskClass) * count) / all;
    demands.set(key, demand);
  }
  return [...demands.values()];
}
