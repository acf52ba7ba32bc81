import { addResources, NO_RESOURCES, type Resources } from '../../../core/model/resources.ts';
import type { ContainerAmounts, ContainerUsage, Usage } from '../../../core/model/usage.ts';
import { idOf, type PodMetrics, type Quantities, secondsOf } from '../api/objects.ts';
import { milliValue, parseQuantity, wholeValue } from '../api/quantity.ts';
import { parseDuration } from './parameters.ts';

/** One reading of metrics.k8s.io: what a pod used over its last few seconds. GPUs are not in it. */
export function usageOf(metrics: PodMetrics): { id: string; usage: Usage } | undefined {
  const toSeconds = secondsOf(metrics.timestamp);
  if (toSeconds === undefined || !metrics.containers) return undefined;
  const each = metrics.containers.map(({ name = '', usage }) => [name, amountsOf(usage)] as const);
  const mean = each.reduce<Resources>((sum, [, used]) => addResources(sum, { ...NO_RESOURCES, ...used }), NO_RESOURCES);
  const fromSeconds = toSeconds - (parseDuration(metrics.window) ?? 0);
  const containers = each.map(([name, used]): [string, ContainerUsage] => [name, { mean: used, peak: used }]);
  return {
    id: idOf(metrics),
    usage: {
      mean,
      peak: mean,
      ...(each.length > 1 && { containers: Object.fromEntries(containers) }),
      fromSeconds,
      toSeconds,
      readings: 1,
      source: 'metrics-server',
    },
  };
}

function amountsOf(usage: Quantities | undefined): ContainerAmounts {
  return {
    milliCpu: milliValue(parseQuantity(usage?.['cpu']) ?? 0n),
    memoryBytes: wholeValue(parseQuantity(usage?.['memory']) ?? 0n),
  };
}
