import type { Task } from '../model/task.ts';

/**
 * Free share of each GPU of a node; tasks that name their GPU first, then whole GPUs, then large shares before small.
 */
export function freeGpus(totalMilli: number, tasks: readonly Task[]): number[] {
  const free = new Array<number>(Math.floor(totalMilli / 1000)).fill(1000);
  if (free.length === 0) return free;
  const holding = tasks.filter(({ allocation }) => allocation.gpuMilli > 0);
  const named = holding.filter(({ gpuIndex }) => gpuIndex !== undefined && free[gpuIndex] !== undefined);
  for (const task of named) free[task.gpuIndex!] = Math.max(0, free[task.gpuIndex!]! - task.allocation.gpuMilli);
  const others = holding.filter((task) => !named.includes(task));
  for (const { allocation, gpuCount } of others.sort((a, b) => b.allocation.gpuMilli - a.allocation.gpuMilli)) {
    const perGpu = allocation.gpuMilli / Math.max(1, gpuCount);
    for (let count = Math.max(1, gpuCount); count > 0; count -= 1) {
      const gpu = fullestThatTakes(free, perGpu);
      free[gpu] = Math.max(0, free[gpu]! - perGpu);
    }
  }
  return free;
}

function fullestThatTakes(free: readonly number[], milli: number): number {
  let chosen = -1;
  for (let gpu = 0; gpu < free.length; gpu += 1) {
    if (free[gpu]! >= milli && (chosen < 0 || free[gpu]! < free[chosen]!)) chosen = gpu;
  }
  return chosen >= 0 ? chosen : free.indexOf(Math.max(...free));
}
