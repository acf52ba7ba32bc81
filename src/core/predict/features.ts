import { typicalRuntime } from './baselines.ts';
import type { Past } from './past.ts';
import { CLOSE_TO_WIDE, type Runs } from './runs.ts';

/**
 * A place from which a past run is taken: the run that ended `rank` runs before the newest one of the group. A
 * prediction is a mixture over the runtimes found there ("atoms"), so exact repeats stay exact.
 */
export type Slot = { readonly grouping: number; readonly rank: number };

/** Geometric ranks: close ones singly, far ones sparsely; reaching far back matters more than any other choice here. */
export const SLOTS: readonly Slot[] = [
  [0, 1, 2, 3, 4, 5, 6, 7, 9, 13, 20, 32, 50, 80, 128, 199],
  [0, 1, 2, 5, 10, 20, 50, 128],
  [0, 1, 2, 5, 10, 20, 50, 128],
  [0, 1, 2, 3, 5, 9, 16, 40, 112, 199],
  [0, 2, 5, 14],
].flatMap((ranks, grouping) => ranks.map((rank) => ({ grouping, rank })));

/** Groupings whose state the context describes; the first seven of `GROUPINGS`. */
const CONTEXT_GROUPINGS = 7;
const PER_GROUPING = 16;
/** Inputs that speak of a log's own clock and scale; a pretrained network does not see them. */
const LOCAL_INPUTS = 6;
const SHARED_INPUTS = 4 + CONTEXT_GROUPINGS * PER_GROUPING;
export const CONTEXT_INPUTS = SHARED_INPUTS + LOCAL_INPUTS;
export const FIRST_LOCAL_INPUT = SHARED_INPUTS;

/** What a pair (this submit, that run) is described by, in the order of `writePair`. */
export const PAIR_FEATURES = [
  'sinceEnd',
  'sinceSubmit',
  'dayPhase',
  'requestRatio',
  'sameRequest',
  'sizeRatio',
  'sameSize',
  'sameMemory',
  'sameName',
  'sameQueue',
  'sameCreator',
  'sameTask',
  'sameTaskAnySize',
  'runtime',
  'aboveMedian',
  'fromMedian',
  'belowLimit',
  'overLimit',
  'aboveRunningAge',
  'abovePredecessor',
  'sameType',
  'sameFramework',
  'scaleRatio',
  'scaleKnown',
  'cpuUsage',
  'memoryUsage',
] as const;

/**
 * Features of runs at their submit, kept in a ring of the latest `capacity` rows. Everything is online: what is written
 * for a row is what was known at its submit, and is never touched again.
 */
export type FeatureStore = {
  readonly runs: Runs;
  readonly capacity: number;
  /** Notes an end: must be told of each before it enters the past. */
  ended(row: number, past: Past): void;
  /** Describes a row at its submit, or as if it were submitted now; it does not count itself among those that run. */
  submitted(row: number, past: Past): void;
  /** Describes a run that is under way as of now, in a store of its own that holds this one row until the next call. */
  renewed(row: number, past: Past): FeatureStore;
  /** Rows of the runs found at `SLOTS`; −1 where there is none. A view, valid until the row is overwritten. */
  atomsOf(row: number): Int32Array;
  contextOf(row: number): Float32Array;
  /** ln seconds around which the row's background lies: its med5, else its limit, else what is typical. */
  baseOf(row: number): number;
  /** Writes the features of (row, its atom in slot `slot`) to `into` at `offset`. */
  writePair(row: number, atom: number, into: Float64Array, offset: number): void;
};

const TYPICAL_EVERY = 20;

export function makeFeatureStore(runs: Runs, capacity = Math.min(runs.count, 262_144)): FeatureStore {
  return openStore(runs, Math.max(1, capacity), new Float32Array(runs.count));
}

/**
 * @param predecessor of each ended run: how it compares with the one before it in its closest group; shared by stores
 */
