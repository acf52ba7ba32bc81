import { html, nothing, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';
import type { PanelActions } from './actions.ts';
import { forecastSection } from './sections/forecast.ts';
import { headerSection, verdictSection } from './sections/header.ts';
import { migrationsSection } from './sections/migrations.ts';
import { movesSection } from './sections/moves.ts';
import { placementsSection } from './sections/placements.ts';
import { latestLine, oldPlanNotice, progressSection } from './sections/progress.ts';
import { rankingSection } from './sections/ranking.ts';
import { resizesSection } from './sections/resizes.ts';
import type { PanelModel } from './state.ts';

/**
 * The whole panel for a model, from top to bottom; without a plan only what is said of the cluster. Drawn again, it
 * patches what differs: focus, scrolling, a text that is selected and a slider that is dragged stay. A part that stands
 * behind `guard` is looked at again only when what it shows has changed.
 */
export function page(model: PanelModel, actions: PanelActions): TemplateResult {
  const { host, plan, choices } = model;
  const { whatIfs, busy, weighed } = host;
  return html`${headerSection(model, actions)}
    <p class="spoken" role="status" aria-live="polite">${latestLine(model)}</p>
    ${progressSection(model)}${oldPlanNotice(model, actions)}${
      plan ? guard([plan], () => verdictSection(plan)) : nothing
    }${
      plan
        ? html`${movesSection({ ...model, plan }, actions)}
          ${guard([plan, whatIfs, busy], () => forecastSection(host, plan, actions))}
          ${guard([plan], () => placementsSection(plan, actions))}
          ${guard([plan, choices.task, weighed], () => rankingSection(host, plan, choices, actions))}
          ${guard([plan], () => resizesSection(plan, actions))}
          ${guard([plan], () => migrationsSection(plan, actions))}`
        : nothing
    }`;
}
