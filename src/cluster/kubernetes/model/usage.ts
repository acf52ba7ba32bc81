import type { Resources } from '../../../core/model/resources.ts';
import type { UsageWindows } from '../../../core/model/settings.ts';
import type { ContainerAmounts, ContainerUsage, Usage } from '../../../core/model/usage.ts';
import type { Reading, RecentReadings, TaskReadings } from '../../../core/model/usageDigest.ts';

/**
 * One task's readings, oldest first, in columns: a large cluster has millions of them, and objects take more memory.
 */
type Readings = {
  /** Whose they are; absent until the task was seen. */
  uid?: string;
  /** The last one that was visited. */
  visitedSeconds: number;
  readonly atSeconds: number[];
  readonly fromSeconds: number[];
  readonly milliCpu: number[];
  readonly memoryBytes: number[];
  /** By container, of a task that has several; what was kept across sessions does not tell them apart. */
  containers?: { readonly atSeconds: number; readonly used: Containers }[];
  /** What they say, and from which reading on each window reaches; for as long as nothing comes or goes. */
  told?: { readonly first: number; readonly firstOfNode: number; readonly usage: Usage };
};

/**
 * Our own record of usage readings: metrics.k8s.io tells only the last seconds, so what has been read is kept for the
 * windows (S306, S408) and averaged over them. One reading is that reading.
 */
export class UsageRecord {
  readonly #tasks = new Map<string, Readings>();

  /** Adds readings of one moment; one that was seen before counts once. Tasks not in it are kept for the windows. */
  add(readings: ReadonlyMap<string, Usage>): void {
    for (const [id, { mean, containers, fromSeconds, toSeconds }] of readings) {
      const known = this.#tasks.get(id);
      const { milliCpu, memoryBytes } = mean;
      if (!known) {
        const columns = {
          milliCpu: [milliCpu],
          memoryBytes: [memoryBytes],
          ...(containers && { containers: [{ atSeconds: toSeconds, used: containers }] }),
        };
        const visitedSeconds = Number.NEGATIVE_INFINITY;
        this.#tasks.set(id, { visitedSeconds, atSeconds: [toSeconds], fromSeconds: [fromSeconds], ...columns });
        continue;
      }
      if (known.atSeconds.at(-1) === toSeconds) continue;
      known.atSeconds.push(toSeconds);
      known.fromSeconds.push(fromSeconds);
      known.milliCpu.push(milliCpu);
      known.memoryBytes.push(memoryBytes);
      if (containers) known.containers = [...(known.containers ?? []), { atSeconds: toSeconds, used: containers }];
      delete known.told;
    }
  }

