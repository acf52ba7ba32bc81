import type { PlacementAdvice, Plan } from '../src/core/plan/plan.ts';
import type { PanelState } from '../src/panel/protocol.ts';
import { fixed } from '../src/text/format.ts';
import { describePreference, PREFERENCES } from '../src/text/policies.ts';
import { button, element } from './element.ts';

/** Weights of policies by name; those left out weigh nothing. */
export type Weights = Readonly<Record<string, number>>;

/** What the reader can do with weights. */
export type WeightActions = {
  /** Rank the task by these at once. */
  rank(planId: string, taskId: string, weights: Weights): void;
  /** Plan by these from now on. */
  weigh(weights: Weights): void;
};

/** Weights go from 0 to this on their sliders. */
const LARGEST = 3;
const STEP = 0.1;

/** The pending task whose nodes are shown: the chosen one, else the first that has ranked nodes. */
export function shownTask({ placements }: Plan, chosen: string | undefined): PlacementAdvice | undefined {
  return (
    placements.find(({ taskId }) => taskId === chosen) ??
    placements.find(({ ranked }) => ranked.length > 0) ??
    placements[0]
  );
}

/** The ranking to show for a task: by the weights tried last where they were tried for it, else the plan's own. */
export function shownRanking(
  { taskId, ranked }: PlacementAdvice,
  weighed: PanelState['weighed'],
): PlacementAdvice['ranked'] {
  return weighed?.taskId === taskId ? weighed.ranked : ranked;
}

/** Weights that the plan itself ranks by. */
export function planWeights({ placements }: Pick<Plan, 'placements'>): Weights {
  const parts = placements.find(({ ranked }) => ranked.length > 0)?.ranked[0]?.parts ?? [];
  return Object.fromEntries(parts.map(({ policy, weight }) => [policy, weight]));
}

/** The weights with one of them changed; a weight of 0 stays, so that its slider does. */
export function withWeight(weights: Weights, policy: string, weight: number): Weights {
  return { ...weights, [policy]: Math.round(weight * 100) / 100 };
}

/** True where something can be ranked by them. */
export function weighSomething(weights: Weights): boolean {
  return Object.values(weights).some((weight) => weight > 0);
}

/**
 * Sliders for the weights of a task's ranking, a picker for further policies, and what to do with them. A slider ranks
 * again while it moves; the page does not make this part again meanwhile, so that it keeps the focus.
 */
export function weightControls(
  plan: Pick<Plan, 'id' | 'placements'>,
  taskId: string,
  first: Weights,
  actions: WeightActions,
): HTMLElement {
  let weights = first;
  const list = element('div', { class: 'weights' });
  const note = element('span', { class: 'faint', role: 'status' });
  const tell = () => {
    const some = weighSomething(weights);
    note.textContent = some ? '' : 'Give one policy a weight above 0.';
    if (some) actions.rank(plan.id, taskId, weights);
  };
  const become = (next: Weights) => {
    weights = next;
    draw();
    tell();
  };
  const slider = (policy: string, weight: number) => {
    const shown = element('output', {}, fixed(weight, 1));
    const range = element('input', {
      type: 'range',
      min: 0,
      max: Math.max(LARGEST, weight),
      step: STEP,
      value: weight,
      'aria-label': `weight of ${policy}`,
    }) as HTMLInputElement;
    range.addEventListener('input', () => {
      const tried = range.valueAsNumber;
      weights = withWeight(weights, policy, tried);
      shown.textContent = fixed(tried, 1);
      tell();
    });
    return element(
      'label',
      { title: describePreference(policy) },
      element('span', {}, policy),
      range,
      shown,
      element('span', { class: 'faint' }, describePreference(policy)),
    );
  };
  const draw = () => list.replaceChildren(...Object.entries(weights).map(([policy, weight]) => slider(policy, weight)));
  const picker = element(
    'select',
    { 'aria-label': 'Add a policy to the score' },
    element('option', { value: '' }, 'Add a policy…'),
    ...Object.entries(PREFERENCES).map(([name, prefers]) => element('option', { value: name }, `${name}: ${prefers}`)),
  ) as HTMLSelectElement;
  picker.addEventListener('change', () => {
    const { value } = picker;
    picker.value = '';
    if (value && !((weights[value] ?? 0) > 0)) become(withWeight(weights, value, 1));
  });
  draw();
  return element(
    'div',
    { class: 'weighing', role: 'group', 'aria-label': `Weights of the policies that rank nodes for ${taskId}` },
    list,
    element(
      'p',
      {},
      picker,
      button('Plan with these weights', () => weighSomething(weights) && actions.weigh(weights), { secondary: true }),
      button('Back to the plan’s', () => become(planWeights(plan)), { secondary: true }),
      note,
    ),
  );
}
