declare module 'plotly.js/dist/plotly-cartesian.min.js' {
  const Plotly: {
    react(root: HTMLElement, traces: unknown[], layout: unknown, configuration: unknown): Promise<unknown>;
    purge(root: HTMLElement): void;
  };
  export default Plotly;
}
