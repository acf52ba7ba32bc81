import type { Resources } from '../../../core/model/resources.ts';
import type { Usage } from '../../../core/model/usage.ts';

type Reading = {
  readonly atSeconds: number;
  readonly fromSeconds: number;
  readonly milliCpu: number;
  readonly memoryBytes: number;
};

/**
 * Our own record of usage readings: metrics.k8s.io tells only the last seconds, so what has been read is kept for the
 * window (S306) and averaged over it. One reading is that reading.
 */
export class UsageRecord {
  readonly #windowSeconds: number;
  readonly #readings = new Map<string, readonly Reading[]>();
  /** By the readings that it is of, which are replaced when they change: who compares by identity sees no change. */
  readonly #summaries = new WeakMap<readonly Reading[], Usage>();

  constructor(windowSeconds: number) {
    this.#windowSeconds = windowSeconds;
  }

  /** Adds readings of one moment; one that was seen before counts once. Tasks not in it are kept for the window. */
  add(readings: ReadonlyMap<string, Usage>): void {
    for (const [id, { mean, fromSeconds, toSeconds }] of readings) {
      const known = this.#readings.get(id) ?? [];
      if (known.at(-1)?.atSeconds === toSeconds) continue;
      const { milliCpu, memoryBytes } = mean;
      this.#readings.set(id, [...known, { atSeconds: toSeconds, fromSeconds, milliCpu, memoryBytes }]);
    }
  }

  /** Mean and peak of each task over the window before `nowSeconds`; what is older is forgotten. */
  usage(nowSeconds: number): Record<string, Usage> {
    const usage: Record<string, Usage> = {};
    const from = nowSeconds - this.#windowSeconds;
    for (const [id, all] of this.#readings) {
      const readings = all[0]!.atSeconds > from ? all : all.filter(({ atSeconds }) => atSeconds > from);
      if (readings.length === 0) {
        this.#readings.delete(id);
        continue;
      }
      if (readings !== all) this.#readings.set(id, readings);
      usage[id] = this.#summary(readings);
    }
    return usage;
  }

  #summary(readings: readonly Reading[]): Usage {
    const known = this.#summaries.get(readings) ?? summary(readings);
    this.#summaries.set(readings, known);
    return known;
  }
}

function summary(readings: readonly Reading[]): Usage {
  const mean = (value: (reading: Reading) => number) =>
    Math.round(readings.reduce((sum, reading) => sum + value(reading), 0) / readings.length);
  const peak = (value: (reading: Reading) => number) => Math.max(...readings.map(value));
  const amounts = (pick: typeof mean): Resources => ({
    milliCpu: pick(({ milliCpu }) => milliCpu),
    memoryBytes: pick(({ memoryBytes }) => memoryBytes),
    gpuMilli: 0,
    extended: {},
  });
  return {
    mean: amounts(mean),
    peak: amounts(peak),
    fromSeconds: readings[0]!.fromSeconds,
    toSeconds: readings.at(-1)!.atSeconds,
    readings: readings.length,
    source: readings.length > 1 ? 'observed' : 'metrics-server',
  };
}
