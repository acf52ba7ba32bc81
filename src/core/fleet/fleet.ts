import type { FreeCapacity } from '../fragment/fragmentation.ts';
import type { TaskClass } from '../fragment/mix.ts';
import { admitsModel, classKey } from '../fragment/mix.ts';
import type { StateCapacity, States } from './states.ts';
import { createStates, forgetStates, stateOf } from './states.ts';

/**
 * Many nodes and what is free on them, as typed arrays: the state that replays, forecasts and the sample cluster move
 * forward. Nodes and task classes are numbers; a lower node number wins ties. Node states and classes are shared by all
 * copies of a fleet.
 */
export type Fleet = {
  readonly nodes: readonly FleetNode[];
  readonly freeMilliCpu: Float64Array;
  readonly freeMemoryBytes: Float64Array;
  /** Free share of GPU i of node n at n × `gpuStride` + i. */
  readonly freeGpuMilli: Int16Array;
  readonly gpuStride: number;
  /** Number of each node's model in `classes.models`. */
  readonly model: Int16Array;
  /** Tasks on each node. */
  readonly tasks: Int32Array;
  /** Tasks with GPUs on each node. */
  readonly gpuTasks: Int32Array;
  /** When the last of a node's tasks is expected to end; 0 for an empty node. Kept by whoever knows. */
  readonly exitSeconds: Float64Array;
  /** What all nodes have together. */
  readonly capacity: Capacity;
  /** Free milli-GPU of all nodes. */
  idleGpuMilli: number;
  /** Counts the changes of each node. */
  readonly version: Int32Array;
  /** State of each node; current only after `refreshStates`. */
  readonly state: Int32Array;
  /** Nodes whose `state` is not current. */
  readonly changed: number[];
  /** Which generation of `states` the numbers in `state` are of. */
  generation: number;
  readonly states: States;
  readonly classes: ClassTable;
};

export type FleetNode = {
  readonly name: string;
  readonly milliCpu: number;
  readonly memoryBytes: number;
  readonly gpuCount: number;
  readonly gpuModel?: string | undefined;
};

export type Capacity = { readonly milliCpu: number; readonly memoryBytes: number; readonly gpuMilli: number };

/** Task classes, numbered in order of first sight, with the models each admits. */
export type ClassTable = {
  readonly classes: TaskClass[];
  readonly numbers: Map<string, number>;
  /** Models by number; a node without one has the number 0. */
  readonly models: (string | undefined)[];
};

/** The GPUs that a task holds on its node, bit i for GPU i. */
export type GpuMask = number;

const MAX_GPUS = 30;
const MAX_STATES = 150_000;

/**
 * An empty fleet: every node wholly free.
 * @throws RangeError for a node with more than 30 GPUs or a negative or fractional amount
 */
export function createFleet(nodes: readonly FleetNode[]): Fleet {
  for (const { name, milliCpu, memoryBytes, gpuCount } of nodes) {
    if (!(gpuCount >= 0 && gpuCount <= MAX_GPUS && Number.isInteger(gpuCount))) {
      throw new RangeError(`Node ${name} has ${gpuCount} GPUs; 0 to ${MAX_GPUS} are possible`);
    }
    if (!(milliCpu >= 0 && milliCpu < 2 ** 28 && Number.isInteger(milliCpu) && memoryBytes >= 0)) {
      throw new RangeError(`Node ${name} has ${milliCpu} milli-CPU and ${memoryBytes} bytes`);
    }
  }
  const gpuStride = Math.max(1, ...nodes.map(({ gpuCount }) => gpuCount));
  const freeGpuMilli = new Int16Array(nodes.length * gpuStride);
  nodes.forEach(({ gpuCount }, node) => {
    freeGpuMilli.fill(1000, node * gpuStride, node * gpuStride + gpuCount);
  });
  const sum = (amount: (node: FleetNode) => number) => nodes.reduce((total, node) => total + amount(node), 0);
  const capacity = {
    milliCpu: sum(({ milliCpu }) => milliCpu),
    memoryBytes: sum(({ memoryBytes }) => memoryBytes),
    gpuMilli: sum(({ gpuCount }) => gpuCount * 1000),
  };
  const models = [undefined, ...distinctModels(nodes)];
  return {
    nodes,
    freeMilliCpu: Float64Array.from(nodes, ({ milliCpu }) => milliCpu),
    freeMemoryBytes: Float64Array.from(nodes, ({ memoryBytes }) => memoryBytes),
    freeGpuMilli,
    gpuStride,
    model: Int16Array.from(nodes, ({ gpuModel }) => models.indexOf(gpuModel)),
    tasks: new Int32Array(nodes.length),
    gpuTasks: new Int32Array(nodes.length),
    exitSeconds: new Float64Array(nodes.length),
    capacity,
    idleGpuMilli: capacity.gpuMilli,
    version: new Int32Array(nodes.length),
    state: new Int32Array(nodes.length).fill(-1),
    changed: nodes.map((_, node) => node),
    generation: 0,
    states: createStates(),
    classes: { classes: [], numbers: new Map(), models },
  };
}

