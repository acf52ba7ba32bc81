/** A part of the page with what it depends on. */
export type Section = {
  /** The same in every drawing of the page, and no other section's. */
  readonly name: string;
  /** The section is made again only when this has changed. */
  readonly key: string;
  readonly make: () => HTMLElement;
};

/**
 * Names a part of the page.
 * @param depends all that `make` reads and that can change; plain data
 */
export function section(name: string, depends: readonly unknown[], make: () => HTMLElement): Section {
  return { name, key: JSON.stringify(depends), make };
}
