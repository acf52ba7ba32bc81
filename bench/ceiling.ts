/**
 * What no policy can pass: `node bench/ceiling.ts [--traces DIR] [--seeds 42-51] [--lists default,multigpu50,…]
 * [--forced 90,95,96]`. The most GPU that can be allocated in % at 130 % arrived load when every task is placed that came
 * up to a load, and any of the later ones: a linear program over the ways to fill one GPU (Gilmore and Gomory's cutting
 * stock), ways found as they pay. It knows all that arrives, and looks at no CPU, memory, model or node.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../src/core/model/random.ts';
import { bestFill, GPU_MILLI } from '../src/core/place/policies/gpuWorth.ts';
import { type ListedTask, readOpenbNodes, readOpenbTasks } from '../src/core/replay/openb.ts';
import { seededWorkload } from '../src/core/replay/saturation.ts';
import { madeList } from './madeLists.ts';

const { values } = parseArgs({
  options: {
    traces: { type: 'string', default: resolve(import.meta.dirname, '../../shared/traces/openb') },
    seeds: { type: 'string', default: '42-51' },
    lists: { type: 'string', default: 'default,gpushare40,multigpu30,multigpu40,multigpu50' },
    forced: { type: 'string', default: '90,93,95,96,97' },
  },
});

if (!existsSync(join(values.traces, 'openb_node_list_gpu_node.csv'))) {
  console.error(
    `There are no lists in ${values.traces}. Download Alibaba's cluster-trace-gpu-v2023 and give --traces DIR.`,
  );
  process.exit(2);
}
const UNPLACED_COST = 100_000;
const read = (list: string) =>
  readOpenbTasks(readFileSync(join(values.traces, `openb_pod_list_${list}.csv`), 'utf8')).tasks;
const { nodes } = readOpenbNodes(readFileSync(join(values.traces, 'openb_node_list_gpu_node.csv'), 'utf8'));
const gpus = nodes.reduce((sum, { gpuCount }) => sum + gpuCount, 0);
const [first = 42, last = first] = values.seeds.split('-').map(Number);
const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index);
const forced = values.forced.split(',').map(Number);
const highs = await loadHighs();

console.log(`list | ${forced.map((load) => `all up to ${load} %`).join(' | ')}`);
console.log(`--- | ${forced.map(() => '---:').join(' | ')}`);
for (const name of values.lists.split(',')) {
  const published = existsSync(join(values.traces, `openb_pod_list_${name}.csv`));
  const tasks = published ? read(name) : madeList(name, read('default'), read('gpuspec25').filter(isBound));
  const named = tasks.map((task, index) => ({ ...task, name: `t${String(index).padStart(5, '0')}` }));
  const workloads = seeds.map(
    (seed) => seededWorkload(nodes, published ? tasks : named, 1.3, seededRandom(seed)).tasks,
  );
  const means = forced.map((load) => {
    const found = workloads.map((workload) => ceiling(workload, load));
    return found.some(Number.isNaN)
      ? 'not all fit'
      : (found.reduce((sum, one) => sum + one, 0) / found.length).toFixed(2);
  });
  console.log(`${name} | ${means.join(' | ')}`);
}

/** Milli-GPU of a task on one GPU, with how many GPUs ask for it: at least (forced) and at most. */
type Size = { readonly milli: number; least: number; most: number };

/** In % of the GPUs; NaN where the forced tasks do not fit. */
function ceiling(tasks: readonly ListedTask[], forcedPercent: number): number {
  const sizes = countSizes(tasks, (forcedPercent / 100) * gpus * GPU_MILLI);
  const milli = sizes.map((size) => size.milli);
  const ways = milli.map((each, index) => milli.map((_, at) => (at === index ? Math.floor(GPU_MILLI / each) : 0)));
  for (;;) {
    const { Rows, Columns, ObjectiveValue } = highs.solve(programOf(sizes, ways), { output_flag: false });
    const dual = new Map(Rows.map(({ Name, Dual = 0 }) => [Name, Math.abs(Dual)]));
    const worth = sizes.map((_, index) => dual.get(`size${index}`) ?? 0);
    const way = [...bestFill(milli, worth).counts(GPU_MILLI)];
    const gain = way.reduce((sum, count, index) => sum + count * worth[index]!, 0) - (dual.get('gpus') ?? 0);
    if (gain > 1e-6 && !ways.some((known) => known.join() === way.join())) {
      ways.push(way);
      continue;
    }
    const allFit = sizes.every((_, index) => (Columns[`unplaced${index}`]?.Primal ?? 0) < 1e-6);
    return allFit ? (100 * ObjectiveValue) / (gpus * GPU_MILLI) : Number.NaN;
  }
}

function countSizes(tasks: readonly ListedTask[], forcedMilli: number): Size[] {
  const sizes = new Map<number, Size>();
  let arrivedMilli = 0;
  for (const { taskClass } of tasks) {
    const { gpuMilli, gpuCount } = taskClass;
    if (gpuCount === 0) continue;
    const size = sizes.get(gpuMilli) ?? { milli: gpuMilli, least: 0, most: 0 };
    sizes.set(gpuMilli, size);
    arrivedMilli += gpuMilli * gpuCount;
    size.most += gpuCount;
    if (arrivedMilli <= forcedMilli) size.least += gpuCount;
  }
  return [...sizes.values()].sort((left, right) => right.milli - left.milli);
}

/** Places as much as it can: `way` GPUs are filled in each way, `placed` of each size fit in them. */
function programOf(sizes: readonly Size[], ways: readonly (readonly number[])[]): string {
  const lines = ['Maximize', 'allocated:'];
  sizes.forEach(({ milli }, index) => {
    lines.push(`+ ${milli} placed${index} - ${UNPLACED_COST} unplaced${index}`);
  });
  lines.push('Subject To');
  sizes.forEach((_, index) => {
    const capacity = ways.flatMap((way, at) => (way[index]! > 0 ? [`- ${way[index]} way${at}`] : []));
    lines.push(`size${index}: placed${index} - unplaced${index}`, ...capacity, '<= 0');
  });
  lines.push('gpus:', ...ways.map((_, at) => `+ way${at}`), `<= ${gpus}`, 'Bounds');
  sizes.forEach(({ least, most }, index) => {
    lines.push(`${least} <= placed${index} <= ${most}`);
  });
  return [...lines, 'End'].join('\n');
}

function isBound({ taskClass }: ListedTask): boolean {
  return taskClass.gpuModels.length > 0;
}

/** What of the package is used; its own types describe a CommonJS default that TypeScript cannot call. */
async function loadHighs() {
  const { default: load } = (await import('highs')) as unknown as {
    readonly default: () => Promise<{
      solve(
        program: string,
        options: Readonly<Record<string, unknown>>,
      ): {
        readonly ObjectiveValue: number;
        readonly Columns: Readonly<Record<string, { readonly Primal?: number }>>;
        readonly Rows: readonly { readonly Name: string; readonly Dual?: number }[];
      };
    }>;
  };
  return load();
}
