import type { Forecast, Moment, ScenarioForecast } from '../core/forecast/forecast.ts';
import { changeOf } from '../core/forecast/scenarios.ts';
import type { Plan } from '../core/plan/plan.ts';
import { duration, number, percent, plural } from './format.ts';

/** Every sentence about what a forecast says. */

/** A forecast's scenario for people; a change of the nodes is named by its node. */
export function scenarioTitle(name: string): string {
  const change = changeOf(name);
  if (change) return change.kind === 'lost' ? `without ${change.node}` : `one more ${change.node}`;
  return SCENARIOS[name] ?? name;
}

const SCENARIOS: Readonly<Record<string, string>> = {
  nothing: 'do nothing',
  resize: 'resize only',
  migrate: 'migrate only',
  plan: 'with this plan',
};

/** What the figures of a forecast are: "medians and 80 % bands of 40 sampled futures; 45 tasks arrive per hour". */
export function describeFutures({ samples, arrivalsPerHour }: Forecast): string {
  const futures = plural(samples, {
    one: 'median of # sampled future',
    other: 'medians and 80 % bands of # sampled futures',
  });
  return plural(Math.round(arrivalsPerHour), {
    one: `${futures}; # task arrives per hour`,
    other: `${futures}; # tasks arrive per hour`,
  });
}

/** How far a forecast has come. */
export function describeSampling(samples: number, of: number): string {
  return plural(of, {
    one: `forecasting: ${number(samples)} of # future`,
    other: `forecasting: ${number(samples)} of # futures`,
  });
}

/** Each scenario's value now and at the end: "do nothing: 38 % now, 40 % after 1 d; with this plan: …". */
export function compareScenarios({ scenarios }: Forecast, say: (moment: Moment) => string): string {
  const parts = scenarios.flatMap(({ name, moments }) => {
    const [first, last] = [moments[0], moments.at(-1)];
    if (!first || !last) return [];
    return [`${scenarioTitle(name)}: ${say(first)} now, ${say(last)} after ${duration(last.inSeconds)}`];
  });
  return `${parts.join('; ')}.`;
}

/**
 * When a pending task is expected to start in a scenario. Nothing but the plan lifts the gate of a task it places; one
 * without an entry runs from the beginning.
 */
export function describeStart(
  { placements }: Pick<Plan, 'placements'>,
  { name, starts }: ScenarioForecast,
  task: string,
): string {
  const gated = placements.some(({ taskId, decision }) => taskId === task && decision.kind === 'place');
  if (gated && name !== 'plan') return 'stays behind its gate';
  const start = starts.find((each) => each.task === task);
  if (!start) return 'now';
  const { p50, p90, startedFraction, admittingNodes } = start;
  if (admittingNodes === 0) return 'never: no node admits it';
  if (p50 === undefined) return `later than a day (${percent(startedFraction)} within it)`;
  if (p50 === 0 && p90 === 0) return 'now';
  return p90 === undefined
    ? `in ${duration(p50)} (90 %: later than a day)`
    : `in ${duration(p50)} (90 %: ${duration(p90)})`;
}
