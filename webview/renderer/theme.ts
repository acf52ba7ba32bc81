/**
 * VS Code's own chart colours, in an order in which neighbours differ for most eyes. Orange is last: in Dark Modern it is
 * that of a match in the minimap, a brown that is hard to see on the dark.
 */
const COLOURS = ['blue', 'yellow', 'green', 'purple', 'red', 'foreground', 'orange'] as const;

/** Plotly's defaults in the colours of the current theme; what a chart sets itself wins. */
export function themeTemplate(): object {
  const ink = themeColour('--vscode-editor-foreground', '#888888');
  const faint = translucent(ink, 0.2);
  const axis = { gridcolor: faint, linecolor: faint, zerolinecolor: faint, automargin: true, color: ink };
  return {
    layout: {
      paper_bgcolor: 'rgba(0,0,0,0)',
      plot_bgcolor: 'rgba(0,0,0,0)',
      font: { color: ink, family: getComputedStyle(document.body).fontFamily, size: 12 },
      title: { font: { size: 15, color: ink }, x: 0.01, xanchor: 'left' },
      colorway: COLOURS.map((name) => themeColour(`--vscode-charts-${name}`, '#3794ff')).map((colour) =>
        translucent(colour, 1),
      ),
      xaxis: axis,
      yaxis: axis,
      legend: { orientation: 'h', y: -0.2, font: { color: ink } },
      margin: { t: 48, r: 24, b: 48, l: 56 },
      hoverlabel: {
        bgcolor: themeColour('--vscode-editorHoverWidget-background', '#ffffff'),
        bordercolor: themeColour('--vscode-editorHoverWidget-border', '#888888'),
        font: { color: themeColour('--vscode-editorHoverWidget-foreground', ink) },
      },
      modebar: { bgcolor: 'rgba(0,0,0,0)', color: translucent(ink, 0.6), activecolor: ink },
      bargap: 0.15,
    },
  };
}

/** Calls back when the user chose another theme. @returns what stops it */
export function watchTheme(onChange: () => void): () => void {
  let ink = '';
  const look = () => {
    const next = themeColour('--vscode-editor-foreground', '') + themeColour('--vscode-editor-background', '');
    if (next !== ink && ink !== '') onChange();
    ink = next;
  };
  look();
  const observer = new MutationObserver(look);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  return () => observer.disconnect();
}

function themeColour(name: string, otherwise: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || otherwise;
}

/** The colour with an opacity, in the one notation that every Plotly reads; a canvas reads whatever the theme uses. */
function translucent(colour: string, opacity: number): string {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (!context) return `rgba(128,128,128,${opacity})`;
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return `rgba(${red},${green},${blue},${opacity})`;
}
