import type { Forecast, Moment, ScenarioForecast } from '../core/forecast/forecast.ts';
import { changeOf } from '../core/forecast/scenarios.ts';
import { type Resources, resourceNames } from '../core/model/resources.ts';
import type { Plan } from '../core/plan/plan.ts';
import { type Start, startIn } from '../core/plan/starts.ts';
import { amounts, duration, number, percent, plural, range } from './format.ts';

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

/** What a forecast measures, by one name in every chart and table. */
export const MEASURES = {
  freeGpu: 'Free GPU',
  freeCpu: 'Free CPU',
  gpuFragments: 'GPU fragments',
  cpuFragments: 'CPU fragments',
  waiting: 'Waiting tasks',
} as const;

/** How many tasks of a shape would fit: its devices name it where it has some, else its CPU and memory. */
export function describeRoomFor(request: Resources): string {
  const devices = { ...request, milliCpu: 0, memoryBytes: 0 };
  return `Room for ${amounts(resourceNames(devices).length > 0 ? devices : request)}`;
}

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

/** When a pending task is expected to start in a scenario: "in 12 min (80 %: now to 1 h)". */
export function describeStart(plan: Pick<Plan, 'placements'>, scenario: ScenarioForecast, taskId: string): string {
  return describeWhen(startIn(plan, scenario, taskId));
}

/** The same of a start that is known. */
export function describeWhen(start: Start): string {
  switch (start.kind) {
    case 'now':
      return 'now';
    case 'gated':
      return 'stays behind its gate';
    case 'never':
      return 'never: no node admits it';
    case 'later':
      return `later than a day (${percent(start.startedFraction)} within it)`;
    case 'in':
      return `${start.p50 < 1 ? 'now' : `in ${duration(start.p50)}`} (80 %: ${startBand(start)})`;
  }
}

/** Whether both are told alike; of what starts after the horizon the shares within it are too few futures to differ. */
export function isSameStart(one: Start, other: Start): boolean {
  return one.kind === other.kind && (one.kind === 'later' || describeWhen(one) === describeWhen(other));
}

function startBand({ p10, p90 }: Extract<Start, { kind: 'in' }>): string {
  const from = p10 < 1 ? 'now' : duration(p10);
  if (p90 === undefined) return `${from} to later than a day`;
  return p10 < 1 ? `now to ${duration(p90)}` : range({ p10, p90 }, duration);
}

/** The same as a clause: "starts in 12 min (80 %: now to 1 h)". */
export function describeStarts(start: Start): string {
  return start.kind === 'gated' ? describeWhen(start) : `starts ${describeWhen(start)}`;
}
