import type { RowFaultCode } from '../core/model/finished.ts';
import { plainValue } from '../core/model/plain.ts';
import type { Predictor, PredictorCard } from '../core/predict/predictor.ts';
import { type CalibrationPoint, calibrationCurve, PREDICTORS, type Scores } from '../core/predict/record.ts';
import { isJudged, verdictOf } from '../core/predict/verdict.ts';
import { counted, day, fixed, list, number, percent, plural, timesIn } from './format.ts';

/** Every sentence about what a predictor was made from and how good it is. */

/** Which predictor is used, said plainly where the network is not the best or cannot be judged yet. */
export function describeVerdict(card: Pick<PredictorCard, 'weights'>, scores: Scores): string {
  const verdict = verdictOf(card, scores);
  switch (verdict.code) {
    case 'noNetwork':
      return 'There is no network yet: the medians of past runs are used.';
    case 'tooFew':
      return plural(verdict.outcomes, TOO_FEW);
    case 'ahead':
      return 'The network is ahead of every baseline.';
    case 'notAhead':
      return `On these tasks the network is not ahead of ${list(verdict.of)}; for each group the better one is used.`;
  }
}

const TOO_FEW = {
  one: '# finished task is too few to judge; the baselines stay in use.',
  other: '# finished tasks are too few to judge; the baselines stay in use.',
};

/** What came of a training, in a notification. */
export function describeLearned(card: PredictorCard, scores: Scores): string {
  return `Learned from ${counted(card.tasks, 'finished task')}. ${describeVerdict(card, scores)}`;
}

/** Weeks that the card lists; the latest ones. */
const WEEKS = 12;

/** What came of handing a predictor to the planner; one that cannot be judged yet is not taken. */
export function describePromoted({ card, record }: Predictor, file: string): string {
  return isJudged({ card, record })
    ? `Plans now use this predictor (${file}).`
    : describeVerdict(card, record.scores[''] ?? {});
}

/** The model card as Markdown: data, protocol, every metric beside the baselines, calibration plot, record by week. */
export function describeCard(predictor: Pick<Predictor, 'card' | 'record'>): string {
  const { record } = predictor;
  const card = plainValue(predictor.card);
  const curve = calibrationCurve(record);
  const weeks = Object.entries(record.weeks).toSorted(([a], [b]) => Number(a) - Number(b));
  return [
    '# Runtime predictor: model card',
    '',
    ...origin(card),
    '',
    ...judgement(card),
    describeVerdict(card, record.scores[''] ?? {}),
    ...(curve.length > 0 ? ['', '## Calibration', '', ...plot(curve)] : []),
    ...(weeks.length > 0
      ? ['', '## The 80 % band by week', '', '| week of | outcomes | inside |', '|---|---|---|']
      : []),
    ...weeks
      .slice(-WEEKS)
      .map(
        ([week, { outcomes, inBand }]) =>
          `| ${day(Number(week))} | ${number(outcomes)} | ${percent(inBand / outcomes)} |`,
      ),
    '',
  ].join('\n');
}

function origin(card: PredictorCard): string[] {
  const { pretraining, toSeconds } = card;
  return [
    `- Data: ${describeData(card)}`,
    ...(toSeconds === undefined ? [] : [`- All ${timesIn(toSeconds)}`]),
    ...describeLeftOut(card).map((line) => `- ${line}`),
    `- Weights: ${describeWeights(card)}`,
    ...(pretraining?.logs ?? []).map(
      ({ name, rows, digest }) =>
        `- Began as ${pretraining!.title}: ${name}, ${number(rows)} rows, ${digest.slice(0, 12)}…`,
    ),
    ...PROTOCOL.map((note) => `- ${note}`),
  ];
}

/** What was learned from: "180 finished tasks of kind-demo, submitted 2026-10-01 to 2026-11-02". */
export function describeData({ tasks, cluster, fromSeconds, toSeconds }: PredictorCard): string {
  const finished = counted(tasks, 'finished task') + (cluster ? ` of ${cluster.name}` : '');
  return fromSeconds === undefined || toSeconds === undefined
    ? finished
    : `${finished}, submitted ${day(fromSeconds)} to ${day(toSeconds)}`;
}

