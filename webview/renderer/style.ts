/** Only the theme's own variables: light, dark and high contrast come by themselves. */
export const STYLE = `
.stowage-figure { margin: 0; color: var(--vscode-editor-foreground); }
.stowage-figure details { font-size: var(--vscode-font-size); }
.stowage-figure summary { cursor: pointer; color: var(--vscode-descriptionForeground); }
.stowage-scroll { max-height: 420px; overflow: auto; border: 1px solid var(--vscode-widget-border, var(--vscode-contrastBorder, transparent)); width: fit-content; max-width: 100%; }
.stowage-table { border-collapse: collapse; color: var(--vscode-editor-foreground); font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); }
.stowage-table th, .stowage-table td { padding: 3px 12px; text-align: left; font-weight: normal; white-space: nowrap; }
.stowage-table .number { text-align: right; font-variant-numeric: tabular-nums; }
.stowage-table thead th, .stowage-table thead td { position: sticky; top: 0; background: var(--vscode-editor-background); font-weight: 600; box-shadow: inset 0 -1px var(--vscode-widget-border, var(--vscode-contrastBorder, currentColor)); }
.stowage-table thead button { all: unset; cursor: pointer; }
.stowage-table thead button:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 2px; }
.stowage-table tbody tr:hover { background: var(--vscode-list-hoverBackground); }
.stowage-table tbody th { color: var(--vscode-descriptionForeground); }
.stowage-report { color: var(--vscode-editor-foreground); font-family: var(--vscode-font-family); }
.stowage-report h3 + .stowage-count { color: inherit; }
.stowage-report h3 { margin: 0 0 4px; font-size: 1.1em; }
.stowage-report th, .stowage-report td { vertical-align: top; }
.stowage-report td:not(.number) { white-space: normal; max-width: 70ch; }
.stowage-part > summary { cursor: pointer; font-weight: 600; padding: 4px 0; }
.stowage-part > summary:focus-visible, .stowage-figure summary:focus-visible, .stowage-scroll:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 2px; }
@media (prefers-reduced-motion: reduce) { .stowage-figure * { transition: none !important; animation: none !important; } }
.stowage-count, .stowage-broken { color: var(--vscode-descriptionForeground); margin: 4px 0; font-size: var(--vscode-font-size); }
`;
