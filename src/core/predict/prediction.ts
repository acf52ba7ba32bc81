import type { Settings } from '../model/settings.ts';
import type { Baseline } from './baselines.ts';
import type { RuntimeDistribution } from './distribution.ts';

/** What the predictor says of one task, with what it stands on and how well it has held so far. */
export type RuntimePrediction = {
  /** Of the whole runtime, from start to end; condition it on the age with `remainingQuantile`. */
  readonly runtime: RuntimeDistribution;
  /** The one point with the best expected ratio min(p/r, r/p) to the truth, in seconds. */
  readonly bestRatioSeconds?: number;
  /** Predictor that was chosen for this task: `stowage`, `med5`, `request`, … */
  readonly predictor: string;
  /** What it stands on; a predictor of a host's own may say it in words. */
  readonly basis: Basis | string;
  /** How the 80 % band has held; absent before the first outcome. */
  readonly coverage?: Coverage;
  /** What each baseline says of the same task, in seconds. */
  readonly beside?: Readonly<Record<Baseline, number>>;
};

/** Which past runs a prediction stands on. */
export type Basis =
  /** Runs that a network weighs most: of whom, where they all are, and the one that counts most. */
  (
    | ({
        readonly code: 'pastRuns';
        readonly most: { readonly endedAtSeconds: number; readonly share: number };
      } & SomeRuns)
    /** Many runs of which none counts much; none at all, so what tasks elsewhere were like. */
    | { readonly code: 'manyRuns' | 'elsewhere' }
    /** The latest runs that a baseline looks at. */
    | ({ readonly code: 'latestRuns' } & SomeRuns)
    /** The runtime that was asked for, because the baseline takes it or because there are no runs. */
    | { readonly code: 'asked' | 'askedWithoutRuns' }
    /** Runs of everyone, or not even these. */
    | { readonly code: 'everyone' | 'nothing' }
  ) & { readonly instead?: Instead };

type SomeRuns = { readonly runs: number; readonly of?: string; readonly by?: string };

/** A baseline that stands in for the network, since it was closer. */
export type Instead = { readonly predictor: string; readonly of: Coverage['of'] };

/** Share of past outcomes inside the 80 % band, and how many were counted. */
export type Held = { readonly fraction: number; readonly outcomes: number };

export type Coverage = Held & {
  /** Whose outcomes: of the tasks of the same creator and name where there are enough, else of everyone. */
  readonly of: 'these tasks' | 'everyone';
  /** Of the network's band over everyone, in the latest week with an outcome. */
  readonly latestWeek?: Held;
};

/** Predictions by task id, for every task of a snapshot that ends by itself. */
export type Predictions = Readonly<Record<string, RuntimePrediction>>;

/** What is expected of tasks at a moment, and the settings by which that is judged. */
export type Expectations = {
  readonly predictions: Predictions;
  readonly settings: Settings;
  readonly nowSeconds: number;
};
