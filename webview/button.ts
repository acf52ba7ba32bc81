import { html, type TemplateResult } from 'lit-html';

/** A button of the toolkit with what it does. */
export function button(
  text: string,
  act: () => void,
  { secondary = false, disabled = false }: { readonly secondary?: boolean; readonly disabled?: boolean } = {},
): TemplateResult {
  // A click still reaches a disabled custom element.
  const click = () => {
    if (!disabled) act();
  };
  return html`<vscode-button
    appearance=${secondary ? 'secondary' : 'primary'}
    ?disabled=${disabled}
    @click=${click}
  >${text}</vscode-button>`;
}
