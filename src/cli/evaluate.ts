import { basename } from 'node:path';
import { InputError } from '../core/model/input.ts';
import { jsonText } from '../core/model/jsonText.ts';
import type { PointMetrics } from '../core/predict/metrics.ts';
import { counted, number } from '../text/format.ts';
import { describeRowsLeftOut } from '../text/history.ts';
import { learnOnThread } from '../worker/threads/learning.ts';
import type { EvaluateOutcome } from '../worker/train.ts';
import type { Command } from './command.ts';
import { parseWords } from './parseWords.ts';
import { print, printData, progressLine } from './plain.ts';

const HELP = `stowage evaluate --history FILE [--history FILE …]: measure predictors on finished tasks

Predicts each task from what had ended when it was submitted, then learns from it (prequential). The first fifth of the
rows warms up, the rest is scored. Times are seconds, widths and pinball losses are in ln units. The network's MAE is that
of its median, its AVGpred that of the best-ratio point of the same distribution. Remaining time is judged at the start and
at quantiles of the group's last 20 runs: told at submit less the age; the same table given the age; the table renewed then.

  --history FILE     Standard Workload Format, CSV (with --columns), JSON lines, Parquet, an openb pod list or metrics of
                     kube-state-metrics; .gz is unpacked; may be given several times
  --columns MAP      what a table's columns mean: submit=created,end=finished,creator=user,…
  --seed N           seed of the network's start and of its training (default 1)
  --json             one JSON document in place of the table
  --from-pretrained  start from the shipped weights in place of random ones
  --pretrained-only  the shipped weights as they are, without training; refuses a log that they have seen
`;

export const run: Command = async (words) => {
  const { values } = parse(words);
  if (values.help) {
    print(HELP);
    return 0;
  }
  const paths = values.history ?? [];
  if (paths.length === 0) throw new InputError('evaluate needs a history. Add --history FILE.');
  const seed = Number(values.seed ?? 1);
  if (!Number.isInteger(seed) || seed < 0) throw new InputError(`--seed ${values.seed} is not a whole number from 0.`);
  const started = performance.now();
  const progress = progressLine();
  const outcome = await learnOnThread(
    {
      type: 'evaluate',
      files: paths.map((path) => ({ path, ...(values.columns === undefined ? {} : { columns: values.columns }) })),
      seed,
      workspace: process.cwd(),
      pretrained: values['pretrained-only'] ? 'only' : values['from-pretrained'] ? 'fine-tune' : 'no',
    },
    { onProgress: progress.show },
  ).finally(progress.end);
  const log = paths.map((path) => basename(path)).join(' + ');
  const { jobs, scored, early, predictors, network, problems } = outcome;
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  const points = { mae: 'median', avgPred: 'best-ratio point of the same distribution' };
  const report = {
    log,
    jobs,
    scored,
    points,
    leftOut: problems,
    network,
    ...(early && { early }),
    predictors,
    seconds,
  };
  if (values.json) printData(`${jsonText(report, 2)}\n`);
  else print(describe(log, outcome, seconds));
  return 0;
};

function parse(words: readonly string[]) {
  return parseWords('evaluate', words, {
    options: {
      history: { type: 'string', multiple: true },
      columns: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'boolean' },
      'from-pretrained': { type: 'boolean' },
      'pretrained-only': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function describe(
  log: string,
  { jobs, scored, early, predictors, network, problems }: EvaluateOutcome,
  seconds: number,
): string {
  const { stowage, hist20 } = predictors;
  const names = Object.keys(predictors) as (keyof typeof predictors)[];
  const lines = [
    `${log}: ${counted(jobs, 'task')}, ${number(scored)} scored, ${describeRowsLeftOut(problems)}; network: ${network}; ${seconds} s`,
    '',
    '           MAE s  median AE s  AVGpred  under     R²  |ln p/r|',
    ...names.map((name) => pointRow(name, predictors[name])),
    ...(early ? ['', earlyRow(early)] : []),
    '',
    '80 % band  coverage  mean ln width  pinball .1  .5  .9',
    bandRow('hist20', hist20),
    bandRow('stowage', stowage),
    `by tenth   ${stowage.coverageByTenth.map((share) => share.toFixed(2)).join(' ')}`,
    '',
    'remaining time, mean error s   told at submit   given its age   renewed   ratio     tasks',
    ...Object.entries(stowage.remaining).map(
      ([age, { tasks, oneShot, conditioned, repredicted }]) =>
        `  at ${age.padEnd(26)}${oneShot.toFixed(0).padStart(14)}${conditioned.toFixed(0).padStart(16)}` +
        `${repredicted.toFixed(0).padStart(10)}` +
        `${(oneShot > 0 ? repredicted / oneShot : 1).toFixed(2).padStart(8)}${String(tasks).padStart(10)}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function earlyRow({ tasks, predictors }: NonNullable<EvaluateOutcome['early']>): string {
  const shares = Object.entries(predictors).map(([name, { avgPred }]) => `${name} ${avgPred.toFixed(3)}`);
  return `AVGpred of the ${number(tasks)} tasks from the 201st on: ${shares.join(', ')}`;
}

function pointRow(name: string, { mae, medianAe, avgPred, underFraction, r2, absLog }: PointMetrics): string {
  const cells = [
    mae.toFixed(0).padStart(7),
    medianAe.toFixed(0).padStart(13),
    avgPred.toFixed(3).padStart(9),
    underFraction.toFixed(3).padStart(7),
    r2.toFixed(3).padStart(7),
    absLog.toFixed(2).padStart(10),
  ];
  return name.padEnd(9) + cells.join('');
}

function bandRow(name: string, band: EvaluateOutcome['predictors']['hist20']): string {
  const { coverage80, width80, pinball10, pinball50, pinball90 } = band;
  if (coverage80 === undefined) return `${name.padEnd(11)}no group has five ended runs`;
  const losses = [pinball10, pinball50, pinball90].map((loss) => loss?.toFixed(3)).join(' ');
  return `${name.padEnd(11)}${coverage80.toFixed(3).padStart(8)}${(width80 ?? 0).toFixed(2).padStart(15)}   ${losses}`;
}
