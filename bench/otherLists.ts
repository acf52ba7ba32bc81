/**
 * Placement on task lists that imitate lists nobody tuned on (`madeLists.ts`): `node bench/otherLists.ts [--traces DIR]
 * [--seeds 42,43] [--lists cpu050,…] [--policies fgd,stowage,stowage-online]`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { policyName } from '../src/core/place/policies/policies.ts';
import { readOpenbNodes, readOpenbTasks } from '../src/core/replay/openb.ts';
import { replayOnThreads } from '../src/worker/threads/replays.ts';
import { madeList } from './madeLists.ts';

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
const policies = values.policies.split(',').map(policyName);

console.log(`list | policy | ${LOADS.map((load) => `${load} %`).join(' | ')} | ahead of ${policies[0]}`);
console.log('--- | --- | ---: | ---: | ---: | ---');
for (const name of values.lists.split(',')) {
  const tasks = madeList(name, given, bound).map((task, index) => ({
    ...task,
    name: `t${String(index).padStart(5, '0')}`,
  }));
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

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
