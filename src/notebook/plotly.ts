import type { Figure, Trace } from './figure.ts';
import type { MimeBundle } from './messages.ts';
import { ALREADY_SHOWN, figureBundle } from './show.ts';

/** Shows a chart and can show another in its place. */
export type Plot = {
  readonly figure: Figure;
  /** Redraws the chart that is on the screen. */
  update(data: readonly Trace[], layout?: Figure['layout']): void;
};

/** `Plotly` as cells see it: the names of Plotly.js, but the chart is drawn under the cell instead of in an element. */
export type Plotly = {
  newPlot(data: readonly Trace[], layout?: Figure['layout']): Plot;
  react(plot: Plot, data: readonly Trace[], layout?: Figure['layout']): Plot;
  /** A chart as a value, shown when it is a cell's last expression. */
  figure(data: readonly Trace[], layout?: Figure['layout']): Figure;
};

type Show = (bundle: MimeBundle) => { update(next: MimeBundle): void };

/** @param show puts a bundle under the running cell */
export function makePlotly(show: Show): Plotly {
  const newPlot = (...words: readonly unknown[]): Plot => {
    const [data, layout] = withoutElement(words);
    let figure: Figure = { data, layout };
    const shown = show(figureBundle(figure));
    return {
      ...ALREADY_SHOWN,
      get figure() {
        return figure;
      },
      update(nextData, nextLayout = figure.layout) {
        figure = { data: checkedTraces(nextData), layout: nextLayout };
        shown.update(figureBundle(figure));
      },
    };
  };
  return {
    newPlot,
    react(plot, data, layout) {
      plot.update(data, layout);
      return plot;
    },
    figure: (...words: readonly unknown[]) => {
      const [data, layout] = withoutElement(words);
      return { data, layout };
    },
  };
}

/** Code from the web names an element first; here there is none. */
function withoutElement(words: readonly unknown[]): [readonly Trace[], Figure['layout']] {
  const [data, layout] = Array.isArray(words[0]) ? words : words.slice(1);
  return [checkedTraces(data), (layout ?? {}) as Figure['layout']];
}

function checkedTraces(data: unknown): readonly Trace[] {
  if (Array.isArray(data) && data.every((trace) => typeof trace === 'object' && trace !== null)) return data as Trace[];
  throw new TypeError(
    'A Plotly chart is a list of traces: Plotly.newPlot([{ x: [1, 2], y: [3, 4] }], { title: { text: "…" } })',
  );
}
