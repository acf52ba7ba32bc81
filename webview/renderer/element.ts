/** Children that are undefined or false are left out, so that a condition can stand in their place. */
export type Child = Node | string | undefined | false;

/**
 * Makes an element. Attributes are set as text, children are nodes or text: nothing that came from a cluster is ever
 * read as HTML.
 */
export function element(
  tag: string,
  attributes: Readonly<Record<string, string | number | boolean | undefined>> = {},
  ...children: readonly (Child | readonly Child[])[]
): HTMLElement {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, '');
    else if (value !== undefined && value !== false) made.setAttribute(name, String(value));
  }
  made.append(...children.flat().filter((child): child is Node | string => child !== undefined && child !== false));
  return made;
}
