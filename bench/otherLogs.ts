/**
 * The predictor on parts of the two public logs that imitate other logs: `node bench/otherLogs.ts [trained|pretrained|early …]`,
 * by default all three. `trained` learns from random weights as `evaluate` does; `pretrained` takes the network of the
 * respective other log and learns nothing; `early` is that on tasks 200 to 2,200 of stretches. A log that is not there is left out.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FinishedTask } from '../src/core/model/finished.ts';
import { seededRandom } from '../src/core/model/random.ts';
import type { TaskParameters } from '../src/core/model/task.ts';
import { evaluatePredictors } from '../src/core/predict/evaluate.ts';
import { loadEngine } from '../src/io/engine.ts';
import { readHistoryFile } from '../src/io/history.ts';
import { readNetwork } from '../src/io/networks.ts';

type Tasks = readonly FinishedTask[];
type Log = {
  readonly file: string;
  readonly network: string;
  readonly parts: Readonly<Record<string, (all: Tasks) => Tasks>>;
};

const LOGS: Readonly<Record<string, Log>> = {
  'KTH-SP2': {
    file: 'KTH-SP2-1996-2.1-cln.swf.gz',
    network: 'pretrained-hpc2n.json',
    parts: {
      'even users': (all) => ofUsers(all, 2, 0),
      'odd users': (all) => ofUsers(all, 2, 1),
      'second half': (all) => all.slice(14_000),
      'no request': (all) => without(all, ['requestedRuntimeSeconds']),
      'no user': (all) => without(all, ['creator']),
    },
  },
  HPC2N: {
    file: 'HPC2N-2002-2.1-cln.swf.gz',
    network: 'pretrained-kth.json',
    parts: {
      'users 0': (all) => ofUsers(all, 4, 0),
      'users 1': (all) => ofUsers(all, 4, 1),
      'users 2': (all) => ofUsers(all, 4, 2),
      'users 3': (all) => ofUsers(all, 4, 3),
      '60k-100k': (all) => all.slice(60_000, 100_000),
      'last 40k': (all) => all.slice(-40_000),
      'users 0 no req/mem': (all) => withoutMemory(without(ofUsers(all, 4, 0), ['requestedRuntimeSeconds'])),
      'thinned 1/5': (all) => all.filter((_, index) => index % 5 === 0),
    },
  },
};
const MODES = process.argv.length > 2 ? process.argv.slice(2) : ['trained', 'pretrained', 'early'];

const tf = await loadEngine();
for (const [name, { file, network, parts }] of Object.entries(LOGS)) {
  const path = fileURLToPath(new URL(`../../shared/traces/${file}`, import.meta.url));
  if (!existsSync(path)) {
    console.log(`${name}: left out, there is no ${path}; download it from the Parallel Workloads Archive`);
    continue;
  }
  const { tasks: all } = await readHistoryFile({ path });
  const elsewhere = (await readNetwork(fileURLToPath(new URL(`../media/${network}`, import.meta.url)))).network;
  for (const mode of MODES.filter((each) => each !== 'early')) {
    const learns = mode === 'trained';
    for (const [part, of] of Object.entries(parts)) {
      const tasks = of(all);
      const options = { tf, random: seededRandom(1), learns, ...(learns ? {} : { network: elsewhere }) };
      console.log(`${name} ${part} ${mode}: ${tasks.length} rows, ${told(evaluatePredictors(tasks, options))}`);
    }
  }
  if (MODES.includes('early')) tellEarly(name, all, elsewhere);
}

function told({ predictors }: ReturnType<typeof evaluatePredictors>): string {
  const { stowage, med5, med20 } = predictors;
  const mae = Math.min(med5.mae, med20.mae);
  const avgPred = Math.max(med5.avgPred, med20.avgPred);
  const { q50, q90 } = stowage.remaining;
  const tenths = stowage.coverageByTenth.map((share) => share.toFixed(2)).join(' ');
  return [
    `MAE ${stowage.mae.toFixed(0)} / ${mae.toFixed(0)}`,
    `AVGpred ${stowage.avgPred.toFixed(3)} / ${avgPred.toFixed(3)}`,
    `band ${stowage.coverage80.toFixed(3)}, by tenth ${tenths}`,
    `renewed q50 ${(q50.repredicted / q50.oneShot).toFixed(2)}, q90 ${(q90.repredicted / q90.oneShot).toFixed(2)}`,
  ].join('; ');
}

function tellEarly(name: string, all: Tasks, network: Awaited<ReturnType<typeof readNetwork>>['network']): void {
  for (const third of [0, 1, 2]) {
    const from = Math.floor((third * all.length) / 3);
    const stretch = all.slice(from, from + 2300);
    const { early } = evaluatePredictors(stretch, { tf, random: seededRandom(1), network, learns: false });
    const scores = Object.entries(early?.predictors ?? {}).map(
      ([predictor, { avgPred, mae }]) => `${predictor} ${avgPred.toFixed(3)} / ${mae.toFixed(0)}`,
    );
    console.log(`${name} early, from row ${from}: AVGpred / MAE ${scores.join(', ')}`);
  }
}

/** The tasks of every `count`-th user, by the number that the log gives users. */
function ofUsers(all: Tasks, count: number, rest: number): Tasks {
  return all.filter(({ parameters }) => Number(parameters.creator?.split(' ')[1]) % count === rest);
}

function without(all: Tasks, names: readonly (keyof TaskParameters)[]): Tasks {
  return all.map((task) => {
    const parameters = Object.entries(task.parameters).filter(
      ([name]) => !names.includes(name as keyof TaskParameters),
    );
    return { ...task, parameters: Object.fromEntries(parameters) };
  });
}

function withoutMemory(all: Tasks): Tasks {
  return all.map((task) => ({ ...task, request: { ...task.request, memoryBytes: 0 } }));
}
