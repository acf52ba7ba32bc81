import { addResources, NO_RESOURCES, type Resources } from '../../../core/model/resources.ts';
import type { Usage } from '../../../core/model/usage.ts';
import { idOf, type PodMetrics, secondsOf } from '../api/objects.ts';
import { milliValue, parseQuantity, wholeValue } from '../api/quantity.ts';
import { parseDuration } from './parameters.ts';

/** One reading of metrics.k8s.io: what a pod used over its last few seconds. GPUs are not in it. */
export function usageOf(metrics: PodMetrics): { id: string; usage: Usage } | undefined {
  const toSeconds = secondsOf(metrics.timestamp);
  if (toSeconds === undefined || !metrics.containers) return undefined;
  const mean = metrics.containers.reduce<Resources>(
    (sum, { usage }) =>
      addResources(sum, {
        ...NO_RESOURCES,
        milliCpu: milliValue(parseQuantity(usage?.['cpu']) ?? 0n),
        memoryBytes: wholeValue(parseQuantity(usage?.['memory']) ?? 0n),
      }),
    NO_RESOURCES,
  );
  const fromSeconds = toSeconds - (parseDuration(metrics.window) ?? 0);
  return {
    id: idOf(metrics),
    usage: { mean, peak: mean, fromSeconds, toSeconds, readings: 1, source: 'metrics-server' },
  };
}
