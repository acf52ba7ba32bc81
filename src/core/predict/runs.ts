import { amountOf, type Resources } from '../model/resources.ts';
import type { TaskParameters } from '../model/task.ts';

/** What a run is known by when it is submitted, and when it started and ended as far as it has. */
export type Run = {
  readonly parameters: TaskParameters;
  readonly request: Resources;
  readonly size: number;
  readonly submittedAtSeconds: number;
  readonly startedAtSeconds?: number;
  readonly endedAtSeconds?: number;
  readonly meanUsage?: Resources;
};

/**
 * Runs as columns, in submit order. A time that has not come is `Infinity`; what is missing is NaN in a number and 0 in
 * an id. `order[i]` is where row i stood in the list it was made from.
 */
export type Runs = {
  readonly count: number;
  readonly order: Int32Array;
  readonly submit: Float64Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Seconds, at least 1; NaN while it is not known. */
  readonly runtime: Float64Array;
  /** The limit in seconds; NaN where there is none. */
  readonly request: Float64Array;
  /** ln of `runtime` and `request`. */
  readonly logRuntime: Float64Array;
  readonly logRequest: Float64Array;
  readonly logSize: Float32Array;
  readonly logScale: Float32Array;
  readonly memory: Float64Array;
  readonly user: Int32Array;
  readonly name: Int32Array;
  readonly queue: Int32Array;
  readonly type: Int32Array;
  readonly framework: Int32Array;
  /** ln of mean usage over request; NaN where it was not measured. */
  readonly cpuUsage: Float32Array;
  readonly memoryUsage: Float32Array;
  /** Group ids by grouping, in the order of `GROUPINGS`. */
  readonly groups: readonly Int32Array[];
};

type Field = 'user' | 'name' | 'size' | 'request' | 'memory' | 'queue';

/** Runs that share these fields are a group; from the closest kind of "the same again" to everything. */
export const GROUPINGS: readonly { readonly fields: readonly Field[] }[] = [
  // the same task
  { fields: ['user', 'name', 'size', 'request', 'memory', 'queue'] },
  // the same task at any size
  { fields: ['user', 'name', 'request', 'queue'] },
  // the same task with any limit
  { fields: ['user', 'name', 'size'] },
  // the same creator
  { fields: ['user'] },
  // tasks of this shape by anyone
  { fields: ['size', 'request', 'queue'] },
  // the same name
  { fields: ['user', 'name'] },
  // all tasks
  { fields: [] },
  // the same name, size and limit
  { fields: ['user', 'name', 'size', 'request'] },
];

/** The groupings of runs that are the same again, from close to wide, as places in `GROUPINGS`. */
export const CLOSE_TO_WIDE = [
  placeOf('user', 'name', 'size', 'request'),
  placeOf('user', 'name'),
  placeOf('user'),
] as const;

function placeOf(...fields: readonly Field[]): number {
  return GROUPINGS.findIndex((grouping) => grouping.fields.join() === fields.join());
}

/** Runs as columns. Non-finite numbers count as missing; rows are ordered by submit time, ties as given. */
export function runsOf(list: readonly Run[]): Runs {
  const order = Int32Array.from(list.keys()).sort(
    (a, b) => list[a]!.submittedAtSeconds - list[b]!.submittedAtSeconds || a - b,
  );
  const at = (row: number) => list[order[row]!]!;
  const numbers = (read: (run: Run) => number) => Float64Array.from(order, (_, row) => read(at(row)));
  const logs = (read: (run: Run) => number | undefined) =>
    Float32Array.from(order, (_, row) => Math.log(positive(read(at(row)))));
  const ids = (read: (run: Run) => string | number | undefined) => intern(order, (row) => read(at(row)));
  const user = ids((run) => run.parameters.creator);
  const name = ids((run) => run.parameters.name);
  const queue = ids((run) => run.parameters.queue);
  const memory = numbers((run) => amountOf(run.request, 'memoryBytes'));
  const runtime = numbers(runtimeOf);
  const request = numbers((run) => positive(run.parameters.requestedRuntimeSeconds));
  const fields: Readonly<Record<Field, Int32Array>> = {
    user,
    name,
    queue,
    size: ids((run) => run.size),
    request: ids((run) => run.parameters.requestedRuntimeSeconds),
    memory: intern(order, (row) => memory[row]!),
  };
  return {
    count: list.length,
    order,
    submit: numbers((run) => run.submittedAtSeconds),
    start: numbers(startOf),
    end: numbers((run) => Math.max(startOf(run), run.endedAtSeconds ?? Number.POSITIVE_INFINITY)),
    runtime,
    request,
    logRuntime: runtime.map(Math.log),
    logRequest: request.map(Math.log),
    logSize: logs((run) => run.size),
    logScale: logs((run) => run.parameters.dataScale),
    memory,
    user,
    name,
    queue,
    type: ids((run) => run.parameters.type),
    framework: ids((run) => run.parameters.framework),
    cpuUsage: logs((run) => usageShare(run, 'milliCpu')),
    memoryUsage: logs((run) => usageShare(run, 'memoryBytes')),
    groups: GROUPINGS.map((grouping) =>
      groupIds(
        grouping.fields.map((field) => fields[field]),
        list.length,
      ),
    ),
  };
}

/** NaN for what is missing, infinite or not above 0. */
function positive(value: number | undefined): number {
  return value !== undefined && value > 0 && Number.isFinite(value) ? value : Number.NaN;
}

function runtimeOf(run: Run): number {
  if (run.startedAtSeconds === undefined || run.endedAtSeconds === undefined) return Number.NaN;
  return Math.max(1, run.endedAtSeconds - run.startedAtSeconds);
}

/** A clock that jumped back does not start a run before its submit. */
function startOf(run: Run): number {
  return Math.max(run.submittedAtSeconds, run.startedAtSeconds ?? Number.POSITIVE_INFINITY);
}

function usageShare(run: Run, resource: 'milliCpu' | 'memoryBytes'): number | undefined {
  const request = amountOf(run.request, resource);
  return run.meanUsage && request > 0 ? amountOf(run.meanUsage, resource) / request : undefined;
}

function intern(order: Int32Array, read: (row: number) => string | number | undefined): Int32Array {
  const known = new Map<string | number, number>();
  return order.map((_, row) => {
    const value = read(row);
    if (value === undefined || value === '' || Number.isNaN(value)) return 0;
    return known.get(value) ?? remember(known, value, known.size + 1);
  });
}

/** One id for each combination of field ids, from 0 in order of appearance. */
function groupIds(fields: readonly Int32Array[], count: number): Int32Array {
  return fields.reduce((left, right) => pairIds(left, right), new Int32Array(count));
}

function pairIds(left: Int32Array, right: Int32Array): Int32Array {
  const known = new Map<number, number>();
  return left.map((id, row) => {
    const key = id * 2 ** 26 + right[row]!;
    return known.get(key) ?? remember(known, key, known.size);
  });
}

function remember<Key>(known: Map<Key, number>, key: Key, id: number): number {
  known.set(key, id);
  return id;
}
