/**
 * Only the theme's own variables: light, dark and high contrast come by themselves. The weight of a grid's header is set
 * on its cells: on the row it would change what 1ch is, and header and rows would not align.
 */
export const STYLE = `
body { color: var(--vscode-foreground); font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); padding: 0 20px 40px; }
main { max-width: 1500px; margin: 0 auto; }
h1 { font-size: 1.6em; font-weight: 600; margin: 16px 0 4px; }
h2 { font-size: 1.2em; font-weight: 600; margin: 28px 0 8px; }
h3 { font-size: 1em; font-weight: 600; margin: 16px 0 6px; }
.lead, .faint, figcaption { color: var(--vscode-descriptionForeground); }
.notice { border-left: 3px solid var(--vscode-editorWarning-foreground); padding: 6px 10px; background: var(--vscode-textBlockQuote-background); }
.notice.error { border-left-color: var(--vscode-editorError-foreground); }
.busy { display: flex; align-items: center; gap: 8px; }
.busy vscode-progress-ring { height: 16px; width: 16px; }
ul.moves, ol.steps { list-style: none; padding: 0; margin: 0 0 12px; }
ul.moves li { margin: 2px 0; }
section[aria-label='Moves'] > p { display: flex; align-items: center; gap: 10px; }
ol.steps li { margin: 4px 0; }
ol.steps .mark { display: inline-block; width: 1.6em; }
ol.steps .done .mark { color: var(--vscode-testing-iconPassed); }
ol.steps .waiting .mark { color: var(--vscode-editorWarning-foreground); }
ol.steps .failed .mark { color: var(--vscode-testing-iconFailed); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(360px, 1fr)); gap: 16px; }
figure.chart { margin: 0; min-width: 0; }
.plot { height: 240px; overflow: hidden; }
.actions, .weighing p { display: flex; flex-wrap: wrap; align-items: center; gap: 10px; }
.weights label { display: grid; grid-template-columns: minmax(16ch, 26ch) minmax(12ch, 24ch) 4ch 1fr; align-items: center; gap: 10px; min-height: 26px; }
.weights output { font-variant-numeric: tabular-nums; text-align: right; }
.weights input { accent-color: var(--vscode-button-background); }
select { color: var(--vscode-dropdown-foreground); background: var(--vscode-dropdown-background); border: 1px solid var(--vscode-dropdown-border, var(--vscode-contrastBorder)); font: inherit; padding: 3px 6px; max-width: 60ch; }
select:focus, input:focus { outline: 1px solid var(--vscode-focusBorder); outline-offset: 1px; }
details { margin: 8px 0; }
summary { cursor: pointer; }
table { border-collapse: collapse; margin: 6px 0; }
th, td { text-align: left; padding: 2px 12px 2px 0; font-weight: normal; }
thead th { border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder)); }
.grid { border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder)); margin: 4px 0 12px; }
.grid-row { display: grid; height: 26px; align-items: center; }
.grid-header { border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder)); padding-right: 12px; }
.grid-header .cell { cursor: pointer; font-weight: 600; }
.grid-body { overflow-y: auto; position: relative; }
.grid-spacer { position: relative; }
.grid-spacer .grid-row { position: absolute; left: 0; right: 0; padding-right: 12px; }
.grid-spacer .grid-row:hover { background: var(--vscode-list-hoverBackground); }
.cell { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; padding: 0 8px; line-height: 24px; }
.cell.numeric { text-align: right; font-variant-numeric: tabular-nums; }
.cell.bar { background: linear-gradient(to right, var(--vscode-progressBar-background) var(--bar), transparent var(--bar)) left bottom / 100% 3px no-repeat; }
.cell:focus { outline: 1px solid var(--vscode-focusBorder); outline-offset: -1px; }
`;
