import type { Band } from '../model/band.ts';
import { BASELINES, type Baseline, type BaselineForecast, sampleQuantile, within } from './baselines.ts';
import { QUANTILE_LEVELS, type RuntimeDistribution } from './distribution.ts';
import { inBand } from './metrics.ts';
import type { Held, Instead } from './prediction.ts';

/** Every predictor that competes; `stowage` is the network. */
export const PREDICTORS = ['stowage', ...BASELINES] as const;
export type PredictorName = (typeof PREDICTORS)[number];

/**
 * How the predictors have done so far, as plain data: who is used for which group, and how far a band is to be trusted.
 */
export type TrackRecord = {
  /** By group (`groupLabel`), and under `''` over everyone. */
  readonly scores: Readonly<Record<string, Scores>>;
  /**
   * By week, named by the epoch second it began at (weeks begin on Thursday, as the epoch did): of the network's band.
   */
  readonly weeks: Readonly<Record<string, { readonly outcomes: number; readonly inBand: number }>>;
  /** Outcomes at or below each quantile that the network told, by `QUANTILE_LEVELS`; empty before the first. */
  readonly reached: readonly number[];
  /** Latest errors ln(runtime / point) of each baseline, by how many runs it stood on (`sampleClass`). */
  readonly errors: Readonly<Record<string, readonly number[]>>;
};

export type Scores = { readonly [name in PredictorName]?: Score };

/** Of one predictor in one group. */
export type Score = {
  readonly outcomes: number;
  /** Running mean of min(p/r, r/p): over about the last 50 outcomes of a group, 500 of everyone. */
  readonly ratio: number;
  /** Outcomes inside the 80 % band that was issued. */
  readonly inBand: number;
};

export const EMPTY_RECORD: TrackRecord = { scores: {}, weeks: {}, reached: [], errors: {} };

/**
 * What a predictor said of one task when it was submitted, in seconds, kept until its end: its best-ratio point, its
 * 80 % band.
 */
export type Quote = Band & {
  readonly point: number;
  /** ln seconds at `QUANTILE_LEVELS`, of the network. */
  readonly logTable?: Float64Array;
};
export type Quotes = { readonly [name in PredictorName]?: Quote };

/** A group speaks for itself from so many outcomes on. */
const OWN_FROM = 50;
const [FORGETTING, FORGETTING_EVERYONE] = [0.02, 0.002];
const WEEK_SECONDS = 7 * 86_400;
/** A challenger must be this much better than the network to replace it, and the network than med5. */
const [LEAD, LEAD_EVERYONE] = [0.1, 0.01];
const KEPT_ERRORS = 500;
/** Fewer past errors than this say nothing of the spread. */
const LEAST_ERRORS = 20;
/** Spread in ln units where nothing has ended yet: a factor of e² either way at one standard deviation. */
const UNKNOWN_SPREAD = 2;
/** Groups that are kept; the least recent go first. */
const KEPT_GROUPS = 5000;

/** Names the group of a task in a track record: creator and name. */
export function groupLabel(parameters: { readonly creator?: string; readonly name?: string }): string {
  return `${parameters.creator ?? '?'} / ${parameters.name ?? '?'}`;
}

/** A record that grows; `close` gives it as plain data. */
export type OpenRecord = {
  /** What each baseline says of a task: its point with the spread of its errors so far. */
  quotes(forecast: BaselineForecast, limit: number): Quotes;
  learn(label: string, runtime: number, endedAtSeconds: number, quotes: Quotes, forecast: BaselineForecast): void;
  close(): TrackRecord;
};

export function openRecord(since: TrackRecord): OpenRecord {
  const scores = new Map(Object.entries(since.scores));
  const weeks = new Map(Object.entries(since.weeks));
  const reached = Array.from(QUANTILE_LEVELS, (_, level) => since.reached[level] ?? 0);
  let told = since.reached.length > 0;
  const errors = new Map(Object.entries(since.errors).map(([key, list]) => [key, [...list]]));
  const spreads = new Map<string, Spread>();
  const count = (label: string, runtime: number, quotes: Quotes) => {
    const updated = { ...scores.get(label) };
    for (const name of PREDICTORS) {
      const quote = quotes[name];
      if (quote) updated[name] = score(updated[name], runtime, quote, label === '' ? FORGETTING_EVERYONE : FORGETTING);
    }
    scores.delete(label);
    scores.set(label, updated);
    if (scores.size > KEPT_GROUPS)
      for (const first of scores.keys()) if (first !== '') return void scores.delete(first);
  };
  return {
    quotes: (forecast, limit) =>
      Object.fromEntries(
        BASELINES.map((name) => {
          const key = errorKey(name, forecast);
          const point = forecast.points[name];
          const { low, high } = spreadOf(spreads, key, errors.get(key) ?? []);
          return [name, { point, p10: within(point * low, limit), p50: point, p90: within(point * high, limit) }];
        }),
      ),
    learn(label, runtime, endedAtSeconds, quotes, forecast) {
      count(label, runtime, quotes);
      count('', runtime, quotes);
      for (const name of BASELINES) {
        const key = errorKey(name, forecast);
        const list = errors.get(key) ?? [];
        errors.set(key, list);
        list.push(Math.log(runtime / forecast.points[name]));
        if (list.length > 2 * KEPT_ERRORS) list.splice(0, KEPT_ERRORS);
      }
      const quote = quotes.stowage;
      if (!quote) return;
      const week = String(Math.floor(endedAtSeconds / WEEK_SECONDS) * WEEK_SECONDS);
      const { outcomes, inBand: hits } = weeks.get(week) ?? { outcomes: 0, inBand: 0 };
      if (quote.logTable) {
        told = true;
        const log = Math.log(runtime) - 1e-6;
        for (const [level, each] of quote.logTable.entries()) if (log <= each) reached[level]! += 1;
      }
      weeks.set(week, { outcomes: outcomes + 1, inBand: hits + (inBand(runtime, quote.p10, quote.p90) ? 1 : 0) });
    },
    close: () => ({
      scores: Object.fromEntries(scores),
      weeks: Object.fromEntries(weeks),
      reached: told ? reached : [],
      errors: Object.fromEntries([...errors].map(([key, list]) => [key, list.slice(-KEPT_ERRORS)])),
    }),
  };
}

