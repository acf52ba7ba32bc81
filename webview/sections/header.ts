import { html, nothing, type TemplateResult } from 'lit-html';
import type { Plan } from '../../src/core/plan/plan.ts';
import { verdictOf } from '../../src/core/plan/verdict.ts';
import {
  COPY_AS_MARKDOWN,
  FIGURES,
  HEADINGS,
  OPEN_AS_TEXT,
  PLAN_AGAIN,
  PREVIEW_PLAN,
  SAVE_AS,
} from '../../src/text/panel.ts';
import { describeMadeFrom } from '../../src/text/plan/madeFrom.ts';
import { describeProblem } from '../../src/text/problem.ts';
import { describeVerdict, verdictFigures } from '../../src/text/verdict.ts';
import type { PanelActions } from '../actions.ts';
import { button } from '../button.ts';
import type { PanelModel } from '../state.ts';

/** What could not be read or used is named in the header, the first of it; the doctor and the trees have all. */
const MOST_PROBLEMS = 5;

/** The cluster, what the plan was made from, and what stands in the way. */
export function headerSection({ host, plan }: PanelModel, actions: PanelActions): TemplateResult {
  const { cluster, failure, readOnly, busy } = host;
  const disabled = busy !== undefined;
  const again = button(plan ? PLAN_AGAIN : PREVIEW_PLAN, actions.refresh, { secondary: true, disabled });
  return html`<header>
    <h1>${HEADINGS.page}</h1>
    <p class="lead">${[cluster, ...(plan ? describeMadeFrom(plan) : [])].join(' · ')}</p>
    ${failure === undefined ? nothing : html`<p class="notice error" role="alert">${failure}</p>`}
    ${readOnly === undefined ? nothing : html`<p class="notice">${readOnly}</p>`}
    ${plan?.snapshot.problems.slice(0, MOST_PROBLEMS).map((problem) => html`<p class="notice">${describeProblem(problem)}</p>`)}
    <p class="actions">${again}${plan ? takeButtons(actions) : nothing}</p>
    ${busy === undefined ? nothing : html`<p class="busy"><span class="ring" aria-hidden="true"></span> ${busy} …</p>`}
  </header>`;
}

/** The plan in a sentence and four figures. */
export function verdictSection(plan: Plan): TemplateResult {
  const verdict = verdictOf(plan);
  return html`<section aria-label=${FIGURES}>
    <p class="verdict">${describeVerdict(plan, verdict)}</p>
    <dl class="figures">
      ${verdictFigures(verdict).map(
        ({ label, value, note }) => html`<div><dt>${label}</dt><dd>${value}</dd><dd class="faint">${note}</dd></div>`,
      )}
    </dl>
  </section>`;
}

function takeButtons(actions: PanelActions): TemplateResult {
  return html`${button(OPEN_AS_TEXT, () => actions.take('text'), { secondary: true })}
  ${button(COPY_AS_MARKDOWN, () => actions.take('markdown'), { secondary: true })}
  ${button(SAVE_AS, () => actions.take('file'), { secondary: true })}`;
}
