export type Documented = { readonly signature: string; readonly text: string };

/**
 * What completion and hover say of the libraries a cell finds, by dotted path. A test holds it against the live objects.
 */
export const DOCUMENTATION: Readonly<Record<string, Documented>> = {
  stowage: {
    signature: 'const stowage: Stowage',
    text: 'The planner: history, predictor, forecast and plan. Reads the cluster that is open, else the sample; changes nothing there.',
  },
  'stowage.history': {
    signature: 'stowage.history(file?: string | string[], { columns }?): Promise<History>',
    text: 'Finished tasks: of the cluster, or of files (Standard Workload Format, CSV, JSON lines, Parquet, `.gz`). A CSV needs to know what its columns mean: `{ columns: { submit: "created", end: "finished", creator: "user" } }`.',
  },
  'stowage.rows': {
    signature: 'stowage.rows(history): HistoryRow[]',
    text: 'One flat object a task, for `new dfd.DataFrame(…)` and charts: creator, name, framework, size, runtimeSeconds, …',
  },
  'stowage.split': {
    signature: 'stowage.split(history, fraction = 0.8): { earlier, later }',
    text: 'Splits in time: what had ended when the later part began, and what was submitted from then on.',
  },
  'stowage.train': {
    signature: 'stowage.train(history, { seed, onProgress }?): Promise<Trained>',
    text: 'Trains the network on its own thread, from the weights that come with Stowage. `onProgress({ fraction, text, loss, calibration })` is told each step. Stopping the cell stops it.',
  },
  'stowage.foretell': {
    signature: 'stowage.foretell(trained, later): { rows, metrics }',
    text: 'Predicts tasks the predictor has not learned from, each from what had ended when it was submitted: `rows` task by task, `metrics` beside the baselines.',
  },
  'stowage.evaluate': {
    signature: 'stowage.evaluate(history, { seed, pretrained, onProgress }?): Promise<Evaluated>',
    text: 'Measures every predictor on a history as time went by: predict, then learn. The first fifth warms up. Takes minutes.',
  },
  'stowage.promote': {
    signature: 'stowage.promote(trained): Promise<string>',
    text: 'Makes plans of this cluster use this predictor: writes it under `.stowage/predictors`. One that fewer than 100 outcomes have judged is not taken.',
  },
  'stowage.cluster': {
    signature: 'stowage.cluster(): Promise<{ snapshot, predictions, history, predictor }>',
    text: 'The cluster as it is now, with what is predicted for its tasks.',
  },
  'stowage.tasks': {
    signature: 'stowage.tasks(cluster): PredictedTask[]',
    text: 'One flat object a task of `await stowage.cluster()`: phase, node, elapsed, predicted runtime with its 80 % band and what it stands on.',
  },
  'stowage.forecast': {
    signature: 'stowage.forecast({ hours, samples, onPicture }?): Promise<Forecast>',
    text: 'Free capacity, fragments, waiting tasks and earliest starts ahead, with 80 % bands from sampled futures.',
  },
  'stowage.plan': {
    signature: 'stowage.plan(): Promise<Plan>',
    text: 'What to place, resize and migrate now, why, and the forecast with and without it. Read only: a plan is applied from its panel.',
  },
  'stowage.tables': {
    signature: 'stowage.tables(plan): { moves, placements, resizes, migrations, starts }',
    text: 'The parts of a plan as lists of flat objects, for `display.table(…)` and `new dfd.DataFrame(…)`. The plan itself, as a cell’s last expression, shows all of them.',
  },
  'stowage.durationTicks': {
    signature: 'stowage.durationTicks(seconds: number[]): { tickvals, ticktext }',
    text: 'Readable ticks (`5 s`, `30 min`, `1 d`) for an axis of `Math.log10(seconds)`: `xaxis: { ...stowage.durationTicks(seconds) }`.',
  },
  tf: {
    signature: "const tf: typeof import('@tensorflow/tfjs')",
    text: 'TensorFlow.js, offline: tfjs-node where the folder has it and it loads, else the wasm backend.',
  },
  dfd: {
    signature: "const dfd: typeof import('danfojs-node')",
    text: 'danfo.js: data frames. `df.plot().line()` and its sisters draw under the cell.',
  },
  Plotly: {
    signature: 'const Plotly: { newPlot, react, figure }',
    text: 'Charts under the cell, with the traces and layouts of Plotly.js (cartesian charts).',
  },
  'Plotly.newPlot': {
    signature: 'Plotly.newPlot(traces, layout?): Plot',
    text: 'Draws a chart now. `plot.update(traces, layout?)` redraws it in place.',
  },
  'Plotly.react': {
    signature: 'Plotly.react(plot, traces, layout?): Plot',
    text: 'Redraws a chart in place.',
  },
  'Plotly.figure': {
    signature: 'Plotly.figure(traces, layout?): Figure',
    text: 'A chart as a value: shown when it is the last expression, or by `display`.',
  },
  display: {
    signature: 'display(value): { update(value) }',
    text: 'Shows a value now: charts, frames, tensors, anything. `update` shows another one in its place.',
  },
  'display.table': {
    signature: 'display.table(rows): { update(rows) }',
    text: 'Shows a list of objects as a table.',
  },
  'display.markdown': {
    signature: 'display.markdown(text): { update(text) }',
    text: 'Shows Markdown.',
  },
  'display.html': {
    signature: 'display.html(text): { update(text) }',
    text: 'Shows HTML as it is: never give it text that came from a cluster.',
  },
};
