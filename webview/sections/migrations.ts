import type { MigrationAdvice } from '../../src/core/defrag/searchDefrag.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { duration, nodeHours } from '../../src/text/format.ts';
import { describeGoal, describeMigration } from '../../src/text/migration.ts';
import type { PanelActions } from '../actions.ts';
import { numeric } from '../grid/grid.ts';
import { type Section, section } from '../section.ts';
import { gridOr, titled } from './parts.ts';

/** Advice on migrations: those to do, those that wait, and why not the others. */
export function migrationsSection({ id, migrations: all, snapshot }: Plan, actions: PanelActions): Section {
  return section('migrations', [id], () =>
    titled(
      'Migrations',
      'Migrations',
      gridOr('Nothing starts a defragmentation: no task is kept waiting by scattered capacity.', {
        label: 'Migration advice; Enter reveals the task',
        rows: all,
        columns: [
          { title: 'task', text: ({ taskIds }) => taskIds.join(', ') || '—', share: 4 },
          { title: 'from', text: ({ from }) => from ?? '—', share: 2 },
          { title: 'to', text: ({ to }) => to ?? '—', share: 2 },
          { title: 'in order to', text: ({ goal }) => describeGoal(goal), share: 5 },
          numeric('wins', ({ gainNodeSeconds }: MigrationAdvice) => gainNodeSeconds, nodeHours),
          numeric('lost work', ({ lostSeconds }: MigrationAdvice) => lostSeconds, duration),
          { title: 'decision', text: (advice) => describeMigration(advice, snapshot.takenAtSeconds), share: 4 },
        ],
        onOpen: ({ taskIds }) => {
          const [first] = taskIds;
          if (first) actions.reveal('task', first);
        },
      }),
    ),
  );
}
