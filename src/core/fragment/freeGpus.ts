import type { Resources } from '../model/resources.ts';
import { subtractResources } from '../model/resources.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import type { FreeCapacity } from './fragmentation.ts';

/** A node's free capacity with its name and its free memory. */
export type NamedCapacity = FreeCapacity & { readonly name: string; readonly memoryBytes: number };

/**
 * What is free on each node of a snapshot, in its order: allocatable less what the scheduler holds for the tasks bound
 * to it. A share sits in the GPU it names, else in the fullest GPU that takes it; whole GPUs take free ones.
 */
export function freeCapacities(snapshot: Pick<Snapshot, 'nodes' | 'tasks'>): NamedCapacity[] {
  const held = new Map<string, Task[]>();
  for (const task of snapshot.tasks) {
    if (task.node === undefined) continue;
    const tasks = held.get(task.node);
    if (tasks) tasks.push(task);
    else held.set(task.node, [task]);
  }
  return snapshot.nodes.map(({ name, allocatable, gpuModel }) => {
    const tasks = held.get(name) ?? [];
    const free = tasks.reduce((left: Resources, task) => subtractResources(left, task.allocation), allocatable);
    return {
      name,
      milliCpu: free.milliCpu,
      memoryBytes: free.memoryBytes,
      gpuMilli: freeGpus(allocatable.gpuMilli, tasks),
      gpuModel,
    };
  });
}

/** Free share of each GPU of a node; tasks that name their GPU first, then whole GPUs, then large shares before small. */
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
