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

/**
 * Draws sections into an element that holds nothing else. Sections that have not changed are not touched, so that focus
 * and scrolling stay in them.
 */
export function drawerOf(root: HTMLElement): (sections: readonly Section[]) => void {
  let drawn = new Map<string, { readonly key: string; readonly node: HTMLElement }>();
  return (sections) => {
    const scrolled = document.documentElement.scrollTop;
    drawn = new Map(
      sections.map(({ name, key, make }) => {
        const before = drawn.get(name);
        return [name, before?.key === key ? before : { key, node: make() }];
      }),
    );
    const nodes = [...drawn.values()].map(({ node }) => node);
    for (const child of [...root.children]) if (!nodes.includes(child as HTMLElement)) child.remove();
    nodes.forEach((node, index) => {
      const next = root.children[index];
      if (next !== node) root.insertBefore(node, next ?? null);
    });
    document.documentElement.scrollTop = scrolled;
  };
}
