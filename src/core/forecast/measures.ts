import { clusterFragmentation, type FreeRoom, fitsClass } from '../fragment/fragmentation.ts';
import type { ExpectedMix } from '../fragment/mix.ts';
import type { Resources } from '../model/resources.ts';
import type { Fleet } from '../place/policies/fleet.ts';
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
 * - `waiting`: tasks that wait for room;
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
  const gpuMix = withGpus(start.mix);
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
      const gpu = clusterFragmentation(freeRoomsOf(fleet), gpuMix);
      const cpuMilli = uselessCpu(fleet, start.mix);
      return Float64Array.from([
        milliCpu,
        memoryBytes,
        fleet.idleGpuMilli,
        ...extra.subarray(1),
        gpu.amountMilli,
        gpu.ratio,
        cpuMilli,
        milliCpu > 0 ? cpuMilli / milliCpu : 0,
        waiting,
        ...shapes.map(({ kind }) => countFitting(start, world, start.kinds[kind]!)),
      ]);
    },
  };
}

/** The classes with GPUs, their shares brought to 1 again. */
function withGpus(mix: ExpectedMix): ExpectedMix {
  const asking = mix.filter(({ gpuCount }) => gpuCount > 0);
  const share = asking.reduce((sum, { popularity }) => sum + popularity, 0);
  return asking.map((expected) => ({ ...expected, popularity: expected.popularity / share }));
}

/** Free room of every node that has some, one after the other. */
function* freeRoomsOf(fleet: Fleet): Generator<FreeRoom> {
  for (let node = 0; node < fleet.nodes.length; node++) {
    const { gpuCount, gpuModel } = fleet.nodes[node]!;
    if (gpuCount === 0 || !hasIdleGpu(fleet, node)) continue;
    const first = node * fleet.gpuStride;
    yield {
      milliCpu: fleet.freeMilliCpu[node]!,
      gpuMilli: fleet.freeGpuMilli.subarray(first, first + gpuCount),
      gpuModel,
    };
  }
}

function hasIdleGpu(fleet: Fleet, node: number): boolean {
  const first = node * fleet.gpuStride;
  for (let gpu = first; gpu < first + fleet.nodes[node]!.gpuCount; gpu++) if (fleet.freeGpuMilli[gpu]! > 0) return true;
  return false;
}

/** Σ p_m × free CPU of the nodes that a task of class m cannot go to. */
function uselessCpu(fleet: Fleet, mix: ExpectedMix): number {
  let useless = 0;
  for (let node = 0; node < fleet.nodes.length; node++) {
    const milliCpu = fleet.freeMilliCpu[node]!;
    if (milliCpu <= 0) continue;
    const { gpuCount, gpuModel } = fleet.nodes[node]!;
    const first = node * fleet.gpuStride;
    const room = { milliCpu, gpuMilli: fleet.freeGpuMilli.subarray(first, first + gpuCount), gpuModel };
    for (const expected of mix) if (!fitsClass(room, expected)) useless += expected.popularity * milliCpu;
  }
  return useless;
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
