import type { PanelActions } from './actions.ts';
import type { Section } from './section.ts';
import { forecastSection } from './sections/forecast.ts';
import { headerSection } from './sections/header.ts';
import { migrationsSection } from './sections/migrations.ts';
import { movesSection } from './sections/moves.ts';
import { placementsSection } from './sections/placements.ts';
import { progressSection } from './sections/progress.ts';
import { rankingSections } from './sections/ranking.ts';
import { resizesSection } from './sections/resizes.ts';
import type { PanelModel } from './state.ts';

/** The whole panel for a model, from top to bottom; without a plan only what is said of the cluster. */
export function render(model: PanelModel, actions: PanelActions): readonly Section[] {
  const { host, plan, choices } = model;
  const top = [headerSection(model, actions), progressSection(host)];
  if (!plan) return top;
  return [
    ...top,
    movesSection(host, plan, choices, actions),
    forecastSection(host, plan, actions),
    placementsSection(plan, actions),
    ...rankingSections(host, plan, choices, actions),
    resizesSection(plan, actions),
    migrationsSection(plan, actions),
  ];
}
