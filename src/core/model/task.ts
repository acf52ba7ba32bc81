import type { Constraints } from './constraints.ts';
import type { Problem } from './problem.ts';
import type { Resources } from './resources.ts';
import type { Written } from './written.ts';

/** One unit of work: a Pod with its owner. */
export type Task = {
  /** `namespace/name`, unique in a snapshot. */
  readonly id: string;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly owner?: Owner;
  readonly phase: 'pending' | 'running' | 'ending';
  /** Node it is bound to. */
  readonly node?: string;
  /**
   * Whole GPUs or share of one: a task of 2 GPUs has `gpuMilli` 2000 and `gpuCount` 2; a share of 300 has 300 and 1.
   */
  readonly gpuCount: number;
  /** Index of the GPU a share sits in, where known. */
  readonly gpuIndex?: number;
  /** The extended resource its GPUs are asked as. */
  readonly gpuResource?: string;
  /** What it asked for at first: the 100 % of the resize rules (S307), kept over resizes. */
  readonly request: Resources;
  /**
   * What it holds on its node, and a pending one will hold: the one figure that free amounts are reckoned from. By the
   * scheduler's rules the largest of spec, allocated and actual, per resource; the spec of an infeasible resize does
   * not count, since it can never be granted (KEP-1287).
   */
  readonly allocation: Resources;
  /** What the spec asks for now; differs from `allocation` while a resize is under way, and is never what is held. */
  readonly desired: Resources;
  readonly qosClass: 'Guaranteed' | 'Burstable' | 'BestEffort';
  readonly parameters: TaskParameters;
  readonly constraints: Constraints;
  readonly priority: number;
  readonly createdAtSeconds: number;
  readonly startedAtSeconds?: number;
  /** Since when the scheduler finds no node for it. */
  readonly unschedulableSinceSeconds?: number;
  /** Held back by a scheduling gate of ours: it can be placed. */
  readonly gated: boolean;
  /** Never ends by itself (Deployment, StatefulSet, …): its remaining runtime is T. */
  readonly endless: boolean;
  /** DaemonSet or static: counts for capacity only. */
  readonly infrastructure: boolean;
  readonly checkpoint?: Checkpoint;
  /** The hard bound on its runtime, from `activeDeadlineSeconds`. */
  readonly runtimeLimitSeconds?: number;
  readonly resizeState?: ResizeState;
  /** When Stowage last shrank it (S308: at most once in a usage window). */
  readonly lastShrunkAtSeconds?: number;
  /** Counts changes of spec; a plan that was made at another generation is stale. */
  readonly generation: number;
  /** What of its own statement cannot be used; journals of version 0.1.0 keep tasks with sentences here. */
  readonly problems: readonly Written<Problem>[];
};

/** What it belongs to and how it may be acted on. */
export type Owner = {
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** Tasks of this owner that run or will run at once; a migration stops them all. */
  readonly parallelism: number;
  readonly suspended: boolean;
  /** Who applies its tasks' node affinity from a manifest, as Argo CD and Flux do (server-side apply). */
  readonly affinityAppliedBy?: string;
};

/** S201: what is known of a task when it is submitted. Missing is a value. */
export type TaskParameters = {
  readonly creator?: string;
  readonly type?: string;
  readonly framework?: string;
  /** Size of the task's data in the user's own unit; only ratios count. */
  readonly dataScale?: number;
  /** Name of what recurs: the owner or template without its generated suffix. */
  readonly name?: string;
  readonly queue?: string;
  /** Runtime the user asked for or is limited to. */
  readonly requestedRuntimeSeconds?: number;
};

/** Where run information is saved and resumed from (S410). */
export type Checkpoint = { readonly location: string; readonly savedAtSeconds?: number };

export type ResizeState = {
  readonly kind: 'deferred' | 'infeasible' | 'inProgress';
  readonly message: string;
  readonly sinceSeconds?: number;
};
