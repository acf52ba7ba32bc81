import { join, relative, resolve } from 'node:path';
import { openCluster } from '../cluster/open.ts';
import type { ClusterIdentity } from '../core/model/clusterIdentity.ts';
import { InputError } from '../core/model/input.ts';
import { plainValue } from '../core/model/plain.ts';
import { IMPORT_FILE_NAME, predictorFileName } from '../core/model/stateFiles.ts';
import { PREDICTORS } from '../core/predict/record.ts';
import { verdictOf } from '../core/predict/verdict.ts';
import { cardFile } from '../io/predictors.ts';
import { describeData, describeLeftOut, describeVerdict, describeWeights, plot } from '../text/card.ts';
import { duration, fixed, number } from '../text/format.ts';
import { describeByAddress, describeImported } from '../text/prediction.ts';
import { describeProblem } from '../text/problem.ts';
import { learnOnThread } from '../worker/threads/learning.ts';
import type { TrainOutcome, TrainQuestion } from '../worker/train.ts';
import type { Command } from './command.ts';
import { parseWords } from './parseWords.ts';
import { print, printError, progressLine } from './plain.ts';
import {
  ACCESS_HELP,
  ACCESS_OPTIONS,
  accessOf,
  STATE_DIRECTORY,
  TARGET_HELP,
  TARGET_OPTIONS,
  targetOf,
} from './target.ts';

const HELP = `stowage train: learn runtimes from finished tasks

From files:
  --history FILE     Standard Workload Format, CSV (with --columns), JSON lines, Parquet, an openb pod list or metrics of
                     kube-state-metrics; .gz is unpacked; may be given several times
  --columns MAP      what a table's columns mean: submit=created,end=finished,creator=user,…
or from a cluster:
${TARGET_HELP}
${ACCESS_HELP}

  --out FILE         where the predictor goes (default: the cluster's own under .stowage/predictors, which its plans use;
                     from files .stowage/predictor.json, which a cluster uses only when it is told to)
  --update           go on with the predictor in that file: only what has ended since is learned
  --training-seed N  seed of the training (default 1)
`;

export const run: Command = async (words) => {
  const values = parse(words);
  if (values.help) {
    print(HELP);
    return 0;
  }
  const seed = Number(values['training-seed'] ?? 1);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new InputError(`--training-seed ${values['training-seed']} is not a whole number from 0.`);
  }
  const history = await historyOf(values);
  const cluster = 'tasks' in history ? history.cluster : undefined;
  const out = values.out === undefined ? placeOf(cluster) : resolve(values.out);
  const progress = progressLine();
  const outcome = await learnOnThread(
    { type: 'train', history, seed, out, workspace: process.cwd(), ...(values.update ? { update: out } : {}) },
    { onProgress: progress.show },
  ).finally(progress.end);
  print([...describe(outcome), ...describePlace(outcome, cluster), ''].join('\n'));
  return 0;
};

type Options = ReturnType<typeof parse>;

function parse(words: readonly string[]) {
  return parseWords('train', words, {
    options: {
      ...TARGET_OPTIONS,
      ...ACCESS_OPTIONS,
      history: { type: 'string', multiple: true },
      columns: { type: 'string' },
      out: { type: 'string' },
      update: { type: 'boolean' },
      'training-seed': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}

async function historyOf(values: Options): Promise<TrainQuestion['history']> {
  const { history: paths = [], columns } = values;
  const named = values.cluster ?? values.kubeconfig ?? values.context ?? values.seed;
  if (paths.length > 0 && named !== undefined)
    throw new InputError('--history and a cluster name two sources. Choose one.');
  if (paths.length > 0) return paths.map((path) => ({ path, ...(columns === undefined ? {} : { columns }) }));
  if (named === undefined) throw new InputError('What to learn from? Add --history FILE, or --cluster sample.');
  const cluster = await openCluster(targetOf(values), { runsDirectory: STATE_DIRECTORY, ...accessOf(values) });
  try {
    const { tasks, problems } = await cluster.readHistory();
    for (const problem of problems) printError(`${describeProblem(plainValue(problem))}\n`);
    return { tasks, cluster: cluster.identity };
  } finally {
    await cluster.close();
  }
}

function describe({ out, card, scores, calibration, seconds }: TrainOutcome): string[] {
  const rows = PREDICTORS.flatMap((name) => {
    const score = scores[name];
    if (!score) return [];
    const [ratio, inBand] = [fixed(score.ratio, 3), fixed(score.inBand / score.outcomes, 3)];
    return [`  ${name.padEnd(9)} AVGpred ${ratio}   80 % band held ${inBand}   ${number(score.outcomes)} outcomes`];
  });
  return [
    `Learned from ${describeData(card)}, in ${duration(seconds)}; weights: ${describeWeights(card)}.`,
    ...describeLeftOut(card).map((line) => `  ${line}`),
    ...(rows.length > 0 ? ['Predicted before the outcome (AVGpred over about the last 500):', ...rows] : []),
    ...(calibration.length > 0 ? ['Calibration of the network:', ...plot(calibration).slice(1, -1)] : []),
    describeVerdict(card, scores),
    `Written to ${out}, with its model card in ${cardFile(out)}.`,
  ];
}

/** Where a predictor goes unless told otherwise. */
function placeOf(cluster: ClusterIdentity | undefined): string {
  return join(STATE_DIRECTORY, cluster ? predictorFileName(cluster) : IMPORT_FILE_NAME);
}

/** What follows from where it was written; nothing for a file of the user's choice, or a cluster's own. */
function describePlace({ out, card, scores }: TrainOutcome, cluster: ClusterIdentity | undefined): string[] {
  if (out !== placeOf(cluster)) return [];
  if (cluster) return cluster.byAddress ? [describeByAddress(cluster)] : [];
  return verdictOf(card, scores).code === 'tooFew' ? [] : [describeImported(relative('', out))];
}
