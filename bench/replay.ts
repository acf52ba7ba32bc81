/**
 * Every figure of placement on the public lists: `node bench/replay.ts [--traces DIR] [--seeds 42-51] [--lists default,…]
 * [--only space|time|moves]`. In space: the published protocol, beside the published table. In time: arrivals and ends
 * at loads .7, .8 and .9. Moves: what 300 moves give back after saturation. About an hour on two free cores; fewer seeds or lists for a look.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeSaturation, describeTimed, saturationReport, timedReport } from '../src/cli/replayReport.ts';
import type { PolicyName } from '../src/core/place/policies/policies.ts';
import { KNOWLEDGE } from '../src/core/replay/knowledge.ts';
import { readOpenbNodes, readOpenbTasks } from '../src/core/replay/openb.ts';
import type { ReplayLists } from '../src/core/replay/replay.ts';
import { replayOnThreads } from '../src/worker/threads/replays.ts';

const { values } = parseArgs({
  options: {
    traces: { type: 'string', default: resolve(import.meta.dirname, '../../shared/traces/openb') },
    seeds: { type: 'string', default: '42-51' },
    lists: { type: 'string', default: 'default,gpushare40,multigpu30,gpuspec25' },
    only: { type: 'string' },
  },
});

const SPACE: readonly PolicyName[] = [
  'random',
  'dotProduct',
  'gpuClustering',
  'gpuPacking',
  'bestFit',
  'fgd',
  'stowage',
  'stowage-online',
  'stowage-refuse',
];
const TIMELESS: readonly PolicyName[] = ['bestFit', 'fgd'];
const TIMED: readonly PolicyName[] = ['nilas', 'lava', 'stowage'];

const [first = 42, last = first] = values.seeds.split('-').map(Number);
const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index);
const wanted = (part: string) => values.only === undefined || values.only === part;

if (!existsSync(join(values.traces, 'openb_node_list_gpu_node.csv'))) {
  console.error(
    `There are no lists in ${values.traces}. Download Alibaba's cluster-trace-gpu-v2023 and give --traces DIR.`,
  );
  process.exit(2);
}
for (const name of values.lists.split(',')) {
  const lists = read(name);
  if (wanted('space')) await inSpace(name, lists);
  if (wanted('moves')) await moves(name, lists);
  if (wanted('time') && lists.tasks.some(({ runtimeSeconds }) => runtimeSeconds !== undefined))
    await inTime(name, lists);
}

async function inSpace(name: string, lists: ReplayLists): Promise<void> {
  const jobs = SPACE.flatMap((policy) =>
    seeds.map((seed) => ({ type: 'saturation' as const, policy, seed, load: 1.3 })),
  );
  const outcomes = await replayOnThreads(lists, jobs, () => {});
  const report = saturationReport(asked(SPACE), seeds, 1.3, outcomes);
  console.log(`\n# ${name}: the published protocol\n\n${describeSaturation(report)}`);
  for (const [policy, row] of published(name)) console.log(`published ${policy.padEnd(14)} ${row.join('  ')}`);
}

async function moves(name: string, lists: ReplayLists): Promise<void> {
  const policies: readonly PolicyName[] = ['fgd', 'stowage'];
  const jobs = policies.flatMap((policy) =>
    seeds.map((seed) => ({ type: 'saturation' as const, policy, seed, load: 1.3, moveLimit: 300 })),
  );
  const report = saturationReport(asked(policies), seeds, 1.3, await replayOnThreads(lists, jobs, () => {}));
  for (const [policy, { moves: made, seconds }] of Object.entries(report.policies)) {
    const paused = `${made?.paused} of their tasks stopped first`;
    console.log(`${name}, ${policy}: ${made?.made} moves gave back ${made?.gained} pp; ${paused}; ${seconds} s a run`);
  }
}

async function inTime(name: string, lists: ReplayLists): Promise<void> {
  for (const load of [0.7, 0.8, 0.9]) {
    const common = {
      type: 'timed' as const,
      load,
      days: 30,
      warmUpDays: 15,
      capSeconds: 100_000,
      unplaced: 'drop' as const,
    };
    const plans = [
      ...TIMELESS.map((policy) => ({ given: policy, name: policy, known: 'none' as const, stands: KNOWLEDGE })),
      ...TIMED.flatMap((policy) => KNOWLEDGE.map((known) => ({ given: policy, name: policy, known, stands: [known] }))),
    ];
    const jobs = plans.map((plan) => ({ ...common, policy: plan.name, seed: first, knowledge: plan.known }));
    const outcomes = await replayOnThreads(lists, jobs, () => {});
    console.log(`\n# ${name}: in time\n\n${describeTimed(timedReport(plans, [first], common, outcomes))}`);
  }
}

function read(name: string): ReplayLists {
  const text = (file: string) => readFileSync(join(values.traces, file), 'utf8');
  return {
    nodes: readOpenbNodes(text('openb_node_list_gpu_node.csv')).nodes,
    tasks: readOpenbTasks(text(`openb_pod_list_${name}.csv`)).tasks,
  };
}

/** Rows of the published table for a list: policy, then its allocation at 80 … 130 %. */
function published(name: string): (readonly [string, readonly string[]])[] {
  const file = join(values.traces, 'published_allocation.csv');
  if (!existsSync(file)) return [];
  const rows = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  return rows
    .filter(([list]) => list === `openb_pod_list_${name}`)
    .map(([, policy, , ...figures]) => [policy!, figures]);
}

function asked(names: readonly string[]) {
  return names.map((name) => ({ given: name, name }));
}
