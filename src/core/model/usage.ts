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
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly readings: number;
  readonly source: 'metrics-server' | 'prometheus' | 'observed' | 'sample';
};
