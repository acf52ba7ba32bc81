import type { Fleet, FleetNode } from '../fleet/fleet.ts';
import { classNumber, hold, refreshStates } from '../fleet/fleet.ts';
import { rememberedByState } from '../fleet/states.ts';
import { nodeFragment } from '../fragment/fragmentation.ts';
import type { ExpectedMix, TaskClass } from '../fragment/mix.ts';
import type { SolveProgram } from '../model/program.ts';
import type { Random } from '../model/random.ts';
import { randomIndex, shuffled } from '../model/random.ts';
import type { Ask, FleetPolicy } from '../place/policies/fleetPolicy.ts';
import type { ListedTask } from './openb.ts';
import { relocate } from './relocation.ts';
import type { Placed, Unplaced } from './saturatedCluster.ts';

/**
 * The published protocol of "Beware of Fragmentation" (ATC'23; its artifact's simulator): tasks arrive one after the
 * other, none ends, one that fits nowhere is dropped but counts as arrived; what is measured is how much of the GPUs is
 * allocated, and how much of the rest is fragments, by arrived load.
 */
export type SaturationRun = {
  /** By whole per cent of arrived GPU load. */
  readonly samples: ReadonlyMap<number, SaturationSample>;
  readonly failed: FailedTasks;
  /**
   * Moves that were made after the last arrival, those of them whose task had to stop before others could move, and the
   * allocation they gave back, in per cent of the GPUs.
   */
  readonly moves?: { readonly made: number; readonly paused: number; readonly gained: number };
};

/** All in per cent; allocation and amount of the GPU capacity, ratio of the idle GPUs. */
export type SaturationSample = {
  readonly allocation: number;
  readonly fragRatio: number;
  readonly fragAmount: number;
};

/** What was dropped: how many by kind, and the GPU demand they had, in per cent of capacity. */
export type FailedTasks = {
  readonly cpuOnly: number;
  readonly share: number;
  /** Tasks by number of whole GPUs, by that number. */
  readonly whole: Readonly<Record<string, number>>;
  readonly gpuDemand: number;
};

/** How many tasks may be moved, and what solves the programs that say which. */
export type Moves = { readonly limit: number; readonly solve: SolveProgram };

/** One order of nodes and tasks, as a seed has it. */
export type Workload = { readonly nodes: readonly FleetNode[]; readonly tasks: readonly ListedTask[] };

/**
 * The workload of a seed: tasks in random order, then tuned to `load` × GPU capacity, by deleting random ones or
 * appending random clones; nodes in a random order that decides ties.
 */
export function seededWorkload(
  nodes: readonly FleetNode[],
  tasks: readonly ListedTask[],
  load: number,
  random: Random,
): Workload {
  const capacityMilli = nodes.reduce((sum, { gpuCount }) => sum + gpuCount * 1000, 0);
  const byName = [...tasks].sort((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0));
  const tuned = tuneLoad(shuffled(random, byName), load * capacityMilli, random);
  return { nodes: shuffled(random, nodes), tasks: tuned };
}

/** What a replay runs. */
export type ReplayInputs = {
  /** The one the policy was made for, empty; the replay fills it. */
  readonly fleet: Fleet;
  readonly policy: FleetPolicy;
  readonly tasks: readonly ListedTask[];
  /** What fragments are measured against. */
  readonly mix: ExpectedMix;
};

/**
 * Runs one policy over a workload. A load that no arrival rounds to is sampled at the first arrival beyond it, the last
 * one at the end at the latest (a small list is tuned to somewhat less than the load).
 * @param sampleAt arrived loads in whole per cent, ascending
 * @param moves tasks to be moved after the last arrival (`relocation.ts`); they change no sample
 */
