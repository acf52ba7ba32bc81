import type { Resources } from './resources.ts';

/**
 * What a task really used over a span. Amounts are rates (milli-CPU, bytes held, GPU milli), as requests are;
 * `peak` is the highest reading in the span.
 */
export type Usage = {
  readonly mean: Resources;
  readonly peak: Resources;
  /** The mean over the node usage window (S408), as far as readings reach; absent where it is `mean`. */
  readonly nodeWindowMean?: Resources;
  /** By container, where there are several and each is measured; over the readings that tell them apart. */
  readonly containers?: Readonly<Record<string, ContainerUsage>>;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly readings: number;
  readonly source: 'metrics-server' | 'prometheus' | 'observed' | 'sample';
};

/** What one container used: CPU and memory, the mean and the highest reading. */
export type ContainerUsage = { readonly mean: ContainerAmounts; readonly peak: ContainerAmounts };

export type ContainerAmounts = Pick<Resources, 'milliCpu' | 'memoryBytes'>;

/** Fewer readings are an instant, not a mean (docs/method.md#readings). */
export const READINGS_NEEDED = 3;

/** So many readings of so many that are needed; by their pace there will be enough at `enoughAtSeconds`. */
export type FewReadings = { readonly readings: number; readonly needed: number; readonly enoughAtSeconds: number };

/** How far readings are from a mean; undefined where they are enough. */
export function fewReadings({ readings, fromSeconds, toSeconds }: Usage): FewReadings | undefined {
  if (readings >= READINGS_NEEDED) return undefined;
  const paceSeconds = (toSeconds - fromSeconds) / Math.max(1, readings);
  const enoughAtSeconds = toSeconds + (READINGS_NEEDED - readings) * paceSeconds;
  return { readings, needed: READINGS_NEEDED, enoughAtSeconds };
}
