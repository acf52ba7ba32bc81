import { number } from '../format.ts';

/** Colours a text, or leaves it as it is where nobody could see them. */
export type Paint = (style: 'bold' | 'dim' | 'green' | 'yellow' | 'cyan', text: string) => string;

export type PlanTextOptions = {
  readonly paint: Paint;
  /** Everything, in place of the first rows of long lists. */
  readonly all: boolean;
};

/** A section's first line: its name, and all of it in one phrase. */
export function title(what: string, summary: string, { paint }: PlanTextOptions): string {
  return `${paint('bold', what)}  ${summary}`;
}

/** The phrases of a section's summary that count something, joined; `undefined` where all count nothing. */
export function summaryOf(
  parts: readonly (readonly [count: number, say: (count: string) => string])[],
): string | undefined {
  const said = parts.filter(([count]) => count > 0).map(([count, say]) => say(number(count)));
  return said.length > 0 ? said.join(', ') : undefined;
}
