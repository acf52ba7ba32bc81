import type { FreeCapacity } from '../fragment/fragmentation.ts';

/**
 * Distinct free capacities, numbered. Two nodes with the same model, free CPU and free GPU shares (in any order) are in
 * the same state, and whatever is computed from these alone is computed once. The number is exact: it is the leaf of a
 * trie over model, shares in ascending order, and CPU.
 */
export type States = {
  /** By state; shares ascending. */
  readonly capacities: StateCapacity[];
  /** Trie edges: parent × 2^20 + value → child. */
  readonly edges: Map<number, number>;
  readonly leaves: Map<number, number>;
  /** Counts how often all states were forgotten: what was remembered by state number is void after that. */
  generation: number;
};

export type StateCapacity = FreeCapacity & {
  /** The state's own number: its index in `capacities`. */
  readonly number: number;
  readonly gpuMilli: Int16Array;
  /** Sum of the shares. */
  readonly idleMilli: number;
  /** GPUs with a free share of 1000. */
  readonly wholeGpus: number;
  readonly model: number;
};

const VALUES = 2 ** 20;

/** No state yet. */
export function createStates(): States {
  return { capacities: [], edges: new Map(), leaves: new Map(), generation: 0 };
}

/**
 * The number of a state.
 * @param model number of the GPU model, below 2^20; `gpuModel` is its name
 * @param milliCpu free CPU, a whole number
 * @param gpuMilli free shares in ascending order; copied
 */
export function stateOf(
  states: States,
  model: number,
  gpuModel: string | undefined,
  milliCpu: number,
  gpuMilli: Int16Array,
): number {
  let parent = edge(states, 0, model);
  for (let gpu = 0; gpu < gpuMilli.length; gpu += 1) parent = edge(states, parent, gpuMilli[gpu]!);
  const key = parent * 2 ** 28 + milliCpu;
  const known = states.leaves.get(key);
  if (known !== undefined) return known;
  const state = states.capacities.length;
  let idleMilli = 0;
  let wholeGpus = 0;
  for (let gpu = 0; gpu < gpuMilli.length; gpu += 1) {
    idleMilli += gpuMilli[gpu]!;
    if (gpuMilli[gpu] === 1000) wholeGpus += 1;
  }
  states.capacities.push({
    number: state,
    milliCpu,
    gpuMilli: gpuMilli.slice(),
    gpuModel,
    model,
    idleMilli,
    wholeGpus,
  });
  states.leaves.set(key, state);
  return state;
}

/** Drops every state, so that a long run does not grow without bound. */
export function forgetStates(states: States): void {
  states.capacities.length = 0;
  states.edges.clear();
  states.leaves.clear();
  states.generation += 1;
}

/** A function of states, computed once a state. */
export function rememberedByState(
  states: States,
  compute: (capacity: StateCapacity) => number,
): (state: number) => number {
  let known = new Float64Array(0);
  let generation = -1;
  return (state) => {
    if (generation !== states.generation || state >= known.length) {
      const larger = new Float64Array(Math.max(4096, 2 * (state + 1))).fill(Number.NaN);
      if (generation === states.generation) larger.set(known);
      known = larger;
      generation = states.generation;
    }
    const remembered = known[state]!;
    if (!Number.isNaN(remembered)) return remembered;
    const value = compute(states.capacities[state]!);
    known[state] = value;
    return value;
  };
}

/** A function of class numbers and states, computed once a pair. */
export function rememberedByClassAndState(
  states: States,
  compute: (classNumber: number, capacity: StateCapacity) => number,
): (classNumber: number, state: number) => number {
  const byClass: ((state: number) => number)[] = [];
  return (classNumber, state) => {
    byClass[classNumber] ??= rememberedByState(states, (capacity) => compute(classNumber, capacity));
    return byClass[classNumber](state);
  };
}

function edge({ edges }: States, parent: number, value: number): number {
  const key = parent * VALUES + value;
  const known = edges.get(key);
  if (known !== undefined) return known;
  const child = edges.size + 1;
  edges.set(key, child);
  return child;
}
