import { type Random, randomIndex, seededRandom } from '../../core/model/random.ts';
import { NO_RESOURCES, type Resources } from '../../core/model/resources.ts';
import { HABITS, type Habit } from './habits.ts';

/** What somebody runs again and again: a habit of one creator, with that creator's own pace and thrift. */
export type Recurring = {
  readonly habit: Habit;
  readonly creator: string;
  /** This creator's runtimes relative to the habit's. */
  readonly pace: number;
  /** What it uses of its request, as the creator asks for it; CPU may want more than it is given. */
  readonly use: { readonly cpu: number; readonly memory: number; readonly gpu: number };
};

/** One run of a recurring task, with the truth that only the sample knows. */
export type Run = {
  readonly recurring: Recurring;
  /** Unique: hour and number in the hour, in base 36. */
  readonly key: string;
  readonly submittedAtSeconds: number;
  readonly dataScale: number;
  readonly request: Resources;
  readonly runtimeSeconds: number;
  readonly outcome: 'succeeded' | 'failed';
  readonly gated: boolean;
};

/** The first moment of every sample cluster: a Monday afternoon, 2026-11-02 14:00 UTC. */
export const BEGIN_SECONDS = 1_793_628_000;

/** Finished tasks reach back this far before the beginning. */
export const HISTORY_HOURS = 10 * 24;

const GIB = 2 ** 30;
const HOUR = 3600;

/** All recurring tasks of a seed: each habit taken up by its creators. */
export function recurringTasks(seed: number): Recurring[] {
  const random = seededRandom(seed);
  return HABITS.flatMap((habit) =>
    habit.creators.map((creator): Recurring => {
      const thrift = Math.exp(0.08 * normal(random));
      const { cpu, memory, gpu } = habit.use;
      return {
        habit,
        creator,
        pace: habit.arrival.kind === 'every' ? 1 : Math.exp(0.35 * normal(random)),
        use: { cpu: cpu * thrift, memory: Math.min(0.92, memory * thrift), gpu: Math.min(0.99, gpu * thrift) },
      };
    }),
  );
}

/**
 * The runs submitted in one hour, in order of time. An hour draws from its own source, so that the same runs come
 * however the clock is moved.
 * @param hour whole hours since the beginning; negative before it
 */
export function runsSubmitted(seed: number, recurring: readonly Recurring[], hour: number): Run[] {
  const random = seededRandom(seed * 2 ** 20 + hour + 2 ** 19);
  const runs: Omit<Run, 'key'>[] = [];
  for (const each of recurring) {
    for (const atSeconds of submissions(each.habit, hour, random)) runs.push(drawRun(each, atSeconds, random));
  }
  return runs
    .sort((left, right) => left.submittedAtSeconds - right.submittedAtSeconds)
    .map((run, index) => ({
      ...run,
      key: `${(hour + HISTORY_HOURS).toString(36)}${index.toString(36).padStart(2, '0')}`,
    }));
}

/** One run of a recurring task, submitted at that moment. */
export function drawRun(recurring: Recurring, submittedAtSeconds: number, random: Random): Omit<Run, 'key'> {
  const { habit, pace } = recurring;
  const dataScale = habit.scales[randomIndex(random, habit.scales.length)]!;
  const days = (submittedAtSeconds - BEGIN_SECONDS) / (24 * HOUR);
  const expected = habit.medianSeconds * pace * dataScale ** habit.scaleExponent * Math.exp(habit.driftPerDay * days);
  const fails = random() < habit.failureFraction;
  const runtime = expected * shapeFactor(habit, random) * (fails ? random() ** 2 : 1);
  return {
    recurring,
    submittedAtSeconds,
    dataScale,
    request: requestOf(habit, dataScale),
    runtimeSeconds: Math.max(20, Math.round(Math.min(runtime, habit.limitSeconds))),
    outcome: fails ? 'failed' : 'succeeded',
    gated: random() < habit.gatedFraction && submittedAtSeconds > BEGIN_SECONDS,
  };
}

/** Work goes by day: most is submitted at the hour of the beginning, least twelve hours from it. */
function submissions({ arrival, creators }: Habit, hour: number, random: Random): number[] {
  const from = BEGIN_SECONDS + hour * HOUR;
  if (arrival.kind === 'every') {
    const first = BEGIN_SECONDS + arrival.offsetSeconds;
    const next = first + Math.ceil((from - first) / arrival.seconds) * arrival.seconds;
    return next < from + HOUR ? [next] : [];
  }
  const daily = 1 + 0.25 * Math.cos((hour / 24) * 2 * Math.PI);
  const count = poisson((arrival.perHour * daily) / creators.length, random);
  return Array.from({ length: count }, () => from + Math.floor(random() * HOUR));
}

function shapeFactor({ shape, spread }: Habit, random: Random): number {
  switch (shape) {
    case 'regular':
      return Math.exp(spread * normal(random));
    case 'bimodal': // stops early when the first scores are poor
      return (random() < 0.35 ? 0.12 : 1) * Math.exp(spread * normal(random));
    case 'heavyTailed': // Pareto of exponent 1.8
      return (1 - random()) ** (-1 / 1.8) * 0.68 * Math.exp(spread * normal(random));
  }
}

function requestOf({ milliCpu, memoryGib, gpuMilli, npus }: Habit, dataScale: number): Resources {
  return {
    milliCpu,
    memoryBytes: Math.round(memoryGib * (dataScale > 2 ? 1.5 : 1)) * GIB,
    gpuMilli,
    extended: npus > 0 ? { 'huawei.com/Ascend910': npus } : NO_RESOURCES.extended,
  };
}

/** Standard normal (Box–Muller). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Count of a Poisson variable with a small mean (Knuth). */
function poisson(mean: number, random: Random): number {
  const least = Math.exp(-mean);
  let product = random();
  let count = 0;
  while (product > least) {
    product *= random();
    count += 1;
  }
  return count;
}
