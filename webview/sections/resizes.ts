import { html, nothing, type TemplateResult } from 'lit-html';
import type { Plan } from '../../src/core/plan/plan.ts';
import type { ResizeAdvice } from '../../src/core/resize/adviseResizes.ts';
import { amount, percent } from '../../src/text/format.ts';
import { describeKeptFold, HEADINGS } from '../../src/text/panel.ts';
import {
  describeFewReadings,
  describeHeld,
  describeNoResizes,
  describeRemaining,
  describeResize,
  describeRule,
  groupResizes,
  usedShare,
} from '../../src/text/resize.ts';
import { describeFreed } from '../../src/text/verdict.ts';
import type { PanelActions } from '../actions.ts';
import { type Column, names, numeric } from '../grid/columns.ts';
import { grid } from '../grid/grid.ts';
import { gridOr, headed, titled } from './parts.ts';

/** Advice on the requests of running tasks, one row a task and resource: what is done first, refusals folded. */
export function resizesSection(plan: Plan, actions: PanelActions): TemplateResult {
  const { resizes, snapshot } = plan;
  const { shrinks, expands, waits, advised, refused } = groupResizes(resizes);
  const columns = resizeColumns(snapshot.takenAtSeconds, actions);
  const key = ({ taskId, resource }: ResizeAdvice) => `${taskId} ${resource}`;
  const onOpen = ({ taskId }: ResizeAdvice) => actions.reveal('task', taskId);
  const rows = [...shrinks, ...expands, ...waits, ...advised];
  const few = describeFewReadings(snapshot);
  const label = describeKeptFold(refused.length);
  return titled(
    headed(HEADINGS.resizes, rows.length),
    rows.length > 0 && few !== undefined ? html`<p class="faint">${few}</p>` : nothing,
    describeFreed(plan).map((line) => html`<p class="faint">${line}</p>`),
    gridOr(describeNoResizes(plan), { label: HEADINGS.resizes, rows, key, columns, lines: 2, onOpen }),
    refused.length > 0
      ? html`<details><summary>${label}</summary>${grid({ label, rows: refused, key, columns, lines: 2, onOpen })}</details>`
      : nothing,
  );
}

function resizeColumns(nowSeconds: number, actions: PanelActions): readonly Column<ResizeAdvice>[] {
  return [
    {
      ...names(
        'task',
        ({ taskId }: ResizeAdvice) => taskId,
        ({ taskId }) => actions.reveal('task', taskId),
      ),
      share: 4,
    },
    {
      title: 'holds',
      share: 1,
      text: describeHeld,
      value: ({ allocation }) => allocation,
    },
    {
      title: 'uses',
      share: 3,
      text: ({ resource, usage }) => `${amount(resource, usage.mean)} (peak ${amount(resource, usage.peak)})`,
      value: ({ usage }) => usage.mean,
    },
    { ...numeric('of its request', usedShare, percent), bar: usedShare },
    {
      title: 'remaining',
      text: describeRemaining,
      value: ({ remainingSeconds = 0, endless }) => (endless ? Number.MAX_VALUE : remainingSeconds),
      numeric: true,
    },
    { title: "the method's rule", share: 2, text: ({ resource, printed }) => describeRule(printed, resource) },
    { title: 'decision', text: (advice) => describeResize(advice, nowSeconds), share: 6 },
  ];
}
