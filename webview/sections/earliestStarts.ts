import type { Forecast, ScenarioForecast } from '../../src/core/forecast/forecast.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { describeStart, scenarioTitle } from '../../src/text/forecast.ts';
import { element } from '../element.ts';
import { grid } from '../grid/grid.ts';

/** When each pending task starts, a column for each scenario; empty where none is pending. */
export function earliestStarts(plan: Plan, { scenarios }: Forecast): HTMLElement {
  const ids = [...new Set(scenarios.flatMap(({ starts }) => starts.map(({ task }) => task)))];
  if (ids.length === 0) return element('div');
  const when = (scenario: ScenarioForecast, id: string) => scenario.starts.find(({ task }) => task === id);
  const label = 'Earliest start of pending tasks';
  return element(
    'div',
    {},
    element('h3', {}, label),
    grid({
      label,
      rows: ids,
      columns: [
        { title: 'task', text: (id) => id },
        ...scenarios.map((scenario) => ({
          title: scenarioTitle(scenario.name),
          text: (id: string) => describeStart(plan, scenario, id),
          value: (id: string) => when(scenario, id)?.p50 ?? Number.MAX_VALUE,
        })),
      ],
    }),
  );
}
