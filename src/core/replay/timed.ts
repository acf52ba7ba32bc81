import type { Fleet } from '../fleet/fleet.ts';
import { classNumber, refreshStates } from '../fleet/fleet.ts';
import type { SimulatedTask } from '../fleet/fromSnapshot.ts';
import { rememberedByState } from '../fleet/states.ts';
import { nodeFragment } from '../fragment/fragmentation.ts';
import { classKey } from '../fragment/mix.ts';
import { InputError } from '../model/input.ts';
import type { Random } from '../model/random.ts';
import { randomExponential, randomIndex } from '../model/random.ts';
import type { KnowledgeName } from './knowledge.ts';
import { createKnowledge } from './knowledge.ts';
import type { ListedTask } from './openb.ts';
import type { ReplayInputs } from './saturation.ts';
import { createSimulator } from './simulator.ts';

export type TimedOptions = {
  /** GPU time asked for ÷ GPU time there is. */
  readonly load: number;
  /** Simulated days in all. */
  readonly days: number;
  /** The first of them, which are not measured. */
  readonly warmUpDays: number;
  /** Longer runs are cut to this. */
  readonly capSeconds: number;
  readonly knowledge: KnowledgeName;
  readonly unplaced: 'wait' | 'drop';
  /** Told of each simulated day that is over. */
  readonly onDay?: (day: number) => void;
};

/** Means over the days after the warm-up; shares in per cent. */
export type TimedRun = {
  /** Nodes without any task. */
  readonly emptyNodes: number;
  /** GPUs on nodes without any task, of all GPUs. */
  readonly emptyGpus: number;
  /** Wholly free GPUs anywhere, of all GPUs. */
  readonly freeGpus: number;
  /** Dropped GPU demand, of all that arrived. */
  readonly rejected: number;
  /** The same weighted by runtime: GPU time that was not served. */
  readonly rejectedTime: number;
  readonly allocation: number;
  readonly fragAmount: number;
  readonly meanWaitSeconds: number;
  readonly arrivals: number;
};

const DAY = 86_400;
const SAMPLE_SECONDS = 600;

/**
 * Tasks arrive by a Poisson process, each a random row of the list with that row's own runtime, and end. The rate is
 * such that they ask for `load` of all GPU time. Decisions use nothing that comes later, but for the `oracle`'s
 * runtimes.
 * @param random decides arrivals and nothing else, so that every policy sees the same
 * @throws InputError where no row has a runtime or none asks for GPUs
 */
export function runTimed({ fleet, policy, tasks, mix }: ReplayInputs, random: Random, options: TimedOptions): TimedRun {
  const rows = timedRows(fleet, tasks, options.capSeconds);
  const gapSeconds = meanGap(rows, fleet.capacity.gpuMilli, options.load);
  const knowledge = createKnowledge(options.knowledge);
  const fragments = rememberedByState(fleet.states, (capacity) => nodeFragment(capacity, mix));
  const warmUp = options.warmUpDays * DAY;
  const flow = { arrivals: 0, demand: 0, time: 0, rejected: 0, rejectedTime: 0, placed: 0, wait: 0 };
  const capacity: CapacitySample[] = [];

  const simulator = createSimulator<Arrival>({
    fleet,
    policy,
    nowSeconds: 0,
    unplaced: options.unplaced,
    expectedRemaining: ({ group, runtimeSeconds }, elapsed) =>
      knowledge.expectedRemaining(group, runtimeSeconds, elapsed),
    survival: ({ group }) => knowledge.survival(group),
    repredict: options.knowledge === 'repredicted',
    onArrived({ demand, runtimeSeconds }, now) {
      if (now < warmUp) return;
      flow.arrivals += 1;
      flow.demand += demand;
      flow.time += demand * runtimeSeconds;
    },
    onPlaced({ task }, now) {
      if (task.atSeconds < warmUp) return;
      flow.placed += 1;
      flow.wait += now - task.atSeconds;
    },
    onEnded: ({ task }) => knowledge.ended(task.group, task.runtimeSeconds),
    onDropped({ demand, runtimeSeconds }, now) {
      if (now < warmUp) return;
      flow.rejected += demand;
      flow.rejectedTime += demand * runtimeSeconds;
    },
  });

  let id = 0;
  let nextSeconds = randomExponential(random, gapSeconds);
  for (let day = 1; day <= options.days; day += 1) {
    for (let now = (day - 1) * DAY + SAMPLE_SECONDS; now <= day * DAY; now += SAMPLE_SECONDS) {
      for (; nextSeconds <= now; nextSeconds += randomExponential(random, gapSeconds)) {
        simulator.submit({ ...rows[randomIndex(random, rows.length)]!, id, atSeconds: nextSeconds }, nextSeconds);
        id += 1;
      }
      simulator.advanceTo(now);
      if (now > warmUp) capacity.push(sampleCapacity(fleet, fragments));
    }
    options.onDay?.(day);
  }
  const mean = (amount: (sample: CapacitySample) => number) =>
    capacity.reduce((sum, sample) => sum + amount(sample), 0) / Math.max(1, capacity.length);
  return {
    emptyNodes: mean(({ emptyNodes }) => emptyNodes),
    emptyGpus: mean(({ emptyGpus }) => emptyGpus),
    freeGpus: mean(({ freeGpus }) => freeGpus),
    allocation: mean(({ allocation }) => allocation),
    fragAmount: mean(({ fragAmount }) => fragAmount),
    rejected: percent(flow.rejected, flow.demand),
    rejectedTime: percent(flow.rejectedTime, flow.time),
    meanWaitSeconds: flow.placed > 0 ? flow.wait / flow.placed : 0,
    arrivals: flow.arrivals,
  };
}

