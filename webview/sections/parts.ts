import { html, type TemplateResult } from 'lit-html';
import { type GridOptions, grid } from '../grid/grid.ts';

/** A section under its heading, by which a screen reader finds it. */
export function titled(heading: string, ...children: readonly unknown[]): TemplateResult {
  return html`<section aria-label=${heading}><h2>${heading}</h2>${children}</section>`;
}

/** A grid, or where it has no rows the sentence that says why. */
export function gridOr<Row>(none: string, options: GridOptions<Row>): TemplateResult {
  return options.rows.length > 0 ? grid(options) : html`<p>${none}</p>`;
}
