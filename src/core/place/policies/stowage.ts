import type { Fleet } from '../../fleet/fleet.ts';
import { fits, refreshStates, stateAfter } from '../../fleet/fleet.ts';
import type { StateCapacity } from '../../fleet/states.ts';
import { rememberedByClassAndState, rememberedByState } from '../../fleet/states.ts';
import type { CountedClass, TaskClass } from '../../fragment/mix.ts';
import { countClasses } from '../../fragment/mix.ts';
import { sharesToTry } from './fgd.ts';
import type { Ask, FleetPolicy } from './fleetPolicy.ts';
import { gpuWorth } from './gpuWorth.ts';
import type { Prices } from './prices.ts';
import { clusterPrices } from './prices.ts';
import { capacityValue } from './rollout.ts';

export type StowageOptions = {
  /** Refuses a task that would cost more capacity than it is worth, once this share of the GPUs is allocated. */
  readonly refuseFromFraction?: number;
};

/** A task is refused when the value of its node would fall by more than this share of its GPU demand. */
const REFUSAL_LOSS = 0.02;

/**
 * Our score in space: how the task changes its node's worth, less prices of what is scarce in the cluster
 * (`prices.ts`). A node is worth what sequences of expected tasks can still fill of it (`rollout.ts`), plus what the
 * best packing makes of its GPUs (`gpuWorth.ts`). In milli-GPU, not rounded; ties by node number.
 * @param seen all classes to expect, with their counts
 */
export function stowagePolicy(
  fleet: Fleet,
  seen: readonly CountedClass[],
  random: () => number,
  { refuseFromFraction = Number.POSITIVE_INFINITY }: StowageOptions = {},
): FleetPolicy {
  const filled = rememberedByState(fleet.states, capacityValue(seen, fleet.classes.models, random));
  const packed = rememberedByState(fleet.states, packingValue(seen));
  const gains = keptGains(fleet, (state) => filled(state) + packed(state));
  const prices = clusterPrices(fleet, seen);

  function partsOn(node: number, { classNumber }: Ask) {
    const taskClass = fleet.classes.classes[classNumber]!;
    const to = gains(classNumber).after[node]!;
    const from = fleet.state[node]!;
    prices.refresh();
    const slotPrices = pricesFor(taskClass, prices);
    let blocks = 0;
    let cpu = 0;
    prices.kinds.forEach(({ gpuCount }, kind) => {
      const cost = slotPrices[kind]! * slotsLost(prices, from, to, kind);
      if (gpuCount > 0) blocks -= cost;
      else cpu -= cost;
    });
    const model = -prices.modelPrices[fleet.model[node]!]! * taskClass.gpuMilli * taskClass.gpuCount;
    return { value: filled(to) - filled(from), packing: packed(to) - packed(from), blocks, cpu, model };
  }

  function score(node: number, ask: Ask): number {
    if (!fits(fleet, node, ask.classNumber, ask.memoryBytes)) return Number.NEGATIVE_INFINITY;
    return total(partsOn(node, ask));
  }

  return {
    name: 'stowage',
    score,
    choose({ classNumber, memoryBytes }) {
      const taskClass = fleet.classes.classes[classNumber]!;
      const { gain, after } = gains(classNumber);
      prices.refresh();
      const slotPrices = pricesFor(taskClass, prices);
      const slots = prices.slots();
      const kinds = slotPrices.length;
      const milli = taskClass.gpuMilli * taskClass.gpuCount;
      const modelPrices = prices.modelPrices.map((price) => price * milli);
      const { state, model, freeMemoryBytes } = fleet;
      let chosen = -1;
      let best = Number.NEGATIVE_INFINITY;
      // Prices are never negative, so a gain that is behind already needs no pricing.
      for (let node = 0; node < gain.length; node += 1) {
        let value = gain[node]! - modelPrices[model[node]!]!;
        if (!(value > best) || freeMemoryBytes[node]! < memoryBytes) continue;
        const from = state[node]! * kinds;
        const to = after[node]! * kinds;
        for (let kind = 0; kind < kinds; kind += 1) {
          value -= slotPrices[kind]! * (slots[from + kind]! - slots[to + kind]!);
        }
        if (value > best) {
          best = value;
          chosen = node;
        }
      }
      if (chosen < 0) return -1;
      const allocated = 1 - fleet.idleGpuMilli / fleet.capacity.gpuMilli;
      if (allocated < refuseFromFraction) return chosen;
      const lost = filled(fleet.state[chosen]!) - filled(after[chosen]!);
      return lost > REFUSAL_LOSS * milli ? -1 : chosen;
    },
    gpuFree: (node, { classNumber }) => gains(classNumber).share[node]!,
    explain(node, ask) {
      const parts = partsOn(node, ask);
      return { score: total(parts), parts, reason: { code: 'worth', ...parts } };
    },
  };
}

/**
 * The same with the mix learned only from the tasks that arrived so far, learned again each time their number has
 * doubled, and from one task that takes the whole node for each kind of node with several GPUs: the largest tasks are
 * too rare to be seen in time, and once every large node holds some small task none of them has a place.
 */
