import type { FinishedTask } from '../model/finished.ts';
import type { TaskParameters } from '../model/task.ts';
import type { Baseline, BaselineForecast } from './baselines.ts';
import type { Basis } from './prediction.ts';
import { GROUPINGS, type Runs } from './runs.ts';

/** A past run's share of a prediction, largest first; `row` is of `Runs`. */
export type RunShare = { readonly row: number; readonly share: number };

/** Runs that carry less than this of a prediction are not named. */
const WORTH_NAMING = 0.02;

/** Which past runs a network's prediction stands on, and on which one most. */
export function networkBasis(
  shares: readonly RunShare[],
  known: readonly FinishedTask[],
  runs: Runs,
  row: number,
): Basis {
  const named = shares.filter(({ share }) => share >= WORTH_NAMING);
  const [most] = named;
  if (!most) return { code: shares.length > 0 ? 'manyRuns' : 'elsewhere' };
  const same = (ids: Int32Array) => named.every((each) => ids[each.row] === ids[row]);
  const { name, creator } = known[runs.order[most.row]!]!.parameters;
  return {
    code: 'pastRuns',
    runs: named.length,
    ...(name !== undefined && same(runs.name) && { of: name }),
    ...(creator !== undefined && same(runs.user) && { by: creator }),
    most: { endedAtSeconds: runs.end[most.row]!, share: most.share },
  };
}

/** What a baseline stands on; `ended` is how many runs of all have ended. */
export function baselineBasis(
  name: Baseline,
  { sample, grouping }: BaselineForecast,
  { name: label, creator, requestedRuntimeSeconds }: TaskParameters,
  ended: number,
): Basis {
  if (name === 'request' && requestedRuntimeSeconds !== undefined) return { code: 'asked' };
  if (grouping === undefined) {
    if (requestedRuntimeSeconds !== undefined) return { code: 'askedWithoutRuns' };
    return { code: ended === 0 ? 'nothing' : 'everyone' };
  }
  return {
    code: 'latestRuns',
    runs: Math.min(LOOKS_BACK[name], sample.length),
    ...(label !== undefined && GROUPINGS[grouping]!.fields.includes('name') && { of: label }),
    ...(creator !== undefined && { by: creator }),
  };
}

const LOOKS_BACK: Readonly<Record<Baseline, number>> = { request: 0, last2: 2, med5: 5, med20: 20, hist20: 20 };