/** A row of the list as it arrives. */
type TimedRow = Omit<SimulatedTask, 'id'> & { readonly group: string; readonly demand: number };
type Arrival = TimedRow & { readonly id: number; readonly atSeconds: number };

type CapacitySample = Pick<TimedRun, 'emptyNodes' | 'emptyGpus' | 'freeGpus' | 'allocation' | 'fragAmount'>;

function timedRows(fleet: Fleet, tasks: readonly ListedTask[], capSeconds: number): TimedRow[] {
  const rows = tasks.flatMap(({ taskClass, memoryBytes, runtimeSeconds, qos = '' }) =>
    runtimeSeconds === undefined
      ? []
      : {
          classNumber: classNumber(fleet, taskClass),
          memoryBytes,
          runtimeSeconds: Math.min(capSeconds, Math.max(1, runtimeSeconds)),
          group: `${classKey(taskClass)} ${memoryBytes} ${qos}`,
          demand: taskClass.gpuMilli * taskClass.gpuCount,
        },
  );
  if (rows.length === 0) {
    throw new InputError('The task list has no runtimes. A timed replay needs scheduled_time and deletion_time.');
  }
  return rows;
}

/** Seconds between arrivals so that they ask for `load` of all GPU time. */
function meanGap(rows: readonly TimedRow[], capacityMilli: number, load: number): number {
  const milliSeconds = rows.reduce((sum, { demand, runtimeSeconds }) => sum + demand * runtimeSeconds, 0);
  if (milliSeconds === 0) throw new InputError('No task of the list asks for GPUs: a load cannot be set.');
  return milliSeconds / rows.length / (load * capacityMilli);
}

function sampleCapacity(fleet: Fleet, fragments: (state: number) => number): CapacitySample {
  refreshStates(fleet);
  let emptyNodes = 0;
  let emptyGpus = 0;
  let freeGpus = 0;
  let fragment = 0;
  for (let node = 0; node < fleet.nodes.length; node += 1) {
    const state = fleet.state[node]!;
    freeGpus += fleet.states.capacities[state]!.wholeGpus;
    fragment += fragments(state);
    if (fleet.tasks[node] !== 0) continue;
    emptyNodes += 1;
    emptyGpus += fleet.nodes[node]!.gpuCount;
  }
  const { gpuMilli } = fleet.capacity;
  return {
    emptyNodes: percent(emptyNodes, fleet.nodes.length),
    emptyGpus: percent(1000 * emptyGpus, gpuMilli),
    freeGpus: percent(1000 * freeGpus, gpuMilli),
    allocation: percent(gpuMilli - fleet.idleGpuMilli, gpuMilli),
    fragAmount: percent(fragment, gpuMilli),
  };
}

function percent(part: number, whole: number): number {
  return whole > 0 ? (100 * part) / whole : 0;
}
