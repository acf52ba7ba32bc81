import { type Child, element } from '../element.ts';
import { type GridOptions, grid } from '../grid/grid.ts';

/** A section under its heading, with the name by which a screen reader finds it. */
export function titled(label: string, heading: string, ...children: readonly Child[]): HTMLElement {
  return element('section', { 'aria-label': label }, element('h2', {}, heading), children);
}

/** A grid, or where it has no rows the sentence that says why. */
export function gridOr<Row>(none: string, options: GridOptions<Row>): HTMLElement {
  return options.rows.length > 0 ? grid(options) : element('p', {}, none);
}
