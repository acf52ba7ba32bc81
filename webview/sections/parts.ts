import { html, type TemplateResult } from 'lit-html';
import { describePart } from '../../src/text/counts.ts';
import { type GridOptions, grid } from '../grid/grid.ts';

/** A section under its heading, by which a screen reader finds it. */
export function titled(heading: string | Headed, ...children: readonly unknown[]): TemplateResult {
  const { name, text } = typeof heading === 'string' ? { name: heading, text: heading } : heading;
  return html`<section aria-label=${name}><h2>${text}</h2>${children}</section>`;
}

/** A section's name, which stays, and its heading, which counts. */
type Headed = { readonly name: string; readonly text: string };

/** A heading that says how many rows there are: a table shows few of them at once. */
export function headed(name: string, rows: number): Headed {
  return { name, text: rows > 0 ? describePart(name, rows) : name };
}

/** A grid, or where it has no rows the sentence that says why. */
export function gridOr<Row>(none: string, options: GridOptions<Row>): TemplateResult {
  return options.rows.length > 0 ? grid(options) : html`<p>${none}</p>`;
}