function openStore(runs: Runs, size: number, predecessor: Float32Array): FeatureStore {
  const atoms = new Int32Array(size * SLOTS.length);
  const context = new Float32Array(size * CONTEXT_INPUTS);
  const base = new Float32Array(size);
  const runningAge = new Float32Array(size);
  const toldAt = new Float64Array(size);
  let aside: FeatureStore | undefined;
  const typical = { log: Number.NaN, at: -1 };
  const slotsOf = (row: number) =>
    atoms.subarray((row % size) * SLOTS.length, (row % size) * SLOTS.length + SLOTS.length);
  const inputsOf = (row: number) =>
    context.subarray((row % size) * CONTEXT_INPUTS, (row % size) * CONTEXT_INPUTS + CONTEXT_INPUTS);
  return {
    runs,
    capacity: size,
    ended(row, past) {
      const before = past.endedIn(0, runs.groups[0]![row]!).at(-1);
      predecessor[row] = before === undefined ? 0 : bounded((runs.logRuntime[row]! - runs.logRuntime[before]!) / 2, 2);
    },
    submitted(row, past) {
      if (past.ended.length >= typical.at + TYPICAL_EVERY || typical.at < 0) {
        typical.log = Math.log(typicalRuntime(runs, past));
        typical.at = past.ended.length;
      }
      takeAtoms(runs, row, past, slotsOf(row));
      const oldest = oldestStart(runs, past.runningIn(0, runs.groups[0]![row]!), row);
      runningAge[row % size] = oldest === undefined ? Number.NaN : Math.log(1 + Math.max(0, past.nowSeconds - oldest));
      base[row % size] = writeContext(runs, row, past, typical.log, inputsOf(row));
      toldAt[row % size] = past.nowSeconds;
    },
    renewed(row, past) {
      aside ??= openStore(runs, 1, predecessor);
      aside.submitted(row, past);
      return aside;
    },
    atomsOf: slotsOf,
    contextOf: inputsOf,
    baseOf: (row) => base[row % size]!,
    writePair(row, atom, into, offset) {
      const now = toldAt[row % size]!;
      const gap = now - runs.submit[atom]!;
      const runtime = runs.logRuntime[atom]!;
      const requestGap = Math.abs(runs.logRequest[row]! - runs.logRequest[atom]!);
      const sizeGap = Math.abs(runs.logSize[row]! - runs.logSize[atom]!);
      const fromBase = runtime - base[row % size]!;
      const belowLimit = runs.logRequest[row]! - runtime;
      const age = runningAge[row % size]!;
      const scaleGap = Math.abs(runs.logScale[row]! - runs.logScale[atom]!);
      into[offset] = Math.log(1 + Math.max(0, now - runs.end[atom]!)) / 8;
      into[offset + 1] = Math.log(1 + gap) / 8;
      into[offset + 2] = Math.cos((2 * Math.PI * gap) / 86_400);
      into[offset + 3] = known(Math.min(requestGap, 4));
      into[offset + 4] = requestGap === 0 ? 1 : 0;
      into[offset + 5] = known(Math.min(sizeGap, 4));
      into[offset + 6] = sizeGap === 0 ? 1 : 0;
      into[offset + 7] = runs.memory[row] === runs.memory[atom] ? 1 : 0;
      into[offset + 8] = runs.name[row] !== 0 && runs.name[row] === runs.name[atom] ? 1 : 0;
      into[offset + 9] = runs.queue[row] !== 0 && runs.queue[row] === runs.queue[atom] ? 1 : 0;
      into[offset + 10] = runs.user[row] === runs.user[atom] ? 1 : 0;
      into[offset + 11] = runs.groups[0]![row] === runs.groups[0]![atom] ? 1 : 0;
      into[offset + 12] = runs.groups[1]![row] === runs.groups[1]![atom] ? 1 : 0;
      into[offset + 13] = runtime / 8 - 1;
      into[offset + 14] = bounded(fromBase / 2, 3);
      into[offset + 15] = Math.min(Math.abs(fromBase) / 2, 3);
      into[offset + 16] = known(bounded(belowLimit / 2, 3));
      into[offset + 17] = belowLimit < 0 ? 1 : 0;
      into[offset + 18] = known(bounded((runtime - age) / 2, 3));
      into[offset + 19] = predecessor[atom]!;
      into[offset + 20] = runs.type[row] !== 0 && runs.type[row] === runs.type[atom] ? 1 : 0;
      into[offset + 21] = runs.framework[row] !== 0 && runs.framework[row] === runs.framework[atom] ? 1 : 0;
      into[offset + 22] = known(Math.min(scaleGap, 4));
      into[offset + 23] = Number.isNaN(scaleGap) ? 0 : 1;
      into[offset + 24] = known(bounded(runs.cpuUsage[atom]!, 3));
      into[offset + 25] = known(bounded(runs.memoryUsage[atom]!, 3));
    },
  };
}

function takeAtoms(runs: Runs, row: number, past: Past, into: Int32Array): void {
  for (let slot = 0; slot < SLOTS.length; slot++) {
    const { grouping, rank } = SLOTS[slot]!;
    const ended = past.endedIn(grouping, runs.groups[grouping]![row]!);
    into[slot] = ended[ended.length - 1 - rank] ?? -1;
  }
}

const sorted = new Float64Array(20);

