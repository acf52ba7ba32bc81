/** One line or edge as Plotly gets it. */
export type Trace = {
  readonly name?: string;
  readonly legendgroup: string;
  readonly y: readonly number[];
  readonly line?: { readonly color?: string; readonly dash?: string };
};

/** Keeps what would be drawn, in place of drawing it: a page without layout cannot. Only on a page (`withPage`). */
export async function watchPlots() {
  const { default: Plotly } = await import('plotly.js/dist/plotly-cartesian.min.js');
  const { react } = Plotly;
  const drawn: { readonly plot: HTMLElement; readonly traces: readonly Trace[]; readonly width?: number }[] = [];
  Plotly.react = async (plot, traces, layout) =>
    drawn.push({ plot, traces: traces as Trace[], ...(layout as { readonly width?: number }) });
  const stop = () => {
    Plotly.react = react;
  };
  return { drawn, stop };
}
