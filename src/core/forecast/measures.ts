import type { Fleet } from '../fleet/fleet.ts';
import type { ExpectedMix } from '../fragment/mix.ts';
import { admitsModel } from '../fragment/mix.ts';
import type { Resources } from '../model/resources.ts';
import type { FutureStart } from './futureStart.ts';
import type { FutureWorld } from './futureWorld.ts';
import type { Kind } from './kinds.ts';

/**
 * What is measured of a cluster at one moment: numbers, so that samples can be compared, and where each of them stands.
 */
export type Measures = {
  readonly layout: Layout;
  measure(world: Pick<FutureWorld, 'fleet' | 'extraFree'>, waiting: number): Float64Array;
};

/** Places of the measures in a row of numbers. */
export type Layout = {
  /** By resource: free amount, summed over the nodes. */
  readonly free: Readonly<Record<string, number>>;
  readonly fragmentation: {
    /**
     * FGD's measure over those of the expected mix that ask for GPUs, and as a share of what is idle. Idle GPUs are
     * useless to all others, which would only add a constant.
     */
    readonly gpuMilli: number;
    readonly gpuRatio: number;
    /** The same idea for CPU: what is free on nodes that a task drawn from the mix cannot go to. */
    readonly cpuMilli: number;
    readonly cpuRatio: number;
  };
  /** Tasks that wait for capacity. */
  readonly waiting: number;
  /** By shape: how many such tasks fit, each node filled by that shape alone. */
  readonly fits: readonly number[];
};

/** A shape that the forecast counts: how many such tasks would fit. */
export type CountedShape = { readonly request: Resources; readonly gpuCount: number; readonly kind: number };

/** The measures of a start, and how they are taken of each of its worlds. */
export function measuresOf(start: FutureStart, shapes: readonly CountedShape[]): Measures {
  const resources = ['milliCpu', 'memoryBytes', 'gpuMilli', ...start.extraNames.slice(1)];
  const layout = layoutOf(resources, shapes.length);
  const fragments = fragmentsBy(start.mix, start.fleet);
  const size = resources.length + FRAGMENT_MEASURES + 1 + shapes.length;
  return {
    layout,
    measure(world, waiting) {
      const values = new Float64Array(size);
      addFree(values, layout, start.extraNames, world);
      const { gpuMilli, idleGpuMilli, cpuMilli } = fragments(world.fleet);
      const milliCpu = values[layout.free['milliCpu']!]!;
      const { fragmentation, fits } = layout;
      values[fragmentation.gpuMilli] = gpuMilli;
      values[fragmentation.gpuRatio] = idleGpuMilli > 0 ? gpuMilli / idleGpuMilli : 0;
      values[fragmentation.cpuMilli] = cpuMilli;
      values[fragmentation.cpuRatio] = milliCpu > 0 ? cpuMilli / milliCpu : 0;
      values[layout.waiting] = waiting;
      for (const [shape, { kind }] of shapes.entries()) {
        values[fits[shape]!] = countFitting(start, world, start.kinds[kind]!);
      }
      return values;
    },
  };
}

const FRAGMENT_MEASURES = 4;

function layoutOf(resources: readonly string[], shapes: number): Layout {
  const first = resources.length;
  const waiting = first + FRAGMENT_MEASURES;
  return {
    free: Object.fromEntries(resources.map((name, place) => [name, place])),
    fragmentation: { gpuMilli: first, gpuRatio: first + 1, cpuMilli: first + 2, cpuRatio: first + 3 },
    waiting,
    fits: Array.from({ length: shapes }, (_, shape) => waiting + 1 + shape),
  };
}

/** Adds up what is free; what is overbooked on one node does not lessen what is free on another. */
function addFree(
  values: Float64Array,
  { free }: Layout,
  extraNames: readonly string[],
  { fleet, extraFree }: Pick<FutureWorld, 'fleet' | 'extraFree'>,
): void {
  const [milliCpu, memoryBytes] = [free['milliCpu']!, free['memoryBytes']!];
  const columns = extraNames.length;
  const places = extraNames.map((name) => free[name]!);
  for (let node = 0; node < fleet.nodes.length; node++) {
    values[milliCpu]! += Math.max(0, fleet.freeMilliCpu[node]!);
    values[memoryBytes]! += Math.max(0, fleet.freeMemoryBytes[node]!);
    // Column 0 counts how many more tasks the node may have, which is no resource.
    for (let column = 1; column < columns; column++)
      values[places[column]!]! += Math.max(0, extraFree[node * columns + column]!);
  }
  values[free['gpuMilli']!] = fleet.idleGpuMilli;
}

/** Fragments of a fleet, in the expected amounts that a task drawn from the mix cannot use. */
type Fragments = { readonly gpuMilli: number; readonly idleGpuMilli: number; readonly cpuMilli: number };

