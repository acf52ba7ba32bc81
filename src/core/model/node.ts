import type { Taint } from './constraints.ts';
import type { Resources } from './resources.ts';

/** One host. `allocatable` is the method's total D. */
export type Node = {
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly unschedulable: boolean;
  readonly ready: boolean;
  readonly allocatable: Resources;
  readonly maxTasks: number;
  /** Model of the node's GPUs, where known; GPUs are 1000 `gpuMilli` each. */
  readonly gpuModel?: string;
  /** The extended resource its GPUs are offered as, `nvidia.com/gpu` for one. */
  readonly gpuResource?: string;
  readonly createdAtSeconds?: number;
  /** When the node itself ends, and who says so. */
  readonly deadline?: NodeDeadline;
};

/** When a node ends, and who says so. */
export type NodeDeadline = {
  readonly atSeconds: number;
  readonly source: 'annotation' | 'expiry' | 'spot' | 'maintenance' | 'termination';
};

/**
 * Whether a node was given for a time from the start (lease, expiry), rather than told to go (spot notice,
 * maintenance).
 */
export function isLease({ source }: NodeDeadline): boolean {
  return source === 'expiry' || source === 'annotation';
}
