/**
 * Measures the runtime predictor: `node bench/predict.ts [part …]`, parts `remaining`, `train`, `kth`, `hpc2n`, `elsewhere`,
 * `snapshot`, `history`; without one, the first three. Logs are read from ../shared/traces beside the project; a part without its log says so.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FinishedTask } from '../src/core/model/finished.ts';
import { seededRandom } from '../src/core/model/random.ts';
import type { Task } from '../src/core/model/task.ts';
import { QUANTILE_LEVELS, remainingQuantiles } from '../src/core/predict/distribution.ts';
import { evaluatePredictors } from '../src/core/predict/evaluate.ts';
import { fitPredictor, predictSnapshot, trainPredictor, updatePredictor } from '../src/core/predict/predictor.ts';
import { loadEngine } from '../src/io/engine.ts';
import { readHistoryFile } from '../src/io/history.ts';
import { historyDigest, readPretrained, readPretrainedWithout } from '../src/io/networks.ts';
import { parquet } from '../test/io/parquetFile.ts';

const LOGS = { kth: 'KTH-SP2-1996-2.1-cln.swf.gz', hpc2n: 'HPC2N-2002-2.1-cln.swf.gz' } as const;
const SEEDS = (process.env['SEEDS'] ?? '1,2,3').split(',').map(Number);
const PARTS: Readonly<Record<string, () => Promise<void> | void>> = {
  remaining: remainingTimes,
  train,
  kth: () => evaluate('kth'),
  hpc2n: () => evaluate('hpc2n'),
  elsewhere,
  snapshot,
  history,
};

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

/** Predictions of 50,000 running tasks by the pretrained network, all made again. */
async function snapshot(): Promise<void> {
  const known = (await tasksOf('hpc2n'))?.slice(0, 20_000);
  if (!known) return;
  const { network, card } = await readPretrained();
  const takenAtSeconds = known.at(-1)!.submittedAtSeconds;
  const predictor = {
    ...fitPredictor(known.filter((task) => task.endedAtSeconds <= takenAtSeconds)),
    network,
  };
  const tasks = Array.from({ length: 50_000 }, (_, at) => {
    const like = known[at % known.length]!;
    const startedAtSeconds = takenAtSeconds - (at % 86_400);
    return runningTask(`t${at}`, like, startedAtSeconds);
  });
  const seen = { cluster: 'bench', takenAtSeconds, nodes: [], tasks, usage: {}, budgets: [], rights: {}, problems: [] };
  const from = cpuSeconds();
  const predictions = predictSnapshot(predictor, seen);
  console.log(
    `snapshot: ${Object.keys(predictions).length} running tasks, ${card.title}: ${(cpuSeconds() - from).toFixed(1)} s`,
  );
}

function runningTask(id: string, like: FinishedTask, startedAtSeconds: number): Task {
  return {
    id,
    uid: id,
    namespace: 'bench',
    name: id,
    labels: {},
    phase: 'running',
    gpuCount: 0,
    request: like.request,
    allocation: like.request,
    desired: like.request,
    qosClass: 'Burstable',
    parameters: like.parameters,
    constraints: {},
    priority: 0,
    createdAtSeconds: startedAtSeconds,
    startedAtSeconds,
    gated: false,
    endless: false,
    infrastructure: false,
    generation: 1,
    problems: [],
  };
}

/** Reads 500,000 rows of each format (and a million of one), each in a process of its own: seconds and peak memory. */
async function history(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-bench-'));
  try {
    for (const [name, { rows, write, columns }] of Object.entries(FORMATS)) {
      const path = join(directory, name);
      write(path, rows);
      const code = `
        import { readHistoryFiles } from ${JSON.stringify(new URL('../src/io/history.ts', import.meta.url).href)};
        const file = { path: ${JSON.stringify(path)}, ${columns ? `columns: ${JSON.stringify(columns)}` : ''} };
        const { tasks, problems } = await readHistoryFiles(${name.startsWith('two-') ? '[file, file]' : '[file]'});
        const { maxRSS } = process.resourceUsage();
        console.log(tasks.length + ' tasks, ' + problems.length + ' left out, ' +
          process.cpuUsage().user / 1e6 + ' s of processor time, peak ' + Math.round(maxRSS / 1024) + ' MB');`;
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
      const megabytes = Math.round(statSync(path).size / 2 ** 20);
      console.log(`history: ${name} (${megabytes} MB): ${stdout.trim()}${stderr.trim()}`);
      rmSync(path);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

type Written = { readonly rows: number; readonly columns?: string; write(path: string, rows: number): void };

const MADE_UP = { submit: (at: number) => 1e9 + 60 * at, run: (at: number) => 60 + ((at * 7919) % 9973) };

/** Writes a line at a time, in pieces of 10,000. */
function lines(head: string, line: (at: number) => string): Written['write'] {
  return (path, rows) => {
    writeFileSync(path, head);
    for (let from = 0; from < rows; from += 10_000) {
      const to = Math.min(rows, from + 10_000);
      appendFileSync(path, Array.from({ length: to - from }, (_, at) => line(from + at)).join(''));
    }
  };
}

const { submit, run } = MADE_UP;
const swfLine = (at: number) =>
  `${at} ${60 * at} 5 ${run(at)} 2 -1 -1 2 ${2 * run(at)} 1024 1 ${at % 300} 1 ${at % 40} 1 -1 -1 -1\n`;
const FORMATS: Readonly<Record<string, Written>> = {
  'tasks.swf': { rows: 500_000, write: lines('; UnixStartTime: 1000000000\n', swfLine) },
  'two-tasks.swf': { rows: 250_000, write: lines('; UnixStartTime: 1000000000\n', swfLine) },
  'million.swf': { rows: 1_000_000, write: lines('; UnixStartTime: 1000000000\n', swfLine) },
  'tasks.csv': {
    rows: 500_000,
    columns: 'submit=created,end=finished,creator=user,name=job',
    write: lines(
      'created,finished,user,job\n',
      (at) => `${submit(at)},${submit(at) + run(at)},u${at % 300},j${at % 40}\n`,
    ),
  },
  'tasks.jsonl': {
    rows: 500_000,
    write: lines(
      '',
      (at) => `${JSON.stringify({ submit: submit(at), end: submit(at) + run(at), creator: `u${at % 300}` })}\n`,
    ),
  },
  'openb.csv': {
    rows: 500_000,
    write: lines(
      'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n',
      (at) => `p${at},4000,8192,1,500,,LS,Succeeded,${60 * at},${60 * at + run(at)},${60 * at}\n`,
    ),
  },
  'metrics.prom': {
    rows: 500_000,
    write: lines('', (at) => {
      const pod = `namespace="n${at % 50}",pod="job-${at % 900}-${at}"`;
      return `kube_pod_created{${pod}} ${submit(at)}\nkube_pod_start_time{${pod}} ${submit(at)}\nkube_pod_completion_time{${pod}} ${submit(at) + run(at)}\n`;
    }),
  },
  'tasks.parquet': {
    rows: 500_000,
    write: (path, rows) => {
      const all = Array.from({ length: rows }, (_, at) => at);
      const [begin, end] = [all.map(submit), all.map((at) => submit(at) + run(at))];
      writeFileSync(path, parquet({ submit: begin, end, creator: all.map((at) => `u${at % 300}`) }));
    },
  },
};

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

const asked = process.argv.slice(2);
for (const part of asked.length > 0 ? asked : ['remaining', 'train', 'kth']) {
  const run = PARTS[part];
  if (!run) throw new Error(`There is no part "${part}". Parts: ${Object.keys(PARTS).join(', ')}.`);
  await run();
}