/**
 * FGD’s measure over the classes with GPUs, their popularities scaled to add up to 1, and free CPU on nodes that a
 * class cannot go to; both in one pass, which looks at a node's GPUs once for each distinct demand and not for each
 * class.
 */
export function fragmentsBy(mix: ExpectedMix, { classes: { models } }: Fleet): (fleet: Fleet) => Fragments {
  const demands = [...new Set(mix.map(({ gpuMilli }) => gpuMilli))];
  const ofGpus = mix.reduce((sum, { gpuCount, popularity }) => (gpuCount > 0 ? sum + popularity : sum), 0);
  const classes = mix.map(({ milliCpu, gpuMilli, gpuCount, gpuModels, popularity }) => ({
    milliCpu,
    gpuCount,
    popularity,
    gpuPopularity: gpuCount > 0 ? popularity / ofGpus : 0,
    demand: demands.indexOf(gpuMilli),
    admitsModel: models.map((model) => admitsModel({ gpuModels }, model)),
  }));
  const sufficient = new Int32Array(demands.length);
  const tooFull = new Float64Array(demands.length);

  /** @returns idle milli-GPU of the node; counts its GPUs by demand on the way */
  const lookAtGpus = (fleet: Fleet, node: number): number => {
    const first = node * fleet.gpuStride;
    const end = first + fleet.nodes[node]!.gpuCount;
    let idle = 0;
    for (let gpu = first; gpu < end; gpu++) idle += fleet.freeGpuMilli[gpu]!;
    for (let demand = 0; demand < demands.length; demand++) {
      const milli = demands[demand]!;
      let enough = 0;
      let rest = 0;
      for (let gpu = first; gpu < end; gpu++) {
        const free = fleet.freeGpuMilli[gpu]!;
        if (free >= milli) enough++;
        else rest += free;
      }
      sufficient[demand] = enough;
      tooFull[demand] = rest;
    }
    return idle;
  };

  return (fleet) => {
    let gpuMilli = 0;
    let idleGpuMilli = 0;
    let cpuMilli = 0;
    for (let node = 0; node < fleet.nodes.length; node++) {
      const milliCpu = fleet.freeMilliCpu[node]!;
      const idle = lookAtGpus(fleet, node);
      if (milliCpu <= 0 && idle === 0) continue;
      const model = fleet.model[node]!;
      let ofNode = 0;
      for (let index = 0; index < classes.length; index++) {
        const each = classes[index]!;
        const { demand, gpuCount } = each;
        const goes =
          milliCpu >= each.milliCpu &&
          (gpuCount === 0 || (each.admitsModel[model]! && sufficient[demand]! >= gpuCount));
        if (!goes && milliCpu > 0) cpuMilli += each.popularity * milliCpu;
        ofNode += each.gpuPopularity * (goes ? tooFull[demand]! : idle);
      }
      gpuMilli += ofNode;
      idleGpuMilli += idle;
    }
    return { gpuMilli, idleGpuMilli, cpuMilli };
  };
}

/** How many tasks of a kind fit when every node is filled with that kind alone. */
export function countFitting(
  start: FutureStart,
  { fleet, extraFree }: Pick<FutureWorld, 'fleet' | 'extraFree'>,
  kind: Kind,
): number {
  const { milliCpu, gpuMilli, gpuCount, gpuModels } = fleet.classes.classes[kind.classNumber]!;
  const columns = start.extraNames.length;
  let fitting = 0;
  for (let node = 0; node < fleet.nodes.length; node++) {
    if (kind.admits[node] === 0) continue;
    let count = Number.POSITIVE_INFINITY;
    for (let column = 0; column < columns && count > 0; column++) {
      const amount = kind.extra[column]!;
      if (amount > 0) count = Math.min(count, Math.floor(extraFree[node * columns + column]! / amount));
    }
    if (milliCpu > 0) count = Math.min(count, Math.floor(fleet.freeMilliCpu[node]! / milliCpu));
    if (kind.memoryBytes > 0) count = Math.min(count, Math.floor(fleet.freeMemoryBytes[node]! / kind.memoryBytes));
    if (count > 0 && gpuCount > 0) count = Math.min(count, gpuSlots(fleet, node, gpuMilli, gpuCount, gpuModels));
    if (count > 0) fitting += count;
  }
  return fitting;
}

function gpuSlots(fleet: Fleet, node: number, gpuMilli: number, gpuCount: number, models: readonly string[]): number {
  const { gpuCount: gpus, gpuModel } = fleet.nodes[node]!;
  if (models.length > 0 && (gpuModel === undefined || !models.includes(gpuModel))) return 0;
  const first = node * fleet.gpuStride;
  let slots = 0;
  for (let gpu = first; gpu < first + gpus; gpu++) {
    const fitting = Math.floor(fleet.freeGpuMilli[gpu]! / gpuMilli);
    // A task of several GPUs takes distinct ones.
    slots += gpuCount === 1 ? fitting : Math.min(1, fitting);
  }
  return Math.floor(slots / gpuCount);
}
