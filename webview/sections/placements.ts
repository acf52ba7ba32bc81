import type { TemplateResult } from 'lit-html';
import type { PlacementAdvice, Plan } from '../../src/core/plan/plan.ts';
import { amounts } from '../../src/text/format.ts';
import { HEADINGS } from '../../src/text/panel.ts';
import { describeBothStarts, pendingOf } from '../../src/text/pending.ts';
import { describeRuntime } from '../../src/text/prediction.ts';
import type { PanelActions } from '../actions.ts';
import { names, numeric } from '../grid/columns.ts';
import { memo } from '../memo.ts';
import { gridOr, headed, titled } from './parts.ts';

/** What is told of each pending task, made once a plan. */
const pendingFacts = memo((plan: Plan) => {
  const told = pendingOf(plan);
  return new Map(plan.placements.map((advice) => [advice.taskId, told(advice)]));
});

/** Pending tasks, the most urgent first: since when each waits, when it starts, why it waits, and what helps. */
export function placementsSection(plan: Plan, actions: PanelActions): TemplateResult {
  const pending = pendingFacts(plan);
  return titled(
    headed(HEADINGS.placements, plan.placements.length),
    gridOr<PlacementAdvice>('No task is pending.', {
      label: `${HEADINGS.placements}; Enter shows the ranked nodes`,
      rows: plan.placements,
      key: ({ taskId }) => taskId,
      lines: 2,
      onOpen: ({ taskId }) => actions.showTask(taskId),
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
        {
          title: 'waits',
          text: ({ taskId }) => pending.get(taskId)!.waits,
          value: ({ createdAtSeconds }) => -createdAtSeconds,
          share: 2,
        },
        { title: 'starts', text: ({ taskId }) => describeBothStarts(pending.get(taskId)!), share: 4 },
        { title: 'why it waits', text: ({ taskId }) => pending.get(taskId)!.why, share: 4 },
        { title: 'what helps', text: ({ taskId }) => pending.get(taskId)!.help, share: 4 },
        numeric('nodes', ({ fitting }: PlacementAdvice) => fitting, String),
      ],
    }),
  );
}
