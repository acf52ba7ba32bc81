import type { Move } from './core/model/moves.ts';
import type { Settings } from './core/model/settings.ts';
import type { ClusterTarget } from './core/plan/plan.ts';
import type { Confirmation, StepText } from './operate/describe.ts';
import type { ClusterView } from './views/clusterView.ts';

/** What the editor's thread asks of the planning thread; every request is answered once, with the same `id`. */
export type ToPlanner = { readonly id: number } & (
  | { readonly type: 'connect'; readonly target: ClusterTarget; readonly stateDirectory: string }
  | { readonly type: 'settings'; readonly settings: Settings }
  | { readonly type: 'refresh' }
  | { readonly type: 'advance'; readonly seconds: number }
  | { readonly type: 'plan' }
  | { readonly type: 'contexts'; readonly kubeconfig?: string }
  | { readonly type: 'apply'; readonly planId: string; readonly moveIds?: readonly string[] }
  | { readonly type: 'continue' }
  | { readonly type: 'undo' }
  | { readonly type: 'train'; readonly history?: HistoryFile; readonly out: string }
  | { readonly type: 'ledger' }
  | { readonly type: 'doctor' }
  | { readonly type: 'confirmed'; readonly yes: boolean }
  | { readonly type: 'cancel'; readonly request: number }
  | { readonly type: 'close' }
);

/** The answer to `connect`. */
export type Opened = {
  readonly view: ClusterView;
  /** Moves of earlier windows that are not at their end. */
  readonly underWay: number;
};

/** The answer to `plan`. The plan travels as bytes, so that the editor's thread hands it on without reading it. */
export type IssuedPlan = {
  readonly id: string;
  readonly json: Uint8Array;
  readonly moves: readonly { readonly id: string; readonly kind: Move['kind']; readonly taskId: string }[];
};

/** The answer to `contexts`. */
export type Contexts = { readonly contexts: readonly string[]; readonly current?: string };

export type HistoryFile = { readonly path: string; readonly columns?: Readonly<Record<string, string>> };

/** What the planning thread says. */
export type FromPlanner =
  | { readonly type: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly message: string; readonly cancelled: boolean }
  | { readonly type: 'view'; readonly view: ClusterView }
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
  /** Why nothing may be applied; absent when it may. */
  readonly readOnly?: string;
};

/** From the plan panel to the host: ids only, never a plan. */
export type FromWebview =
  | { readonly type: 'ready' }
  | { readonly type: 'refresh' }
  | { readonly type: 'apply'; readonly planId: string; readonly moveIds: readonly string[] }
  | { readonly type: 'reveal'; readonly what: 'node' | 'task'; readonly name: string };

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
      if (!isShortText(planId) || !Array.isArray(moveIds) || moveIds.length > 10_000) return undefined;
      return moveIds.every(isShortText) ? { type: 'apply', planId, moveIds } : undefined;
    }
    case 'reveal': {
      const { what, name } = value;
      return (what === 'node' || what === 'task') && isShortText(name) ? { type: 'reveal', what, name } : undefined;
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 600;
}
