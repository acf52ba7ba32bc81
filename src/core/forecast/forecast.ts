import { addCounts, classOfRequest, mixOfCounts } from '../fragment/mix.ts';
import type { Band } from '../model/band.ts';
import type { Resources } from '../model/resources.ts';
import type { Settings } from '../model/settings.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Predictions } from '../predict/prediction.ts';
import { type Arrivals, lowerLevel } from './arrivals.ts';
import { type FutureStart, futureStart } from './futureStart.ts';
import { type CountedShape, type Layout, measuresOf } from './measures.ts';
import { futureRunner } from './runFuture.ts';

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

/** The cluster at one moment, in bands of 80 %. */
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

/** When a pending task could start. */
export type EarliestStart = {
  readonly task: string;
  /** In this scenario nobody lifts its gate, so it does not start at all. */
  readonly gated?: true;
  /** Seconds from now; absent where the task starts later than the last horizon in that share of the samples. */
  readonly p10?: number;
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
  const futures = futuresOf(request);
  const draw = drawSamples(futures);
  const gathered = gatherSamples(futures);
  for (let sample = 0; sample < futures.samples; sample++) {
    const picture = gathered.add(sample, draw(sample));
    if (picture?.samples === futures.samples) return picture;
    if (picture) yield picture;
  }
  return gathered.picture(0);
}

/**
 * What the samples of a forecast are drawn from: plain data, small beside a snapshot, for as many threads as there are.
 */
export type Futures = Omit<Forecast, 'scenarios' | 'samples' | 'of'> & {
  readonly samples: number;
  readonly horizonSeconds: readonly number[];
  /** Level of a sample that stands for the probability of 10 %. */
  readonly lower: number;
  readonly scenarios: readonly ScenarioFutures[];
};

type ScenarioFutures = {
  readonly name: string;
  readonly start: FutureStart;
  readonly counted: readonly CountedShape[];
};

/** One sampled future of every scenario, in their order. */
export type Sample = readonly {
  /** The measures at each horizon, one after the other. */
  readonly measures: readonly Float64Array[];
  /** When each waiting task started, in seconds from now. */
  readonly startSeconds: Float64Array;
}[];

/** Reads a request once for all samples. */
export function futuresOf(request: ForecastRequest): Futures {
  const { samples, seed, arrivals, settings, predictions } = request;
  const scenarios = Object.entries(request.scenarios);
  const mix = mixOfCounts(
    addCounts(
      arrivals.kinds.map(({ request: each, gpuCount, share }) => ({
        taskClass: classOfRequest(each, gpuCount),
        count: Math.round(share * arrivals.past.kind.length),
      })),
    ),
  );
  const shapes = arrivals.kinds.slice(0, COUNTED_SHAPES);
  return {
    atSeconds: scenarios[0]?.[1].takenAtSeconds ?? 0,
    seed,
    samples,
    horizonSeconds: request.horizonSeconds ?? HORIZON_SECONDS,
    lower: lowerLevel(arrivals, 0.1),
    shapes: shapes.map(({ request: each, gpuCount, share }) => ({ request: each, gpuCount, share })),
    arrivalsPerHour: arrivals.perSecond * 3600,
    scenarios: scenarios.map(([name, snapshot]) => {
      const start = futureStart(snapshot, predictions, arrivals, settings, mix);
      const counted = shapes.map(({ request: each, gpuCount }, index) => {
        return { request: each, gpuCount, kind: start.arrivalKinds[index]! };
      });
      return { name, start, counted };
    }),
  };
}

/** Draws samples by their numbers, 0 … `samples` − 1: each the same whenever and wherever it is drawn. */
export function drawSamples({ scenarios, seed, horizonSeconds }: Futures): (sample: number) => Sample {
  const prepared = scenarios.map(({ start, counted }) => ({
    run: futureRunner(start, horizonSeconds),
    measures: measuresOf(start, counted),
  }));
  return (sample) =>
    prepared.map(({ run, measures: { measure } }) => {
      const measures: Float64Array[] = [];
      const startSeconds = run(seed + sample, (world, _moment, waiting) => {
        measures.push(measure(world, waiting));
      });
      return { measures, startSeconds };
    });
}

