/**
 * How long a plan takes: `node bench/plan.ts [nodes tasks pending]`, default 5,000 nodes, 50,000 tasks, 200 pending.
 * A synthetic cluster, seeded: CPU nodes and nodes of 8 GPUs, between 40 and 90 % full; a tenth of the tasks use too little, a
 * tenth too much; pending tasks of 1 to 8 GPUs that often fit nowhere.
 */

import type { Node } from '../src/core/model/node.ts';
import { type Random, seededRandom } from '../src/core/model/random.ts';
import type { Resources } from '../src/core/model/resources.ts';
import { DEFAULT_SETTINGS } from '../src/core/model/settings.ts';
import type { Snapshot } from '../src/core/model/snapshot.ts';
import type { Task } from '../src/core/model/task.ts';
import type { Usage } from '../src/core/model/usage.ts';
import { draftPlan, finishPlan } from '../src/core/plan/makePlan.ts';
import { distributionOf } from '../src/core/predict/distribution.ts';
import type { Predictions } from '../src/core/predict/prediction.ts';
import { loadSolver } from '../src/io/highs.ts';
import { sha256 } from '../src/io/sha256.ts';

const [nodeCount = 5000, taskCount = 50_000, pendingCount = 200] = process.argv.slice(2).map(Number);
const NOW = 1_800_000_000;
const GIB = 2 ** 30;

const { snapshot, predictions } = cluster(seededRandom(1));
const solve = await loadSolver();
for (let round = 0; round < 3; round++) {
  const started = performance.now();
  const used = process.threadCpuUsage();
  const predictor = { name: 'none', tasks: 0 };
  const draft = draftPlan({
    snapshot,
    predictions,
    predictor,
    settings: DEFAULT_SETTINGS,
    since: {},
    solve,
    hash: sha256,
  });
  const drafted = performance.now();
  const plan = finishPlan(draft, sha256);
  const waiting = plan.placements.filter(({ decision }) => decision.kind === 'noNode').length;
  const { user, system } = process.threadCpuUsage(used);
  const migrated = plan.migrations.filter(({ decision }) => decision.kind === 'migrate').length;
  console.log(
    `draft ${(drafted - started).toFixed(0)} ms, id ${(performance.now() - drafted).toFixed(0)} ms, this thread’s CPU ${((user + system) / 1000).toFixed(0)} ms: ` +
      `${plan.moves.length} moves (${migrated} migrations), ${plan.resizes.length} resize advices, ${waiting} of ${pendingCount} pending stay`,
  );
}

function cluster(random: Random): { snapshot: Snapshot; predictions: Predictions } {
  const nodes = Array.from({ length: nodeCount }, (_, index) => node(index));
  const free = nodes.map(({ allocatable }) => ({ ...allocatable }));
  const held = nodes.map(() => 0.1 + 0.5 * random()); // of each node stays free
  const tasks: Task[] = [];
  const usage: Record<string, Usage> = {};
  const predictions: Record<string, Predictions[string]> = {};
  for (let index = 0; tasks.length < taskCount; index++) {
    const at = Math.floor(random() * nodeCount);
    const gpus = nodes[at]!.allocatable.gpuMilli > 0 ? 1 + Math.floor(random() * 2) : 0;
    const request = amounts(gpus > 0 ? 6 * gpus : 1 + Math.floor(random() * 6), gpus);
    const left = free[at]!;
    const fits =
      left.milliCpu - request.milliCpu >= held[at]! * nodes[at]!.allocatable.milliCpu &&
      left.gpuMilli >= request.gpuMilli;
    if (!fits && index < 20 * taskCount) continue;
    if (!fits) break;
    free[at] = amountsLeft(left, request);
    const task = aTask(`task-${tasks.length}`, request, gpus, { node: nodes[at]!.name, random });
    tasks.push(task);
    usage[task.id] = readings(
      request,
      [0.1, 0.3, 0.6, 0.7, 0.8, 0.6, 0.7, 0.8, 0.85, 0.97][Math.floor(random() * 10)]!,
    );
    predictions[task.id] = prediction(random);
  }
  for (let index = 0; index < pendingCount; index++) {
    const gpus = 2 ** Math.floor(random() * 4);
    const task = aTask(`pending-${index}`, amounts(6 * gpus, gpus), gpus, { random });
    tasks.push(task);
    predictions[task.id] = prediction(random);
  }
  tasks.sort((left, right) => (left.id < right.id ? -1 : 1));
  const rest = { usage, budgets: [], rights: {}, problems: [] };
  return { snapshot: { cluster: 'bench', takenAtSeconds: NOW, nodes, tasks, ...rest }, predictions };
}

function node(index: number): Node {
  const name = `node-${String(index).padStart(5, '0')}`;
  const gpus = index % 2 === 0 ? 8 : 0;
  const taints = gpus > 0 ? [{ key: 'nvidia.com/gpu', value: '', effect: 'NoSchedule' as const }] : [];
  const plain = { labels: {}, unschedulable: false, ready: true, maxTasks: 110 };
  return {
    name,
    uid: name,
    ...plain,
    taints,
    allocatable: { ...amounts(gpus > 0 ? 96 : 64, gpus), memoryBytes: 512 * GIB },
  };
}

function aTask(
  name: string,
  request: Resources,
  gpus: number,
  { node, random }: { node?: string; random: Random },
): Task {
  const owner = {
    kind: 'Job',
    apiVersion: 'batch/v1',
    name,
    uid: `job-${name}`,
    generation: 1,
    parallelism: 1,
    suspended: false,
  };
  const elapsed = Math.floor(random() * 20_000);
  return {
    id: `bench/${name}`,
    uid: name,
    namespace: 'bench',
    name,
    labels: {},
    owner,
    phase: node === undefined ? 'pending' : 'running',
    ...(node !== undefined && { node, startedAtSeconds: NOW - elapsed }),
    gpuCount: gpus,
    request,
    allocation: request,
    desired: request,
    qosClass: 'Burstable',
    parameters: {},
    constraints: gpus > 0 ? { tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }] } : {},
    priority: 0,
    createdAtSeconds: NOW - elapsed - 3600,
    gated: node === undefined,
    endless: false,
    infrastructure: false,
    ...(random() < 0.5 && { checkpoint: { location: 'bench', savedAtSeconds: NOW - 600 } }),
    generation: 1,
    problems: [],
  };
}

function readings(request: Resources, fraction: number): Usage {
  const mean = {
    ...request,
    milliCpu: Math.round(request.milliCpu * fraction),
    memoryBytes: Math.round(request.memoryBytes * fraction),
  };
  return { mean, peak: mean, fromSeconds: NOW - 1800, toSeconds: NOW, readings: 30, source: 'sample' };
}

function prediction(random: Random): Predictions[string] {
  const seconds = 600 * 10 ** (2.5 * random());
  return { runtime: distributionOf([seconds / 3, seconds, seconds * 3]), predictor: 'bench', basis: 'a draw' };
}

function amounts(cores: number, gpus: number): Resources {
  return { milliCpu: cores * 1000, memoryBytes: cores * 4 * GIB, gpuMilli: gpus * 1000, extended: {} };
}

function amountsLeft(left: Resources, request: Resources): Resources {
  return {
    milliCpu: left.milliCpu - request.milliCpu,
    memoryBytes: left.memoryBytes - request.memoryBytes,
    gpuMilli: left.gpuMilli - request.gpuMilli,
    extended: {},
  };
}
