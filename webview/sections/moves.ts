import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import type { Move } from '../../src/core/model/moves.ts';
import { amountOf, type ResourceName, resourceNames } from '../../src/core/model/resources.ts';
import { goalsOf, type PlanGoal } from '../../src/core/plan/goals.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { stakesOf } from '../../src/core/plan/stakes.ts';
import { amount } from '../../src/text/format.ts';
import {
  costOfGoal,
  describePart,
  describeTogether,
  gainOfGoal,
  reasonOfGoal,
  titleOfGoal,
} from '../../src/text/goals.ts';
import { adviceByTask, describeWhy } from '../../src/text/moves.ts';
import {
  describeLossOf,
  describeMove,
  describeNoMoves,
  describeStanding,
  describeTicked,
} from '../../src/text/operation.ts';
import {
  ALL_OR_NONE,
  ASKED_ONCE_MORE,
  describeAllDone,
  describeApply,
  describeFound,
  describeFrees,
  describeGroup,
  describeTick,
  describeTickGroup,
  describeWhole,
  GROUP_BY,
  GROUPED_BY,
  HEADINGS,
  KINDS,
  lostCell,
  NO_MOVE_FOUND,
  SEARCH_MOVES,
  TICK_ALL,
  TICK_NONE,
  TICKED,
} from '../../src/text/panel.ts';
import type { PanelActions } from '../actions.ts';
import { button } from '../button.ts';
import { type Column, numeric } from '../grid/columns.ts';
import { grid } from '../grid/grid.ts';
import { memo } from '../memo.ts';
import { found, type GroupRow, type MoveRow, moveRows, type TableRow, tableRows } from '../moves/table.ts';
import { isTicked, type Ticks, tickedOf } from '../moves/ticks.ts';
import { GROUPINGS, type MovesView } from '../moves/view.ts';
import { type PanelModel, takenBack } from '../state.ts';
import { headed, titled } from './parts.ts';

/** The moves of the plan by what they are for, to tick whole or in part, and the button that applies what is ticked. */
export function movesSection(model: Shown, actions: PanelActions): TemplateResult {
  const { plan, steps } = model;
  const { open, done } = openRows(plan, steps);
  const { ticks, moves: view } = model.choices;
  const shown = foundRows(open, view.search, meaningOf(plan));
  const left = open.length > 0;
  // What stands above the table stays when the last move is done: the reader may be typing there.
  return titled(
    headed(HEADINGS.moves, open.length),
    left || done > 0 ? toolbar(view, shown, open.length, ticks, actions) : nothing,
    shown.length === 0 ? html`<p>${left ? NO_MOVE_FOUND : noMoves(model, done)}</p>` : nothing,
    left ? table(model, shown, actions) : nothing,
    left ? applyLine(model, tickedMoves(open, ticks), open.length, actions) : nothing,
  );
}

function noMoves({ plan, steps }: Shown, done: number): string {
  const back = takenBack(plan, steps);
  return back > 0 ? describeAllDone(done, back) : describeNoMoves({ done, nodes: plan.snapshot.counts.nodes });
}

/** What a search finds a move by beside its own words: the title and the reason of its goal, and why it is made. */
const meaningOf = memo((plan: Plan) => {
  const { goals } = tableOf(plan);
  const texts = new Map(goals.map((goal) => [goal.id, `${titleOfGoal(goal)} ${reasonOfGoal(goal, plan.rules)}`]));
  const advice = adviceOf(plan);
  return ({ move, groups }: MoveRow) => `${texts.get(groups.goal) ?? ''} ${describeWhy(move, advice) ?? ''}`;
});

/** The goals of a plan and a row for each move, made once a plan. */
const tableOf = memo((plan: Plan) => {
  const goals = goalsOf(plan);
  return { goals, rows: moveRows(plan, goals) };
});

/** Moves that are not done yet: nobody can ask for the others again. */
const openRows = memo((plan: Plan, steps: PanelModel['steps']) => {
  const { rows } = tableOf(plan);
  const open = steps.size === 0 ? rows : rows.filter(({ key }) => steps.get(key)?.state !== 'done');
  return { open, done: rows.length - open.length };
});

