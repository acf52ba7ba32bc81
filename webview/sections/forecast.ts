import { html, nothing, type TemplateResult } from 'lit-html';
import type { Forecast, Moment } from '../../src/core/forecast/forecast.ts';
import type { Band } from '../../src/core/model/band.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { describeFutures, describeRoomFor, MEASURES } from '../../src/text/forecast.ts';
import { amount, fixed, number, percent } from '../../src/text/format.ts';
import { HEADINGS, NODE_ADDED, NODE_GOES } from '../../src/text/panel.ts';
import type { PanelActions } from '../actions.ts';
import { button } from '../button.ts';
import { legend } from '../chart.ts';
import { type PanelModel, wholeForecast } from '../state.ts';
import { earliestStarts } from './earliestStarts.ts';
import { titled } from './parts.ts';
import { looks, type Measure, scenarioChart } from './scenarioChart.ts';

/** The next day with and without the plan, and with each change of nodes that was asked for; nothing without a forecast. */
export function forecastSection(
  { whatIfs, busy }: PanelModel['host'],
  plan: Plan,
  actions: PanelActions,
): TemplateResult | typeof nothing {
  if (!plan.forecast) return nothing;
  const forecast = wholeForecast(plan.forecast, whatIfs);
  const disabled = busy !== undefined;
  return titled(
    HEADINGS.forecast,
    legend(looks(forecast)),
    html`<div class="charts">${measures(forecast).map((measure) => scenarioChart(forecast, measure))}</div>
      <p class="faint">${describeFutures(forecast)}</p>
      <p class="actions">
        ${button(NODE_GOES, () => actions.whatIf('lost'), { secondary: true, disabled })}
        ${button(NODE_ADDED, () => actions.whatIf('added'), { secondary: true, disabled })}
      </p>`,
    earliestStarts(plan, forecast, actions),
  );
}

const NOTHING: Band = { p10: 0, p50: 0, p90: 0 };

/** Tasks: whole in a sentence, and to a tenth at a point, where a median may lie between two counts. */
const COUNT = {
  say: (value: number) => number(value),
  format: (value: number) => (Number.isInteger(value) ? number(value) : fixed(value, 1)),
};

/** What the charts show, one each; GPUs where the cluster has some that are free at times, else CPUs. */
function measures(forecast: Forecast): Measure[] {
  const hasGpus = forecast.scenarios.some(({ moments }) =>
    moments.some(({ free }) => (free['gpuMilli']?.p90 ?? 0) > 0),
  );
  const { freeGpu, gpuFragments, freeCpu, cpuFragments } = MEASURES;
  const [resource, ratio, unit, free, fragments] = hasGpus
    ? (['gpuMilli', 'gpuRatio', 'GPU', freeGpu, gpuFragments] as const)
    : (['milliCpu', 'cpuRatio', 'CPU', freeCpu, cpuFragments] as const);
  return [
    { title: MEASURES.waiting, yTitle: 'tasks', pick: ({ waiting }) => waiting, ...COUNT },
    {
      title: fragments,
      yTitle: `of idle ${unit}`,
      yFormat: '.0%',
      pick: ({ fragmentation }) => fragmentation[ratio],
      say: percent,
      format: percent,
    },
    {
      title: free,
      yTitle: `${unit}s`,
      pick: ({ free }) => free[resource] ?? NOTHING,
      perUnit: 1000,
      say: (value) => amount(resource, value),
      format: (value) => amount(resource, Math.round(1000 * value)),
    },
    ...capacityFor(forecast),
  ];
}

/** How many tasks of the shape that is expected most, with a GPU where the cluster's tasks have some, would fit. */
function capacityFor({ shapes }: Forecast): Measure[] {
  const withGpu = shapes.findIndex(({ gpuCount, request }) => gpuCount > 0 || request.gpuMilli > 0);
  const index = Math.max(0, withGpu);
  const shape = shapes[index];
  if (!shape) return [];
  const pick = ({ fits }: Moment) => fits[index] ?? NOTHING;
  return [{ title: describeRoomFor(shape.request), yTitle: 'tasks that fit', pick, ...COUNT }];
}
