import type { TaskClass } from '../fragment/mix.ts';
import { classOfRequest } from '../fragment/mix.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import type { Fleet, GpuMask } from './fleet.ts';
import { classNumber, createFleet, hold, holdGpus, sufficientGpus, tightestGpu } from './fleet.ts';

/** A task as the simulator moves it. */
export type SimulatedTask = {
  /** The caller's own number for it, unique among tasks that run or wait. */
  readonly id: number;
  /** `classNumber` in the fleet. */
  readonly classNumber: number;
  readonly memoryBytes: number;
  /** How long it will really run; `Infinity` when it never ends by itself. */
  readonly runtimeSeconds: number;
};

/** A task that holds capacity in the fleet. */
export type RunningTask<T extends SimulatedTask = SimulatedTask> = {
  readonly task: T;
  readonly node: number;
  readonly gpus: GpuMask;
  readonly startedAtSeconds: number;
  readonly endsAtSeconds: number;
  /** When it is expected to end, by all that is known; absent: nothing is. */
  readonly expectedEndSeconds?: number;
};

/** A snapshot as simulations start from it. Nodes and tasks are numbered by their places in the snapshot. */
export type SimulationStart = {
  readonly fleet: Fleet;
  /** Tasks bound to a node, with capacity held for them in the fleet. */
  readonly bound: readonly BoundTask[];
  readonly pending: readonly BoundTask['task'][];
};

export type BoundTask = Omit<RunningTask, 'task' | 'endsAtSeconds'> & {
  readonly task: Omit<SimulatedTask, 'runtimeSeconds'>;
};

/**
 * Puts the tasks of a snapshot into a fleet: those that name their GPU first, then large GPU demands before small, each
 * share in the fullest GPU that takes it. Extended resources other than GPUs are not part of a fleet. A task whose GPUs
 * cannot be found free (the node is overcommitted) holds CPU and memory only.
 */
export function simulationStart({
  nodes,
  tasks,
  takenAtSeconds,
}: Pick<Snapshot, 'nodes' | 'tasks' | 'takenAtSeconds'>): SimulationStart {
  const fleet = createFleet(
    nodes.map(({ name, allocatable, gpuModel }) => ({
      name,
      milliCpu: allocatable.milliCpu,
      memoryBytes: allocatable.memoryBytes,
      gpuCount: Math.floor(allocatable.gpuMilli / 1000),
      gpuModel,
    })),
  );
  const nodeNumbers = new Map(nodes.map(({ name }, node) => [name, node]));
  const numbered = tasks.map((task, id) => ({ task, id, node: nodeNumbers.get(task.node ?? '') }));
  const bound: BoundTask[] = [];
  for (const { task, id, node } of numbered.filter(isBound).sort(byGpuDemand)) {
    const asked = asSimulated(fleet, task, id);
    const { gpuMilli, gpuCount } = fleet.classes.classes[asked.classNumber]!;
    const enough = sufficientGpus(fleet, node, gpuMilli) >= gpuCount;
    const held = enough ? asked : { ...asked, classNumber: classNumber(fleet, withoutGpus(classOf(task))) };
    const named = enough && gpuCount === 1 ? namedGpu(fleet, node, task) : undefined;
    const gpus =
      named === undefined
        ? hold(fleet, node, held.classNumber, held.memoryBytes, tightestGpu(fleet, node, held.classNumber))
        : holdGpus(fleet, node, held.classNumber, held.memoryBytes, 1 << named);
    bound.push({ task: held, node, gpus, startedAtSeconds: task.startedAtSeconds ?? takenAtSeconds });
  }
  return {
    fleet,
    bound,
    pending: numbered
      .filter(({ task }) => task.phase === 'pending' && task.node === undefined)
      .map(({ task, id }) => asSimulated(fleet, task, id)),
  };
}

type Numbered = { readonly task: Task; readonly id: number; readonly node: number | undefined };

function isBound(numbered: Numbered): numbered is Numbered & { readonly node: number } {
  return numbered.node !== undefined;
}

function byGpuDemand(left: Numbered, right: Numbered): number {
  const named = Number(right.task.gpuIndex !== undefined) - Number(left.task.gpuIndex !== undefined);
  return named || right.task.allocation.gpuMilli - left.task.allocation.gpuMilli || left.id - right.id;
}

/** The GPU the task says it sits in, where that one has enough free. */
function namedGpu(fleet: Fleet, node: number, { gpuIndex, allocation }: Task): number | undefined {
  if (gpuIndex === undefined || gpuIndex >= fleet.nodes[node]!.gpuCount) return undefined;
  return fleet.freeGpuMilli[node * fleet.gpuStride + gpuIndex]! >= allocation.gpuMilli ? gpuIndex : undefined;
}

function withoutGpus(taskClass: TaskClass): TaskClass {
  return { ...taskClass, gpuMilli: 0, gpuCount: 0, gpuModels: [] };
}

function asSimulated(fleet: Fleet, task: Task, id: number): BoundTask['task'] {
  return { id, classNumber: classNumber(fleet, classOf(task)), memoryBytes: task.allocation.memoryBytes };
}

function classOf({ allocation, gpuCount, constraints }: Task): TaskClass {
  return classOfRequest(allocation, gpuCount, constraints);
}
