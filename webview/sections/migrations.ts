import type { TemplateResult } from 'lit-html';
import type { MigrationAdvice } from '../../src/core/defrag/searchDefrag.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { duration, nodeHours } from '../../src/text/format.ts';
import { describeGoal, describeMigration } from '../../src/text/migration.ts';
import { HEADINGS } from '../../src/text/panel.ts';
import type { PanelActions } from '../actions.ts';
import { names, numeric } from '../grid/columns.ts';
import { gridOr, titled } from './parts.ts';

/** Advice on migrations: those to do, those that wait, and why not the others. */
export function migrationsSection({ migrations: all, snapshot }: Plan, actions: PanelActions): TemplateResult {
  const reveal = ({ taskIds: [first] }: MigrationAdvice) => first !== undefined && actions.reveal('task', first);
  const revealNode = (node: string | undefined) => node !== undefined && actions.reveal('node', node);
  return titled(
    HEADINGS.migrations,
    gridOr<MigrationAdvice>('Nothing starts a defragmentation: no task is kept waiting by scattered capacity.', {
      label: HEADINGS.migrations,
      rows: all,
      key: ({ taskIds, from = '', goal }) => JSON.stringify([taskIds[0], from, describeGoal(goal)]),
      lines: 2,
      columns: [
        { ...names('task', ({ taskIds }: MigrationAdvice) => taskIds.join(', ') || '—', reveal), share: 4 },
        names(
          'from',
          ({ from }: MigrationAdvice) => from ?? '—',
          ({ from }) => revealNode(from),
        ),
        names(
          'to',
          ({ to }: MigrationAdvice) => to ?? '—',
          ({ to }) => revealNode(to),
        ),
        { title: 'in order to', text: ({ goal }) => describeGoal(goal), share: 4 },
        numeric('wins', ({ gainNodeSeconds }: MigrationAdvice) => gainNodeSeconds, nodeHours),
        numeric('lost work', ({ lostSeconds }: MigrationAdvice) => lostSeconds, duration),
        { title: 'decision', text: (advice) => describeMigration(advice, snapshot.takenAtSeconds), share: 6 },
      ],
    }),
  );
}
