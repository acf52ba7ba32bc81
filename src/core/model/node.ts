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

/** Labels by which platforms name a node's pool; the first that a node has counts. */
const POOL_LABELS: readonly string[] = [
  'karpenter.sh/nodepool',
  'cloud.google.com/gke-nodepool',
  'eks.amazonaws.com/nodegroup',
  'alpha.eksctl.io/nodegroup-name',
  'kubernetes.azure.com/agentpool',
  'agentpool',
  'ibm-cloud.kubernetes.io/worker-pool-name',
  'doks.digitalocean.com/node-pool',
  'k8s.scaleway.com/pool-name',
  'node.kubernetes.io/pool',
  'node-pool',
  'nodepool',
  'pool',
];

/** The pool that a node belongs to, by its labels; undefined where none of them says. */
export function poolOf({ labels }: Pick<Node, 'labels'>): string | undefined {
  return POOL_LABELS.map((label) => labels[label]).find((pool) => pool !== undefined && pool !== '');
}
