import type { Candidate } from '../defrag/candidates.ts';
import type { MigrationAdvice } from '../defrag/searchDefrag.ts';
import type { Trigger } from '../defrag/triggers.ts';
import type { Forecast } from '../forecast/forecast.ts';
import type { Band } from '../model/band.ts';
import type { Move } from '../model/moves.ts';
import type { Problem } from '../model/problem.ts';
import type { Resources } from '../model/resources.ts';
import type { Settings } from '../model/settings.ts';
import type { Since } from '../model/since.ts';
import type { FewReadings } from '../model/usage.ts';
import type { Written } from '../model/written.ts';
import type { RankedNode, RefusedNode } from '../place/rankNodes.ts';
import type { RuntimePrediction } from '../predict/prediction.ts';
import type { KeptCode, ResizeAdvice } from '../resize/adviseResizes.ts';

export const PLAN_FORMAT = 'stowage-plan-1';

/**
 * What to place, resize and migrate on one snapshot, why, and what it brings. Plain data: it can be written as JSON,
 * read back with `parsePlan`, and is checked with `checkPlan` on a fresh snapshot before anything is done.
 */
export type Plan = {
  readonly format: typeof PLAN_FORMAT;
  /** Digest of all the rest: an edited plan no longer has its id. */
  readonly id: string;
  /** How to open the plan's cluster again; absent where the plan was made without one. */
  readonly target?: ClusterTarget;
  readonly snapshot: PlannedSnapshot;
  readonly rules: PlanRules;
  readonly predictor: PredictorUsed;
  /** One entry a pending task, the most urgent first. */
  readonly placements: readonly PlacementAdvice[];
  readonly resizes: readonly ResizeAdvice[];
  /** Moves, then waits, then why not. */
  readonly migrations: readonly MigrationAdvice[];
  /**
   * What apply does, in this order: each move fits once those before it are done, and no task is in two of one kind.
   */
  readonly moves: readonly Move[];
  /** Scenarios `nothing` and `plan`, side by side; absent where none was asked for. */
  readonly forecast?: Forecast;
  /** For the next plan of this cluster. */
  readonly since: Since;
};

/** The settings by which it says why nothing is done; in a plan of 0.1.0, which kept none, their defaults. */
export type PlanRules = Pick<
  Settings,
  'triggerHoldSeconds' | 'triggerFreeFraction' | 'candidateFreeFraction' | 'shrinkBelowFraction' | 'expandAboveFraction'
>;

export function planRules(settings: Settings): PlanRules {
  const { triggerHoldSeconds, triggerFreeFraction, candidateFreeFraction } = settings;
  const { shrinkBelowFraction, expandAboveFraction } = settings;
  return { triggerHoldSeconds, triggerFreeFraction, candidateFreeFraction, shrinkBelowFraction, expandAboveFraction };
}

/** The snapshot a plan was made from, named and counted. */
export type PlannedSnapshot = {
  readonly cluster: string;
  readonly takenAtSeconds: number;
  /** Of every node's and task's uid, generation, place and amounts. */
  readonly digest: string;
  readonly counts: {
    readonly nodes: number;
    readonly running: number;
    readonly pending: number;
    readonly ending: number;
    /** Tasks with readings of their usage. */
    readonly measured: number;
    /** Advice beyond what the plan keeps (`MOST_BLOCKED`). */
    readonly blockedLeftOut: number;
  };
  /** Running tasks without resize advice, by why. */
  readonly unresized: Readonly<Record<KeptCode, number>>;
  /** Of the tasks with too few readings to be resized, the one that first has enough. */
  readonly fewReadings?: FewReadings;
  /** What could start a defragmentation, and the nodes worth it (S407, S408). */
  readonly triggers: readonly Trigger[];
  readonly candidates: readonly Candidate[];
  /** Pools of the nodes that moves touch, by node, as far as labels name them; absent in plans of 0.1.0. */
  readonly pools?: Readonly<Record<string, string>>;
  readonly problems: readonly Written<Problem>[];
};

/** What predicted the runtimes. */
export type PredictorUsed = {
  /** `trained` for a network with its baselines, `baselines` alone, or what a host calls its own. */
  readonly name: string;
  /** Finished tasks it has learned from. */
  readonly tasks: number;
  /** What people call the cluster that it has learned from; absent where that is not known. */
  readonly cluster?: string;
  /** When the last of those tasks was submitted; absent where that is not known. */
  readonly untilSeconds?: number;
  /** Tasks of the snapshot by the predictor that was chosen for them. */
  readonly chosen: Readonly<Record<string, number>>;
};

/** S203–S205 for one pending task. */
export type PlacementAdvice = {
  readonly taskId: string;
  readonly request: Resources;
  readonly createdAtSeconds: number;
  /** Predicted runtime, and what it stands on; absent when nothing is known. */
  readonly runtime?: Band & Omit<RuntimePrediction, 'runtime'>;
  readonly decision: PlacementDecision;
  /** Best first; the first `RANKED_KEPT` of `fitting`. */
  readonly ranked: readonly RankedNode[];
  readonly fitting: number;
  /** Nodes that cannot take it, by their reason: first those that could if they were emptier, the most frequent first. */
  readonly refused: readonly { readonly code: string; readonly nodes: number; readonly example: RefusedNode }[];
};

export type PlacementDecision =
  /** A move of the plan puts it there; `afterMigrations`: once these have freed enough. */
  | { readonly kind: 'place'; readonly to: string; readonly afterMigrations: boolean }
  /** Nothing of ours holds it back: the cluster's scheduler places it. `to` is the best node, advice only. */
  | { readonly kind: 'scheduler'; readonly to: string; readonly afterMigrations: boolean }
  | { readonly kind: 'noNode' }
  | { readonly kind: 'refused'; readonly reason: { readonly code: 'right'; readonly missing: string } };

/** Seed of the sample cluster where none is named. */
export const SAMPLE_SEED = 7;

/** How a host opens a cluster; the core does not. Paths are absolute. */
export type ClusterTarget =
  | { readonly kind: 'sample'; readonly seed: number; readonly directory: string }
  /** Without a kubeconfig the one that `kubectl` would take, without a context its current one. */
  | { readonly kind: 'kubernetes'; readonly kubeconfig?: string; readonly context?: string };
