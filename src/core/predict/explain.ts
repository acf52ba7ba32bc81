import type { FinishedTask } from '../model/finished.ts';
import type { TaskParameters } from '../model/task.ts';
import type { Baseline, BaselineForecast } from './baselines.ts';
import { GROUPINGS, type Runs } from './runs.ts';

/** A past run's share of a prediction, largest first; `row` is of `Runs`. */
export type RunShare = { readonly row: number; readonly share: number };

/** Runs that carry less than this of a prediction are not named. */
const WORTH_NAMING = 0.02;

/** Which past runs a network's prediction stands on: "6 past runs of train-resnet by ana, most the one of 3 Nov 14:05 (41 %)". */
export function describeNetwork(
  shares: readonly RunShare[],
  known: readonly FinishedTask[],
  runs: Runs,
  row: number,
): string {
  const named = shares.filter(({ share }) => share >= WORTH_NAMING);
  const [most] = named;
  if (!most)
    return shares.length > 0 ? 'many past runs, each a little' : 'no past runs: what tasks elsewhere were like';
  const same = (ids: Int32Array) => named.every((each) => ids[each.row] === ids[row]);
  const { name, creator } = known[runs.order[most.row]!]!.parameters;
  const of = name !== undefined && same(runs.name) ? ` of ${name}` : '';
  const by = creator !== undefined && same(runs.user) ? ` by ${creator}` : ' by several creators';
  const count = `${named.length} past ${named.length === 1 ? 'run' : 'runs'}${of}${by}`;
  const when = `the one that ended ${moment(runs.end[most.row]!)} (${Math.round(100 * most.share)} %)`;
  return named.length === 1 ? `${count}, ${when}` : `${count}, most ${when}`;
}

/** What a baseline stands on: "5 latest runs of train-resnet by ana". */
export function describeBaseline(
  name: Baseline,
  { sample, grouping }: BaselineForecast,
  { name: label, creator, requestedRuntimeSeconds }: TaskParameters,
  ended: number,
): string {
  if (name === 'request' && requestedRuntimeSeconds !== undefined) return 'the runtime it asked for';
  if (grouping === undefined) {
    if (requestedRuntimeSeconds !== undefined) return 'the runtime it asked for: its creator has no past runs';
    return ended === 0 ? 'no past runs: a wide guess' : 'recent tasks of everyone: its creator has no past runs';
  }
  const count = Math.min(LOOKS_BACK[name], sample.length);
  const of = label !== undefined && GROUPINGS[grouping]!.fields.includes('name') ? ` of ${label}` : '';
  return `${count} latest ${count === 1 ? 'run' : 'runs'}${of}${creator === undefined ? '' : ` by ${creator}`}`;
}

const LOOKS_BACK: Readonly<Record<Baseline, number>> = { request: 0, last2: 2, med5: 5, med20: 20, hist20: 20 };

/** `3 Nov 14:05`, UTC. */
function moment(seconds: number): string {
  const [, , day, month, , time] =
    /^(\w+), (\d+) (\w+) (\d+) (\d+:\d+)/.exec(new Date(seconds * 1000).toUTCString()) ?? [];
  return `${Number(day)} ${month} ${time} UTC`;
}
