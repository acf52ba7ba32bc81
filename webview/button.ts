import { html, type TemplateResult } from 'lit-html';

/**
 * A button of the toolkit with what it does. One that cannot be pressed now says so and keeps the focus: a button that is
 * disabled while it has the focus throws it away.
 */
export function button(
  text: string,
  act: () => void,
  { secondary = false, disabled = false }: { readonly secondary?: boolean; readonly disabled?: boolean } = {},
): TemplateResult {
  const click = () => {
    if (!disabled) act();
  };
  return html`<vscode-button
    appearance=${secondary ? 'secondary' : 'primary'}
    aria-disabled=${disabled}
    @click=${click}
  >${text}</vscode-button>`;
}
