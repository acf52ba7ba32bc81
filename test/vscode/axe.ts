import axe from 'axe-core';
import type { Frame } from 'playwright-core';

/** A rule of axe-core that something on a page breaks. */
export type Violation = {
  readonly rule: string;
  readonly impact: string;
  readonly help: string;
  /** How many places break it. */
  readonly places: number;
  /** Its first places, as HTML cut short. */
  readonly examples: readonly string[];
};

/** What a notebook's page says of its frame is VS Code's own: the page around the outputs has no title and no landmarks. */
export const NOT_OURS_IN_NOTEBOOKS = ['document-title', 'landmark-one-main', 'region', 'page-has-heading-one'];

const EXAMPLES = 3;
const LONGEST_EXAMPLE = 160;

/**
 * What axe-core finds in a page of ours (plan panel, notebook outputs); empty where all is well. Its code comes in by the
 * debugger, past the page's Content Security Policy.
 * @param without rules that are left out
 */
export async function violationsIn(frame: Frame, without: readonly string[] = []): Promise<Violation[]> {
  await frame.evaluate(axe.source);
  const rules = Object.fromEntries(without.map((rule) => [rule, { enabled: false }]));
  const found = await frame.evaluate(
    (rules) =>
      (window as unknown as { axe: typeof axe }).axe.run(document, {
        resultTypes: ['violations'],
        rules,
        iframes: false,
      }),
    rules,
  );
  return found.violations.map(({ id, impact, help, nodes }) => ({
    rule: id,
    impact: impact ?? 'unknown',
    help,
    places: nodes.length,
    examples: nodes.slice(0, EXAMPLES).map(({ html }) => html.slice(0, LONGEST_EXAMPLE)),
  }));
}

/** "serious nested-interactive ×4: Interactive controls must not be nested". */
export function describeViolation({ rule, impact, help, places }: Violation): string {
  return `${impact} ${rule} ×${places}: ${help}`;
}