/**
 * The fleet of nodes that are partly in use already.
 * @param totals allocatable amounts of the nodes
 * @param free what is free of them, in the same order
 */
export function fleetOfCapacities(
  totals: readonly FleetNode[],
  free: readonly (FreeCapacity & { readonly memoryBytes: number })[],
): Fleet {
  const fleet = createFleet(totals);
  free.forEach((capacity, node) => {
    fleet.freeMilliCpu[node] = Math.max(0, Math.floor(capacity.milliCpu));
    fleet.freeMemoryBytes[node] = Math.max(0, capacity.memoryBytes);
    for (let gpu = 0; gpu < totals[node]!.gpuCount; gpu += 1) {
      const milli = Math.max(0, Math.min(1000, Math.floor(capacity.gpuMilli[gpu] ?? 0)));
      fleet.freeGpuMilli[node * fleet.gpuStride + gpu] = milli;
      fleet.idleGpuMilli -= 1000 - milli;
    }
  });
  return fleet;
}

/** An independent copy that shares states and classes: the start of another future. */
export function copyFleet(fleet: Fleet): Fleet {
  return {
    ...fleet,
    freeMilliCpu: fleet.freeMilliCpu.slice(),
    freeMemoryBytes: fleet.freeMemoryBytes.slice(),
    freeGpuMilli: fleet.freeGpuMilli.slice(),
    tasks: fleet.tasks.slice(),
    gpuTasks: fleet.gpuTasks.slice(),
    exitSeconds: fleet.exitSeconds.slice(),
    version: fleet.version.slice(),
    state: fleet.state.slice(),
    changed: [...fleet.changed],
  };
}

/** The number of a task class in this fleet. */
export function classNumber({ classes: { classes, numbers } }: Fleet, taskClass: TaskClass): number {
  const key = classKey(taskClass);
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, classes.length);
  return classes.push(taskClass) - 1;
}

/**
 * True when a task fits: CPU, memory, model, and its GPUs. A share sits inside one GPU; several GPUs are distinct ones.
 */
export function fits(fleet: Fleet, node: number, classNumber: number, memoryBytes: number): boolean {
  const taskClass = fleet.classes.classes[classNumber]!;
  const { milliCpu, gpuMilli, gpuCount } = taskClass;
  if (fleet.freeMilliCpu[node]! < milliCpu || fleet.freeMemoryBytes[node]! < memoryBytes) return false;
  if (gpuCount === 0) return true;
  if (!admitsModel(taskClass, fleet.nodes[node]!.gpuModel)) return false;
  return sufficientGpus(fleet, node, gpuMilli) >= gpuCount;
}

/** How many GPUs of a node have a free share of at least `gpuMilli`. */
export function sufficientGpus(fleet: Fleet, node: number, gpuMilli: number): number {
  const first = node * fleet.gpuStride;
  const end = first + fleet.nodes[node]!.gpuCount;
  let sufficient = 0;
  for (let gpu = first; gpu < end; gpu += 1) if (fleet.freeGpuMilli[gpu]! >= gpuMilli) sufficient += 1;
  return sufficient;
}

/**
 * Takes what a task of a class holds from what a node has free (S205). Only where it fits: nothing is checked here.
 * @param gpuFree free share of the GPU a share goes to; ignored for whole GPUs, which take the emptiest sufficient
 *   ones, lowest number first
 * @returns the GPUs it holds, for `release`
 */
export function hold(fleet: Fleet, node: number, classNumber: number, memoryBytes: number, gpuFree: number): GpuMask {
  const { gpuMilli, gpuCount } = fleet.classes.classes[classNumber]!;
  let mask = 0;
  if (gpuCount === 1) mask = 1 << gpuWithFree(fleet, node, gpuFree);
  else for (let left = gpuCount; left > 0; left -= 1) mask |= 1 << emptiestGpu(fleet, node, gpuMilli, mask);
  return holdGpus(fleet, node, classNumber, memoryBytes, mask);
}

/** As `hold`, on the GPUs of a mask. */
export function holdGpus(fleet: Fleet, node: number, classNumber: number, memoryBytes: number, mask: GpuMask): GpuMask {
  take(fleet, node, classNumber, memoryBytes, mask, -1);
  return mask;
}

/** Gives back what `hold` took. */
export function release(fleet: Fleet, node: number, classNumber: number, memoryBytes: number, mask: GpuMask): void {
  take(fleet, node, classNumber, memoryBytes, mask, 1);
}

/** Brings `state` up to date for every node that changed since the last call. */
export function refreshStates(fleet: Fleet): void {
  if (fleet.states.capacities.length > MAX_STATES) forgetStates(fleet.states);
  if (fleet.generation !== fleet.states.generation) {
    fleet.generation = fleet.states.generation;
    for (let node = 0; node < fleet.nodes.length; node += 1) forgetState(fleet, node);
  }
  for (const node of fleet.changed) {
    const { gpuCount, gpuModel } = fleet.nodes[node]!;
    const first = node * fleet.gpuStride;
    fleet.state[node] = stateOf(
      fleet.states,
      fleet.model[node]!,
      gpuModel,
      Math.max(0, fleet.freeMilliCpu[node]!),
      sortedShares(fleet.freeGpuMilli, first, gpuCount),
    );
  }
  fleet.changed.length = 0;
}

