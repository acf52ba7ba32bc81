import type { Plan } from '../../core/plan/plan.ts';
import { previewPlan } from '../../core/plan/previewPlan.ts';
import { verdictOf } from '../../core/plan/verdict.ts';
import { describeFutures } from '../forecast.ts';
import { plural } from '../format.ts';
import { describeMoves, describeNoMoves, describeWhatIsEnded } from '../operation.ts';
import { HEADINGS } from '../panel.ts';
import { describeProblem } from '../problem.ts';
import { describeFreed, describeVerdict, type Figure, verdictFigures } from '../verdict.ts';
import { forecastTable } from './forecast.ts';
import { describeMadeFrom } from './madeFrom.ts';
import { type PlanRow, planTables } from './tables.ts';

/** A plan to be read away from here: what Markdown and HTML are made from. Every text is plain. */
export type PlanDocument = {
  readonly title: string;
  readonly verdict: string;
  readonly figures: readonly Figure[];
  /** What it was made from, and what could not be read. */
  readonly notes: readonly string[];
  readonly parts: readonly DocumentPart[];
};

export type DocumentPart = {
  readonly heading: string;
  readonly notes: readonly string[];
  /** All with the columns of the first. */
  readonly rows: readonly PlanRow[];
  /** Rows that are left out. */
  readonly left: number;
};

/** More rows than these of one table nobody reads in a report; a plan as JSON or CSV has them all. */
const ROWS_SHOWN = 500;
const PROBLEMS_SHOWN = 20;

/** @param mostRows of each table */
export function planDocument(plan: Plan, mostRows = ROWS_SHOWN): PlanDocument {
  const { snapshot, forecast } = plan;
  const verdict = verdictOf(plan);
  const { moves, placements, starts, resizes, migrations } = planTables(plan);
  const part = (heading: string, rows: readonly PlanRow[], notes: readonly string[] = []): DocumentPart[] =>
    rows.length + notes.length === 0
      ? []
      : [{ heading, notes, rows: rows.slice(0, mostRows), left: Math.max(0, rows.length - mostRows) }];
  return {
    title: `${HEADINGS.page}: ${snapshot.cluster}`,
    verdict: describeVerdict(plan, verdict),
    figures: verdictFigures(verdict),
    notes: [...describeMadeFrom(plan), ...snapshot.problems.slice(0, PROBLEMS_SHOWN).map(describeProblem)],
    parts: [
      ...part(HEADINGS.moves, moves, moveNotes(plan)),
      ...(forecast ? part(HEADINGS.forecast, forecastRows(forecast), [describeFutures(forecast)]) : []),
      ...part(HEADINGS.starts, starts),
      ...part(HEADINGS.placements, placements),
      ...part(HEADINGS.resizes, resizes),
      ...part(HEADINGS.migrations, migrations),
    ],
  };
}

/** That rows were left out. */
export function describeLeftOut(left: number): string {
  return plural(left, {
    one: 'And # row more: the plan saved as JSON has it.',
    other: 'And # rows more: the plan saved as JSON has them.',
  });
}

/** What the moves are in all, whom they end, and what they free by team. */
function moveNotes(plan: Plan): string[] {
  if (plan.moves.length === 0) return [describeNoMoves({ done: 0, nodes: plan.snapshot.counts.nodes })];
  const preview = previewPlan(plan);
  return [`${describeMoves(preview)}.`, ...describeWhatIsEnded(preview), ...describeFreed(plan)];
}

function forecastRows(forecast: NonNullable<Plan['forecast']>): PlanRow[] {
  const { heads, rows } = forecastTable(forecast);
  return rows.map((cells) => Object.fromEntries(cells.map((cell, column) => [heads[column]!, cell])));
}
