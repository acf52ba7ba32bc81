import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Plan } from '../../src/core/plan/plan.ts';
import { verdictOf } from '../../src/core/plan/verdict.ts';
import { clock } from '../../src/text/format.ts';
import { describeStanding, type StepText } from '../../src/text/operation.ts';
import {
  describeCountsOfSteps,
  describeDoneFold,
  describeMoreSteps,
  describeOldPlan,
  describeOtherSteps,
  describeTakenBack,
  HEADINGS,
  PLAN_AGAIN,
  type StepCounts,
} from '../../src/text/panel.ts';
import { describeVerdict } from '../../src/text/verdict.ts';
import type { PanelActions } from '../actions.ts';
import { button } from '../button.ts';
import { memo } from '../memo.ts';
import { type PanelModel, takenBack } from '../state.ts';
import { titled } from './parts.ts';

/** So many moves of one standing are listed, those that changed last; the table of moves has all. */
const MOST_LISTED = 20;

/** Where the moves stand that were confirmed: how many, those that need attention, the others folded. */
export function progressSection({ host, plan, steps }: PanelModel): TemplateResult | typeof nothing {
  if (steps.size === 0) return nothing;
  const { ofPlan, others } = byPlan(plan, steps);
  const counts = countsOf(ofPlan);
  const total = Math.max(host.confirmed ?? 0, ofPlan.length);
  const { nowSeconds = 0 } = host;
  const all = [...steps.values()].reverse();
  const of = (...states: readonly StepText['state'][]) => all.filter(({ state }) => states.includes(state));
  return titled(
    HEADINGS.progress,
    total > 0
      ? html`<progress aria-label=${HEADINGS.progress} max=${total} .value=${counts.done + counts.failed}></progress>
          <p>${describeCountsOfSteps(counts, total)} ${describeTakenBack(takenBack(plan, steps))}</p>`
      : nothing,
    others.length > 0 ? html`<p>${describeOtherSteps(countsOf(others))}</p>` : nothing,
    stepList(of('running', 'waiting', 'failed'), nowSeconds),
    of('done').length > 0
      ? html`<details><summary>${describeDoneFold(of('done').length)}</summary>${stepList(of('done'), nowSeconds)}</details>`
      : nothing,
  );
}

/** Says above a plan that was carried out that it is the old one; nothing while it still is what holds. */
export function oldPlanNotice(
  { host, plan, steps }: PanelModel,
  actions: PanelActions,
): TemplateResult | typeof nothing {
  if (host.busy !== undefined || !plan || !wasBegun(steps)) return nothing;
  return html`<p class="notice">
    ${describeOldPlan(madeAt(plan))} ${button(PLAN_AGAIN, actions.refresh, { secondary: true })}
  </p>`;
}

/** Steps of the plan's own moves, and all others: those of undos, and of plans before it. */
function byPlan(plan: PanelModel['plan'], steps: PanelModel['steps']) {
  const own = new Set(plan?.moves.map(({ id }) => id));
  const isOwn = ({ moveId }: StepText) => plan === undefined || own.has(moveId);
  const { true: ofPlan = [], false: others = [] } = Object.groupBy(steps.values(), (step) => `${isOwn(step)}`);
  return { ofPlan, others };
}

/** Whether a move has come to its end since the plan was made, its own or an undo: then it tells of a cluster that was. */
function wasBegun(steps: PanelModel['steps']): boolean {
  return [...steps.values()].some(({ state }) => ENDED.includes(state));
}

const ENDED: readonly StepText['state'][] = ['done', 'failed'];

/**
 * What happened last, as a line for a screen reader: a move's latest change, what is being done, or the plan that came
 * of it; empty before the first.
 */
export function latestLine({ plan, steps, latest, host: { nowSeconds = 0, busy } }: PanelModel): string {
  const last = [...steps.values()].at(-1);
  const isStep = latest === 'step' || (busy === undefined && latest !== 'plan');
  if (last && isStep) return `${last.title}: ${describeStanding(last, nowSeconds)}`;
  if (busy !== undefined) return `${busy} …`;
  return plan ? sentenceOf(plan) : '';
}

const sentenceOf = memo((plan: Plan) => describeVerdict(plan, verdictOf(plan)));

function madeAt({ snapshot: { takenAtSeconds } }: NonNullable<PanelModel['plan']>): string {
  return clock(takenAtSeconds, takenAtSeconds);
}

function countsOf(steps: readonly StepText[]): StepCounts {
  const counts = { running: 0, waiting: 0, done: 0, failed: 0 };
  for (const { state } of steps) counts[state]++;
  return counts;
}

function stepList(steps: readonly StepText[], nowSeconds: number): TemplateResult {
  const more = steps.length - MOST_LISTED;
  return html`<ol class="steps">
      ${repeat(
        steps.slice(0, MOST_LISTED),
        ({ moveId }) => moveId,
        (step) =>
          html`<li class=${step.state}><span class="mark" aria-hidden="true">${MARKS[step.state]}</span><strong>${
            step.title
          }</strong>: ${describeStanding(step, nowSeconds)}</li>`,
      )}
    </ol>
    ${more > 0 ? html`<p class="faint">${describeMoreSteps(more)}</p>` : nothing}`;
}

const MARKS: Readonly<Record<StepText['state'], string>> = { running: '…', waiting: '○', done: '✓', failed: '✗' };
