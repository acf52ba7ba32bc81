import { isRecord } from '../src/core/model/isRecord.ts';
import { type GridElement, type GridLook, parseGridLook } from './grid/grid.ts';

/** How the page stands for its reader beside what they chose: how far it is scrolled, which folds are open, its grids. */
export type Look = {
  readonly scrolledPixels: number;
  /** Open folds, by their sections and their places in them. */
  readonly folds: readonly string[];
  /** By the labels of the grids. */
  readonly grids: Readonly<Record<string, GridLook>>;
};

export function lookOf(root: ParentNode): Look {
  return {
    scrolledPixels: window.scrollY,
    folds: [...foldsOf(root)].flatMap(([name, fold]) => (fold.open ? [name] : [])),
    grids: Object.fromEntries(gridsOf(root).map((grid) => [grid.label, grid.look])),
  };
}

/**
 * Makes the page stand as it did before it was hidden.
 * @param isSame whether it shows the same plan: of another one only the grids are as they were
 */
export function restoreLook(root: ParentNode, { scrolledPixels, folds, grids }: Look, isSame: boolean): void {
  for (const grid of gridsOf(root)) {
    const look = grids[grid.label];
    if (look) grid.look = look;
  }
  if (!isSame) return;
  for (const [name, fold] of foldsOf(root)) if (folds.includes(name)) fold.open = true;
  window.scrollTo(0, scrolledPixels);
}

/** What was kept; anything out of shape is nothing. */
export function parseLook(value: unknown): Look | undefined {
  if (!isRecord(value) || !Array.isArray(value['folds']) || !isRecord(value['grids'])) return undefined;
  const { scrolledPixels, folds, grids } = value;
  return {
    scrolledPixels: typeof scrolledPixels === 'number' ? scrolledPixels : 0,
    folds: folds.filter((each) => typeof each === 'string'),
    grids: Object.fromEntries(
      Object.entries(grids).flatMap(([label, look]) => {
        const parsed = parseGridLook(look);
        return parsed ? [[label, parsed]] : [];
      }),
    ),
  };
}

function gridsOf(root: ParentNode): GridElement[] {
  return [...root.querySelectorAll<GridElement>('stowage-grid')];
}

function foldsOf(root: ParentNode): Map<string, HTMLDetailsElement> {
  const sections = [...root.querySelectorAll<HTMLElement>('section')];
  return new Map(
    sections.flatMap((section) =>
      [...section.querySelectorAll('details')].map(
        (fold, at) => [`${section.getAttribute('aria-label')} ${at}`, fold] as const,
      ),
    ),
  );
}