/**
 * The number of the state that a node in one state is in once it has taken a task of a class.
 * @param gpuFree free share of the GPU a share goes to
 */
export function stateAfter(fleet: Fleet, capacity: StateCapacity, taskClass: TaskClass, gpuFree: number): number {
  const shares = capacity.gpuMilli.slice();
  for (let left = taskClass.gpuCount; left > 0; left -= 1) {
    const gpu = taskClass.gpuCount === 1 ? shares.indexOf(gpuFree) : shares.length - left;
    shares[gpu]! -= taskClass.gpuMilli;
  }
  shares.sort();
  return stateOf(fleet.states, capacity.model, capacity.gpuModel, capacity.milliCpu - taskClass.milliCpu, shares);
}

/** Free milli-GPU of a node. */
export function idleOf(fleet: Fleet, node: number): number {
  const first = node * fleet.gpuStride;
  let idle = 0;
  for (let gpu = first; gpu < first + fleet.gpuStride; gpu += 1) idle += fleet.freeGpuMilli[gpu]!;
  return idle;
}

/** The state a node is in. */
export function capacityOf(fleet: Fleet, node: number): StateCapacity {
  refreshStates(fleet);
  return fleet.states.capacities[fleet.state[node]!]!;
}

/** Free share of the fullest GPU of a node that takes a task of the class; −1 where none does. */
export function tightestGpu(fleet: Fleet, node: number, classNumber: number): number {
  const { gpuMilli } = fleet.classes.classes[classNumber]!;
  const first = node * fleet.gpuStride;
  let tightest = -1;
  for (let gpu = first; gpu < first + fleet.nodes[node]!.gpuCount; gpu += 1) {
    const free = fleet.freeGpuMilli[gpu]!;
    if (free >= gpuMilli && (tightest < 0 || free < tightest)) tightest = free;
  }
  return tightest;
}

/** Takes (`sign` −1) or gives back (1) what one task holds. */
function take(fleet: Fleet, node: number, classNumber: number, memoryBytes: number, mask: GpuMask, sign: 1 | -1): void {
  const { milliCpu, gpuMilli } = fleet.classes.classes[classNumber]!;
  fleet.freeMilliCpu[node]! += sign * milliCpu;
  fleet.freeMemoryBytes[node]! += sign * memoryBytes;
  fleet.tasks[node]! -= sign;
  touch(fleet, node);
  if (mask === 0) return;
  fleet.gpuTasks[node]! -= sign;
  const first = node * fleet.gpuStride;
  for (let gpu = 0; mask >> gpu !== 0; gpu += 1) {
    if (((mask >> gpu) & 1) === 0) continue;
    fleet.freeGpuMilli[first + gpu]! += sign * gpuMilli;
    fleet.idleGpuMilli += sign * gpuMilli;
  }
}

function touch(fleet: Fleet, node: number): void {
  fleet.version[node]! += 1;
  forgetState(fleet, node);
}

function forgetState(fleet: Fleet, node: number): void {
  if (fleet.state[node] === -1) return;
  fleet.state[node] = -1;
  fleet.changed.push(node);
}

function gpuWithFree(fleet: Fleet, node: number, free: number): number {
  const first = node * fleet.gpuStride;
  for (let gpu = 0; gpu < fleet.nodes[node]!.gpuCount; gpu += 1) {
    if (fleet.freeGpuMilli[first + gpu] === free) return gpu;
  }
  throw new RangeError(`Node ${fleet.nodes[node]!.name} has no GPU with a free share of ${free}`);
}

/** The GPU with the largest free share that is not in the mask, lowest number first. */
function emptiestGpu(fleet: Fleet, node: number, gpuMilli: number, mask: GpuMask): number {
  const first = node * fleet.gpuStride;
  let chosen = -1;
  for (let gpu = 0; gpu < fleet.nodes[node]!.gpuCount; gpu += 1) {
    const free = fleet.freeGpuMilli[first + gpu]!;
    if (free < gpuMilli || ((mask >> gpu) & 1) === 1) continue;
    if (chosen < 0 || free > fleet.freeGpuMilli[first + chosen]!) chosen = gpu;
  }
  return chosen;
}

const scratch = Array.from({ length: MAX_GPUS + 1 }, (_, count) => new Int16Array(count));

/** The shares in ascending order, in a scratch array: nodes have few GPUs, so insertion is the fastest sort. */
function sortedShares(all: Int16Array, first: number, count: number): Int16Array {
  const sorted = scratch[count]!;
  for (let index = 0; index < count; index += 1) {
    const share = all[first + index]!;
    let place = index;
    while (place > 0 && sorted[place - 1]! > share) {
      sorted[place] = sorted[place - 1]!;
      place -= 1;
    }
    sorted[place] = share;
  }
  return sorted;
}

function distinctModels(nodes: readonly FleetNode[]): string[] {
  return [...new Set(nodes.flatMap(({ gpuModel }) => (gpuModel === undefined ? [] : [gpuModel])))];
}