const adviceOf = memo(adviceByTask);
const foundRows = memo(found);
const sortedRows = memo(tableRows);

const tickedMoves = memo((rows: readonly MoveRow[], ticks: Ticks) =>
  rows.filter(({ key }) => isTicked(ticks, key)).map(({ move }) => move),
);

const stakesOfTicked = memo(stakesOf);

function toolbar(
  { search, group }: MovesView,
  shown: readonly MoveRow[],
  all: number,
  ticks: Ticks,
  actions: PanelActions,
): TemplateResult {
  const searched = ({ target }: Event) => actions.list({ search: (target as HTMLInputElement).value });
  const grouped = ({ target }: Event) =>
    actions.list({ group: GROUPINGS.find((each) => each === (target as HTMLSelectElement).value) ?? 'goal' });
  const tick = (on: boolean) =>
    shown.length === all
      ? actions.tickAll(on)
      : actions.tick(
          shown.map(({ key }) => key),
          on,
        );
  const standing = tickedOf(
    ticks,
    shown.map(({ key }) => key),
  );
  return html`<p class="actions">
    <input
      type="search"
      aria-label=${SEARCH_MOVES}
      placeholder=${SEARCH_MOVES}
      .value=${live(search)}
      @input=${searched}
    />
    <label
      >${GROUP_BY}
      <select @change=${grouped}>
        ${GROUPINGS.map((each) => html`<option value=${each} ?selected=${each === group}>${GROUPED_BY[each]}</option>`)}
      </select></label
    >
    ${button(TICK_ALL, () => tick(true), { secondary: true, disabled: standing === 'all' || all === 0 })}
    ${button(TICK_NONE, () => tick(false), { secondary: true, disabled: standing === 'none' })}
    <span class="faint" role="status">${describeFound(shown.length, all)}</span>
  </p>`;
}

type Shown = PanelModel & { readonly plan: Plan };

function table(model: Shown, shown: readonly MoveRow[], actions: PanelActions): TemplateResult {
  const { plan, choices } = model;
  const { moves: view } = choices;
  const columns = moveColumns(model, actions);
  const sortBy = columns.find(({ title }) => title === view.sorting?.column)?.value;
  return grid<TableRow>({
    label: HEADINGS.moves,
    rows: sortedRows(shown, tableOf(plan).goals, view, sortBy),
    key: ({ key }) => key,
    lines: 2,
    columns,
    tree: {
      level: ({ kind }) => (kind === 'move' && view.group !== 'none' ? 2 : 1),
      expanded: (row) => (row.kind === 'group' ? row.opened : undefined),
      expand: ({ key }, on) => actions.open(key, on),
    },
    sorted: { ...(view.sorting && { by: view.sorting }), sort: (sorting) => actions.list({ sorting }) },
    mark: ({ kind }) => (kind === 'group' ? 'group' : undefined),
    onOpen: (row) => {
      if (row.kind === 'move') actions.reveal('task', row.move.task.id);
    },
  });
}

function moveColumns(model: Shown, actions: PanelActions): readonly Column<TableRow>[] {
  const { host, plan, choices, steps } = model;
  const advice = adviceOf(plan);
  const tick: Column<TableRow> = {
    title: TICKED,
    text: () => '',
    tick: {
      state: (row) => tickedOf(choices.ticks, idsOf(row)),
      label: (row) =>
        row.kind === 'move'
          ? describeTick(describeMove(row.move))
          : describeTickGroup(groupTitle(row), row.moves.length),
      set: (row, on) => actions.tick(idsOf(row), on),
    },
  };
  const [name, ...facts] = factColumns(plan);
  const move: Column<TableRow> = {
    ...name!,
    detail: (row) => (row.kind === 'move' ? describeWhy(row.move, advice) : groupDetail(row, model)),
    flag: (row) => (row.kind === 'group' && row.goal ? flagOf(row.goal, model) : undefined),
  };
  if (steps.size === 0) return [tick, move, ...facts];
  return [tick, move, ...facts, standingColumn(steps, host.nowSeconds ?? 0)];
}

