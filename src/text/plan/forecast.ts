import type { Forecast, Moment, ScenarioForecast } from '../../core/forecast/forecast.ts';
import type { Band } from '../../core/model/band.ts';
import type { ResourceName } from '../../core/model/resources.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { describeFutures, describeRoomFor, describeStart, MEASURES, scenarioTitle } from '../forecast.ts';
import { band, duration, number, percent } from '../format.ts';
import { shortened, table } from '../table.ts';
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
  if (has('gpuMilli'))
    add(MEASURES.freeGpu, ({ free }) => bandText(free['gpuMilli'], (milli) => number(milli / 1000, 1)));
  add(MEASURES.freeCpu, ({ free }) => bandText(free['milliCpu'], (milli) => number(milli / 1000)));
  if (has('gpuMilli')) add(MEASURES.gpuFragments, ({ fragmentation }) => bandText(fragmentation.gpuRatio, percent));
  add(MEASURES.cpuFragments, ({ fragmentation }) => bandText(fragmentation.cpuRatio, percent));
  for (const { name, index } of shapesShown(forecast)) {
    add(name, ({ fits }) => bandText(fits[index], number));
  }
  add(MEASURES.waiting, ({ waiting }) => bandText(waiting, number));
  const columns = [
    { head: '' },
    { head: '' },
    ...at.map((seconds) => ({ head: seconds === 0 ? 'now' : `+${duration(seconds)}`, align: 'right' as const })),
  ];
  return [
    title('FORECAST', describeFutures(forecast), options),
    ...table(columns, rows),
    ...startText(
      plan,
      scenarios.filter(({ name }) => name !== 'resize' && name !== 'migrate'),
    ),
  ];
}

/** The most expected shape, and the most expected ones that ask for GPUs. */
function shapesShown({ shapes }: Forecast): { readonly name: string; readonly index: number }[] {
  const numbered = shapes.map(({ request, gpuCount }, index) => ({
    name: describeRoomFor(request),
    index,
    gpuCount,
  }));
  const withGpu = numbered.filter(({ gpuCount }) => gpuCount > 0).slice(0, 2);
  return [...numbered.slice(0, 1), ...withGpu.filter(({ index }) => index > 0)];
}

function bandText(of: Band | undefined, say: (value: number) => string): string {
  return of ? band(of, say) : '';
}

/** When each pending task is expected to start, scenario beside scenario. */
function startText(plan: Plan, scenarios: readonly ScenarioForecast[]): string[] {
  const tasks = [...new Set(scenarios.flatMap(({ starts }) => starts.map(({ task }) => task)))];
  const rows = tasks.map((task) => [
    shortened(task, 44),
    ...scenarios.map((scenario) => describeStart(plan, scenario, task)),
  ]);
  const heads = scenarios.map(({ name }) => ({ head: scenarioTitle(name) }));
  return rows.length === 0 ? [] : ['', ...table([{ head: 'earliest start' }, ...heads], rows)];
}
