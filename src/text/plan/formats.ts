import { jsonText } from '../../core/model/jsonText.ts';
import { plainValue } from '../../core/model/plain.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { movesCsv } from './csv.ts';
import { planHtml } from './html.ts';
import { planMarkdown } from './markdown.ts';
import { planText } from './planText.ts';
import type { PlanTextOptions } from './section.ts';

/** How a plan leaves Stowage, with the ending of its file: whole as text or JSON, as a report, or its moves alone. */
export const PLAN_FORMATS = {
  text: { ending: 'txt', title: 'Text: as on the terminal' },
  json: { ending: 'json', title: 'JSON: the plan itself, for "stowage apply"' },
  csv: { ending: 'csv', title: 'CSV: the moves, a row each' },
  markdown: { ending: 'md', title: 'Markdown: for an issue or a chat' },
  html: { ending: 'html', title: 'HTML: a report to send or print' },
} as const satisfies Record<string, { readonly ending: string; readonly title: string }>;

export type PlanFormat = keyof typeof PLAN_FORMATS;

export function isPlanFormat(name: string): name is PlanFormat {
  return Object.hasOwn(PLAN_FORMATS, name);
}

/** Lists of more moves are shortened in a text. */
const MOVES_IN_FULL = 2000;

/**
 * A plan in one of the formats. What people read of it is plain; as JSON it is the plan to the letter, what is unseen
 * written as \uXXXX.
 */
export function planAs(format: PlanFormat, plan: Plan): string {
  return format === 'json' ? `${jsonText(plan, 1)}\n` : readAs(format, plainValue(plan));
}

function readAs(format: Exclude<PlanFormat, 'json'>, plan: Plan): string {
  switch (format) {
    case 'text': {
      const options: PlanTextOptions = { paint: (_, text) => text, all: plan.moves.length <= MOVES_IN_FULL };
      return planText(plan, options);
    }
    case 'csv':
      return movesCsv(plan);
    case 'markdown':
      return planMarkdown(plan);
    case 'html':
      return planHtml(plan);
  }
}