/** Where the weights come from, and what trained them. */
export function describeWeights({ weights, backend }: PredictorCard): string {
  return backend === undefined ? weights : `${weights}, trained with TensorFlow.js (${backend})`;
}

/** Rows that could not be used, one line a reason. */
export function describeLeftOut({ leftOut }: Pick<PredictorCard, 'leftOut'>): string[] {
  return Object.entries(leftOut).map(([code, count]) => {
    const reason = FAULTS[code as RowFaultCode] ?? code;
    return plural(count, { one: `Left out # row: ${reason}`, other: `Left out # rows: ${reason}` });
  });
}

const FAULTS: Readonly<Record<RowFaultCode, string>> = {
  noSubmit: 'no submit time',
  noStart: 'no start time: it never ran',
  noEnd: 'no end time: it still runs or was lost',
  noRuntime: 'no runtime: it never ran',
  timeRange: 'a time that no calendar has',
  tooLong: 'a line without end',
  endsBeforeStart: 'it ends before it starts',
  startsBeforeSubmit: 'it starts before it was submitted',
  openQuote: 'a quoted cell does not end on its line',
  wrongCells: 'another number of cells than the table has',
  notANumber: 'a field is not a number',
  notAnObject: 'not a JSON object',
  notASample: 'no sample of the Prometheus text format',
  amount: 'an amount is out of range',
  runtimeUnknown: 'the runtime is unknown',
  source: 'the cluster could not tell its past',
};

/** How every predictor is trained and judged. */
const PROTOCOL = [
  'Protocol: submit order; an outcome enters histories, scores and training only when the task has ended.',
  'The network minimises the negative log-likelihood of ln runtime; its median minimises the absolute error, its best-ratio point maximises min(p/r, r/p).',
  'The 80 % band is held at 80 % by levels that follow its misses; scores and coverage are of predictions made before the outcome.',
];

const JUDGED = {
  one: 'The last # task it was shown, predicted before it ended',
  other: 'The last # tasks it was shown, each predicted before it ended',
};

function judgement({ judgement }: PredictorCard): string[] {
  if (!judgement) return [];
  const rows = PREDICTORS.flatMap((name) => {
    const metrics = judgement.metrics[name];
    if (!metrics) return [];
    const { mae, medianAe, avgPred, underFraction, r2, absLog, coverage80, width80 } = metrics;
    const { pinball10, pinball50, pinball90 } = metrics;
    const shares = [avgPred, underFraction, r2, absLog, coverage80, width80, pinball10, pinball50, pinball90];
    const cells = [name, number(mae), number(medianAe), ...shares.map((value) => fixed(value, 3))];
    return [`| ${cells.join(' | ')} |`];
  });
  return [
    `## ${plural(judgement.outcomes, JUDGED)}`,
    '',
    '| predictor | MAE s | median AE s | AVGpred | under | R² | ln error | inside 80 % | ln width | pinball .1 | .5 | .9 |',
    '|---|---|---|---|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ];
}

const PLOTTED = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
const PLOT_WIDTH = 50;

/** Told against happened, as bars; the bar should end at the mark. */
export function plot(curve: readonly CalibrationPoint[]): string[] {
  const rows = curve.filter(({ level }) => PLOTTED.includes(level));
  const bar = ({ level, held }: CalibrationPoint) => {
    const cells: string[] = Array.from({ length: PLOT_WIDTH + 1 }, (_, cell) => (cell < held * PLOT_WIDTH ? '█' : ' '));
    cells[Math.round(level * PLOT_WIDTH)] = '│';
    return cells.join('').trimEnd();
  };
  return [
    '```',
    ' told  ended by then   (a bar should end at its mark)',
    ...rows.map((point) => `${percent(point.level).padStart(5)} ${percent(point.held).padStart(5)}  ${bar(point)}`),
    '```',
  ];
}
