import type { Predictor, PredictorCard } from './predictor.ts';
import { type CalibrationPoint, calibrationCurve, PREDICTORS, type Scores } from './record.ts';

/** Which predictor is used, said plainly where the network is not the best. */
export function describeVerdict(scores: Scores): string {
  const { stowage } = scores;
  if (!stowage) return 'There is no network yet: the medians of past runs are used.';
  const better = PREDICTORS.filter((name) => (scores[name]?.ratio ?? 0) > stowage.ratio);
  if (better.length === 0) return 'The network is ahead of every baseline.';
  return `On these tasks the network is not ahead of ${better.join(', ')}; for each group the better one is used.`;
}

/** Weeks that the card lists; the latest ones. */
const WEEKS = 12;

/** The model card as Markdown: data, protocol, every metric beside the baselines, calibration plot, record by week. */
export function describeCard({ card, record }: Predictor): string {
  const curve = calibrationCurve(record);
  const weeks = Object.entries(record.weeks).toSorted(([a], [b]) => Number(a) - Number(b));
  return [
    '# Runtime predictor: model card',
    '',
    ...origin(card),
    '',
    ...judgement(card),
    describeVerdict(record.scores[''] ?? {}),
    ...(curve.length > 0 ? ['', '## Calibration', '', ...plot(curve)] : []),
    ...(weeks.length > 0
      ? ['', '## The 80 % band by week', '', '| week of | outcomes | inside |', '|---|---|---|']
      : []),
    ...weeks
      .slice(-WEEKS)
      .map(([week, { outcomes, inBand }]) => `| ${day(Number(week))} | ${outcomes} | ${percent(inBand / outcomes)} |`),
    '',
  ].join('\n');
}

function origin({ tasks, fromSeconds, toSeconds, leftOut, weights, backend, pretraining, notes }: PredictorCard) {
  const span = fromSeconds === undefined ? '' : `, submitted ${day(fromSeconds)} to ${day(toSeconds!)}`;
  const trained = backend === undefined ? '' : `, trained with TensorFlow.js (${backend})`;
  return [
    `- Data: ${tasks} finished tasks${span}`,
    ...Object.entries(leftOut).map(([reason, count]) => `- Left out ${count}: ${reason}`),
    `- Weights: ${weights}${trained}`,
    ...(pretraining?.logs ?? []).map(
      ({ name, rows, digest }) => `- Began as ${pretraining!.title}: ${name}, ${rows} rows, ${digest.slice(0, 12)}…`,
    ),
    ...notes.map((note) => `- ${note}`),
  ];
}

function judgement({ judgement }: PredictorCard): string[] {
  if (!judgement) return [];
  const rows = PREDICTORS.flatMap((name) => {
    const metrics = judgement.metrics[name];
    if (!metrics) return [];
    const { mae, medianAe, avgPred, underFraction, r2, absLog, coverage80, width80 } = metrics;
    const { pinball10, pinball50, pinball90 } = metrics;
    const shares = [avgPred, underFraction, r2, absLog, coverage80, width80, pinball10, pinball50, pinball90];
    const cells = [name, mae.toFixed(0), medianAe.toFixed(0), ...shares.map((value) => value.toFixed(3))];
    return [`| ${cells.join(' | ')} |`];
  });
  return [
    `## The last ${judgement.outcomes} tasks it was shown, each predicted before it ended`,
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
    ...rows.map((point) => `${percent(point.level)} ${percent(point.held)}  ${bar(point)}`),
    '```',
  ];
}

function percent(fraction: number): string {
  return `${Math.round(100 * fraction)} %`.padStart(5);
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
