import type { Plan } from '../../src/core/plan/plan.ts';
import type { ResizeAdvice } from '../../src/core/resize/adviseResizes.ts';
import { amount, duration, percent } from '../../src/text/format.ts';
import { describeResize, describeRule } from '../../src/text/resize.ts';
import type { PanelActions } from '../actions.ts';
import { numeric } from '../grid/grid.ts';
import { type Section, section } from '../section.ts';
import { gridOr, titled } from './parts.ts';

/** Advice on the requests of running tasks, one row a task and resource. */
export function resizesSection({ id, resizes: all, snapshot }: Plan, actions: PanelActions): Section {
  return section('resizes', [id], () =>
    titled(
      'Resizes',
      'Resizes in place',
      gridOr('No running task uses so much less or more than its request that a resize helps.', {
        label: 'Resize advice; Enter reveals the task',
        rows: all,
        columns: [
          { title: 'task', text: ({ taskId }) => taskId, share: 5 },
          {
            title: 'holds',
            share: 1,
            text: ({ resource, allocation }) => amount(resource, allocation),
            value: ({ allocation }) => allocation,
          },
          {
            title: 'uses',
            share: 5,
            text: ({ resource, usage }) => `${amount(resource, usage.mean)} (peak ${amount(resource, usage.peak)})`,
            value: ({ usage }) => usage.mean,
          },
          { ...numeric('used', usageFraction, percent), bar: usageFraction },
          {
            title: 'remaining',
            text: ({ remainingSeconds }) => (remainingSeconds === undefined ? '—' : duration(remainingSeconds)),
            value: ({ remainingSeconds }) => remainingSeconds ?? 0,
            numeric: true,
          },
          {
            title: "the method's rule",
            share: 3,
            text: ({ resource, printed }) => describeRule(printed, resource),
          },
          { title: 'decision', text: (advice) => describeResize(advice, snapshot.takenAtSeconds), share: 6 },
        ],
        onOpen: ({ taskId }) => actions.reveal('task', taskId),
      }),
    ),
  );
}

function usageFraction({ ours }: ResizeAdvice): number {
  return ours.usageFraction;
}
