/**
 * Measures the runtime predictor: `node bench/predict.ts [part …]`, parts `remaining`, `train`, `kth`, `hpc2n`, `elsewhere`;
 * without one, the first three. Logs are read from ../shared/traces beside the project; a part without its log says so.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { QUANTILE_LEVELS, remainingQuantiles } from '../src/core/predict/distribution.ts';
import { evaluatePredictors } from '../src/core/predict/evaluate.ts';
import { trainPredictor, updatePredictor } from '../src/core/predict/predictor.ts';
import { seededRandom } from '../src/core/simulate/random.ts';
import { loadEngine } from '../src/worker/engine.ts';
import { readHistoryFile } from '../src/worker/files/history.ts';
import { historyDigest, readPretrained, readPretrainedWithout } from '../src/worker/files/networks.ts';

const LOGS = { kth: 'KTH-SP2-1996-2.1-cln.swf.gz', hpc2n: 'HPC2N-2002-2.1-cln.swf.gz' } as const;
const SEEDS = (process.env['SEEDS'] ?? '1,2,3').split(',').map(Number);
const PARTS: Readonly<Record<string, () => Promise<void> | void>> = {
  remaining: remainingTimes,
  train,
  kth: () => evaluate('kth'),
  hpc2n: () => evaluate('hpc2n'),
  elsewhere,
};

const asked = process.argv.slice(2);
for (const part of asked.length > 0 ? asked : ['remaining', 'train', 'kth']) {
  const run = PARTS[part];
  if (!run) throw new Error(`There is no part "${part}". Parts: ${Object.keys(PARTS).join(', ')}.`);
  await run();
}

/** Remaining time of 50,000 running tasks, median and 80 % band, from their cached tables. */
function remainingTimes(): void {
  const random = seededRandom(1);
  const tasks = Array.from({ length: 50_000 }, () => {
    const median = Math.exp(3 + 8 * random());
    const seconds = QUANTILE_LEVELS.map((level) => median * Math.exp(1.5 * Math.log(level / (1 - level))));
    return { runtime: { seconds }, age: median * 2 * random() };
  });
  const laps = Array.from({ length: 5 }, () => {
    const from = cpuSeconds();
    let sum = 0;
    for (const { runtime, age } of tasks) {
      for (const seconds of remainingQuantiles(runtime, age, [0.1, 0.5, 0.9])) sum += seconds;
    }
    if (!Number.isFinite(sum)) throw new Error('A remaining time is not a number');
    return 1000 * (cpuSeconds() - from);
  });
  console.log(`remaining: 50,000 tasks, median and 80 % band: ${Math.min(...laps).toFixed(0)} ms of processor time`);
}

async function tasksOf(log: keyof typeof LOGS) {
  const path = fileURLToPath(new URL(`../../shared/traces/${LOGS[log]}`, import.meta.url));
  if (existsSync(path)) return (await readHistoryFile({ path })).tasks;
  console.log(`${log}: left out, there is no ${path}; download it from the Parallel Workloads Archive`);
  return undefined;
}

/** Seconds of processor time, which other work on the machine does not lengthen. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function train(): Promise<void> {
  const tasks = (await tasksOf('hpc2n'))?.slice(0, 101_000);
  if (!tasks) return;
  const settings = { tf: await loadEngine(), random: seededRandom(1), pretrained: await readPretrained() };
  let from = cpuSeconds();
  const predictor = trainPredictor(tasks.slice(0, 100_000), settings);
  console.log(`train: 100,000 rows ${(cpuSeconds() - from).toFixed(1)} s of processor time`);
  from = cpuSeconds();
  updatePredictor(predictor, tasks.slice(100_000), settings);
  console.log(`update: 1,000 more ${(cpuSeconds() - from).toFixed(1)} s; memory ${memory()} MB`);
}

/** Means over the seeds with their standard deviations; `SEEDS=1` in the environment runs fewer. */
async function evaluate(log: keyof typeof LOGS): Promise<void> {
  const tasks = await tasksOf(log);
  if (!tasks) return;
  const tf = await loadEngine();
  const rows = SEEDS.map((seed) => {
    const from = cpuSeconds();
    const { stowage } = evaluatePredictors(tasks, { tf, random: seededRandom(seed), learns: true }).predictors;
    console.log(
      `${log} seed ${seed}: ${line(stowage)}; ${(cpuSeconds() - from).toFixed(0)} s of processor time, ${memory()} MB`,
    );
    return stowage;
  });
  const told = {
    mae: (row: Row) => row.mae,
    avgPred: (row: Row) => row.avgPred,
    coverage80: (row: Row) => row.coverage80,
    coverage95: (row: Row) => row.coverage95,
    width80: (row: Row) => row.width80,
    'least tenth': (row: Row) => Math.min(...row.coverageByTenth),
    'most tenth': (row: Row) => Math.max(...row.coverageByTenth),
    'renewed q25': (row: Row) => row.remaining.q25.repredicted / row.remaining.q25.oneShot,
    'renewed q50': (row: Row) => row.remaining.q50.repredicted / row.remaining.q50.oneShot,
    'renewed q90': (row: Row) => row.remaining.q90.repredicted / row.remaining.q90.oneShot,
    'conditioned q50': (row: Row) => row.remaining.q50.conditioned / row.remaining.q50.oneShot,
    'conditioned q90': (row: Row) => row.remaining.q90.conditioned / row.remaining.q90.oneShot,
  };
  for (const [name, read] of Object.entries(told)) {
    const values = rows.map(read);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1));
    console.log(`${log} ${name}: mean ${mean.toPrecision(4)}, sd ${sd.toPrecision(2)}`);
  }
}

type Row = ReturnType<typeof evaluatePredictors>['predictors']['stowage'];

/** Each log by the network that has not seen it, without training. */
async function elsewhere(): Promise<void> {
  for (const log of ['kth', 'hpc2n'] as const) {
    const tasks = await tasksOf(log);
    if (!tasks) continue;
    const { network, card } = await readPretrainedWithout(historyDigest(tasks));
    const options = { tf: await loadEngine(), random: seededRandom(1), network, learns: false };
    console.log(`${log}, ${card.title}: ${line(evaluatePredictors(tasks, options).predictors.stowage)}`);
  }
}

function line({ mae, avgPred, coverage80, coverageByTenth, remaining }: Row) {
  const tenths = `${Math.min(...coverageByTenth).toFixed(2)}–${Math.max(...coverageByTenth).toFixed(2)}`;
  const ratio = ({ oneShot, repredicted }: Row['remaining']['q50']) => (repredicted / oneShot).toFixed(3);
  return (
    `MAE ${mae.toFixed(0)}, AVGpred ${avgPred.toFixed(3)}, coverage ${coverage80.toFixed(3)} (tenths ${tenths}), ` +
    `remaining at q50 ${ratio(remaining.q50)}, q90 ${ratio(remaining.q90)}`
  );
}

function memory(): string {
  return (process.memoryUsage().rss / 2 ** 20).toFixed(0);
}
