import type { Forecast, ScenarioForecast } from '../core/forecast/forecast.ts';
import type { Plan } from '../core/plan/plan.ts';
import { describeFutures, MEASURES, scenarioTitle } from '../text/forecast.ts';
import { duration } from '../text/format.ts';
import { describeNoMigrations } from '../text/migration.ts';
import { HEADINGS } from '../text/panel.ts';
import { describeMadeFrom } from '../text/plan/madeFrom.ts';
import { planTables } from '../text/plan/tables.ts';
import { describeNoResizes } from '../text/resize.ts';
import { describeVerdict } from '../text/verdict.ts';
import type { Figure, Trace } from './figure.ts';
import type { Report, ReportPart } from './report.ts';
import { tableOfRows } from './table.ts';

/**
 * A plan as a notebook shows it: what it brings, its moves and the forecast, and folded the advice of each kind. In the
 * place of resizes and migrations that there are none of stands why.
 */
export function planReport(plan: Plan): Report {
  const { snapshot, forecast } = plan;
  const { moves, placements, resizes, migrations, starts } = planTables(plan);
  return {
    title: snapshot.cluster,
    notes: [describeVerdict(plan), describeMadeFrom(plan).join('; ')],
    parts: [
      ...part(HEADINGS.moves, moves, { folded: false }),
      ...(forecast ? [waitingChart(forecast)] : []),
      ...part(HEADINGS.starts, starts),
      ...part(HEADINGS.placements, placements),
      ...part(HEADINGS.resizes, resizes, { none: describeNoResizes(plan) }),
      ...part(HEADINGS.migrations, migrations, { none: describeNoMigrations(plan) }),
    ],
  };
}

/** @param more `none`: why there are no rows; without it an empty part is left out. `folded`: default true */
function part(
  heading: string,
  rows: readonly object[],
  { none, folded = true }: { readonly none?: string; readonly folded?: boolean } = {},
): ReportPart[] {
  if (rows.length > 0) return [{ heading, table: tableOfRows(rows), folded }];
  return none === undefined ? [] : [{ heading, note: none }];
}

/** Tasks that wait, with the plan and without it: what most people plan for. */
function waitingChart(forecast: Forecast): ReportPart {
  const shown = forecast.scenarios.filter(({ name }) => name in LOOKS);
  const moments = shown[0]?.moments ?? [];
  return {
    heading: HEADINGS.forecast,
    note: describeFutures(forecast),
    figure: {
      data: shown.flatMap(lines),
      layout: {
        title: { text: MEASURES.waiting },
        xaxis: {
          // Moments are spaced evenly: each is about twice as far as the one before.
          tickvals: moments.map((_, index) => index),
          ticktext: moments.map(({ inSeconds }) => (inSeconds === 0 ? 'now' : duration(inSeconds))),
        },
        yaxis: { title: { text: 'tasks' }, tickformat: 'd', rangemode: 'tozero' },
      },
    } satisfies Figure,
  };
}

/** Told apart without colours too; 3 : 1 and more on white as on black. */
const LOOKS: Readonly<Record<string, { readonly color: string; readonly dash: string }>> = {
  nothing: { color: '#c27d00', dash: 'dot' },
  plan: { color: '#1a85ff', dash: 'solid' },
};

function lines({ name, moments }: ScenarioForecast): Trace[] {
  const look = LOOKS[name];
  const title = scenarioTitle(name);
  const shared = { x: moments.map((_, index) => index), legendgroup: name };
  const edge = { ...shared, mode: 'lines', line: { width: 0 }, showlegend: false, hoverinfo: 'skip' };
  return [
    { ...edge, name: `${title}, p10`, y: moments.map(({ waiting }) => waiting.p10) },
    {
      ...edge,
      name: `${title}, p90`,
      y: moments.map(({ waiting }) => waiting.p90),
      fill: 'tonexty',
      fillcolor: `${look?.color}30`,
    },
    { ...shared, name: title, mode: 'lines+markers', line: look, y: moments.map(({ waiting }) => waiting.p50) },
  ];
}
