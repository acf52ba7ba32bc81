/**
 * How good and how fast forecasts are: `node bench/forecast.ts [--seeds 7,8] [--days 3] [--samples 40] [--size 5000]`.
 * First it forecasts the sample cluster every six hours and lets its clock run: forecast at t against what then was,
 * beside "nothing ends, nothing comes". Nobody plans meanwhile, so the gated tasks are left out. Then it times a forecast of a
 * made-up cluster of `--size` nodes with ten tasks each; 0 leaves that out.
 */
import { parseArgs } from 'node:util';
import { advance } from '../src/cluster/sample/advance.ts';
import { begin } from '../src/cluster/sample/begin.ts';
import { lookAt } from '../src/cluster/sample/look.ts';
import { type Arrivals, countArrivals } from '../src/core/forecast/arrivals.ts';
import { type Forecast, forecast, HORIZON_SECONDS, type Moment } from '../src/core/forecast/forecast.ts';
import type { Band } from '../src/core/model/band.ts';
import { DEFAULT_SETTINGS } from '../src/core/model/settings.ts';
import type { Snapshot } from '../src/core/model/snapshot.ts';
import type { Predictions } from '../src/core/predict/prediction.ts';
import { fitPredictor, predictSnapshot } from '../src/core/predict/predictor.ts';
import { forecastOnThreads } from '../src/worker/threads/forecasting.ts';
import { backTest, type Outcome } from './backTest.ts';
import { madeUpCluster } from './madeUpCluster.ts';

const EVERY_SECONDS = 6 * 3600;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '7,8,9' },
    days: { type: 'string', default: '4' },
    samples: { type: 'string', default: '100' },
    size: { type: 'string', default: '5000' },
  },
});
const samples = Number(values.samples);

const MEASURES: Readonly<Record<string, (moment: Moment) => Band | undefined>> = {
  'free cores': ({ free }) => scaled(free['milliCpu'], 1 / 1000),
  'free GPUs': ({ free }) => scaled(free['gpuMilli'], 1 / 1000),
  'GPU fragments %': ({ fragmentation }) => scaled(fragmentation.gpuRatio, 100),
  'CPU fragments %': ({ fragmentation }) => scaled(fragmentation.cpuRatio, 100),
  'most frequent shape fits': ({ fits }) => fits[0],
  'tasks waiting': ({ waiting }) => waiting,
};

const outcomes = new Map<string, Outcome[]>();
for (const seed of values.seeds.split(',').map(Number)) backTestSample(seed, Number(values.days));
console.log('measure | horizon | outcomes | error of the median | error of "nothing ends" | inside 10–90 % | width');
console.log('--- | ---: | ---: | ---: | ---: | ---: | ---:');
for (const [name, each] of outcomes) {
  const { outcomes: count, error, errorOfNothingEnds, coverage, width } = backTest(each);
  const figures = [
    count,
    error.toFixed(1),
    errorOfNothingEnds.toFixed(1),
    `${(100 * coverage).toFixed(0)} %`,
    width.toFixed(1),
  ];
  console.log(`${name} | ${figures.join(' | ')}`);
}
if (Number(values.size) > 0) await timeForecast(Number(values.size));

function backTestSample(seed: number, days: number): void {
  const { world, history } = begin(seed);
  const begun = world.nowSeconds;
  const starts = Array.from({ length: (days * 86400) / EVERY_SECONDS }, (_, index) => begun + index * EVERY_SECONDS);
  const moments = [...new Set(starts.flatMap((start) => [0, ...HORIZON_SECONDS].map((seconds) => start + seconds)))];
  const seen = new Map<number, Snapshot>();
  const finishedBy = new Map<number, number>();
  for (const moment of moments.sort((left, right) => left - right)) {
    advance(world, moment);
    seen.set(moment, unplanned(lookAt(world, 'sample')));
    finishedBy.set(moment, world.finished.length);
  }
  for (const start of starts) {
    const snapshot = seen.get(start)!;
    const known = [...history, ...world.finished.slice(0, finishedBy.get(start)!)];
    const predictions = predictSnapshot(fitPredictor(known), snapshot);
    const arrivals = countArrivals(known, snapshot, start);
    const [atStart, ...forecasts] = lastOf(snapshot, predictions, arrivals, samples).scenarios[0]!.moments;
    for (const moment of forecasts) {
      const later = lastOf(seen.get(start + moment.inSeconds)!, {}, arrivals, 0).scenarios[0]!.moments[0]!;
      for (const [name, measure] of Object.entries(MEASURES)) {
        const [expected, actual, before] = [moment, later, atStart!].map(measure);
        if (!expected || !actual || !before) continue;
        const key = `${name} | ${moment.inSeconds / 3600} h`;
        outcomes.set(key, [
          ...(outcomes.get(key) ?? []),
          { forecast: expected, actual: actual.p50, atStart: before.p50 },
        ]);
      }
    }
    console.error(`seed ${seed}, ${(start - begun) / 3600} h: done`);
  }
}

function unplanned(snapshot: Snapshot): Snapshot {
  return { ...snapshot, tasks: snapshot.tasks.filter(({ gated }) => !gated) };
}

function lastOf(snapshot: Snapshot, predictions: Predictions, arrivals: Arrivals, count: number): Forecast {
  const request = { predictions, arrivals, settings: DEFAULT_SETTINGS, seed: 1, samples: count };
  const run = forecast({ ...request, scenarios: { it: snapshot } });
  for (let step = run.next(); ; step = run.next()) if (step.done) return step.value;
}

async function timeForecast(nodes: number): Promise<void> {
  const { snapshot, predictions, history } = madeUpCluster(nodes, 10 * nodes);
  const arrivals = countArrivals(history, snapshot, snapshot.takenAtSeconds);
  const begun = performance.now();
  const used = process.cpuUsage();
  const seconds = () => ((performance.now() - begun) / 1000).toFixed(1);
  const pictures: string[] = [];
  const request = { predictions, arrivals, settings: DEFAULT_SETTINGS, seed: 1, samples };
  await forecastOnThreads(
    { ...request, scenarios: { nothing: snapshot } },
    { onPicture: ({ samples: done }) => pictures.push(`${done} samples after ${seconds()} s`) },
  );
  console.log(
    `\n${nodes} nodes, ${10 * nodes} tasks, ${Math.round(arrivals.perSecond * 86400)} arrivals a day, on threads:`,
  );
  const { user, system } = process.cpuUsage(used);
  const ofProcessors = `${((user + system) / 1e6).toFixed(1)} s of processor time on all threads`;
  console.log(`${pictures.join(', ')}, all ${samples} after ${seconds()} s; ${ofProcessors}`);
}

function scaled(band: Band | undefined, factor: number): Band | undefined {
  return band && { p10: band.p10 * factor, p50: band.p50 * factor, p90: band.p90 * factor };
}
