import type { Access } from '../cluster/port.ts';
import type { Forecast } from '../core/forecast/forecast.ts';
import type { NodeChange } from '../core/forecast/scenarios.ts';
import { isRecord } from '../core/model/isRecord.ts';
import type { Move } from '../core/model/moves.ts';
import type { Settings } from '../core/model/settings.ts';
import { POLICY_NAMES } from '../core/place/policyNames.ts';
import type { Ranking } from '../core/place/rankNodes.ts';
import type { ClusterTarget } from '../core/plan/plan.ts';
import type { ViewPart } from '../rows/viewParts.ts';
import type { Confirmation, StepText } from '../text/operation.ts';

/** What the editor's thread asks of the planning thread; every request is answered once, with the same `id`. */
export type ToPlanner = { readonly id: number } & (
  | {
      readonly type: 'connect';
      readonly target: ClusterTarget;
      readonly stateDirectory: string;
      readonly access: Access;
    }
  | { readonly type: 'settings'; readonly settings: Settings }
  | { readonly type: 'refresh' }
  /** A part was taken: the next one may come. `number` is that of the part the trees stand at. */
  | { readonly type: 'taken'; readonly number: number }
  | { readonly type: 'advance'; readonly seconds: number }
  | { readonly type: 'plan' }
  | ({ readonly type: 'rank' } & Weighing)
  | { readonly type: 'whatIf'; readonly planId: string; readonly change: NodeChange }
  | { readonly type: 'contexts'; readonly kubeconfig?: string }
  | { readonly type: 'apply'; readonly planId: string; readonly moveIds?: readonly string[] }
  | { readonly type: 'continue' }
  | { readonly type: 'undo' }
  | {
      readonly type: 'train';
      /** Absent: the open cluster's own. */
      readonly history?: readonly HistoryFile[];
      readonly out: string;
      /** Go on with the predictor in `out`, in place of a new one. */
      readonly update: boolean;
      /** Folder whose code may run: its tfjs-node is used. */
      readonly workspace?: string;
    }
  | { readonly type: 'ledger' }
  /** Of the open cluster, or of one that could not be opened. */
  | { readonly type: 'doctor'; readonly target: ClusterTarget; readonly name: string; readonly access: Access }
  | { readonly type: 'confirmed'; readonly yes: boolean }
  | { readonly type: 'cancel'; readonly request: number }
  | { readonly type: 'close' }
);

/** The answer to `connect`, after the parts of its first view. */
export type Opened = {
  /** Moves of earlier windows that are not at their end. */
  readonly underWay: number;
};

/** The answer to `plan`. The plan travels as bytes, so that the editor's thread hands it on without reading it. */
export type IssuedPlan = {
  readonly id: string;
  readonly json: Uint8Array;
  readonly moves: readonly { readonly id: string; readonly kind: Move['kind']; readonly taskId: string }[];
};

/** A pending task of an issued plan that is to be ranked by these weights of policies. */
export type Weighing = {
  readonly planId: string;
  readonly taskId: string;
  readonly weights: Readonly<Record<string, number>>;
};

/** The answer to `rank`. */
export type Weighed = Weighing & Pick<Ranking, 'ranked' | 'fitting'>;

/** The answer to `whatIf`: one scenario more, on the same futures as the plan's own. */
export type WhatIf = { readonly planId: string; readonly change: NodeChange; readonly forecast: Forecast };

/** The answer to `apply`, `continue` and `undo`. */
export type Carried = {
  /** What came of it, for the user; empty when nothing was done because the user said no. */
  readonly text: string;
  /** Some move ended without being done; `text` says why. */
  readonly trouble: boolean;
  /** How many moves came to their end. */
  readonly ended: number;
  /** When the earliest wait is over, in the cluster's own time; absent when nothing waits. */
  readonly dueInSeconds?: number;
};

/** The answer to `contexts`. */
export type Contexts = { readonly contexts: readonly string[]; readonly current?: string };

export type HistoryFile = { readonly path: string; readonly columns?: Readonly<Record<string, string>> };

/** What the planning thread says. */
export type FromPlanner =
  | { readonly type: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly message: string; readonly cancelled: boolean }
  | { readonly type: 'part'; readonly part: ViewPart }
  /** The kubeconfig of the cluster that was last asked for has changed. */
  | { readonly type: 'kubeconfigChanged' }
  | { readonly type: 'step'; readonly step: StepText }
  | { readonly type: 'progress'; readonly id: number; readonly text: string; readonly fraction?: number }
  | { readonly type: 'confirm'; readonly id: number; readonly preview: Confirmation };

