import type { StateCapacity } from '../../fleet/states.ts';
import type { CountedClass, TaskClass } from '../../fragment/mix.ts';
import { admitsModel } from '../../fragment/mix.ts';

/**
 * What a capacity is worth: minus the milli-GPU that stay idle, on average, when sequences of expected tasks fill it.
 * The same sequences judge every capacity.
 */
export type CapacityValue = (capacity: StateCapacity) => number;

/**
 * Sequences, and classes in each. More, longer or shorter ones gave the same to .1 points on seeds 1–5 of the public
 * lists (bench/notes/place.md, "What did not help").
 */
const SEQUENCES = 64;
const LENGTH = 45;
/**
 * How much more often small demands are drawn: the power −.2 of the GPUs asked for, chosen on seeds 1–10 (the same
 * page).
 */
const SMALLNESS = 0.2;
/** How often a task without GPUs is drawn, against one of a whole GPU. No reason for this number is recorded. */
const CPU_TASK_WEIGHT = 0.1;
/** More GPUs than any node has: the bits of a `GpuMask`. */
const MOST_GPUS = 32;

/**
 * The value of capacities under a mix. `SEQUENCES` sequences of `LENGTH` classes are drawn once, by count ×
 * GPUs^−`SMALLNESS` (tasks without GPUs by count × `CPU_TASK_WEIGHT`), so that small tasks, which fill gaps, come up
 * more often. Each fills a capacity greedily: a share goes to the fullest GPU that takes it; what does not fit is
 * passed over.
 * @param models names of the models by number (`ClassTable.models`)
 */
export function capacityValue(
  seen: readonly CountedClass[],
  models: readonly (string | undefined)[],
  random: () => number,
): CapacityValue {
  if (seen.length === 0) return ({ idleMilli }) => -idleMilli;
  const drawn = drawSequences(seen, random);
  const byModel = models.map((model) => admissible(drawn, model));
  const leastCpu = Math.min(...seen.filter(isGpu).map(({ taskClass }) => taskClass.milliCpu));
  const shares = new Int16Array(MOST_GPUS);
  return (capacity) => {
    const sequences = byModel[capacity.model]!;
    let idle = 0;
    for (const sequence of sequences) {
      shares.set(capacity.gpuMilli);
      idle += idleAfter(sequence, shares, capacity, leastCpu);
    }
    return -idle / sequences.length;
  };
}

/** Classes one after the other, three numbers each: milli-CPU, milli-GPU per GPU, GPUs. */
type Sequence = Int32Array;

function drawSequences(seen: readonly CountedClass[], random: () => number): TaskClass[][] {
  const ends: number[] = [];
  let total = 0;
  for (const { taskClass, count } of seen) {
    const milli = taskClass.gpuMilli * taskClass.gpuCount;
    total += milli === 0 ? CPU_TASK_WEIGHT * count : count * (milli / 1000) ** -SMALLNESS;
    ends.push(total);
  }
  const draw = () => {
    const at = random() * total;
    return seen[ends.findIndex((end) => at < end)]?.taskClass ?? seen[seen.length - 1]!.taskClass;
  };
  return Array.from({ length: SEQUENCES }, () => Array.from({ length: LENGTH }, draw));
}

function admissible(sequences: readonly TaskClass[][], model: string | undefined): Sequence[] {
  return sequences.map((sequence) =>
    Int32Array.from(
      sequence
        .filter((taskClass) => admitsModel(taskClass, model))
        .flatMap(({ milliCpu, gpuMilli, gpuCount }) => [milliCpu, gpuMilli, gpuCount]),
    ),
  );
}

/** Idle milli-GPU of a capacity once a sequence has filled it. `shares` ascend and are used up. */
function idleAfter(sequence: Sequence, shares: Int16Array, capacity: StateCapacity, leastCpu: number): number {
  const gpus = capacity.gpuMilli.length;
  let cpu = capacity.milliCpu;
  let idle = capacity.idleMilli;
  for (let at = 0; at < sequence.length && idle > 0 && cpu >= leastCpu; at += 3) {
    const milliCpu = sequence[at]!;
    if (milliCpu > cpu) continue;
    const count = sequence[at + 2]!;
    if (count === 0) {
      cpu -= milliCpu;
      continue;
    }
    const milli = sequence[at + 1]!;
    if (gpus < count || shares[gpus - count]! < milli) continue;
    cpu -= milliCpu;
    idle -= milli * count;
    if (count === 1) takeShare(shares, milli);
    else takeWhole(shares, gpus, milli, count);
  }
  return idle;
}

/** Takes a share from the fullest GPU that has it, and keeps the order. */
function takeShare(shares: Int16Array, milli: number): void {
  let gpu = 0;
  while (shares[gpu]! < milli) gpu += 1;
  const left = shares[gpu]! - milli;
  while (gpu > 0 && shares[gpu - 1]! > left) {
    shares[gpu] = shares[gpu - 1]!;
    gpu -= 1;
  }
  shares[gpu] = left;
}

function takeWhole(shares: Int16Array, gpus: number, milli: number, count: number): void {
  for (let gpu = gpus - count; gpu < gpus; gpu += 1) shares[gpu]! -= milli;
  shares.subarray(0, gpus).sort();
}

function isGpu({ taskClass }: CountedClass): boolean {
  return taskClass.gpuCount > 0;
}
