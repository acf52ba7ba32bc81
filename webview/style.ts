/**
 * Only the theme's own variables: light, dark and high contrast come by themselves. The weight of a grid's header is set
 * on its cells: on the row it would change what 1ch is, and header and rows would not align. A name that is cut keeps its
 * tail in sight (`sticky`), over a ground like its row's; its dots show only where there is something to scroll.
 */
export const STYLE = `
body { color: var(--vscode-foreground); background: var(--vscode-editor-background); font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); padding: 0 20px 40px; }
main { max-width: 1700px; margin: 0 auto; overflow-wrap: anywhere; }
h1 { font-size: 1.6em; font-weight: 600; margin: 16px 0 4px; }
h2 { font-size: 1.2em; font-weight: 600; margin: 28px 0 8px; }
h3 { font-size: 1em; font-weight: 600; margin: 16px 0 6px; }
.lead, .faint, figcaption { color: var(--vscode-descriptionForeground); }
.spoken { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.notice { border-left: 3px solid var(--vscode-editorWarning-foreground); padding: 6px 10px; background: var(--vscode-textBlockQuote-background); }
.notice.error { border-left-color: var(--vscode-editorError-foreground); }
.busy { display: flex; align-items: center; gap: 8px; }
.ring { width: 12px; height: 12px; border: 2px solid var(--vscode-progressBar-background); border-right-color: transparent; border-radius: 50%; animation: turn 1s linear infinite; }
@keyframes turn { to { rotate: 360deg; } }
@media (prefers-reduced-motion: reduce) { .ring { animation: none; } }
.verdict { font-size: 1.25em; margin: 16px 0 12px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 180px), 1fr)); gap: 12px; margin: 0; }
.figures div { border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder)); padding: 8px 12px; }
.figures dd { margin: 0; }
.figures dd:nth-of-type(1) { font-size: 1.4em; font-variant-numeric: tabular-nums; }
ol.steps { list-style: none; padding: 0; margin: 0 0 12px; }
ol.steps li { margin: 4px 0; }
ol.steps .mark { display: inline-block; width: 1.6em; }
ol.steps .done .mark { color: var(--vscode-testing-iconPassed); }
ol.steps .waiting .mark { color: var(--vscode-editorWarning-foreground); }
ol.steps .failed .mark { color: var(--vscode-testing-iconFailed); }
progress { width: 100%; max-width: 480px; accent-color: var(--vscode-progressBar-background); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 360px), 1fr)); gap: 16px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; list-style: none; padding: 0; margin: 4px 0 10px; }
.legend svg { vertical-align: middle; }
figure.chart { margin: 0; min-width: 0; }
.plot { height: 220px; overflow: hidden; }
.numbers { overflow-x: auto; }
.actions, .weighing p { display: flex; flex-wrap: wrap; align-items: center; gap: 10px; }
.weights label { display: grid; grid-template-columns: minmax(10ch, 26ch) minmax(10ch, 24ch) 4ch 1fr; align-items: center; gap: 10px; min-height: 26px; }
.weights output { font-variant-numeric: tabular-nums; text-align: right; }
input { accent-color: var(--vscode-button-background); }
.vscode-high-contrast input { accent-color: auto; color-scheme: dark; }
.vscode-high-contrast-light input { color-scheme: light; }
select, input[type=search] { color: var(--vscode-dropdown-foreground); background: var(--vscode-dropdown-background); border: 1px solid var(--vscode-dropdown-border, var(--vscode-contrastBorder)); font: inherit; padding: 3px 6px; max-width: 100%; box-sizing: border-box; }
input[type=search] { color: var(--vscode-input-foreground); background: var(--vscode-input-background); border-color: var(--vscode-input-border, var(--vscode-contrastBorder)); width: 32ch; }
input[type=search]::placeholder { color: var(--vscode-input-placeholderForeground); }
select:focus, input:focus, a:focus { outline: 1px solid var(--vscode-focusBorder); outline-offset: 1px; }
vscode-button[aria-disabled=true] { opacity: 0.4; cursor: not-allowed; }
details { margin: 8px 0; }
summary { cursor: pointer; }
table { border-collapse: collapse; margin: 6px 0; }
th, td { text-align: left; padding: 2px 12px 2px 0; font-weight: normal; }
thead th { border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder)); }
stowage-grid, stowage-chart, stowage-weighing { display: block; min-width: 0; }
.grid { border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder)); margin: 4px 0 12px; }
.grid-row { display: grid; height: 26px; align-items: center; }
.two-lines .grid-spacer .grid-row { height: 44px; }
.grid-head { position: sticky; top: 0; z-index: 1; background: var(--vscode-editor-background); }
.grid-header { border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder)); padding-right: 12px; }
.grid-header .cell { cursor: pointer; font-weight: 600; position: relative; }
.grid-header .cell[aria-sort=none]:hover::after { content: ' ▴'; opacity: 0.6; }
.grid-body { overflow: auto; position: relative; scroll-padding-top: 27px; }
.grid-spacer { position: relative; }
.grid-spacer .grid-row { --row: transparent; position: absolute; left: 0; right: 0; padding-right: 12px; background: var(--row); }
.grid-spacer .grid-row.group { --row: var(--vscode-sideBarSectionHeader-background); }
.grid-spacer .grid-row:hover { --row: var(--vscode-list-hoverBackground); }
.cell { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; padding: 0 8px; line-height: 24px; }
.two-lines .grid-spacer .cell { line-height: 19px; max-height: 38px; white-space: normal; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
.two-lines .grid-spacer .cell.first, .two-lines .grid-spacer .cell.detailed, .two-lines .grid-spacer .cell.numeric, .two-lines .grid-spacer .cell.tick { display: block; white-space: nowrap; }
.cell.numeric { text-align: right; font-variant-numeric: tabular-nums; }
.cell.bar { background: linear-gradient(to right, var(--vscode-progressBar-background) var(--bar), transparent var(--bar)) left bottom / 100% 3px no-repeat; }
.cell.tick { padding: 0; text-align: center; }
.cell.tick input { width: 16px; height: 16px; margin: 0; vertical-align: middle; flex-shrink: 0; }
.cell:focus { outline: 1px solid var(--vscode-focusBorder); outline-offset: -1px; }
.cell .flag { border: 1px solid var(--vscode-editorWarning-foreground); border-radius: 3px; padding: 0 4px; }
.cell .name { display: block; overflow: hidden; white-space: nowrap; scroll-timeline: --cut inline; }
.cell .tail { position: sticky; right: 0; }
.cell .tail, .cell .tail::before { background: linear-gradient(var(--row), var(--row)), var(--vscode-editor-background); }
.cell .tail::before { content: '…'; position: absolute; right: 100%; visibility: hidden; animation: cut linear; animation-timeline: --cut; }
@keyframes cut { from, to { visibility: visible; } }
.cell a { color: var(--vscode-textLink-foreground); text-decoration: none; }
.cell a:hover { text-decoration: underline; }
.cell .detail { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--vscode-descriptionForeground); }
.twisty, .indent { display: inline-block; width: 1.4em; }
.twisty { cursor: pointer; }
.twisty ~ .detail, .indent ~ .detail { margin-left: 1.4em; }
.resizer { position: absolute; right: 0; top: 0; bottom: 0; width: 6px; cursor: col-resize; touch-action: none; }
.resizer:hover { background: var(--vscode-sash-hoverBorder, var(--vscode-focusBorder)); }
@media (max-width: 700px) {
  body { padding: 0 10px 30px; }
  .weights label { grid-template-columns: 10ch 1fr 4ch; }
  .weights label > :last-child { grid-column: 1 / -1; margin-bottom: 8px; }
  .weights input { width: 100%; margin: 0; }
  input[type=search] { width: 100%; }
}
@media (forced-colors: active) { .grid-row.group { border-bottom: 1px solid CanvasText; } }
`;