/** From the host to the plan panel. The panel draws from the last `state` alone. */
export type ToWebview = { readonly type: 'state'; readonly state: PanelState };

export type PanelState = {
  readonly cluster: string;
  /** The plan as JSON, sent once for each `planId`; absent in later states of the same plan. */
  readonly plan?: Uint8Array;
  readonly planId?: string;
  readonly steps: readonly StepText[];
  readonly busy?: string;
  readonly failure?: string;
  /** The ranking of one pending task by weights that were tried last. */
  readonly weighed?: Weighed;
  /** Changes of nodes that were asked for, latest last. */
  readonly whatIfs?: readonly WhatIf[];
  /** Why nothing may be applied; absent when it may. */
  readonly readOnly?: string;
};

/** More moves than any plan has: one of 5,000 nodes and 50,000 tasks has about 12,000. */
const MOST_MOVES = 200_000;

/** From the plan panel to the host: ids only, never a plan. */
export type FromWebview =
  | { readonly type: 'ready' }
  | { readonly type: 'refresh' }
  | { readonly type: 'apply'; readonly planId: string; readonly moveIds: readonly string[] }
  | { readonly type: 'reveal'; readonly what: 'node' | 'task'; readonly name: string }
  /** Rank one task by these weights, at once. */
  | ({ readonly type: 'rank' } & Weighing)
  /** Plan by these weights from now on. */
  | { readonly type: 'weigh'; readonly weights: Weighing['weights'] }
  /** Ask which node, then forecast without it, or with one more like it. */
  | { readonly type: 'whatIf'; readonly kind: NodeChange['kind'] };

/**
 * Parses what the panel sent; the panel's page is not trusted.
 * @returns undefined for anything that is not exactly one of `FromWebview`
 */
export function parseFromWebview(value: unknown): FromWebview | undefined {
  if (!isRecord(value)) return undefined;
  switch (value['type']) {
    case 'ready':
    case 'refresh':
      return { type: value['type'] };
    case 'apply': {
      const { planId, moveIds } = value;
      if (!isShortText(planId) || !Array.isArray(moveIds) || moveIds.length > MOST_MOVES) return undefined;
      return moveIds.every(isShortText) ? { type: 'apply', planId, moveIds } : undefined;
    }
    case 'reveal': {
      const { what, name } = value;
      return (what === 'node' || what === 'task') && isShortText(name) ? { type: 'reveal', what, name } : undefined;
    }
    case 'rank': {
      const { planId, taskId, weights } = value;
      const known = isShortText(planId) && isShortText(taskId) && areWeights(weights);
      return known ? { type: 'rank', planId, taskId, weights } : undefined;
    }
    case 'weigh': {
      const { weights } = value;
      return areWeights(weights) ? { type: 'weigh', weights } : undefined;
    }
    case 'whatIf': {
      const { kind } = value;
      return kind === 'lost' || kind === 'added' ? { type: 'whatIf', kind } : undefined;
    }
    default:
      return undefined;
  }
}

/** Parses what the host sent to the panel; undefined for anything else (other extensions may post too). */
export function parseToWebview(value: unknown): ToWebview | undefined {
  if (!isRecord(value) || value['type'] !== 'state' || !isRecord(value['state'])) return undefined;
  const state = value['state'];
  if (typeof state['cluster'] !== 'string' || !Array.isArray(state['steps'])) return undefined;
  const { plan, ...rest } = state;
  // Bytes come as an ArrayBuffer where the editor lives in a browser.
  const bytes = plan instanceof ArrayBuffer ? new Uint8Array(plan) : plan;
  if (bytes !== undefined && !(bytes instanceof Uint8Array)) return undefined;
  return { type: 'state', state: { ...(rest as PanelState), ...(bytes && { plan: bytes }) } };
}

/** Weights of known policies, finite, at least 0 and not all 0. */
function areWeights(value: unknown): value is Weighing['weights'] {
  if (!isRecord(value)) return false;
  const weights = Object.entries(value);
  return (
    weights.every(
      ([name, weight]) =>
        Object.hasOwn(POLICY_NAMES, name) && typeof weight === 'number' && weight >= 0 && weight <= MOST_WEIGHT,
    ) && weights.some(([, weight]) => Number(weight) > 0)
  );
}

const MOST_WEIGHT = 1000;

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 600;
}