/** Where each move stands that was begun. */
const standingColumn = memo((steps: PanelModel['steps'], nowSeconds: number): Column<TableRow> => {
  const standing = (row: TableRow) => {
    const step = row.kind === 'move' ? steps.get(row.key) : undefined;
    return step ? describeStanding(step, nowSeconds) : '';
  };
  return { title: 'so far', text: standing, value: standing, share: 3 };
});

/** What is told of a move and of a group; the same while the plan is, so that its rows need not be sorted again. */
const factColumns = memo((plan: Plan): readonly Column<TableRow>[] => {
  const { rows } = tableOf(plan);
  const resources = resourceNames(...new Set(rows.map(({ frees }) => frees))).filter((resource) =>
    rows.some(({ frees }) => amountOf(frees, resource) !== 0),
  );
  return [
    {
      title: 'move',
      text: (row) => (row.kind === 'move' ? describeMove(row.move) : groupTitle(row)),
      value: (row) => (row.kind === 'move' ? describeMove(row.move) : groupTitle(row)),
      share: 8,
    },
    ...resources.map(freesColumn),
    { ...numeric('work lost', ({ lostSeconds }: TableRow) => lostSeconds, lostCell), share: 0 },
  ];
});

function freesColumn(resource: ResourceName): Column<TableRow> {
  const format = (value: number) => (value === 0 ? '—' : amount(resource, value));
  // No wider than it must be: the moves need the room.
  return { ...numeric(describeFrees(resource), ({ frees }: TableRow) => amountOf(frees, resource), format), share: 0 };
}

function groupTitle({ by, name, goal }: GroupRow): string {
  if (goal) return titleOfGoal(goal);
  return by === 'kind' ? (KINDS[name] ?? name) : name;
}

/**
 * First that a goal is of no use as it is ticked; what it brings and costs, of the whole goal, with how many of its moves
 * are listed where that is not all; why; last that its moves belong together.
 */
function groupDetail({ goal, moves }: GroupRow, model: Shown): string {
  if (!goal) return describeGroup(moves.length);
  const all = goal.moveIds.length;
  const worth = [gainOfGoal(goal), costOfGoal(goal)].join(' · ');
  const part = partOf(goal, model);
  return [
    part,
    moves.length < all ? `${describeFound(moves.length, all)} · ${describeWhole(worth)}` : worth,
    reasonOfGoal(goal, model.plan.rules),
    part === undefined && describeTogether(goal),
  ]
    .filter(Boolean)
    .join(' · ');
}

/** That a goal is of no use as it is ticked. */
function partOf(goal: PlanGoal, { choices, steps }: Shown): string | undefined {
  const chosen = goal.moveIds.filter((id) => isTicked(choices.ticks, id) || steps.get(id)?.state === 'done').length;
  return describePart(goal, chosen);
}

/** Before the title of a goal whose moves belong together: it is read however narrow the column is. */
function flagOf(goal: PlanGoal, model: Shown): string | undefined {
  if (!goal.together) return undefined;
  return partOf(goal, model) === undefined ? ALL_OR_NONE : `⚠ ${ALL_OR_NONE}`;
}

function idsOf(row: TableRow): readonly string[] {
  return row.kind === 'move' ? [row.key] : row.moveIds;
}

function applyLine({ host, plan }: Shown, ticked: readonly Move[], all: number, actions: PanelActions): TemplateResult {
  const disabled = ticked.length === 0 || host.busy !== undefined || host.readOnly !== undefined;
  const apply = () =>
    actions.apply(
      plan.id,
      ticked.map(({ id }) => id),
    );
  return html`<p class="actions apply">
    ${button(describeApply(ticked.length, all), apply, { disabled })}
    <span>${describeTicked(stakesOfTicked(ticked))} ${describeLossOf(ticked)} ${ASKED_ONCE_MORE}</span>
  </p>`;
}
