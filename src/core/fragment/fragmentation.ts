import { admitsModel, type ExpectedMix, type TaskClass } from './mix.ts';

/** What is free on one node. */
export type FreeCapacity = {
  readonly milliCpu: number;
  /** Free share of each GPU, 0 … 1000; empty for a node without GPUs. */
  readonly gpuMilli: ArrayLike<number>;
  readonly gpuModel?: string | undefined;
  /** How long the capacity stays free (the method's available time t); absent: for ever, as in FGD. */
  readonly availableSeconds?: number;
};

/** One node's fragment: expected idle milli-GPU that a task of the mix cannot use. */
export function nodeFragment(capacity: FreeCapacity, mix: ExpectedMix): number {
  let fragment = 0;
  for (const expected of mix) fragment += expected.popularity * classFragment(capacity, expected);
  return fragment;
}

/**
 * What of a node's idle GPUs is useless to one class, in milli-GPU: all of it where the class cannot run here (lacks
 * CPU, GPUs or the model, or asks for no GPU at all), else the GPUs too full for it. Memory is not looked at, as in
 * FGD. A class that runs longer than the capacity stays free can use none of it: the measure's extension in time.
 */
export function classFragment(
  capacity: FreeCapacity,
  taskClass: TaskClass & { readonly runtimeSeconds?: number },
): number {
  const idle = idleMilli(capacity);
  if (taskClass.gpuMilli === 0 || !fitsClass(capacity, taskClass)) return idle;
  if ((taskClass.runtimeSeconds ?? 0) > (capacity.availableSeconds ?? Number.POSITIVE_INFINITY)) return idle;
  let useless = 0;
  for (let gpu = 0; gpu < capacity.gpuMilli.length; gpu += 1) {
    const free = capacity.gpuMilli[gpu]!;
    if (free < taskClass.gpuMilli) useless += free;
  }
  return useless;
}

/**
 * True when a task of the class can be put into the capacity now; a share sits inside one GPU, several GPUs are
 * distinct.
 */
export function fitsClass(capacity: FreeCapacity, taskClass: TaskClass): boolean {
  const { milliCpu, gpuMilli, gpuCount } = taskClass;
  if (capacity.milliCpu < milliCpu) return false;
  if (gpuCount === 0) return true;
  if (!admitsModel(taskClass, capacity.gpuModel)) return false;
  let sufficient = 0;
  for (let gpu = 0; gpu < capacity.gpuMilli.length; gpu += 1) {
    if (capacity.gpuMilli[gpu]! >= gpuMilli) sufficient += 1;
  }
  return sufficient >= gpuCount;
}

/** Free milli-GPU of a node. */
export function idleMilli(capacity: FreeCapacity): number {
  let idle = 0;
  for (let gpu = 0; gpu < capacity.gpuMilli.length; gpu += 1) idle += capacity.gpuMilli[gpu]!;
  return idle;
}
