import { classOfRequest, expectedMix } from '../fragment/mix.ts';
import type { Resources } from '../model/resources.ts';
import type { Settings } from '../model/settings.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Predictions } from '../predict/prediction.ts';
import type { Arrivals } from './arrivals.ts';
import { type FutureStart, futureStart } from './futureStart.ts';
import { type Measures, measuresOf } from './measures.ts';
import { runFuture } from './runFuture.ts';

/** +15 min, +30 min, 1 h, 2 h, 4 h, 8 h, 16 h, 24 h. */
export const HORIZON_SECONDS: readonly number[] = [900, 1800, 3600, 7200, 14_400, 28_800, 57_600, 86_400];

export type ForecastRequest = {
  /** Snapshots by scenario, as `scenarios.ts` makes them; the first is what the others are held against. */
  readonly scenarios: Readonly<Record<string, Snapshot>>;
  readonly predictions: Predictions;
  readonly arrivals: Arrivals;
  readonly settings: Settings;
  readonly seed: number;
  readonly samples: number;
  /** Ascending; default `HORIZON_SECONDS`. */
  readonly horizonSeconds?: readonly number[];
};

/** What the cluster will look like, scenario beside scenario. Plain data. */
export type Forecast = {
  readonly atSeconds: number;
  readonly seed: number;
  /** Samples behind the bands so far, of how many. */
  readonly samples: number;
  readonly of: number;
  /** Shapes counted by `fits`, most expected first. */
  readonly shapes: readonly { readonly request: Resources; readonly gpuCount: number; readonly share: number }[];
  readonly arrivalsPerHour: number;
  readonly scenarios: readonly ScenarioForecast[];
};

export type ScenarioForecast = {
  readonly name: string;
  /** Now, and at each horizon, ascending. */
  readonly moments: readonly Moment[];
  /** Earliest starts of the pending tasks, in the order a scheduler takes them. */
  readonly starts: readonly EarliestStart[];
};

/** The cluster at one moment; bands hold 80 % of the samples. */
export type Moment = {
  readonly inSeconds: number;
  /** Summed over all nodes that take tasks, by resource name. */
  readonly free: Readonly<Record<string, Band>>;
  readonly fragmentation: {
    /** Idle GPU that a GPU task drawn from the expected mix cannot use (FGD), amount and share of what is idle. */
    readonly gpuMilli: Band;
    readonly gpuRatio: Band;
    /** Free CPU on nodes that a task drawn from the expected mix cannot go to. */
    readonly cpuMilli: Band;
    readonly cpuRatio: Band;
  };
  readonly waiting: Band;
  /** Beside `Forecast.shapes`: how many tasks of that shape alone would fit. */
  readonly fits: readonly Band[];
};

export type Band = { readonly p10: number; readonly p50: number; readonly p90: number };

/** When a pending task could start; a gated one, if somebody places it as soon as there is room. */
export type EarliestStart = {
  readonly task: string;
  /** Seconds from now; absent where the task starts later than the last horizon in that share of the samples. */
  readonly p50?: number;
  readonly p90?: number;
  /** Share of the samples in which it starts within the last horizon. */
  readonly startedFraction: number;
  /** Nodes its own rules admit; 0: it can start nowhere, whatever ends. */
  readonly admittingNodes: number;
};

/**
 * Forecasts each scenario by sampled futures. Yields coarse forecasts first (2 samples, then four times as many each
 * time) and returns the last; stop iterating to cancel. Same request, same bytes.
 */
