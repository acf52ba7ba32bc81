import type { Resources } from '../../../core/model/resources.ts';
import type { UsageWindows } from '../../../core/model/settings.ts';
import type { Usage } from '../../../core/model/usage.ts';

/**
 * One task's readings, oldest first, in columns: a large cluster has millions of them, and objects take more memory.
 */
type Readings = {
  readonly atSeconds: number[];
  readonly fromSeconds: number[];
  readonly milliCpu: number[];
  readonly memoryBytes: number[];
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
    for (const [id, { mean, fromSeconds, toSeconds }] of readings) {
      const known = this.#tasks.get(id);
      const { milliCpu, memoryBytes } = mean;
      if (!known) {
        const columns = { milliCpu: [milliCpu], memoryBytes: [memoryBytes] };
        this.#tasks.set(id, { atSeconds: [toSeconds], fromSeconds: [fromSeconds], ...columns });
        continue;
      }
      if (known.atSeconds.at(-1) === toSeconds) continue;
      known.atSeconds.push(toSeconds);
      known.fromSeconds.push(fromSeconds);
      known.milliCpu.push(milliCpu);
      known.memoryBytes.push(memoryBytes);
      delete known.told;
    }
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
  const { told, ...columns } = readings;
  for (const column of Object.values(columns)) column.splice(0, count);
  delete readings.told;
}

function summary(readings: Readings, first: number, firstOfNode: number): Usage {
  const { atSeconds, fromSeconds } = readings;
  const count = atSeconds.length - first;
  const hasOther = firstOfNode !== first && firstOfNode < atSeconds.length;
  return {
    mean: amounts(readings, first, meanFrom),
    peak: amounts(readings, first, highestFrom),
    ...(hasOther && { nodeWindowMean: amounts(readings, firstOfNode, meanFrom) }),
    fromSeconds: fromSeconds[first]!,
    toSeconds: atSeconds.at(-1)!,
    readings: count,
    source: count > 1 ? 'observed' : 'metrics-server',
  };
}

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
