import { html, nothing, type TemplateResult } from 'lit-html';
import type { Forecast, ScenarioForecast } from '../../src/core/forecast/forecast.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { startingTasks } from '../../src/core/plan/starts.ts';
import { describeStart, scenarioTitle } from '../../src/text/forecast.ts';
import { HEADINGS } from '../../src/text/panel.ts';
import type { PanelActions } from '../actions.ts';
import { names } from '../grid/columns.ts';
import { grid } from '../grid/grid.ts';
import { headed } from './parts.ts';

/** When each pending task starts, a column for each scenario; nothing where none is pending. */
export function earliestStarts(
  plan: Plan,
  { scenarios }: Forecast,
  actions: PanelActions,
): TemplateResult | typeof nothing {
  const ids = startingTasks(scenarios);
  if (ids.length === 0) return nothing;
  const when = (scenario: ScenarioForecast, id: string) => scenario.starts.find(({ task }) => task === id);
  return html`<h3>${headed(HEADINGS.starts, ids.length).text}</h3>
    ${grid<string>({
      label: HEADINGS.starts,
      rows: ids,
      key: (id) => id,
      lines: 2,
      columns: [
        names(
          'task',
          (id: string) => id,
          (id) => actions.reveal('task', id),
        ),
        ...scenarios.map((scenario) => ({
          title: scenarioTitle(scenario.name),
          text: (id: string) => describeStart(plan, scenario, id),
          value: (id: string) => when(scenario, id)?.p50 ?? Number.MAX_VALUE,
        })),
      ],
    })}`;
}
