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

/** A button of the toolkit with what it does. */
export function button(
  text: string,
  act: () => void,
  options: { secondary?: boolean; disabled?: boolean } = {},
): HTMLElement {
  const made = element(
    'vscode-button',
    { appearance: options.secondary ? 'secondary' : 'primary', disabled: options.disabled },
    text,
  );
  made.addEventListener('click', () => {
    if (!options.disabled) act();
  });
  return made;
}
