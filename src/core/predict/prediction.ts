import type { RuntimeDistribution } from './distribution.ts';

/** What the predictor says of one task, with what it stands on and how well it has held so far. */
export type RuntimePrediction = {
  /** Of the whole runtime, from start to end; condition it on the age with `remainingRuntime`. */
  readonly runtime: RuntimeDistribution;
  /** The one point with the best expected ratio min(p/r, r/p) to the truth, in seconds. */
  readonly bestRatioSeconds?: number;
  /** Predictor that was chosen for this task: `stowage`, `med5`, `request`, … */
  readonly predictor: string;
  /** In words: "6 latest runs of train-resnet by ana". */
  readonly basis: string;
  /** Share of past outcomes inside the 80 % band, and how many were counted; absent before the first outcome. */
  readonly coverage?: { readonly fraction: number; readonly outcomes: number };
};

/** Predictions by task id, for every task of a snapshot that ends by itself. */
export type Predictions = Readonly<Record<string, RuntimePrediction>>;