  /** Takes over readings that were kept, under those that it has; they count as visited. */
  load(kept: RecentReadings): void {
    for (const [id, { uid, atSeconds, fromSeconds, milliCpu, memoryBytes }] of Object.entries(kept)) {
      const last = atSeconds.at(-1);
      if (last === undefined || this.#tasks.has(id)) continue;
      const columns = {
        atSeconds: [...atSeconds],
        fromSeconds: [...fromSeconds],
        milliCpu: [...milliCpu],
        memoryBytes: [...memoryBytes],
      };
      this.#tasks.set(id, { uid, visitedSeconds: last, ...columns });
    }
  }

  /**
   * Gives readings to the tasks that there are: metrics.k8s.io names a pod without its uid, and a pod of a StatefulSet
   * has the name of the one before it. What was read before a task started is not its own.
   */
  own(tasks: ReadonlyMap<string, { readonly uid: string; readonly startedAtSeconds?: number }>): void {
    for (const [id, readings] of this.#tasks) {
      const task = tasks.get(id);
      if (!task) this.#tasks.delete(id);
      else if (readings.uid !== task.uid) {
        const unknown = readings.uid === undefined ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
        const began = task.startedAtSeconds ?? unknown;
        forget(readings, readings.fromSeconds.filter((seconds) => seconds < began).length);
        readings.uid = task.uid;
      }
    }
  }

  /** Hands on each reading of a task that was not visited before. */
  visit(taskId: string, onReading: (reading: Reading) => void): void {
    const readings = this.#tasks.get(taskId);
    if (!readings) return;
    const { atSeconds, milliCpu, memoryBytes } = readings;
    for (let at = indexAfter(atSeconds, readings.visitedSeconds); at < atSeconds.length; at++) {
      onReading({ atSeconds: atSeconds[at]!, milliCpu: milliCpu[at]!, memoryBytes: memoryBytes[at]! });
    }
    readings.visitedSeconds = Math.max(readings.visitedSeconds, atSeconds.at(-1) ?? Number.NEGATIVE_INFINITY);
  }

  /**
   * What is worth keeping: the readings since `sinceSeconds` of tasks that were seen, of each task at most so many that
   * there are no more than `most` in all, the latest.
   */
  recent(sinceSeconds: number, most: number): RecentReadings {
    const each = Math.max(1, Math.floor(most / Math.max(1, this.#tasks.size)));
    const kept: Record<string, TaskReadings> = {};
    for (const [id, { uid, atSeconds, fromSeconds, milliCpu, memoryBytes }] of this.#tasks) {
      const first = Math.max(indexAfter(atSeconds, sinceSeconds), atSeconds.length - each);
      if (uid === undefined || first >= atSeconds.length) continue;
      const since = (column: readonly number[]) => column.slice(first);
      const columns = { milliCpu: since(milliCpu), memoryBytes: since(memoryBytes) };
      kept[id] = { uid, atSeconds: since(atSeconds), fromSeconds: since(fromSeconds), ...columns };
    }
    return kept;
  }

  /**
   * Usage of each task over the windows before `nowSeconds`; what is older than both is forgotten. The same object as
   * before where nothing changed: who compares by identity sees no change.
   */
  usage(nowSeconds: number, { usageWindowSeconds, nodeUsageWindowSeconds }: UsageWindows): Record<string, Usage> {
    const usage: Record<string, Usage> = {};
    const kept = nowSeconds - Math.max(usageWindowSeconds, nodeUsageWindowSeconds);
    for (const [id, readings] of this.#tasks) {
      forget(readings, indexAfter(readings.atSeconds, kept));
      const first = indexAfter(readings.atSeconds, nowSeconds - usageWindowSeconds);
      const firstOfNode = indexAfter(readings.atSeconds, nowSeconds - nodeUsageWindowSeconds);
      const { told } = readings;
      if (readings.atSeconds.length === 0) this.#tasks.delete(id);
      else if (told?.first === first && told.firstOfNode === firstOfNode) usage[id] = told.usage;
      else if (first < readings.atSeconds.length) {
        usage[id] = summary(readings, first, firstOfNode);
        readings.told = { first, firstOfNode, usage: usage[id] };
      }
    }
    return usage;
  }
}

/** The index of the first that is later; their number where none is. */
function indexAfter(times: readonly number[], seconds: number): number {
  let index = 0;
  while (index < times.length && times[index]! <= seconds) index += 1;
  return index;
}

function forget(readings: Readings, count: number): void {
  if (count === 0) return;
  const { atSeconds, fromSeconds, milliCpu, memoryBytes, containers = [] } = readings;
  for (const column of [atSeconds, fromSeconds, milliCpu, memoryBytes]) column.splice(0, count);
  containers.splice(0, containers.filter((reading) => reading.atSeconds < (atSeconds[0] ?? Infinity)).length);
  delete readings.told;
}

function summary(readings: Readings, first: number, firstOfNode: number): Usage {
  const { atSeconds, fromSeconds } = readings;
  const count = atSeconds.length - first;
  const hasOther = firstOfNode !== first && firstOfNode < atSeconds.length;
  const containers = containersSince(readings, atSeconds[first]!);
  return {
    mean: amounts(readings, first, meanFrom),
    peak: amounts(readings, first, highestFrom),
    ...(hasOther && { nodeWindowMean: amounts(readings, firstOfNode, meanFrom) }),
    ...(containers && { containers }),
    fromSeconds: fromSeconds[first]!,
    toSeconds: atSeconds.at(-1)!,
    readings: count,
    source: count > 1 ? 'observed' : 'metrics-server',
  };
}

/** Each container's mean and peak; undefined where no reading tells them apart. */
function containersSince({ containers = [] }: Readings, sinceSeconds: number): Containers | undefined {
  const read = new Map<string, ContainerAmounts[]>();
  for (const { atSeconds, used } of containers) {
    if (atSeconds < sinceSeconds) continue;
    for (const [name, { mean }] of Object.entries(used)) read.set(name, [...(read.get(name) ?? []), mean]);
  }
  if (read.size === 0) return undefined;
  return Object.fromEntries([...read].map(([name, each]) => [name, containerUsage(each)]));
}

function containerUsage(each: readonly ContainerAmounts[]): ContainerUsage {
  const both = (pick: typeof meanFrom): ContainerAmounts => ({
    milliCpu: pick(
      each.map(({ milliCpu }) => milliCpu),
      0,
    ),
    memoryBytes: pick(
      each.map(({ memoryBytes }) => memoryBytes),
      0,
    ),
  });
  return { mean: both(meanFrom), peak: both(highestFrom) };
}

type Containers = NonNullable<Usage['containers']>;

function amounts({ milliCpu, memoryBytes }: Readings, first: number, pick: typeof meanFrom): Resources {
  return { milliCpu: pick(milliCpu, first), memoryBytes: pick(memoryBytes, first), gpuMilli: 0, extended: {} };
}

function meanFrom(values: readonly number[], first: number): number {
  let sum = 0;
  for (let index = first; index < values.length; index += 1) sum += values[index]!;
  return Math.round(sum / (values.length - first));
}

function highestFrom(values: readonly number[], first: number): number {
  let highest = 0;
  for (let index = first; index < values.length; index += 1) highest = Math.max(highest, values[index]!);
  return highest;
}
