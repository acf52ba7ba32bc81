import { fitsClass, idleMilli } from './fragmentation.ts';
import type { NamedCapacity } from './freeGpus.ts';
import type { ExpectedMix } from './mix.ts';

/** Capacity that is left when the expected tasks have filled what they can, per resource, as shares of the totals, 0 … 1. */
export type Stranding = {
  readonly milliCpu: number;
  readonly memoryBytes: number;
  readonly gpuMilli: number;
  /** Tasks that were put in. */
  readonly inflated: number;
};

/** A class of the mix with the memory a task of it asks for. */
export type InflationMix = readonly (ExpectedMix[number] & { readonly memoryBytes?: number })[];

/**
 * Stranding by inflation (as LAVA measures it, arXiv 2412.09840): tasks drawn from the mix are put into the capacity, each
 * on the node it leaves least free, until a whole round of all classes finds no place. What is left then is stranded.
 * @param total amounts of the whole cluster, what is in use included; a resource of which there is none strands nothing
 * @param random draws the classes by popularity
 */
export function stranding(
  capacities: readonly NamedCapacity[],
  total: { readonly milliCpu: number; readonly memoryBytes: number; readonly gpuMilli: number },
  mix: InflationMix,
  random: () => number,
): Stranding {
  const free = capacities.map((capacity) => ({ ...capacity, gpuMilli: Array.from(capacity.gpuMilli) }));
  const open = new Set(mix);
  let inflated = 0;
  while (open.size > 0) {
    const drawn = draw([...open], random);
    const place = tightest(free, drawn);
    if (place) {
      put(place, drawn);
      inflated += 1;
    } else open.delete(drawn);
  }
  const share = (left: number, all: number) => (all > 0 ? left / all : 0);
  const sum = (amount: (capacity: Capacity) => number) =>
    free.reduce((left, capacity) => left + Math.max(0, amount(capacity)), 0);
  return {
    milliCpu: share(
      sum(({ milliCpu }) => milliCpu),
      total.milliCpu,
    ),
    memoryBytes: share(
      sum(({ memoryBytes }) => memoryBytes),
      total.memoryBytes,
    ),
    gpuMilli: share(sum(idleMilli), total.gpuMilli),
    inflated,
  };
}

type Capacity = {
  milliCpu: number;
  memoryBytes: number;
  readonly gpuMilli: number[];
  readonly gpuModel?: string | undefined;
};

function draw(classes: InflationMix, random: () => number): InflationMix[number] {
  let left = random() * classes.reduce((sum, { popularity }) => sum + popularity, 0);
  for (const one of classes) {
    left -= one.popularity;
    if (left < 0) return one;
  }
  return classes[classes.length - 1]!;
}

/** The node that a task leaves least free of, GPUs before CPU; undefined where it fits nowhere, or asks for nothing. */
function tightest(capacities: readonly Capacity[], drawn: InflationMix[number]): Capacity | undefined {
  if (drawn.milliCpu === 0 && drawn.gpuMilli === 0 && !drawn.memoryBytes) return undefined;
  let chosen: Capacity | undefined;
  for (const capacity of capacities) {
    if (capacity.memoryBytes < (drawn.memoryBytes ?? 0) || !fitsClass(capacity, drawn)) continue;
    const gain = chosen ? idleMilli(capacity) - idleMilli(chosen) || capacity.milliCpu - chosen.milliCpu : -1;
    if (gain < 0) chosen = capacity;
  }
  return chosen;
}

/** A share goes to the fullest GPU that takes it, whole GPUs to the emptiest. */
function put(capacity: Capacity, { milliCpu, memoryBytes = 0, gpuMilli, gpuCount }: InflationMix[number]): void {
  capacity.milliCpu -= milliCpu;
  capacity.memoryBytes -= memoryBytes;
  const sufficient = capacity.gpuMilli
    .map((free, gpu) => ({ free, gpu }))
    .filter(({ free }) => free >= gpuMilli)
    .sort((left, right) => (gpuCount === 1 ? left.free - right.free : right.free - left.free));
  for (const { gpu } of sufficient.slice(0, gpuCount)) capacity.gpuMilli[gpu]! -= gpuMilli;
}