function score(before: Score | undefined, runtime: number, { point, p10, p90 }: Quote, forgetting: number): Score {
  const outcomes = (before?.outcomes ?? 0) + 1;
  const ratio = Math.min(point / runtime, runtime / point);
  const weight = Math.max(1 / outcomes, forgetting);
  return {
    outcomes,
    ratio: (1 - weight) * (before?.ratio ?? 0) + weight * ratio,
    inBand: (before?.inBand ?? 0) + (inBand(runtime, p10, p90) ? 1 : 0),
  };
}

export type Choice = {
  readonly name: PredictorName;
  /** The score it was chosen by: the group's own where it has enough outcomes, else everyone's; absent before any. */
  readonly score?: Score;
  /** Whose score that is. */
  readonly of: 'these tasks' | 'everyone';
  /** The baseline that stands in for the network; absent where none does. */
  readonly instead?: Instead;
};

/**
 * The predictor to use for a group: the network unless a baseline has done clearly better there; without a network,
 * med5 unless another has.
 */
export function choosePredictor(record: TrackRecord, label: string, withNetwork: boolean): Choice {
  const first: PredictorName = withNetwork ? 'stowage' : 'med5';
  const own = record.scores[label];
  const enough = (own?.[first]?.outcomes ?? 0) >= OWN_FROM;
  const scores = (enough ? own : record.scores['']) ?? {};
  const ratioOf = (name: PredictorName) => scores[name]?.ratio ?? 0;
  const rivals: readonly PredictorName[] = ['med5', 'med20', 'last2', 'request'];
  const best = rivals.reduce((leader, each) => (ratioOf(each) > ratioOf(leader) ? each : leader), rivals[0]!);
  const replaced = scores[first] !== undefined && ratioOf(best) > ratioOf(first) + (enough ? LEAD : LEAD_EVERYONE);
  const name = replaced ? best : first;
  const found = scores[name];
  const of = enough ? 'these tasks' : 'everyone';
  return {
    name,
    of,
    ...(found ? { score: found } : {}),
    ...(replaced && withNetwork ? { instead: { predictor: best, of } } : {}),
  };
}

/** How the network's band held in the latest week with an outcome; undefined before the first. */
export function latestWeek({ weeks }: TrackRecord): Held | undefined {
  const last = Object.keys(weeks).reduce((latest, week) => Math.max(latest, Number(week)), Number.NEGATIVE_INFINITY);
  const week = weeks[String(last)];
  return week && { fraction: week.inBand / week.outcomes, outcomes: week.outcomes };
}

/** A baseline as a distribution: its point times its past errors; wide where too few are known. */
export function spreadAround(
  record: TrackRecord,
  name: Baseline,
  forecast: BaselineForecast,
  limit: number,
): RuntimeDistribution {
  const errors = (record.errors[errorKey(name, forecast)] ?? []).toSorted((a, b) => a - b);
  const seconds = QUANTILE_LEVELS.map((level) =>
    within(forecast.points[name] * Math.exp(errorQuantile(errors, level)), limit),
  );
  return { seconds };
}

type Spread = { readonly low: number; readonly high: number; readonly count: number };

/** Factors of a baseline's 80 % band, renewed when its errors have grown by a tenth. */
function spreadOf(spreads: Map<string, Spread>, key: string, errors: readonly number[]): Spread {
  const known = spreads.get(key);
  if (known && errors.length >= known.count && errors.length < 1.1 * known.count + 1) return known;
  const ascending = errors.toSorted((a, b) => a - b);
  const spread = {
    low: Math.exp(errorQuantile(ascending, 0.1)),
    high: Math.exp(errorQuantile(ascending, 0.9)),
    count: errors.length,
  };
  spreads.set(key, spread);
  return spread;
}

function errorQuantile(ascending: readonly number[], level: number): number {
  if (ascending.length < LEAST_ERRORS) return UNKNOWN_SPREAD * normalQuantile(level);
  return sampleQuantile(ascending, level)!;
}

/** Quantile of the normal distribution, by its logistic approximation ln(p/(1−p))/1.702. */
function normalQuantile(level: number): number {
  return Math.log(level / (1 - level)) / 1.702;
}

function errorKey(name: Baseline, { sample }: BaselineForecast): string {
  return `${name} ${sample.length === 0 ? 'none' : sample.length < 5 ? 'few' : 'many'}`;
}

/** One point of a calibration plot: of all outcomes, how many ended by the time that was told for this level. */
export type CalibrationPoint = { readonly level: number; readonly held: number };

/** The calibration plot of the network as data, by level; empty before the first outcome. */
export function calibrationCurve({ reached, scores }: TrackRecord): readonly CalibrationPoint[] {
  const outcomes = scores['']?.stowage?.outcomes ?? 0;
  if (outcomes === 0 || reached.length === 0) return [];
  return QUANTILE_LEVELS.map((level, at) => ({ level, held: reached[at]! / outcomes }));
}