export function* forecast(request: ForecastRequest): Generator<Forecast, Forecast> {
  const { samples, seed, arrivals } = request;
  const horizon = request.horizonSeconds ?? HORIZON_SECONDS;
  const classes = arrivals.kinds.map((kind) => classOfRequest(kind.request, kind.gpuCount));
  const mix = expectedMix(arrivals.past.map(({ kind }) => classes[kind]!));
  const runs = Object.entries(request.scenarios).map(([name, snapshot]) => {
    const start = futureStart(snapshot, request.predictions, arrivals, request.settings, mix);
    const shapes = arrivals.kinds
      .slice(0, COUNTED_SHAPES)
      .map(({ request: each, gpuCount }, index) => ({ request: each, gpuCount, kind: start.arrivalKinds[index]! }));
    return createRun(name, start, measuresOf(start, shapes), horizon);
  });
  const atSeconds = Object.values(request.scenarios)[0]?.takenAtSeconds ?? 0;
  const picture = (done: number): Forecast => ({
    atSeconds,
    seed,
    samples: done,
    of: samples,
    shapes: arrivals.kinds
      .slice(0, COUNTED_SHAPES)
      .map(({ request: each, gpuCount, share }) => ({ request: each, gpuCount, share })),
    arrivalsPerHour: arrivals.perSecond * 3600,
    scenarios: runs.map((run) => run.summary()),
  });
  let next = Math.min(FIRST_PICTURE, samples);
  for (let sample = 0; sample < samples; sample++) {
    for (const run of runs) run.sample(seed + sample);
    if (sample + 1 === next && next < samples) {
      yield picture(next);
      next = Math.min(next * 4, samples);
    }
  }
  return picture(samples);
}

const FIRST_PICTURE = 2;
const COUNTED_SHAPES = 6;

function createRun(name: string, start: FutureStart, measures: Measures, horizon: readonly number[]) {
  const now = measures.measure({ fleet: start.fleet, extraFree: start.extraFree }, start.waiting.length);
  const sampled: Float64Array[][] = horizon.map(() => []);
  const starts: number[][] = start.waiting.map(() => []);
  return {
    sample(seed: number): void {
      const startSeconds = runFuture(start, seed, horizon, (world, moment, waiting) => {
        sampled[moment]!.push(measures.measure(world, waiting));
      });
      startSeconds.forEach((seconds, task) => {
        starts[task]!.push(seconds);
      });
    },
    summary: (): ScenarioForecast => ({
      name,
      moments: [
        momentOf(0, measures.names, [now]),
        ...horizon.map((inSeconds, moment) => momentOf(inSeconds, measures.names, sampled[moment]!)),
      ],
      starts: start.waiting.map(({ id, kind }, task) => startOf(id, start.kinds[kind]!.admitted, starts[task]!)),
    }),
  };
}

function momentOf(inSeconds: number, names: readonly string[], sampled: readonly Float64Array[]): Moment {
  const bands = new Map(names.map((name, index) => [name, bandOf(sampled.map((values) => values[index]!))]));
  const band = (name: string) => bands.get(name)!;
  const free: Record<string, Band> = {};
  for (const name of names) if (name.startsWith('free ')) free[name.slice('free '.length)] = band(name);
  return {
    inSeconds,
    free,
    fragmentation: {
      gpuMilli: band('fragment gpuMilli'),
      gpuRatio: band('fragment gpuRatio'),
      cpuMilli: band('fragment cpuMilli'),
      cpuRatio: band('fragment cpuRatio'),
    },
    waiting: band('waiting'),
    fits: names.filter((name) => name.startsWith('fits ')).map(band),
  };
}

function startOf(task: string, admittingNodes: number, seconds: readonly number[]): EarliestStart {
  const { p50, p90 } = bandOf(seconds);
  return {
    task,
    ...(p50 < Number.POSITIVE_INFINITY && { p50 }),
    ...(p90 < Number.POSITIVE_INFINITY && { p90 }),
    startedFraction: seconds.filter((each) => each < Number.POSITIVE_INFINITY).length / Math.max(1, seconds.length),
    admittingNodes,
  };
}

/** Quantiles of a sample by rank (the smallest value that at least that share does not exceed). */
export function bandOf(values: readonly number[]): Band {
  const sorted = Float64Array.from(values).sort();
  const at = (level: number) => sorted[Math.max(0, Math.ceil(level * sorted.length) - 1)] ?? Number.NaN;
  return { p10: at(0.1), p50: at(0.5), p90: at(0.9) };
}
