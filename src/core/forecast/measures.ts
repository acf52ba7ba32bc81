import type { Fleet } from '../fleet/fleet.ts';
import type { ExpectedMix } from '../fragment/mix.ts';
import { admitsModel } from '../fragment/mix.ts';
import type { Resources } from '../model/resources.ts';
import type { FutureStart, Kind } from './futureStart.ts';
import type { FutureWorld } from './futureWorld.ts';

/** What is measured of a cluster at one moment, as named numbers in one order, so that samples can be compared. */
export type Measures = {
  readonly names: readonly string[];
  /** Numbers in the order of `names`. */
  measure(world: Pick<FutureWorld, 'fleet' | 'extraFree'>, waiting: number): Float64Array;
};

/** A shape that the forecast counts: how many such tasks would fit. */
export type CountedShape = { readonly request: Resources; readonly gpuCount: number; readonly kind: number };

/**
 * The measures of a start:
 * - `free milliCpu`, `free memoryBytes`, `free gpuMilli` and every extended resource, summed over the nodes;
 * - `fragment gpuMilli` and `fragment gpuRatio`: FGD's measure over those of the expected mix that ask for GPUs (idle GPUs are
 *   useless to all others, which would only add a constant);
 * - `fragment cpuMilli` and `fragment cpuRatio`: the same idea for CPU, free CPU on nodes that a task drawn from the mix cannot go to;
 * - `waiting`: tasks that wait for capacity;
 * - `fits i`: how many tasks of shape i fit, each node filled by that shape alone.
 */
export function measuresOf(start: FutureStart, shapes: readonly CountedShape[]): Measures {
  const names = [
    'free milliCpu',
    'free memoryBytes',
    'free gpuMilli',
    ...start.extraNames.slice(1).map((name) => `free ${name}`),
    'fragment gpuMilli',
    'fragment gpuRatio',
    'fragment cpuMilli',
    'fragment cpuRatio',
    'waiting',
    ...shapes.map((_, index) => `fits ${index}`),
  ];
  const fragments = fragmentsBy(start.mix, start.fleet);
  return {
    names,
    measure(world, waiting) {
      const { fleet, extraFree } = world;
      const columns = start.extraNames.length;
      const extra = new Float64Array(columns);
      let milliCpu = 0;
      let memoryBytes = 0;
      for (let node = 0; node < fleet.nodes.length; node++) {
        milliCpu += Math.max(0, fleet.freeMilliCpu[node]!);
        memoryBytes += Math.max(0, fleet.freeMemoryBytes[node]!);
        for (let column = 0; column < columns; column++)
          extra[column]! += Math.max(0, extraFree[node * columns + column]!);
      }
      const { gpuMilli, idleGpuMilli, cpuMilli } = fragments(fleet);
      return Float64Array.from([
        milliCpu,
        memoryBytes,
        fleet.idleGpuMilli,
        ...extra.subarray(1),
        gpuMilli,
        idleGpuMilli > 0 ? gpuMilli / idleGpuMilli : 0,
        cpuMilli,
        milliCpu > 0 ? cpuMilli / milliCpu : 0,
        waiting,
        ...shapes.map(({ kind }) => countFitting(start, world, start.kinds[kind]!)),
      ]);
    },
  };
}

/** Fragments of a fleet, in the expected amounts that a task drawn from the mix cannot use. */
type Fragments = { readonly gpuMilli: number; readonly idleGpuMilli: number; readonly cpuMilli: number };

/**
 * FGD’s measure over the classes with GPUs, their shares brought to 1 again, and free CPU on nodes that a class cannot
 * go to; both in one pass, which looks at a node's GPUs once for each distinct demand and not for each class.
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
