import { html, nothing, type TemplateResult } from 'lit-html';
import type { MigrationAdvice } from '../../src/core/defrag/searchDefrag.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { duration, nodeHours } from '../../src/text/format.ts';
import {
  describeCandidates,
  describeGoal,
  describeMigration,
  describeNoMigrations,
  describeTriggers,
} from '../../src/text/migration.ts';
import { describeMoreSteps, HEADINGS } from '../../src/text/panel.ts';
import type { PanelActions } from '../actions.ts';
import { names, numeric } from '../grid/columns.ts';
import { gridOr, headed, titled } from './parts.ts';

/** So many triggers and candidates are named; the plan as text has all. */
const MOST_TRIGGERS = 4;
const MOST_CANDIDATES = 5;

/** What could start a defragmentation, and what follows: moves to do, those that wait, and why not the others. */
export function migrationsSection(plan: Plan, actions: PanelActions): TemplateResult {
  const { migrations: all, snapshot } = plan;
  const triggers = describeTriggers(plan);
  const more = triggers.length - MOST_TRIGGERS;
  const reveal = ({ taskIds: [first] }: MigrationAdvice) => first !== undefined && actions.reveal('task', first);
  const revealNode = (node: string | undefined) => node !== undefined && actions.reveal('node', node);
  return titled(
    headed(HEADINGS.migrations, all.length),
    all.length > 0 || triggers.length > 1
      ? html`<ul class="faint">${triggers.slice(0, MOST_TRIGGERS).map((trigger) => html`<li>${trigger}</li>`)}${
          more > 0 ? html`<li>${describeMoreSteps(more)}</li>` : nothing
        }</ul>
        <p class="faint">${describeCandidates(snapshot.candidates, MOST_CANDIDATES)}</p>`
      : nothing,
    gridOr<MigrationAdvice>(describeNoMigrations(plan), {
      label: HEADINGS.migrations,
      rows: all,
      key: ({ taskIds, from = '', goal }) => JSON.stringify([taskIds[0], from, describeGoal(goal)]),
      lines: 2,
      onOpen: reveal,
      columns: [
        { ...names('task', ({ taskIds }: MigrationAdvice) => taskIds.join(', ') || undefined, reveal), share: 4 },
        names(
          'from',
          ({ from }: MigrationAdvice) => from,
          ({ from }) => revealNode(from),
        ),
        names(
          'to',
          ({ to }: MigrationAdvice) => to,
          ({ to }) => revealNode(to),
        ),
        { title: 'in order to', text: ({ goal }) => describeGoal(goal), share: 4 },
        numeric('saves', ({ gainNodeSeconds }: MigrationAdvice) => gainNodeSeconds, nodeHours),
        numeric('work lost', ({ lostSeconds }: MigrationAdvice) => lostSeconds, duration),
        { title: 'decision', text: (advice) => describeMigration(advice, snapshot.takenAtSeconds), share: 6 },
      ],
    }),
  );
}
