import type { Settings } from '../../core/model/settings.ts';

/** Colours a text, or leaves it as it is where nobody could see them. */
export type Paint = (style: 'bold' | 'dim' | 'green' | 'yellow' | 'cyan', text: string) => string;

export type PlanTextOptions = {
  readonly settings: Settings;
  readonly paint: Paint;
  /** Everything, in place of the first rows of long lists. */
  readonly all: boolean;
};

/** A section's first line: its name, and all of it in one phrase. */
export function title(what: string, summary: string, { paint }: PlanTextOptions): string {
  return `${paint('bold', what)}  ${summary}`;
}

/** `3 wait`; `` for none. */
export function part(count: number, what: string): string {
  return count > 0 ? `${count} ${what}` : '';
}
