import type { Fleet } from '../../fleet/fleet.ts';
import type { Ask, FleetPolicy } from './fleetPolicy.ts';
import { scoringPolicy } from './fleetPolicy.ts';

/**
 * kube-scheduler's resource scores, 0 … 100, with its whole numbers (Kubernetes 1.36,
 * `pkg/scheduler/framework/plugins/noderesources`). Amounts are whole and below 2^46, so that double arithmetic rounds
 * as int64 does.
 */
export type ResourceUse = {
  /** What all pods of the node ask for, the new one included. */
  readonly requested: number;
  /** The same without the new one; only the balance looks at it. */
  readonly allocated: number;
  readonly allocatable: number;
  readonly weight: number;
};

/** Least and most allocated take a pod that asks for nothing as asking for this. */
const MISSING_REQUEST = { milliCpu: 100, memoryBytes: 200 * 2 ** 20 };

/** A point of the shape of `requestedToCapacityRatio`: utilization 0 … 100, score 0 … 10. */
export type ShapePoint = { readonly utilization: number; readonly score: number };

/** Bin packing: the shape that prefers full nodes. */
const PACKING_SHAPE: readonly ShapePoint[] = [
  { utilization: 0, score: 0 },
  { utilization: 100, score: 10 },
];

/** Larger where more stays free. Resources the node does not have are passed over; 0 where it has none. */
export function leastAllocated(uses: readonly ResourceUse[]): number {
  return weightedMean(uses, ({ requested, allocatable }) =>
    requested > allocatable ? 0 : Math.trunc(((allocatable - requested) * 100) / allocatable),
  );
}

/** Larger where more is in use. */
export function mostAllocated(uses: readonly ResourceUse[]): number {
  return weightedMean(uses, ({ requested, allocatable }) =>
    Math.trunc((Math.min(requested, allocatable) * 100) / allocatable),
  );
}

/** A broken line through the shape's points over utilization; resources that score 0 do not count in the mean. */
export function requestedToCapacityRatio(uses: readonly ResourceUse[], shape = PACKING_SHAPE): number {
  let sum = 0;
  let weights = 0;
  for (const { requested, allocatable, weight } of uses) {
    if (allocatable === 0) continue;
    const utilization = requested > allocatable ? 100 : Math.trunc((requested * 100) / allocatable);
    const score = onShape(shape, utilization);
    if (score <= 0) continue;
    sum += score * weight;
    weights += weight;
  }
  return weights === 0 ? 0 : Math.round(sum / weights);
}

/** How much more even the fractions in use become: about 75 where nothing changes, 100 at best, 50 at worst. */
export function balancedAllocation(uses: readonly ResourceUse[]): number {
  const withPod = evenness(uses, ({ requested }) => requested);
  const withoutPod = evenness(uses, ({ allocated }) => allocated);
  return 50 + Math.trunc((50 + withPod - withoutPod) / 2);
}

/** A policy of one of these scores over CPU, memory and, where `gpuWeight` is above 0, GPUs. */
export function kubernetesPolicy(
  fleet: Fleet,
  name: string,
  score: (uses: readonly ResourceUse[]) => number,
  gpuWeight = 0,
): FleetPolicy {
  const missing =
    name === 'leastAllocated' || name === 'mostAllocated' ? MISSING_REQUEST : { milliCpu: 0, memoryBytes: 0 };
  const usesOn = (node: number, { classNumber, memoryBytes }: Ask): ResourceUse[] => {
    const total = fleet.nodes[node]!;
    const { milliCpu, gpuMilli, gpuCount } = fleet.classes.classes[classNumber]!;
    const use = (allocatable: number, free: number, asked: number, weight: number) => ({
      allocatable,
      allocated: allocatable - free,
      requested: allocatable - free + asked,
      weight,
    });
    const uses = [
      use(total.milliCpu, fleet.freeMilliCpu[node]!, milliCpu || missing.milliCpu, 1),
      use(total.memoryBytes, fleet.freeMemoryBytes[node]!, memoryBytes || missing.memoryBytes, 1),
    ];
    if (gpuWeight === 0 || gpuCount === 0) return uses;
    const first = node * fleet.gpuStride;
    let free = 0;
    for (let gpu = first; gpu < first + total.gpuCount; gpu += 1) free += fleet.freeGpuMilli[gpu]!;
    return [...uses, use(total.gpuCount * 1000, free, gpuMilli * gpuCount, gpuWeight)];
  };
  return scoringPolicy(fleet, {
    name,
    scoreNode: (node, ask) => score(usesOn(node, ask)),
    explain(node, ask) {
      const uses = usesOn(node, ask);
      const percent = ({ requested, allocatable }: ResourceUse) =>
        allocatable > 0 ? (100 * requested) / allocatable : 0;
      const [cpu, memory] = [percent(uses[0]!), percent(uses[1]!)];
      const value = score(uses);
      return {
        score: value,
        parts: { cpuPercent: cpu, memoryPercent: memory },
        reason: { code: 'requested', score: value, cpuFraction: cpu / 100, memoryFraction: memory / 100 },
      };
    },
  });
}

function weightedMean(uses: readonly ResourceUse[], score: (use: ResourceUse) => number): number {
  let sum = 0;
  let weights = 0;
  for (const use of uses) {
    if (use.allocatable === 0) continue;
    sum += score(use) * use.weight;
    weights += use.weight;
  }
  return weights === 0 ? 0 : Math.trunc(sum / weights);
}

function onShape(shape: readonly ShapePoint[], utilization: number): number {
  const next = shape.findIndex((point) => utilization <= point.utilization);
  if (next < 0) return 10 * (shape[shape.length - 1]?.score ?? 0);
  const right = shape[next]!;
  const left = shape[next - 1];
  if (!left) return 10 * right.score;
  const rise = 10 * (right.score - left.score) * (utilization - left.utilization);
  return 10 * left.score + Math.trunc(rise / (right.utilization - left.utilization));
}

/** (1 − sd of the fractions in use) × 100, cut off; two fractions: half their difference. */
function evenness(uses: readonly ResourceUse[], amount: (use: ResourceUse) => number): number {
  const fractions = uses
    .filter(({ allocatable }) => allocatable > 0)
    .map((use) => Math.min(1, amount(use) / use.allocatable));
  return Math.trunc((1 - deviation(fractions)) * 100);
}

function deviation(fractions: readonly number[]): number {
  if (fractions.length < 2) return 0;
  if (fractions.length === 2) return Math.abs((fractions[0]! - fractions[1]!) / 2);
  const mean = fractions.reduce((sum, fraction) => sum + fraction, 0) / fractions.length;
  return Math.sqrt(
    fractions.reduce((sum, fraction) => sum + (fraction - mean) * (fraction - mean), 0) / fractions.length,
  );
}
