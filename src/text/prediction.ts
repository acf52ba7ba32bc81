import type { Band } from '../core/model/band.ts';
import type { ClusterIdentity } from '../core/model/clusterIdentity.ts';
import type { PlacementAdvice, PredictorUsed } from '../core/plan/plan.ts';
import type { Baseline } from '../core/predict/baselines.ts';
import type { Basis, Coverage, RuntimePrediction } from '../core/predict/prediction.ts';
import type { PredictorCard } from '../core/predict/predictor.ts';
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
    ? `${describeRuns(basis)}; ${predictorTitle(instead.predictor)} was closer than the network for these tasks`
    : `${describeRuns(basis)}; ${predictorTitle(instead.predictor)} was closer than the network so far`;
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

/** What a predictor is called: "median of the last 5 runs"; one of a host by its own name. */
export function predictorTitle(name: string): string {
  return isBaseline(name) ? BASELINE_TITLES[name] : name === 'stowage' ? 'network' : name;
}

const BASELINE_TITLES: Readonly<Record<Baseline, string>> = {
  request: 'the runtime asked for',
  last2: 'mean of the last 2 runs',
  med5: 'median of the last 5 runs',
  med20: 'median of the last 20 runs',
  hist20: 'the last 20 runs',
};

function isBaseline(name: string): name is Baseline {
  return Object.hasOwn(BASELINE_TITLES, name);
}

/** How often the band was right: "median of the last 5 runs: right 81 of 100 times so far (240 of these tasks checked)". */
export function describeHeld(predictor: string, { fraction, outcomes, of, latestWeek }: Coverage): string {
  const right = `${predictorTitle(predictor)}: right ${timesOf100(fraction)} times so far`;
  const held =
    of === 'these tasks'
      ? `${right} (${number(outcomes)} of these tasks checked)`
      : `${right} (${number(outcomes)} of all tasks checked)`;
  if (!latestWeek) return held;
  return `${held}; in the latest week ${timesOf100(latestWeek.fraction)} (${number(latestWeek.outcomes)} of all tasks)`;
}

function timesOf100(fraction: number): string {
  return `${number(100 * fraction)} of 100`;
}

/** What a prediction stands on and how such ones have held, one clause each. */
export function describeTrack({
  predictor,
  basis,
  coverage,
  beside,
}: NonNullable<PlacementAdvice['runtime']>): string[] {
  return [
    `Predicted by ${predictorTitle(predictor)}, from ${describeBasis(basis)}`,
    ...(coverage ? [describeHeld(predictor, coverage)] : []),
    ...(beside ? [describeBeside(beside)] : []),
  ];
}

/** What the baselines say of the same task: "baselines: asked for 1 d, last 2 runs 2 h, last 5 runs 1 h 50 min, …". */
export function describeBeside({ request, last2, med5, med20 }: NonNullable<RuntimePrediction['beside']>): string {
  const [asked, two, five, twenty] = [request, last2, med5, med20].map(duration);
  return `baselines: asked for ${asked}, last 2 runs ${two}, last 5 runs ${five}, last 20 runs ${twenty}`;
}

/** Whose predictions a plan's tasks were given: "median of the last 5 runs 102, median of the last 20 runs 33". */
export function describeChosen({ chosen }: Pick<PredictorUsed, 'chosen'>): string {
  return Object.entries(chosen)
    .map(([name, count]) => `${predictorTitle(name)} ${number(count)}`)
    .join(', ');
}

/** What a user is asked before a cluster uses a predictor that is not its own. */
export type ImportQuestion = { readonly text: string; readonly use: string; readonly keep: string };

/** @param hasOwn the cluster has a predictor, which the import would replace */
export function describeImportQuestion(
  card: PredictorCard,
  { name }: Pick<ClusterIdentity, 'name'>,
  hasOwn: boolean,
): ImportQuestion {
  const text = `This workspace has a predictor that was ${describeLearnedFrom(card)}. Use it for ${name}?`;
  return { text, use: 'Use it here', keep: hasOwn ? 'Keep the present one' : 'Keep the baselines' };
}

/** Why a predictor in a file is not used, and how it is. */
export function describeUnusedImport(
  file: string,
  card: PredictorCard,
  { name }: Pick<ClusterIdentity, 'name'>,
): string {
  return `${file} has a predictor that was ${describeLearnedFrom(card)}. It is not one of ${name}, so the baselines predict. To use it: --predictor ${file}`;
}

/** What a predictor that was trained from files waits for. */
export function describeImported(file: string): string {
  return `It is of no cluster yet: the editor asks whether to use it, and "stowage plan --predictor ${file}" uses it.`;
}

/** What is kept for a cluster by its address, since its uid may not be read. */
export function describeByAddress({ name }: Pick<ClusterIdentity, 'name'>): string {
  return `The uid of the namespace kube-system may not be read, so what is learned of ${name} is kept by the address of its server.`;
}

function describeLearnedFrom({ tasks, cluster, toSeconds }: PredictorCard): string {
  return trainedOn(tasks, cluster?.name, toSeconds);
}

/** What predicts, and what it has learned from: "trained on 19 finished tasks of kind-demo, up to 2026-11-03". */
export function describePredictor({ name, tasks, cluster, untilSeconds }: Omit<PredictorUsed, 'chosen'>): string {
  if (name !== 'trained') return `${name}, from ${counted(tasks, 'finished task')}`;
  return trainedOn(tasks, cluster, untilSeconds);
}

function trainedOn(tasks: number, cluster: string | undefined, untilSeconds: number | undefined): string {
  const whose = cluster === undefined ? '' : ` of ${cluster}`;
  const until = untilSeconds === undefined ? '' : `, up to ${day(untilSeconds)}`;
  return `trained on ${counted(tasks, 'finished task')}${whose}${until}`;
}
