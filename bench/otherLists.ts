/**
 * Placement on task lists made from the default one, which imitate lists that nobody tuned on: `node bench/otherLists.ts
 * [--traces DIR] [--seeds 42,43] [--lists cpu050,…] [--policies fgd,stowage,stowage-online]`. Made as the names of the published variants say: tasks
 * without GPUs drawn to a part of their number; tasks drawn so that shares of a GPU, or tasks of several, have a part of
 * the demand; a part of the GPU tasks bound to models, by the sets of models that occur in the list gpuspec25.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type ListedTask, readOpenbNodes, readOpenbTasks } from '../src/core/simulate/openb.ts';
import { type Random, randomIndex, seededRandom } from '../src/core/simulate/random.ts';
import { replayOnThreads } from '../src/worker/threads/replays.ts';

const { values } = parseArgs({
  options: {
    traces: { type: 'string', default: resolve(import.meta.dirname, '../../shared/traces/openb') },
    seeds: { type: 'string', default: '42,43' },
    lists: {
      type: 'string',
      default:
        'cpu050,cpu100,cpu200,cpu250,gpushare20,gpushare60,gpushare80,gpushare100,gpuspec10,gpuspec20,gpuspec33,multigpu20,multigpu40,multigpu50',
    },
    policies: { type: 'string', default: 'fgd,stowage,stowage-online' },
  },
});
const LOADS = [80, 90, 130];

if (!existsSync(join(values.traces, 'openb_node_list_gpu_node.csv'))) {
  console.error(
    `There are no lists in ${values.traces}. Download Alibaba's cluster-trace-gpu-v2023 and give --traces DIR.`,
  );
  process.exit(2);
}
const read = (file: string) => readFileSync(join(values.traces, file), 'utf8');
const { nodes } = readOpenbNodes(read('openb_node_list_gpu_node.csv'));
const given = readOpenbTasks(read('openb_pod_list_default.csv')).tasks;
const bound = readOpenbTasks(read('openb_pod_list_gpuspec25.csv')).tasks.filter(
  ({ taskClass }) => taskClass.gpuModels.length > 0,
);
const seeds = values.seeds.split(',').map(Number);
const policies = values.policies.split(',');

console.log(`list | policy | ${LOADS.map((load) => `${load} %`).join(' | ')} | ahead of ${policies[0]}`);
console.log('--- | --- | ---: | ---: | ---: | ---');
for (const name of values.lists.split(',')) {
  const tasks = listOf(name).map((task, index) => ({ ...task, name: `t${String(index).padStart(5, '0')}` }));
  const jobs = policies.flatMap((policy) =>
    seeds.map((seed) => ({ type: 'saturation' as const, policy, seed, load: 1.3 })),
  );
  const outcomes = await replayOnThreads({ nodes, tasks }, jobs, () => {});
  const allocation = (policy: string, load: number) =>
    mean(
      outcomes.flatMap((outcome, job) =>
        jobs[job]!.policy === policy && outcome.type === 'saturation'
          ? [outcome.run.samples.get(load)!.allocation]
          : [],
      ),
    );
  for (const policy of policies) {
    const found = LOADS.map((load) => allocation(policy, load));
    const ahead = found.map((each, at) => (each - allocation(policies[0]!, LOADS[at]!)).toFixed(2));
    console.log(`${name} | ${policy} | ${found.map((each) => each.toFixed(2)).join(' | ')} | ${ahead.join(' / ')}`);
  }
}

function listOf(name: string): ListedTask[] {
  const [, kind, percent] = /^(cpu|gpushare|gpuspec|multigpu)(\d+)$/.exec(name) ?? [];
  const part = Number(percent) / 100;
  const random = seededRandom(99);
  const withGpus = given.filter((task) => demandOf(task) > 0);
  const without = given.filter((task) => demandOf(task) === 0);
  switch (kind) {
    case 'cpu':
      return [...withGpus, ...drawn(without, random, Math.round(part * without.length))];
    case 'gpushare':
      return [...without, ...drawnByDemand(withGpus, isShare, part, random)];
    case 'multigpu':
      return [...without, ...drawnByDemand(withGpus, ({ taskClass }) => taskClass.gpuCount > 1, part, random)];
    case 'gpuspec':
      return given.map((task) => (demandOf(task) > 0 && random() < part ? boundToModels(task, random) : task));
  }
  throw new Error(`There is no list ${name}. Names are like cpu050, gpushare60, gpuspec20, multigpu40.`);
}

/** As much demand as in the given tasks, a part of it of those that are of a kind. */
function drawnByDemand(
  tasks: readonly ListedTask[],
  ofKind: (task: ListedTask) => boolean,
  part: number,
  random: Random,
): ListedTask[] {
  const total = tasks.reduce((sum, task) => sum + demandOf(task), 0);
  const drawUpTo = (pool: readonly ListedTask[], milli: number) => {
    const found: ListedTask[] = [];
    for (let left = milli; left > 0; left -= demandOf(found.at(-1)!)) found.push(...drawn(pool, random, 1));
    return found;
  };
  return [
    ...drawUpTo(tasks.filter(ofKind), part * total),
    ...drawUpTo(
      tasks.filter((task) => !ofKind(task)),
      (1 - part) * total,
    ),
  ];
}

function boundToModels(task: ListedTask, random: Random): ListedTask {
  const { gpuModels } = bound[randomIndex(random, bound.length)]!.taskClass;
  return { ...task, taskClass: { ...task.taskClass, gpuModels } };
}

function drawn(pool: readonly ListedTask[], random: Random, count: number): ListedTask[] {
  return Array.from({ length: count }, () => pool[randomIndex(random, pool.length)]!);
}

function isShare({ taskClass }: ListedTask): boolean {
  return taskClass.gpuCount === 1 && taskClass.gpuMilli < 1000;
}

function demandOf({ taskClass }: ListedTask): number {
  return taskClass.gpuMilli * taskClass.gpuCount;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
