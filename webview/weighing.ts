import { html, render, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import { repeat } from 'lit-html/directives/repeat.js';
import { fixed } from '../src/text/format.ts';
import {
  ADD_POLICY,
  describeWeighing,
  describeWeightOf,
  NO_WEIGHT,
  OWN_WEIGHTS,
  PLAN_WITH_WEIGHTS,
} from '../src/text/panel.ts';
import { describePreference, PREFERENCES, policyTitle } from '../src/text/policies.ts';
import { button } from './button.ts';
import { type WeightActions, type Weights, weighSomething, withWeight } from './weights.ts';

/** Weights go from 0 to this on their sliders. */
const LARGEST = 3;
const STEP = 0.1;

type WeighingOptions = {
  readonly planId: string;
  readonly taskId: string;
  /** What the sliders stand at when they first show this task of this plan. */
  readonly first: Weights;
  /** The plan's own, to go back to. */
  readonly own: Weights;
  readonly actions: WeightActions;
};

/**
 * Sliders for the weights of a task's ranking, a picker for further policies, and what to do with them. A slider ranks
 * again while it moves. Its answers come later than the next step of a drag: so the sliders stand where the reader put
 * them, whatever comes meanwhile, until another task or plan is shown.
 */
class Weighing extends HTMLElement {
  #options: WeighingOptions | undefined;
  #weights: Weights = {};

  set options(options: WeighingOptions) {
    const before = this.#options;
    this.#options = options;
    if (before?.planId !== options.planId || before.taskId !== options.taskId) this.#weights = options.first;
    this.#draw();
  }

  #draw(): void {
    const options = this.#options;
    if (!options) return;
    const { taskId, own, actions } = options;
    const some = weighSomething(this.#weights);
    render(
      html`<div class="weighing" role="group" aria-label=${describeWeighing(taskId)}>
        <div class="weights">
          ${repeat(
            Object.entries(this.#weights),
            ([policy]) => policy,
            ([policy, weight]) => this.#slider(policy, weight),
          )}
        </div>
        <p>
          <select aria-label=${ADD_POLICY} @change=${this.#add}>
            <option value="">${ADD_POLICY} …</option>
            ${Object.entries(PREFERENCES).map(
              ([name, prefers]) => html`<option value=${name}>${name}: ${prefers}</option>`,
            )}
          </select>
          ${button(PLAN_WITH_WEIGHTS, () => weighSomething(this.#weights) && actions.weigh(this.#weights), {
            secondary: true,
          })}
          ${button(OWN_WEIGHTS, () => this.#become(own), { secondary: true })}
          <span class="faint" role="status">${some ? '' : NO_WEIGHT}</span>
        </p>
      </div>`,
      this,
    );
  }

  #slider(policy: string, weight: number): TemplateResult {
    const input = ({ target }: Event) =>
      this.#become(withWeight(this.#weights, policy, (target as HTMLInputElement).valueAsNumber));
    return html`<label title=${describePreference(policy)}>
      <span>${policyTitle(policy)}</span>
      <input
        type="range"
        min="0"
        max=${Math.max(LARGEST, this.#options?.own[policy] ?? 0)}
        step=${STEP}
        .value=${live(String(weight))}
        aria-label=${describeWeightOf(policyTitle(policy))}
        @input=${input}
      />
      <output>${fixed(weight, 1)}</output>
      <span class="faint">${describePreference(policy)}</span>
    </label>`;
  }

  #add = ({ target }: Event): void => {
    const picker = target as HTMLSelectElement;
    const { value } = picker;
    picker.value = '';
    if (value && !((this.#weights[value] ?? 0) > 0)) this.#become(withWeight(this.#weights, value, 1));
  };

  #become(weights: Weights): void {
    this.#weights = weights;
    this.#draw();
    const { actions, planId, taskId } = this.#options!;
    if (weighSomething(weights)) actions.rank(planId, taskId, weights);
  }
}

customElements.define('stowage-weighing', Weighing);

export function weighing(options: WeighingOptions): TemplateResult {
  return html`<stowage-weighing .options=${options}></stowage-weighing>`;
}
