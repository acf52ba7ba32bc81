import type { NodeChange } from '../core/forecast/scenarios.ts';
import { isRecord } from '../core/model/isRecord.ts';
import { isRankingPolicy } from '../core/place/policyNames.ts';
import type { Weighed, Weighing, WhatIf } from '../planner/protocol.ts';
import type { StepText } from '../text/operation.ts';
import { parseZone } from '../text/zone.ts';

/** From the host to the plan panel, which draws from the last `state` alone. */
export type ToWebview = { readonly type: 'state'; readonly state: PanelState };

export type PanelState = {
  readonly cluster: string;
  /** The zone in which this window tells its times, by its IANA name. */
  readonly zone: string;
  /** By the cluster's own clock, when it was read last; absent where none is open. */
  readonly nowSeconds?: number;
  /** The plan as JSON, sent once for each `planId`; absent in later states of the same plan. */
  readonly plan?: Uint8Array;
  readonly planId?: string;
  /** Steps of moves since the last state, and how many came before them; 0: the page forgets those that it has. */
  readonly steps: readonly StepText[];
  readonly stepsBefore: number;
  /** How many moves of the plan the reader said yes to, begun or not; absent where none. */
  readonly confirmed?: number;
  readonly busy?: string;
  readonly failure?: string;
  /** All that was asked of the plan; absent where the page holds it already. */
  readonly asked?: Asked;
  /** Why nothing may be applied; absent when it may. */
  readonly readOnly?: string;
};

/** What was asked of a plan, with the answers. */
export type Asked = {
  /** The ranking of one pending task by weights that were tried last. */
  readonly weighed?: Weighed;
  /** Its forecast with changes of nodes, latest last. */
  readonly whatIfs?: readonly WhatIf[];
};

/** More moves than any plan has: one of 5,000 nodes and 50,000 tasks has some 36,000. */
const MOST_MOVES = 200_000;

/** From the plan panel to the host: ids only, never a plan. */
export type FromWebview =
  /** The page runs; `zone` is that of the browser it runs in, absent where the host does not know that zone. */
  | { readonly type: 'ready'; readonly zone?: string }
  | { readonly type: 'refresh' }
  | { readonly type: 'apply'; readonly planId: string; readonly moveIds: readonly string[] }
  | { readonly type: 'reveal'; readonly what: 'node' | 'task'; readonly name: string }
  /** Rank one task by these weights, at once. */
  | ({ readonly type: 'rank' } & Weighing)
  /** Plan by these weights from now on. */
  | { readonly type: 'weigh'; readonly weights: Weighing['weights'] }
  /** Ask which node, then forecast without it, or with one more like it. */
  | { readonly type: 'whatIf'; readonly kind: NodeChange['kind'] }
  /** Take the whole plan elsewhere. */
  | { readonly type: 'take'; readonly as: PlanCopy };

/** How a plan leaves the panel: as text in an editor, as Markdown on the clipboard, or as a file. */
export const PLAN_COPIES = ['text', 'markdown', 'file'] as const;
export type PlanCopy = (typeof PLAN_COPIES)[number];

/**
 * Parses what the panel sent; the panel's page is not trusted.
 * @returns undefined for anything that is not exactly one of `FromWebview`
 */
export function parseFromWebview(value: unknown): FromWebview | undefined {
  if (!isRecord(value)) return undefined;
  switch (value['type']) {
    case 'ready': {
      const zone = parseZone(value['zone']);
      return { type: 'ready', ...(zone !== undefined && { zone }) };
    }
    case 'refresh':
      return { type: 'refresh' };
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
    case 'take': {
      const as = PLAN_COPIES.find((each) => each === value['as']);
      return as && { type: 'take', as };
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
  if (!Number.isSafeInteger(state['stepsBefore'])) return undefined;
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
      ([name, weight]) => isRankingPolicy(name) && typeof weight === 'number' && weight >= 0 && weight <= MOST_WEIGHT,
    ) && weights.some(([, weight]) => Number(weight) > 0)
  );
}

const MOST_WEIGHT = 1000;

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 600;
}
