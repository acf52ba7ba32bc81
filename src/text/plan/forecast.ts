import type { Forecast, Moment, ScenarioForecast } from '../../core/forecast/forecast.ts';
import type { Band } from '../../core/model/band.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { startingTasks } from '../../core/plan/starts.ts';
import { describeFutures, describeRoomFor, describeStart, MEASURES, scenarioTitle } from '../forecast.ts';
import { band, duration, number, percent } from '../format.ts';
import { shortened, table } from '../table.ts';
import { type PlanTextOptions, title } from './section.ts';

export function forecastText(plan: Plan, forecast: Forecast, options: PlanTextOptions): string[] {
  const { heads, rows } = forecastTable(forecast);
  if (rows.length === 0) return [];
  const columns = heads.map((head, column) => ({
    head: column < 2 ? '' : head,
    ...(column >= 2 && { align: 'right' as const }),
  }));
  const once = rows.map(([name = '', ...cells], index) => [name === rows[index - 1]?.[0] ? '' : name, ...cells]);
  return [
    title('FORECAST', describeFutures(forecast), options),
    ...table(columns, once),
    ...startText(
      plan,
      forecast.scenarios.filter(({ name }) => name !== 'resize' && name !== 'migrate'),
    ),
  ];
}

/** Each figure of a forecast, scenario by scenario, now and at every second moment; without rows where there is none. */
export function forecastTable(forecast: Forecast): {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const { scenarios } = forecast;
  const moments = scenarios[0]?.moments ?? [];
  const shown = moments
    .map((_, index) => index)
    .filter((index) => index === 0 || index % 2 === 1 || index === moments.length - 1);
  const rows = figuresOf(forecast).flatMap(({ name, say }) =>
    scenarios.map((scenario) => [
      name,
      scenarioTitle(scenario.name),
      ...shown.map((index) => say(scenario.moments[index]!)),
    ]),
  );
  const at = shown.map((index) => moments[index]!.inSeconds);
  const heads = ['figure', 'scenario', ...at.map((seconds) => (seconds === 0 ? 'now' : `+${duration(seconds)}`))];
  return { heads, rows };
}

type ForecastFigure = { readonly name: string; readonly say: (moment: Moment) => string };

function figuresOf(forecast: Forecast): ForecastFigure[] {
  const moments = forecast.scenarios[0]?.moments ?? [];
  const hasGpu = moments.some(({ free }) => (free['gpuMilli']?.p90 ?? 0) > 0);
  const ofGpu = (figure: ForecastFigure) => (hasGpu ? [figure] : []);
  return [
    ...ofGpu({
      name: MEASURES.freeGpu,
      say: ({ free }) => bandText(free['gpuMilli'], (milli) => number(milli / 1000, 1)),
    }),
    { name: MEASURES.freeCpu, say: ({ free }) => bandText(free['milliCpu'], (milli) => number(milli / 1000)) },
    ...ofGpu({ name: MEASURES.gpuFragments, say: ({ fragmentation }) => bandText(fragmentation.gpuRatio, percent) }),
    { name: MEASURES.cpuFragments, say: ({ fragmentation }) => bandText(fragmentation.cpuRatio, percent) },
    ...shapesShown(forecast).map(({ name, index }) => ({
      name,
      say: ({ fits }: Moment) => bandText(fits[index], number),
    })),
    { name: MEASURES.waiting, say: ({ waiting }) => bandText(waiting, number) },
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
  const tasks = startingTasks(scenarios);
  const rows = tasks.map((task) => [
    shortened(task, 44),
    ...scenarios.map((scenario) => describeStart(plan, scenario, task)),
  ]);
  const heads = scenarios.map(({ name }) => ({ head: scenarioTitle(name) }));
  return rows.length === 0 ? [] : ['', ...table([{ head: 'earliest start' }, ...heads], rows)];
}
