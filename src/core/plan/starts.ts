import type { ScenarioForecast } from '../forecast/forecast.ts';
import type { Plan } from './plan.ts';

/** When a pending task starts in a scenario of a forecast; times from the forecast's moment. */
export type Start =
  | { readonly kind: 'now' }
  /** In half of the futures by `p50`, in nine of ten by `p90`; absent: not within the horizon. */
  | { readonly kind: 'in'; readonly p10: number; readonly p50: number; readonly p90?: number }
  /** After the horizon, but in this share of the futures. */
  | { readonly kind: 'later'; readonly startedFraction: number }
  /** Nobody lifts its gate. */
  | { readonly kind: 'gated' }
  /** Its own rules admit no node. */
  | { readonly kind: 'never' };

/** Pending tasks that some scenario tells of, each once. */
export function startingTasks(scenarios: readonly ScenarioForecast[]): string[] {
  return [...new Set(scenarios.flatMap(({ starts }) => starts.map(({ task }) => task)))];
}

/**
 * When a pending task starts. Nothing but the plan lifts the gate of a task that it places; a task without an entry
 * runs from the beginning.
 */
export function startIn(
  { placements }: Pick<Plan, 'placements'>,
  { name, starts }: ScenarioForecast,
  taskId: string,
): Start {
  const start = starts.find(({ task }) => task === taskId);
  if (start?.admittingNodes === 0) return { kind: 'never' };
  // Forecasts of 0.1.0 let every task start; there the plan's own decision tells who has a gate.
  const placed = () => placements.some((advice) => advice.taskId === taskId && advice.decision.kind === 'place');
  if (start?.gated || (name !== 'plan' && placed())) return { kind: 'gated' };
  if (!start || (start.p50 === 0 && start.p90 === 0)) return { kind: 'now' };
  const { p10, p50, p90, startedFraction } = start;
  if (p50 === undefined) return { kind: 'later', startedFraction };
  // Forecasts of 0.1.0 have no 10th percentile.
  return { kind: 'in', p10: p10 ?? p50, p50, ...(p90 !== undefined && { p90 }) };
}

/** The forecast's scenarios in which nothing is done, and in which the plan is; absent without a forecast. */
export function scenariosOf({ forecast }: Pick<Plan, 'forecast'>): {
  readonly nothing?: ScenarioForecast;
  readonly plan?: ScenarioForecast;
} {
  const named = (name: string) => forecast?.scenarios.find((scenario) => scenario.name === name);
  const [nothing, plan] = [named('nothing'), named('plan')];
  return { ...(nothing && { nothing }), ...(plan && { plan }) };
}

/** How many seconds earlier a task starts by the plan, at the median; undefined where one of the two is not known. */
export function savedOf(made: Pick<Plan, 'placements' | 'forecast'>, taskId: string): number | undefined {
  const { nothing, plan } = scenariosOf(made);
  if (!nothing || !plan) return undefined;
  return savedBetween(startIn(made, nothing, taskId), startIn(made, plan, taskId));
}

/** The same of two starts. */
export function savedBetween(nothing: Start, plan: Start): number | undefined {
  const saved = medianOf(nothing) - medianOf(plan);
  return Number.isFinite(saved) ? saved : undefined;
}

/** Seconds until a start at the median; `Infinity` where that is not within the horizon. */
export function medianOf(start: Start): number {
  if (start.kind === 'now') return 0;
  return start.kind === 'in' ? start.p50 : Number.POSITIVE_INFINITY;
}

/** The same start as it is so many seconds after the forecast; what was due is now. */
export function startAfter(start: Start, seconds: number): Start {
  if (start.kind !== 'in') return start;
  const left = (at: number) => Math.max(0, at - seconds);
  const { p10, p50, p90 } = start;
  return { kind: 'in', p10: left(p10), p50: left(p50), ...(p90 !== undefined && { p90: left(p90) }) };
}
