import type { Band } from '../core/model/band.ts';
import type { PlacementAdvice, PredictorUsed } from '../core/plan/plan.ts';
import { BASELINES } from '../core/predict/baselines.ts';
import type { Basis, Coverage, RuntimePrediction } from '../core/predict/prediction.ts';
import { counted, day, duration, moment, namedBand, number, percent, plural, range } from './format.ts';

/** Every sentence about what a predictor says of a task. */

/** A predicted runtime with its band: "13 h 55 min (80 %: 5 h 25 min–1 d 12 h)". */
export function describeRuntime(runtime: PlacementAdvice['runtime']): string {
  return runtime ? namedBand(runtime, duration) : 'nothing is known of its runtime';
}

/** What a prediction stands on: "20 latest runs of train-resnet by ana". */
export function describeBasis(basis: Basis | string): string {
  if (typeof basis === 'string') return basis;
  const { instead } = basis;
  if (!instead) return describeRuns(basis);
  return instead.of === 'these tasks'
    ? `${describeRuns(basis)}; ${instead.predictor} was closer than the network for these tasks`
    : `${describeRuns(basis)}; ${instead.predictor} was closer than the network so far`;
}

function describeRuns(basis: Basis): string {
  switch (basis.code) {
    case 'pastRuns': {
      const { runs, of, by, most } = basis;
      const past = plural(runs, { one: '# past run', other: '# past runs' });
      const one = `the one that ended ${moment(most.endedAtSeconds)} (${percent(most.share)})`;
      return runs === 1 ? `${whose(past, of, by)}, ${one}` : `${whose(past, of, by ?? SEVERAL)}, most ${one}`;
    }
    case 'manyRuns':
      return 'many past runs, each a little';
    case 'elsewhere':
      return 'no past runs: what tasks elsewhere were like';
    case 'latestRuns':
      return whose(plural(basis.runs, { one: '# latest run', other: '# latest runs' }), basis.of, basis.by);
    case 'asked':
      return 'the runtime it asked for';
    case 'askedWithoutRuns':
      return 'the runtime it asked for: its creator has no past runs';
    case 'everyone':
      return 'recent tasks of everyone: its creator has no past runs';
    case 'nothing':
      return 'no past runs: a wide guess';
  }
}

/** Whose runs where they are not one creator's. */
const SEVERAL = 'several creators';

function whose(runs: string, of: string | undefined, by: string | undefined): string {
  if (of !== undefined && by !== undefined) return `${runs} of ${of} by ${by}`;
  if (of !== undefined) return `${runs} of ${of}`;
  return by === undefined ? runs : `${runs} by ${by}`;
}

/** A predicted remaining time, the median first: "7 h left (80 %: 4–9 h)". */
export function describeLeft(left: Band): string {
  return `${duration(left.p50)} left (80 %: ${range(left, duration)})`;
}

/** How the band has held: "med5: 81 % of 240 outcomes of these tasks were inside the 80 % band". */
export function describeHeld(predictor: string, { fraction, outcomes, of, latestWeek }: Coverage): string {
  const share = percent(fraction);
  const held =
    of === 'these tasks'
      ? plural(outcomes, {
          one: `${predictor}: ${share} of # outcome of these tasks was inside the 80 % band`,
          other: `${predictor}: ${share} of # outcomes of these tasks were inside the 80 % band`,
        })
      : plural(outcomes, {
          one: `${predictor}: ${share} of # outcome of everyone was inside the 80 % band`,
          other: `${predictor}: ${share} of # outcomes of everyone were inside the 80 % band`,
        });
  if (!latestWeek) return held;
  return `${held}; in the latest week it was ${percent(latestWeek.fraction)} of everyone's ${number(latestWeek.outcomes)}`;
}

/** What a prediction stands on and how such ones have held, one clause each. */
export function describeTrack({
  predictor,
  basis,
  coverage,
  beside,
}: NonNullable<PlacementAdvice['runtime']>): string[] {
  return [
    `Predicted by ${predictor}, from ${describeBasis(basis)}`,
    ...(coverage ? [describeHeld(predictor, coverage)] : []),
    ...(beside ? [describeBeside(beside)] : []),
  ];
}

/** What the baselines say of the same task: "baselines: request 1 d, last2 2 h, med5 1 h 50 min, …". */
export function describeBeside(beside: NonNullable<RuntimePrediction['beside']>): string {
  return `baselines: ${BASELINES.map((name) => `${name} ${duration(beside[name])}`).join(', ')}`;
}

/** What predicts, and what it has learned from: "trained on 19 finished tasks of kind-demo, up to 2026-11-03". */
export function describePredictor({ name, tasks, cluster, untilSeconds }: Omit<PredictorUsed, 'chosen'>): string {
  const finished = counted(tasks, 'finished task');
  if (name !== 'trained') return `${name}, from ${finished}`;
  const whose = cluster === undefined ? '' : ` of ${cluster}`;
  return `trained on ${finished}${whose}${untilSeconds === undefined ? '' : `, up to ${day(untilSeconds)}`}`;
}
