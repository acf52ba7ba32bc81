import type { Constraints } from '../model/constraints.ts';
import type { Resources } from '../model/resources.ts';

/** What tasks of one kind ask of a node, as far as fragments of GPUs go: FGD's task class. */
export type TaskClass = {
  readonly milliCpu: number;
  /** Per GPU, 0 … 1000; 0 for a task without GPUs. */
  readonly gpuMilli: number;
  readonly gpuCount: number;
  /** Models that are admissible; empty: any. */
  readonly gpuModels: readonly string[];
};

/** Whether a GPU of a model, or of none that is known, will do. */
export function admitsModel({ gpuModels }: Pick<TaskClass, 'gpuModels'>, model: string | undefined): boolean {
  return gpuModels.length === 0 || (model !== undefined && gpuModels.includes(model));
}

/** Milli-GPU that a task of a class asks for in all. */
export function demandMilli({ gpuMilli, gpuCount }: Pick<TaskClass, 'gpuMilli' | 'gpuCount'>): number {
  return gpuMilli * gpuCount;
}

/** Names tasks that are interchangeable for packing: same class (its key, or its number in a fleet), same memory. */
export function kindKey(ofClass: string | number, memoryBytes: number): string {
  return `${ofClass} ${memoryBytes}`;
}

/** A class with the share of tasks that are of it; the shares of a mix sum to 1. */
export type ExpectedClass = TaskClass & {
  readonly popularity: number;
  /** Runtime to reckon with; absent: not considered, as in FGD. */
  readonly runtimeSeconds?: number;
};

/** The tasks to expect, most popular first. */
export type ExpectedMix = readonly ExpectedClass[];

/** A class with how often it was seen. */
export type CountedClass = { readonly taskClass: TaskClass; readonly count: number };

/**
 * The expected mix of tasks like the ones seen: classes by count, the rare ones that lie beyond `coverage` of all tasks
 * left out, the rest renormalised (FGD, ATC'23: "typical pods"; 0.95 there). Equal counts stay in order of first sight.
 * @returns empty when nothing was seen
 */
export function mixOfCounts(counts: readonly CountedClass[], coverage = 0.95): ExpectedMix {
  const all = counts.reduce((sum, { count }) => sum + count, 0);
  const kept: CountedClass[] = [];
  let covered = 0;
  for (const counted of [...counts].sort((left, right) => right.count - left.count)) {
    if (covered >= coverage * all) break;
    kept.push(counted);
    covered += counted.count;
  }
  return kept.map(({ taskClass, count }) => ({ ...taskClass, popularity: count / covered }));
}

/** Every class with how often it was seen, in order of first sight. */
export function countClasses(seen: Iterable<TaskClass>): CountedClass[] {
  const counted = new Map<string, { readonly taskClass: TaskClass; count: number }>();
  for (const taskClass of seen) {
    const key = classKey(taskClass);
    const known = counted.get(key);
    if (known) known.count += 1;
    else counted.set(key, { taskClass, count: 1 });
  }
  return [...counted.values()];
}

/** Counts of equal classes added up, in order of first sight. */
export function addCounts(counts: readonly CountedClass[]): CountedClass[] {
  const byKey = new Map<string, CountedClass>();
  for (const { taskClass, count } of counts) {
    const key = classKey(taskClass);
    byKey.set(key, { taskClass: byKey.get(key)?.taskClass ?? taskClass, count: (byKey.get(key)?.count ?? 0) + count });
  }
  return [...byKey.values()];
}

/** Equal for equal classes; models count as a set. */
export function classKey({ milliCpu, gpuMilli, gpuCount, gpuModels }: TaskClass): string {
  return `${milliCpu} ${gpuMilli} ${gpuCount} ${[...new Set(gpuModels)].sort().join('|')}`;
}

/**
 * The class of a task by its request. `gpuMilli` of a request is the sum over its GPUs; without a count, 1000 and more
 * is taken as whole GPUs, less as a share of one.
 */
export function classOfRequest(
  request: Resources,
  gpuCount: number = Math.ceil(request.gpuMilli / 1000),
  constraints: Pick<Constraints, 'gpuModels'> = {},
): TaskClass {
  const asksGpu = request.gpuMilli > 0 && gpuCount > 0;
  return {
    milliCpu: request.milliCpu,
    gpuMilli: asksGpu ? Math.min(1000, Math.round(request.gpuMilli / gpuCount)) : 0,
    gpuCount: asksGpu ? gpuCount : 0,
    gpuModels: asksGpu ? (constraints.gpuModels ?? []) : [],
  };
}
