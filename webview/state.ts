import type { Forecast } from '../src/core/forecast/forecast.ts';
import type { Plan } from '../src/core/plan/plan.ts';
import type { Asked, PanelState, ToWebview } from '../src/panel/protocol.ts';
import type { StepText } from '../src/text/operation.ts';
import { ALL_TICKED, keepTicks, NONE_TICKED, parseTicks, type Ticks, withTicks } from './moves/ticks.ts';
import { FIRST_VIEW, type MovesView, parseMovesView, withOpened } from './moves/view.ts';

/** All that the panel draws from: what the host sent, and what the user chose in it. */
export type PanelModel = {
  readonly host: Omit<PanelState, 'zone' | 'plan' | 'steps' | 'stepsBefore' | 'asked'> & Asked;
  readonly plan?: Plan;
  /** Where each move stands that was begun, by its id, the latest change last. */
  readonly steps: ReadonlyMap<string, StepText>;
  /** What came last, of which a screen reader is told; absent at first. */
  readonly latest?: 'busy' | 'step' | 'plan';
  readonly choices: Choices;
};

/** What the user chose in a plan; kept over reloads of the window, since the same cluster gives the same plan. */
export type Choices = {
  readonly planId?: string;
  readonly ticks: Ticks;
  /** How the moves are listed. */
  readonly moves: MovesView;
  /** Pending task whose ranked nodes are shown. */
  readonly task?: string;
};

export type PanelEvent =
  | ToWebview
  | { readonly type: 'tick'; readonly moveIds: Iterable<string>; readonly on: boolean }
  | { readonly type: 'tickAll'; readonly on: boolean }
  /** Lists the moves in another way. */
  | { readonly type: 'list'; readonly view: Partial<MovesView> }
  /** Opens or closes a group of moves. */
  | { readonly type: 'open'; readonly group: string; readonly on: boolean }
  | { readonly type: 'showTask'; readonly task: string };

const NO_CHOICES: Choices = { ticks: ALL_TICKED, moves: FIRST_VIEW };

export const EMPTY_MODEL: PanelModel = { host: { cluster: '' }, steps: new Map(), choices: NO_CHOICES };

/**
 * The next model; pure. A new plan forgets what was chosen and searched in the old one, but for how its moves are listed.
 * While there is no plan the choices stay: the same one may come back.
 */
export function reduce(model: PanelModel, event: PanelEvent): PanelModel {
  const { choices } = model;
  switch (event.type) {
    case 'state':
      return withState(model, event.state);
    case 'tick':
      return { ...model, choices: { ...choices, ticks: withTicks(choices.ticks, event.moveIds, event.on) } };
    case 'tickAll':
      return { ...model, choices: { ...choices, ticks: event.on ? ALL_TICKED : NONE_TICKED } };
    case 'list':
      return { ...model, choices: { ...choices, moves: { ...choices.moves, ...event.view } } };
    case 'open':
      return { ...model, choices: { ...choices, moves: withOpened(choices.moves, event.group, event.on) } };
    case 'showTask':
      return { ...model, choices: { ...choices, task: event.task } };
    default:
      return event satisfies never;
  }
}

function withState(model: PanelModel, state: PanelState): PanelModel {
  const { plan: json, steps: news, stepsBefore, asked, zone: _, ...sent } = state;
  const host = { ...sent, ...(asked ?? askedOf(model.host)) };
  const steps = withSteps(stepsBefore === 0 ? new Map() : model.steps, news);
  const latest = latestOf(model, host, news);
  const said = { host, steps, ...(latest && { latest }) };
  if (host.planId === undefined) return { ...said, choices: model.choices };
  const plan = json ? readPlan(json) : host.planId === model.host.planId ? model.plan : undefined;
  const { choices } = model;
  const next = { ...NO_CHOICES, moves: { ...choices.moves, search: '' }, planId: host.planId };
  return { ...said, choices: host.planId === choices.planId ? choices : next, ...(plan && { plan }) };
}

/** What is the news of a state: a plan, a move's step, or what is being done; what was the news before where it has none. */
function latestOf(model: PanelModel, host: PanelModel['host'], news: readonly StepText[]): PanelModel['latest'] {
  if (host.planId !== undefined && host.planId !== model.host.planId) return 'plan';
  if (news.length > 0) return 'step';
  return host.busy !== undefined && host.busy !== model.host.busy ? 'busy' : model.latest;
}

/** The answers that the page holds already; the host sends them anew only when they are others. */
function askedOf({ weighed, whatIfs }: Asked): Asked {
  return { ...(weighed && { weighed }), ...(whatIfs && { whatIfs }) };
}

/** The steps with later ones of the same moves in their place, at the end. */
function withSteps(steps: PanelModel['steps'], news: readonly StepText[]): PanelModel['steps'] {
  if (news.length === 0) return steps;
  const next = new Map(steps);
  for (const step of news) {
    next.delete(step.moveId);
    next.set(step.moveId, step);
  }
  return next;
}

/** How many moves of the plan were done and then taken back. */
export function takenBack(plan: Plan | undefined, steps: PanelModel['steps']): number {
  return plan?.moves.filter(({ id }) => steps.get(`${UNDO}${id}`)?.state === 'done').length ?? 0;
}

/** Begins the id of a move that takes another back; the journal has it so too. */
const UNDO = 'undo ';

/** The plan's own forecast, with a scenario for each change of nodes that was asked for. */
export function wholeForecast(forecast: Forecast, whatIfs: Asked['whatIfs'] = []): Forecast {
  return { ...forecast, scenarios: [...forecast.scenarios, ...whatIfs.flatMap((each) => each.forecast.scenarios)] };
}

/** Choices as plain data, for the editor to keep. */
export function keepChoices({ ticks, moves, ...rest }: Choices): Record<string, unknown> {
  return { ...rest, ticks: keepTicks(ticks), moves };
}

/** What was kept before a reload; anything out of shape is as at first. */
export function parseChoices(value: unknown): Choices {
  if (typeof value !== 'object' || value === null) return NO_CHOICES;
  const { planId, ticks, moves, task } = value as Record<string, unknown>;
  return {
    ticks: parseTicks(ticks) ?? ALL_TICKED,
    moves: parseMovesView(moves),
    ...(typeof planId === 'string' && { planId }),
    ...(typeof task === 'string' && { task }),
  };
}

function readPlan(json: Uint8Array): Plan {
  return JSON.parse(new TextDecoder().decode(json)) as Plan;
}