export function runSaturation(
  { fleet, policy, tasks, mix }: ReplayInputs,
  sampleAt: readonly number[],
  moves?: Moves,
): SaturationRun {
  const fragments = rememberedByState(fleet.states, (capacity) => nodeFragment(capacity, mix));
  const samples = new Map<number, SaturationSample[]>(sampleAt.map((load) => [load, []]));
  const dropped: (ListedTask & Unplaced)[] = [];
  const placed: Placed[] = [];
  let arrivedMilli = 0;
  for (const task of tasks) {
    const { taskClass, memoryBytes } = task;
    const ask: Ask = { classNumber: classNumber(fleet, taskClass), memoryBytes, nowSeconds: 0 };
    policy.arrived?.(ask);
    const node = policy.choose(ask);
    if (node >= 0) {
      const gpus = hold(fleet, node, ask.classNumber, memoryBytes, policy.gpuFree(node, ask));
      policy.placed?.(node, ask);
      placed.push({ classNumber: ask.classNumber, memoryBytes, node, gpus });
    } else dropped.push({ ...task, classNumber: ask.classNumber });
    arrivedMilli += gpuDemand(taskClass);
    const arrived = Math.round((100 * arrivedMilli) / fleet.capacity.gpuMilli);
    for (const [load, taken] of samples) {
      if (arrived === load || (arrived > load && taken.length === 0)) taken.push(sample(fleet, fragments));
    }
  }
  const last = samples.get(sampleAt.at(-1) ?? 0);
  if (last?.length === 0) last.push(sample(fleet, fragments));
  const idleBefore = fleet.idleGpuMilli;
  const made = moves ? relocate({ fleet, policy, placed, unplaced: dropped }, moves.limit, moves.solve) : [];
  return {
    samples: new Map([...samples].filter(([, taken]) => taken.length > 0).map(([load, taken]) => [load, mean(taken)])),
    failed: failedTasks(dropped, fleet.capacity.gpuMilli),
    ...(moves && {
      moves: {
        made: made.length,
        paused: made.filter(({ paused }) => paused).length,
        gained: (100 * (idleBefore - fleet.idleGpuMilli)) / fleet.capacity.gpuMilli,
      },
    }),
  };
}

function sample(fleet: Fleet, fragments: (state: number) => number): SaturationSample {
  refreshStates(fleet);
  const { idleGpuMilli, capacity } = fleet;
  let fragment = 0;
  for (const state of fleet.state) fragment += fragments(state);
  return {
    allocation: (100 * (capacity.gpuMilli - idleGpuMilli)) / capacity.gpuMilli,
    fragRatio: idleGpuMilli > 0 ? (100 * fragment) / idleGpuMilli : 0,
    fragAmount: (100 * fragment) / capacity.gpuMilli,
  };
}

function mean(samples: readonly SaturationSample[]): SaturationSample {
  const of = (value: (one: SaturationSample) => number) =>
    samples.reduce((sum, one) => sum + value(one), 0) / samples.length;
  return {
    allocation: of(({ allocation }) => allocation),
    fragRatio: of(({ fragRatio }) => fragRatio),
    fragAmount: of(({ fragAmount }) => fragAmount),
  };
}

function failedTasks(dropped: readonly ListedTask[], capacityMilli: number): FailedTasks {
  const failed = { cpuOnly: 0, share: 0, whole: {} as Record<string, number>, gpuDemand: 0 };
  for (const { taskClass } of dropped) {
    failed.gpuDemand += (100 * gpuDemand(taskClass)) / capacityMilli;
    if (taskClass.gpuCount === 0) failed.cpuOnly += 1;
    else if (taskClass.gpuMilli < 1000) failed.share += 1;
    else failed.whole[taskClass.gpuCount] = (failed.whole[taskClass.gpuCount] ?? 0) + 1;
  }
  return failed;
}

/**
 * Deletes random tasks until the demand is at most `targetMilli`, or appends random clones while it stays below. As in
 * the artifact, the last clone's demand is looked at per GPU.
 */
function tuneLoad(tasks: readonly ListedTask[], targetMilli: number, random: Random): ListedTask[] {
  const tuned = [...tasks];
  let demand = tasks.reduce((sum, { taskClass }) => sum + gpuDemand(taskClass), 0);
  if (demand === 0) return tuned;
  while (demand > targetMilli) {
    const [deleted] = tuned.splice(randomIndex(random, tuned.length), 1);
    demand -= gpuDemand(deleted!.taskClass);
  }
  for (;;) {
    const clone = tasks[randomIndex(random, tasks.length)]!;
    if (demand + clone.taskClass.gpuMilli > targetMilli) return tuned;
    tuned.push(clone);
    demand += gpuDemand(clone.taskClass);
  }
}

function gpuDemand({ gpuMilli, gpuCount }: TaskClass): number {
  return gpuMilli * gpuCount;
}