export function stowageOnlinePolicy(fleet: Fleet, random: () => number, options: StowageOptions = {}): FleetPolicy {
  const whole = wholeNodes(fleet);
  const arrived: TaskClass[] = [];
  let current = stowagePolicy(fleet, countClasses(whole), random, options);
  let learnAt = 8;
  return {
    name: 'stowage-online',
    score: (node, ask) => current.score(node, ask),
    choose: (ask) => current.choose(ask),
    gpuFree: (node, ask) => current.gpuFree(node, ask),
    explain: (node, ask) => current.explain(node, ask),
    arrived({ classNumber }) {
      arrived.push(fleet.classes.classes[classNumber]!);
      if (arrived.length < learnAt) return;
      learnAt = arrived.length * 2;
      current = stowagePolicy(fleet, countClasses([...arrived, ...whole]), random, options);
    },
  };
}

/** A task that takes all of a node's GPUs and CPU, for each such size of a node with several GPUs. */
function wholeNodes(fleet: Fleet): TaskClass[] {
  const sizes = fleet.nodes
    .filter(({ gpuCount }) => gpuCount > 1)
    .map(({ gpuCount, milliCpu }): TaskClass => ({ milliCpu, gpuMilli: 1000, gpuCount, gpuModels: [] }));
  return countClasses(sizes).map(({ taskClass }) => taskClass);
}

/**
 * By node, for one class: how the capacity's value changes, the state after, and the free share of the GPU it takes.
 */
type Gains = { readonly gain: Float64Array; readonly after: Int32Array; readonly share: Int16Array };

/** The gains of every node; −Infinity where the class does not fit (memory is not looked at). */
function keptGains(fleet: Fleet, value: (state: number) => number): (classNumber: number) => Gains {
  const best = rememberedByClassAndState(fleet.states, (classNumber, capacity) =>
    bestShare(fleet, capacity, fleet.classes.classes[classNumber]!, value),
  );
  const kept: (Gains & { readonly versions: Int32Array })[] = [];
  let generation = fleet.states.generation;
  return (classNumber) => {
    refreshStates(fleet);
    if (generation !== fleet.states.generation) {
      generation = fleet.states.generation;
      kept.length = 0;
    }
    kept[classNumber] ??= newGains(fleet.nodes.length);
    const gains = kept[classNumber];
    const taskClass = fleet.classes.classes[classNumber]!;
    for (let node = 0; node < fleet.nodes.length; node += 1) {
      if (gains.versions[node] === fleet.version[node]) continue;
      gains.versions[node] = fleet.version[node]!;
      gains.gain[node] = Number.NEGATIVE_INFINITY;
      if (!fits(fleet, node, classNumber, 0)) continue;
      const capacity = fleet.states.capacities[fleet.state[node]!]!;
      gains.share[node] = best(classNumber, capacity.number);
      gains.after[node] = stateAfter(fleet, capacity, taskClass, gains.share[node]!);
      gains.gain[node] = value(gains.after[node]!) - value(capacity.number);
    }
    return gains;
  };
}

/** The free share of the GPU after whose use the capacity is worth most. */
function bestShare(
  fleet: Fleet,
  capacity: StateCapacity,
  taskClass: TaskClass,
  value: (state: number) => number,
): number {
  let best = Number.NEGATIVE_INFINITY;
  let chosen = -1;
  for (const free of sharesToTry(capacity, taskClass)) {
    const worth = value(stateAfter(fleet, capacity, taskClass, free));
    if (worth > best) {
      best = worth;
      chosen = free;
    }
  }
  return chosen;
}

function newGains(nodes: number) {
  return {
    gain: new Float64Array(nodes),
    after: new Int32Array(nodes),
    share: new Int16Array(nodes),
    versions: new Int32Array(nodes).fill(-1),
  };
}

type Parts = Readonly<Record<'value' | 'packing' | 'blocks' | 'cpu' | 'model', number>>;

function total({ value, packing, blocks, cpu, model }: Parts): number {
  return value + packing + blocks + cpu + model;
}

/**
 * Minus the milli-GPU that are free and worth nothing where all of the mix is packed as well as can be (`gpuWorth.ts`).
 */
function packingValue(seen: readonly CountedClass[]): (capacity: StateCapacity) => number {
  const worth = gpuWorth(seen);
  return ({ gpuMilli }) => gpuMilli.reduce((sum, free) => sum + worth[free]! - free, 0);
}

/** Slot prices as this class pays them: nothing for slots of its own kind, which it is there to use. */
function pricesFor({ gpuCount, milliCpu }: TaskClass, { kinds, slotPrices }: Prices): Float64Array {
  return slotPrices.map((price, index) => {
    const kind = kinds[index]!;
    return kind.gpuCount > 0 && kind.gpuCount === gpuCount && milliCpu >= kind.milliCpu ? 0 : price;
  });
}

function slotsLost(prices: Prices, before: number, after: number, kind: number): number {
  const slots = prices.slots();
  return slots[before * prices.kinds.length + kind]! - slots[after * prices.kinds.length + kind]!;
}