/** Makes forecasts of samples that come in any order. */
export function gatherSamples(futures: Futures) {
  const of = futures.samples;
  const scenarios = futures.scenarios.map((scenario) => presentOf(scenario));
  const drawn: Sample[] = [];
  let first = 0;
  let next = Math.min(FIRST_PICTURE, of);
  const picture = (samples: number): Forecast => {
    const { atSeconds, seed, shapes, arrivalsPerHour } = futures;
    const sampled = drawn.slice(0, samples);
    const forecasts = scenarios.map((present, scenario) =>
      scenarioForecast(
        present,
        sampled.map((sample) => sample[scenario]!),
        futures,
      ),
    );
    return { atSeconds, seed, samples, of, shapes, arrivalsPerHour, scenarios: forecasts };
  };
  return {
    /** @returns the next picture that is due, once all samples before it are there; the last one has them all */
    add(number: number, sample: Sample): Forecast | undefined {
      drawn[number] = sample;
      while (drawn[first]) first++;
      let due = 0;
      while (next <= first && due < of) {
        due = next;
        next = Math.min(next * PICTURE_GROWTH, of);
      }
      return due > 0 ? picture(due) : undefined;
    },
    /** The forecast by the first so many samples. */
    picture,
  };
}

/**
 * Samples behind the first picture, how many times as many stand behind each later one, and shapes that are counted.
 */
const FIRST_PICTURE = 2;
const PICTURE_GROWTH = 4;
const COUNTED_SHAPES = 6;

/** A scenario with what is measured of it now. */
type Present = ScenarioFutures & { readonly layout: Layout; readonly now: Float64Array };

function presentOf(scenario: ScenarioFutures): Present {
  const { start, counted } = scenario;
  const { layout, measure } = measuresOf(start, counted);
  return { ...scenario, layout, now: measure(start, start.waiting.length) };
}

function scenarioForecast(
  { name, start, layout, now }: Present,
  sampled: readonly Sample[number][],
  { horizonSeconds, lower }: Futures,
): ScenarioForecast {
  const momentAt = (inSeconds: number, rows: readonly Float64Array[]): Moment => ({
    inSeconds,
    ...momentOf(layout, (place) =>
      bandOf(
        rows.map((row) => row[place]!),
        lower,
      ),
    ),
  });
  const starts = start.waiting.map(({ id, kind, gated }, task): EarliestStart => {
    const seconds = sampled.map(({ startSeconds }) => startSeconds[task]!);
    const earliest = startOf(id, start.kinds[kind]!.admitted, seconds, lower);
    return gated ? { ...earliest, gated } : earliest;
  });
  const later = horizonSeconds.map((inSeconds, moment) =>
    momentAt(
      inSeconds,
      sampled.map(({ measures }) => measures[moment]!),
    ),
  );
  return { name, moments: [momentAt(0, [now]), ...later], starts };
}

/** The band of each measure, where a reader looks for it. */
function momentOf(layout: Layout, bandAt: (place: number) => Band): Omit<Moment, 'inSeconds'> {
  const { gpuMilli, gpuRatio, cpuMilli, cpuRatio } = layout.fragmentation;
  return {
    free: Object.fromEntries(Object.entries(layout.free).map(([resource, place]) => [resource, bandAt(place)])),
    fragmentation: {
      gpuMilli: bandAt(gpuMilli),
      gpuRatio: bandAt(gpuRatio),
      cpuMilli: bandAt(cpuMilli),
      cpuRatio: bandAt(cpuRatio),
    },
    waiting: bandAt(layout.waiting),
    fits: layout.fits.map((place) => bandAt(place)),
  };
}

function startOf(task: string, admittingNodes: number, seconds: readonly number[], lower: number): EarliestStart {
  const { p10, p50, p90 } = bandOf(seconds, lower);
  return {
    task,
    ...(p10 < Number.POSITIVE_INFINITY && { p10 }),
    ...(p50 < Number.POSITIVE_INFINITY && { p50 }),
    ...(p90 < Number.POSITIVE_INFINITY && { p90 }),
    startedFraction: seconds.filter((each) => each < Number.POSITIVE_INFINITY).length / Math.max(1, seconds.length),
    admittingNodes,
  };
}

/**
 * Quantiles of a sample by rank (the smallest value that at least that share does not exceed).
 * @param lower level of the sample that stands for the probability of 10 %, see `lowerLevel`; 1 − `lower` stands for
 *   90 %
 */
export function bandOf(values: readonly number[], lower = 0.1): Band {
  const sorted = Float64Array.from(values).sort();
  const at = (level: number) => sorted[Math.max(0, Math.ceil(level * sorted.length) - 1)] ?? Number.NaN;
  return { p10: at(lower), p50: at(0.5), p90: at(1 - lower) };
}
