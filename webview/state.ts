import type { Forecast } from '../src/core/forecast/forecast.ts';
import type { Plan } from '../src/core/plan/plan.ts';
import type { PanelState, ToWebview } from '../src/panel/protocol.ts';

/** All that the panel draws from: what the host sent, and what the user chose in it. */
export type PanelModel = {
  readonly host: Omit<PanelState, 'plan'>;
  readonly plan?: Plan;
  readonly choices: Choices;
};

/** What the user chose in a plan; kept over reloads of the window, since the same cluster gives the same plan. */
export type Choices = {
  readonly planId?: string;
  /** Moves that are ticked; absent: all of the plan's. */
  readonly chosen?: readonly string[];
  /** Pending task whose ranked nodes are shown. */
  readonly task?: string;
  /** How many moves are listed, where it is not the first page. */
  readonly listed?: number;
};

/** A plan of a large cluster has thousands of moves; so many are listed at a time. */
export const MOVES_PAGE = 200;

export type PanelEvent =
  | ToWebview
  | { readonly type: 'choose'; readonly moveId: string; readonly on: boolean; readonly all: readonly string[] }
  | { readonly type: 'showTask'; readonly task: string }
  | { readonly type: 'listMore' };

export const EMPTY_MODEL: PanelModel = { host: { cluster: '', steps: [] }, choices: {} };

/**
 * The next model; pure. A new plan forgets what was chosen in the old one. While there is no plan the choices stay: the
 * same one may come back.
 */
export function reduce(model: PanelModel, event: PanelEvent): PanelModel {
  switch (event.type) {
    case 'state': {
      const { plan: json, ...host } = event.state;
      if (host.planId === undefined) return { host, choices: model.choices };
      const plan = json ? readPlan(json) : host.planId === model.host.planId ? model.plan : undefined;
      const choices = host.planId === model.choices.planId ? model.choices : { planId: host.planId };
      return { host, choices, ...(plan && { plan }) };
    }
    case 'choose': {
      const before = model.choices.chosen ?? event.all;
      const others = before.filter((id) => id !== event.moveId);
      const next = new Set(event.on ? [...others, event.moveId] : others);
      return { ...model, choices: { ...model.choices, chosen: event.all.filter((id) => next.has(id)) } };
    }
    case 'showTask':
      return { ...model, choices: { ...model.choices, task: event.task } };
    case 'listMore': {
      const listed = (model.choices.listed ?? MOVES_PAGE) + MOVES_PAGE;
      return { ...model, choices: { ...model.choices, listed } };
    }
    default:
      return event satisfies never;
  }
}

/** The plan's own forecast, with a scenario for each change of nodes that was asked for. */
export function wholeForecast(forecast: Forecast, whatIfs: PanelState['whatIfs'] = []): Forecast {
  return { ...forecast, scenarios: [...forecast.scenarios, ...whatIfs.flatMap((each) => each.forecast.scenarios)] };
}

/** What was kept before a reload; anything out of shape is nothing. */
export function parseChoices(value: unknown): Choices {
  if (typeof value !== 'object' || value === null) return {};
  const { planId, chosen, task, listed } = value as Record<string, unknown>;
  return {
    ...(typeof planId === 'string' && { planId }),
    ...(Array.isArray(chosen) && { chosen: chosen.filter((id): id is string => typeof id === 'string') }),
    ...(typeof task === 'string' && { task }),
    ...(Number.isSafeInteger(listed) && { listed: listed as number }),
  };
}

function readPlan(json: Uint8Array): Plan {
  return JSON.parse(new TextDecoder().decode(json)) as Plan;
}
