import { shortened, table } from '../../cli/table.ts';
import type { Forecast, Moment, ScenarioForecast } from '../../core/forecast/forecast.ts';
import { type ResourceName, type Resources, resourceNames } from '../../core/model/resources.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { amounts, duration, percent } from '../format.ts';
import { scenarioTitle } from '../sentences.ts';

import { isPlaced } from './placements.ts';
import { type PlanTextOptions, title } from './section.ts';

export function forecastText(plan: Plan, forecast: Forecast, options: PlanTextOptions): string[] {
  const { scenarios } = forecast;
  const [nothing] = scenarios;
  if (!nothing) return [];
  const moments = nothing.moments
    .map((_, index) => index)
    .filter((index) => index === 0 || index % 2 === 1 || index === nothing.moments.length - 1);
  const at = moments.map((index) => nothing.moments[index]!.inSeconds);
  const rows: string[][] = [];
  const add = (name: string, cell: (moment: Moment) => string) => {
    const line = (scenario: ScenarioForecast) => moments.map((index) => cell(scenario.moments[index]!));
    scenarios.forEach((scenario, index) => {
      rows.push([index === 0 ? name : '', scenarioTitle(scenario.name), ...line(scenario)]);
    });
  };
  const has = (resource: ResourceName) => nothing.moments.some((moment) => (moment.free[resource]?.p90 ?? 0) > 0);
  if (has('gpuMilli')) add('free GPU', ({ free }) => bandText(free['gpuMilli'], tenths));
  add('free CPU', ({ free }) => bandText(free['milliCpu'], wholeThousands));
  if (has('gpuMilli')) add('GPU fragments', ({ fragmentation }) => bandText(fragmentation.gpuRatio, percent));
  add('CPU fragments', ({ fragmentation }) => bandText(fragmentation.cpuRatio, percent));
  for (const { name, index } of shapesShown(forecast)) {
    add(name, ({ fits }) => bandText(fits[index], (value) => String(Math.round(value))));
  }
  add('tasks waiting', ({ waiting }) => bandText(waiting, (value) => String(Math.round(value))));
  const columns = [
    { head: '' },
    { head: '' },
    ...at.map((seconds) => ({ head: seconds === 0 ? 'now' : `+${duration(seconds)}`, align: 'right' as const })),
  ];
  return [
    title(
      'FORECAST',
      `median of ${forecast.samples} futures (10–90 %); ${Math.round(forecast.arrivalsPerHour)} tasks arrive an hour`,
      options,
    ),
    ...table(columns, rows),
    ...startText(
      plan,
      scenarios.filter(({ name }) => name !== 'resize' && name !== 'migrate'),
    ),
  ];
}

function tenths(milli: number): string {
  return String(Math.round(milli / 100) / 10);
}

function wholeThousands(milli: number): string {
  return String(Math.round(milli / 1000));
}

/** The most expected shape, and the most expected ones that ask for GPUs. */
function shapesShown({ shapes }: Forecast): { readonly name: string; readonly index: number }[] {
  const numbered = shapes.map(({ request, gpuCount }, index) => ({
    name: `room for ${shapeText(request)}`,
    index,
    gpuCount,
  }));
  const withGpu = numbered.filter(({ gpuCount }) => gpuCount > 0).slice(0, 2);
  return [...numbered.slice(0, 1), ...withGpu.filter(({ index }) => index > 0)];
}

/** A shape in few words: its devices where it has some, else its CPU and memory. */
function shapeText(request: Resources): string {
  const devices = { ...request, milliCpu: 0, memoryBytes: 0 };
  return amounts(resourceNames(devices).length > 0 ? devices : request);
}

function bandText(
  band: { readonly p10: number; readonly p50: number; readonly p90: number } | undefined,
  say: (value: number) => string,
): string {
  if (!band) return '';
  const [low, middle, high] = [say(band.p10), say(band.p50), say(band.p90)];
  return low === high ? middle : `${middle} (${low.replace(/ %$/, '')}–${high})`;
}

/** When each pending task is expected to start, scenario beside scenario; what runs in one of them starts now. */
function startText({ placements }: Plan, scenarios: readonly ScenarioForecast[]): string[] {
  const tasks = [...new Set(scenarios.flatMap(({ starts }) => starts.map(({ task }) => task)))];
  const gated = new Set(placements.filter(isPlaced).map(({ taskId }) => taskId));
  const words = ({ name, starts }: ScenarioForecast, task: string) => {
    const start = starts.find((each) => each.task === task);
    if (name !== 'plan' && gated.has(task)) return 'stays behind its gate';
    return start ? startWords(start) : 'now';
  };
  const rows = tasks.map((task) => [shortened(task, 44), ...scenarios.map((scenario) => words(scenario, task))]);
  const heads = scenarios.map(({ name }) => ({ head: scenarioTitle(name) }));
  return rows.length === 0 ? [] : ['', ...table([{ head: 'earliest start' }, ...heads], rows)];
}

function startWords({ p50, p90, startedFraction, admittingNodes }: ScenarioForecast['starts'][number]): string {
  if (admittingNodes === 0) return 'never: no node admits it';
  if (p50 === undefined) return `later than a day (${percent(startedFraction)} within it)`;
  if (p50 === 0 && p90 === 0) return 'now';
  return `in ${duration(p50)} (90 %: ${p90 === undefined ? 'later than a day' : duration(p90)})`;
}
