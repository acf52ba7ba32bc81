import type { PlacementAdvice, Plan } from '../../src/core/plan/plan.ts';
import { amounts } from '../../src/text/format.ts';
import { describePlacement } from '../../src/text/placement.ts';
import { describeRuntime } from '../../src/text/prediction.ts';
import type { PanelActions } from '../actions.ts';
import { numeric } from '../grid/grid.ts';
import { type Section, section } from '../section.ts';
import { gridOr, titled } from './parts.ts';

/** Pending tasks, the most urgent first, with what the plan decides of each. */
export function placementsSection({ id, placements: all }: Plan, actions: PanelActions): Section {
  return section('placements', [id], () =>
    titled(
      'Placements',
      'Pending tasks',
      gridOr('No task is pending.', {
        label: 'Pending tasks; Enter shows the ranked nodes',
        rows: all,
        columns: [
          { title: 'task', text: ({ taskId }) => taskId, share: 3 },
          { title: 'asks for', text: ({ request }) => amounts(request), share: 3 },
          {
            title: 'predicted runtime',
            text: ({ runtime }) => describeRuntime(runtime),
            value: ({ runtime }) => runtime?.p50 ?? 0,
            share: 4,
          },
          { title: 'decision', text: describePlacement, share: 6 },
          numeric('nodes', ({ fitting }: PlacementAdvice) => fitting, String),
        ],
        onOpen: ({ taskId }) => actions.showTask(taskId),
      }),
    ),
  );
}
