import type { Fleet } from '../../fleet/fleet.ts';
import { refreshStates } from '../../fleet/fleet.ts';
import type { CountedClass } from '../../fragment/mix.ts';

/**
 * What is scarce in the whole cluster, priced: blocks of whole GPUs for tasks that need several, CPU for tasks that need
 * much of it, and GPU models that some tasks insist on. A capacity's own value cannot see these.
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

/** Room for one more task of this size: whole GPUs with CPU, or CPU alone (`gpuCount` 0). */
export type SlotKind = { readonly gpuCount: number; readonly milliCpu: number; readonly popularity: number };

const BLOCK_KINDS = 8;
const BLOCK_WEIGHT = 0.05;
const CPU_WEIGHT = 0.1;
const LEAST_CPU = 4000;

export function clusterPrices(fleet: Fleet, seen: readonly CountedClass[]): Prices {
  const all = seen.reduce((sum, { count }) => sum + count, 0);
  const meanMilli =
    seen.reduce((sum, { taskClass, count }) => sum + taskClass.gpuMilli * taskClass.gpuCount * count, 0) / all;
  const kinds = [...blockKinds(seen, all), ...cpuKinds(seen, all)];
  const specs = modelSpecs(fleet, seen, all);
  const { models } = fleet.classes;

  let slots = new Int32Array(0);
  let filled = 0;
  let generation = -1;
  const counted = new Int32Array(fleet.nodes.length).fill(-1);
  const totals = new Float64Array(kinds.length);
  const idleByModel = new Float64Array(models.length);
  const slotPrices = new Float64Array(kinds.length);
  const modelPrices = new Float64Array(models.length);

  /** Slots of every state up to the newest one. */
  function fillSlots(): void {
    const { capacities } = fleet.states;
    if (slots.length < capacities.length * kinds.length) {
      const larger = new Int32Array(capacities.length * 2 * kinds.length);
      larger.set(slots);
      slots = larger;
    }
    for (; filled < capacities.length; filled += 1) {
      const { milliCpu, wholeGpus } = capacities[filled]!;
      kinds.forEach((kind, index) => {
        const byCpu = kind.milliCpu > 0 ? Math.floor(milliCpu / kind.milliCpu) : Number.MAX_SAFE_INTEGER;
        const byGpu = kind.gpuCount > 0 ? Math.floor(wholeGpus / kind.gpuCount) : byCpu;
        slots[filled * kinds.length + index] = Math.min(byCpu, byGpu, 2 ** 30);
      });
    }
  }

  function recount(): void {
    if (generation !== fleet.states.generation) {
      generation = fleet.states.generation;
      filled = 0;
      counted.fill(-1);
      totals.fill(0);
      idleByModel.fill(0);
    }
    fillSlots();
    for (let node = 0; node < counted.length; node += 1) {
      const state = fleet.state[node]!;
      const before = counted[node]!;
      if (state === before) continue;
      if (before >= 0) count(before, -1);
      count(state, 1);
      counted[node] = state;
    }
  }

  function count(state: number, sign: 1 | -1): void {
    const capacity = fleet.states.capacities[state]!;
    idleByModel[capacity.model]! += sign * capacity.idleMilli;
    for (let kind = 0; kind < kinds.length; kind += 1) totals[kind]! += sign * slots[state * kinds.length + kind]!;
  }

  return {
    kinds,
    slotPrices,
    modelPrices,
    slots: () => slots,
    refresh() {
      refreshStates(fleet);
      recount();
      const expectedTasks = meanMilli > 0 ? fleet.idleGpuMilli / meanMilli : 0;
      const reserve = meanMilli > 0 ? (0.1 * fleet.capacity.gpuMilli) / meanMilli : 0;
      kinds.forEach(({ gpuCount, milliCpu, popularity }, kind) => {
        const left = Math.max(0.5, totals[kind]!);
        slotPrices[kind] =
          gpuCount > 0
            ? BLOCK_WEIGHT * 1000 * gpuCount * ((popularity * expectedTasks) / left) ** 1.5
            : CPU_WEIGHT * (milliCpu / 10) * Math.min(2, (popularity * (expectedTasks + reserve)) / left);
      });
      modelPrices.fill(0);
      for (const { admitted, milliPerTask } of specs) {
        const idle = admitted.reduce((sum, model) => sum + idleByModel[model]!, 0);
        const price = Math.min(2, ((expectedTasks * milliPerTask) / Math.max(1000, idle)) ** 2);
        for (const model of admitted) modelPrices[model]! += price;
      }
    },
  };
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
    .filter(([, count]) => count > 0.05 * cpuOnly)
    .map(([milliCpu, count]) => ({ gpuCount: 0, milliCpu, popularity: count / all }));
}

/** Every set of models that some tasks insist on, with the milli-GPU an arriving task asks of it on average. */
function modelSpecs(fleet: Fleet, seen: readonly CountedClass[], all: number) {
  const specs = new Map<string, { readonly admitted: readonly number[]; milliPerTask: number }>();
  for (const { taskClass, count } of seen) {
    if (taskClass.gpuModels.length === 0) continue;
    const names = [...new Set(taskClass.gpuModels)].sort();
    const key = names.join('|');
    const admitted = names.map((name) => fleet.classes.models.indexOf(name)).filter((model) => model >= 0);
    const spec = specs.get(key) ?? { admitted, milliPerTask: 0 };
    spec.milliPerTask += (taskClass.gpuMilli * taskClass.gpuCount * count) / all;
    specs.set(key, spec);
  }
  return [...specs.values()];
}
