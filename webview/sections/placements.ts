import type { TemplateResult } from 'lit-html';
import type { PlacementAdvice, Plan } from '../../src/core/plan/plan.ts';
import { amounts } from '../../src/text/format.ts';
import { HEADINGS } from '../../src/text/panel.ts';
import { describePlacement } from '../../src/text/placement.ts';
import { describeRuntime } from '../../src/text/prediction.ts';
import type { PanelActions } from '../actions.ts';
import { names, numeric } from '../grid/columns.ts';
import { gridOr, titled } from './parts.ts';

/** Pending tasks, the most urgent first, with what the plan decides of each. */
export function placementsSection({ placements: all }: Plan, actions: PanelActions): TemplateResult {
  return titled(
    HEADINGS.placements,
    gridOr<PlacementAdvice>('No task is pending.', {
      label: `${HEADINGS.placements}; Enter shows the ranked nodes`,
      rows: all,
      key: ({ taskId }) => taskId,
      lines: 2,
      columns: [
        {
          ...names(
            'task',
            ({ taskId }: PlacementAdvice) => taskId,
            ({ taskId }) => actions.showTask(taskId),
          ),
          share: 3,
        },
        { title: 'asks for', text: ({ request }) => amounts(request), share: 2 },
        {
          title: 'predicted runtime',
          text: ({ runtime }) => describeRuntime(runtime),
          value: ({ runtime }) => runtime?.p50 ?? 0,
          share: 3,
        },
        { title: 'decision', text: describePlacement, share: 6 },
        numeric('nodes', ({ fitting }: PlacementAdvice) => fitting, String),
      ],
    }),
  );
}
