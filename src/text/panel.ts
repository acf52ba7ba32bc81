import type { ResourceName } from '../core/model/resources.ts';
import { counted, duration, number, plural, resourceTitle } from './format.ts';

/** What the plan panel says of itself: headings, buttons, and what a screen reader reads beside them. */

export const HEADINGS = {
  page: 'Plan',
  moves: 'Moves',
  progress: 'Progress',
  forecast: 'Forecast',
  placements: 'Pending tasks',
  resizes: 'Resizes in place',
  migrations: 'Migrations',
  starts: 'Earliest start of pending tasks',
} as const;

export const PLAN_AGAIN = 'Plan again';
export const PREVIEW_PLAN = 'Preview plan';
export const OPEN_AS_TEXT = 'Open as text';
export const COPY_AS_MARKDOWN = 'Copy as Markdown';
export const SAVE_AS = 'Save as …';
export const NODE_GOES = 'What if a node goes?';
export const NODE_ADDED = 'What if there were one more?';

/** The four figures under the verdict. */
export const FIGURES = 'The plan in figures';

/** Of the table of moves. */
export const SEARCH_MOVES = 'Search moves';
export const GROUP_BY = 'Group by';
/** Heads the column of boxes, for a screen reader. */
export const TICKED = 'ticked';
export const TICK_ALL = 'Tick all';
export const TICK_NONE = 'Tick none';
export const NO_MOVE_FOUND = 'No move has all these words.';
/** Marks a goal of whose moves a part is of no use. */
export const ALL_OR_NONE = 'all or none';
export const ASKED_ONCE_MORE = 'You are asked once more before anything happens.';

export const GROUPED_BY: Readonly<Record<'goal' | 'namespace' | 'owner' | 'node' | 'kind' | 'none', string>> = {
  goal: 'goal',
  namespace: 'namespace',
  owner: 'owner',
  node: 'node',
  kind: 'kind',
  none: 'nothing',
};

/** Names of the groups of moves of one kind. */
export const KINDS: Readonly<Record<string, string>> = {
  placement: 'Placements',
  shrink: 'Shrinks',
  expand: 'Expands',
  migration: 'Migrations',
};

/** The button that applies what is ticked: "Apply 3 of 19 moves …". */
export function describeApply(ticked: number, all: number): string {
  const of = plural(all, { one: '# move', other: '# moves' });
  return ticked === all ? `Apply ${of} …` : `Apply ${number(ticked)} of ${of} …`;
}

/** How many moves a search leaves. */
export function describeFound(found: number, all: number): string {
  return found === all ? counted(all, 'move') : `${number(found)} of ${counted(all, 'move')}`;
}

/** What a goal brings and costs, beside a part of its moves. */
export function describeWhole(worth: string): string {
  return `of the whole goal: ${worth}`;
}

/** What a box of the moves' table ticks. */
export function describeTick(title: string): string {
  return `Tick ${title}`;
}

export function describeTickGroup(title: string, moves: number): string {
  return `Tick ${title}: ${counted(moves, 'move')}`;
}

/** How many moves stand in a group, where no more is said of it. */
export function describeGroup(moves: number): string {
  return counted(moves, 'move');
}

/** The column of what moves free of a resource. */
export function describeFrees(resource: ResourceName): string {
  return `frees ${resourceTitle(resource)}`;
}

/** Work that is lost, in a column. */
export function lostCell(seconds: number): string {
  return seconds > 0 ? duration(seconds) : '—';
}

/** That all else on the page is older than what was done since. */
export function describeOldPlan(madeAt: string): string {
  return `This is the plan of ${madeAt}; moves were made since. What follows tells of the cluster as it was then.`;
}

/** How many of the moves that were done are as before again; undefined where none. */
export function describeTakenBack(moves: number): string | undefined {
  if (moves === 0) return undefined;
  return plural(moves, { one: '# of them was taken back.', other: '# of them were taken back.' });
}

/** In place of the moves of a plan that was carried out, and taken back in part. */
export function describeAllDone(done: number, takenBack: number): string {
  const all = plural(done, { one: 'The # move of this plan was done', other: 'All # moves of this plan were done' });
  const back = plural(takenBack, { one: '# of them was taken back', other: '# of them were taken back' });
  return `${all}, and ${back}. Plan again to see what comes next.`;
}

/** Steps of moves by where they stand. */
export type StepCounts = Readonly<Record<'running' | 'waiting' | 'done' | 'failed', number>>;

/**
 * "12 of 19 moves done, 1 waiting, 2 not done."
 * @param all how many are to be done; those that were begun where nobody knows more
 */
export function describeCountsOfSteps(counts: StepCounts, all = 0): string {
  const { done } = counts;
  const total = Math.max(all, sumOfSteps(counts));
  const of = plural(total, { one: `${number(done)} of # move done`, other: `${number(done)} of # moves done` });
  return `${[of, ...restOfSteps(counts)].join(', ')}.`;
}

/** How many moves were begun. */
export function sumOfSteps({ running, waiting, done, failed }: StepCounts): number {
  return running + waiting + done + failed;
}

function restOfSteps({ running, waiting, failed }: StepCounts): string[] {
  return [
    ...(running > 0 ? [`${number(running)} running`] : []),
    ...(waiting > 0 ? [`${number(waiting)} waiting`] : []),
    ...(failed > 0 ? [`${number(failed)} not done`] : []),
  ];
}

/** The same of moves that are not the plan's, of undos and of plans before it; of them nobody knows how many come. */
export function describeOtherSteps(counts: StepCounts): string {
  const done = counts.done > 0 ? [`${number(counts.done)} done`] : [];
  return `Taken back, or of earlier plans: ${[...done, ...restOfSteps(counts)].join(', ')}.`;
}

/** The fold over moves that need no attention. */
export function describeDoneFold(done: number): string {
  return plural(done, { one: '# move done', other: '# moves done' });
}

export function describeMoreSteps(more: number): string {
  return `and ${number(more)} more`;
}

/** The fold over nodes that refuse a task. */
export function describeRefusedFold(nodes: number): string {
  return plural(nodes, { one: '# node cannot take it', other: '# nodes cannot take it' });
}

/** The fold over resizes that are not made. */
export function describeKeptFold(resizes: number): string {
  return plural(resizes, { one: '# resize is not made', other: '# resizes are not made' });
}

/** Of the sliders. */
export const ADD_POLICY = 'Add a policy to the score';
export const NO_WEIGHT = 'Give one policy a weight above 0.';
export const PLAN_WITH_WEIGHTS = 'Plan with these weights';
export const OWN_WEIGHTS = 'Back to the plan’s';

export function describeWeighing(task: string): string {
  return `Weights of the policies that rank nodes for ${task}`;
}

export function describeWeightOf(policy: string): string {
  return `Weight of ${policy}`;
}

/** A line of a chart that lies on another. */
export function describeSameLine(name: string, as: string): string {
  return `${name}: as ${as}.`;
}