/**
 * The state of the row's groups: levels relative to ln med5, counts, spreads and log gaps on fixed scales, so that a
 * network trained on one log reads another.
 * @returns ln med5 (the base)
 */
function writeContext(runs: Runs, row: number, past: Past, typical: number, into: Float32Array): number {
  const limit = runs.logRequest[row]!;
  const base = baseLevel(runs, row, past, limit, typical);
  const level = (log: number) => known(bounded(log - base, 6) / 2);
  into[0] = level(limit);
  into[1] = Number.isNaN(limit) ? 1 : 0;
  into[2] = level(typical);
  into[3] = known(runs.logSize[row]! / 4);
  for (let grouping = 0; grouping < CONTEXT_GROUPINGS; grouping++) {
    writeGroup(runs, row, grouping, past, level, into.subarray(4 + grouping * PER_GROUPING));
  }
  const local = into.subarray(FIRST_LOCAL_INPUT);
  const day = (2 * Math.PI * past.nowSeconds) / 86_400;
  local[0] = base / 4 - 2;
  local[1] = known(limit / 4 - 2);
  local[2] = Math.sin(day);
  local[3] = Math.cos(day);
  local[4] = Math.sin(day / 7);
  local[5] = Math.cos(day / 7);
  return base;
}

function writeGroup(
  runs: Runs,
  row: number,
  grouping: number,
  past: Past,
  level: (log: number) => number,
  into: Float32Array,
): void {
  const now = past.nowSeconds;
  const group = runs.groups[grouping]![row]!;
  const ended = past.endedIn(grouping, group);
  const count = Math.min(20, ended.length);
  into.fill(0, 0, PER_GROUPING);
  into[0] = Math.log(1 + ended.length) / 4 - 1;
  const lastSubmit = past.lastSubmitIn(grouping, group);
  if (Number.isFinite(lastSubmit)) into[10] = Math.log(1 + Math.max(0, now - lastSubmit)) / 8 - 1;
  const running = past.runningIn(grouping, group);
  into[11] = Math.log(1 + running.size - (running.has(row) ? 1 : 0)) / 2;
  into[12] = Math.log(1 + Math.max(0, past.queuedIn(grouping, group))) / 2;
  const oldest = oldestStart(runs, running, row);
  if (oldest !== undefined) into[13] = level(Math.log(1 + Math.max(0, now - oldest)));
  if (count === 0) {
    into[15] = 1;
    return;
  }
  let [sum, squares] = [0, 0];
  for (let back = 0; back < count; back++) {
    const log = runs.logRuntime[ended[ended.length - 1 - back]!]!;
    sum += log;
    squares += log * log;
    insert(sorted, back, log);
    if (back === 0) into[1] = level(log);
    if (back === 1) into[2] = level(log);
    if (back === Math.min(4, count - 1)) into[3] = level(sorted[(back + 1) >> 1]!);
  }
  into[4] = level(sorted[count >> 1]!);
  into[5] = level(sum / count);
  into[6] = level(sorted[Math.floor(0.1 * count)]!);
  into[7] = level(sorted[Math.floor(0.9 * count)]!);
  into[8] = Math.min(4, Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2)));
  into[9] = Math.log(1 + Math.max(0, now - runs.end[ended[ended.length - 1]!]!)) / 8 - 1;
  into[14] = level(runs.logRuntime[ended[ended.length - 1]!]!) - into[4]!;
}

/** ln of the median of the last five of the closest group; else of the limit; else of what is typical. */
function baseLevel(runs: Runs, row: number, past: Past, limit: number, typical: number): number {
  for (const grouping of CLOSE_TO_WIDE) {
    const ended = past.endedIn(grouping, runs.groups[grouping]![row]!);
    const count = Math.min(5, ended.length);
    if (count === 0) continue;
    for (let back = 0; back < count; back++) insert(sorted, back, runs.logRuntime[ended[ended.length - 1 - back]!]!);
    return sorted[count >> 1]!;
  }
  return Number.isNaN(limit) ? typical : limit;
}

/** Inserts into the first `count` ascending values. */
function insert(ascending: Float64Array, count: number, value: number): void {
  let at = count;
  for (; at > 0 && ascending[at - 1]! > value; at--) ascending[at] = ascending[at - 1]!;
  ascending[at] = value;
}

/** When the oldest of the others that run started; undefined when none does. */
function oldestStart(runs: Runs, running: ReadonlySet<number>, but: number): number | undefined {
  for (const row of running) if (row !== but) return runs.start[row]!;
  return undefined;
}

function bounded(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}

/** NaN counts as missing, which is 0. */
function known(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
