import type { Move } from '../../src/core/model/moves.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { describeMore } from '../../src/text/counts.ts';
import { plural } from '../../src/text/format.ts';
import { describeLossOf, describeMoveWithCost, describeNoMoves } from '../../src/text/operation.ts';
import type { PanelActions } from '../actions.ts';
import { button, element } from '../element.ts';
import { type Section, section } from '../section.ts';
import { type Choices, MOVES_PAGE, type PanelModel } from '../state.ts';
import { titled } from './parts.ts';

type Host = PanelModel['host'];

/** Moves of the plan that are not done yet, each with its tick, and the button that applies those ticked. */
export function movesSection(host: Host, plan: Plan, choices: Choices, actions: PanelActions): Section {
  const done = doneIds(host);
  return section('moves', [plan.id, choices.chosen, choices.listed, host.busy, host.readOnly, done], () => {
    const ended = new Set(done);
    const moves = plan.moves.filter(({ id }) => !ended.has(id));
    if (moves.length === 0)
      return titled(
        'Moves',
        'Moves',
        element('p', {}, describeNoMoves({ done: done.length, nodes: plan.snapshot.counts.nodes })),
      );
    const all = moves.map(({ id }) => id);
    const ticked = new Set(choices.chosen ?? all);
    const listed = choices.listed ?? MOVES_PAGE;
    const further = moves.length - listed;
    return titled(
      'Moves',
      'Moves',
      element(
        'ul',
        { class: 'moves' },
        moves.slice(0, listed).map((move) => moveRow(move, ticked.has(move.id), all, actions)),
      ),
      further > 0 &&
        element(
          'p',
          {},
          button(describeMore(MOVES_PAGE, further), actions.listMore, {
            secondary: true,
          }),
        ),
      applyLine(
        host,
        plan.id,
        moves.filter(({ id }) => ticked.has(id)),
        actions,
      ),
    );
  });
}

/** Moves that are at their end; nobody can ask for them again. */
function doneIds({ steps }: Host): string[] {
  return steps.filter(({ state }) => state === 'done').map(({ moveId }) => moveId);
}

function moveRow(move: Move, on: boolean, all: readonly string[], actions: PanelActions): HTMLElement {
  const box = element('vscode-checkbox', { checked: on }, describeMoveWithCost(move)) as HTMLInputElement;
  box.addEventListener('change', () => actions.choose(move.id, box.checked, all));
  return element('li', {}, box);
}

function applyLine(host: Host, planId: string, picked: readonly Move[], actions: PanelActions): HTMLElement {
  const ids = picked.map(({ id }) => id);
  return element(
    'p',
    {},
    button(plural(ids.length, { one: 'Apply # move…', other: 'Apply # moves…' }), () => actions.apply(planId, ids), {
      disabled: ids.length === 0 || host.busy !== undefined || host.readOnly !== undefined,
    }),
    ` ${describeLossOf(picked)} You are asked once more before anything happens.`,
  );
}
