import type { FinishedTask } from '../src/core/model/finished.ts';
import type { Node } from '../src/core/model/node.ts';
import { type Random, randomIndex, seededRandom } from '../src/core/model/random.ts';
import { NO_RESOURCES, type Resources } from '../src/core/model/resources.ts';
import type { Snapshot } from '../src/core/model/snapshot.ts';
import type { Task } from '../src/core/model/task.ts';
import { distributionOf } from '../src/core/predict/distribution.ts';
import type { Predictions } from '../src/core/predict/prediction.ts';

const GIB = 2 ** 30;
const DAY = 86400;
const NOW = 8 * DAY;

/**
 * A cluster to time things on, the same for the same sizes: every second node with 8 GPUs, 64 cores and 256 GiB each;
 * 60 shapes of tasks that have run for up to 20 h; as many pending tasks as 1 in 250; two days of history.
 */
export function madeUpCluster(nodeCount: number, taskCount: number) {
  const random = seededRandom(1);
  const shapes = Array.from({ length: 40 }, () => shape(random, 0));
  const gpuShapes = [1000, 1000, 2000, 500, 300].flatMap((gpu) => Array.from({ length: 4 }, () => shape(random, gpu)));
  const nodes = Array.from({ length: nodeCount }, (_, index) => madeUpNode(index));
  const tasks: Task[] = [];
  for (let index = 0; index < taskCount; index++) {
    const node = nodes[index % nodeCount]!;
    const request = pick(random, index % 2 === 1 && random() < 0.5 ? gpuShapes : shapes);
    tasks.push(madeUpTask(`t${index}`, request, { node: node.name, startedAtSeconds: NOW - random() * 20 * 3600 }));
  }
  for (let index = 0; index < taskCount / 250; index++)
    tasks.push(madeUpTask(`p${index}`, pick(random, gpuShapes), {}));
  const predictions: Predictions = Object.fromEntries(
    tasks.map(({ id }) => {
      const runtime = distributionOf([1e3, 1e4, 1e5, 1e5].map((most) => random() * most));
      return [id, { runtime, predictor: 'made up', basis: '4 runs' }];
    }),
  );
  const history: FinishedTask[] = Array.from({ length: 2 * taskCount }, (_, index) => {
    const submitted = NOW - 2 * DAY * random();
    return {
      id: `h${index}`,
      parameters: {},
      request: pick(random, random() < 0.3 ? gpuShapes : shapes),
      size: 1,
      submittedAtSeconds: submitted,
      startedAtSeconds: submitted,
      endedAtSeconds: Math.min(NOW, submitted + random() * 8 * 3600),
      outcome: 'succeeded',
    };
  });
  const snapshot: Snapshot = {
    cluster: 'made up',
    takenAtSeconds: NOW,
    nodes,
    tasks,
    usage: {},
    budgets: [],
    rights: {},
    problems: [],
  };
  return { snapshot, predictions, history };
}

function madeUpNode(index: number): Node {
  const name = `n${String(index).padStart(5, '0')}`;
  return {
    name,
    uid: name,
    labels: { 'kubernetes.io/hostname': name, zone: `z${index % 3}` },
    taints: [],
    unschedulable: false,
    ready: true,
    allocatable: { ...NO_RESOURCES, milliCpu: 64_000, memoryBytes: 256 * GIB, gpuMilli: index % 2 === 1 ? 8000 : 0 },
    maxTasks: 110,
  };
}

function madeUpTask(name: string, request: Resources, given: Partial<Task>): Task {
  return {
    id: `default/${name}`,
    uid: name,
    namespace: 'default',
    name,
    labels: {},
    phase: given.node === undefined ? 'pending' : 'running',
    gpuCount: Math.ceil(request.gpuMilli / 1000),
    request,
    allocation: request,
    desired: request,
    qosClass: 'Burstable',
    parameters: {},
    constraints: {},
    priority: 0,
    createdAtSeconds: NOW - DAY,
    gated: false,
    endless: false,
    infrastructure: false,
    generation: 1,
    problems: [],
    ...given,
  };
}

function shape(random: Random, gpuMilli: number): Resources {
  const milliCpu = 1000 * (1 + randomIndex(random, 6));
  return { ...NO_RESOURCES, milliCpu, memoryBytes: GIB * (1 + randomIndex(random, 20)), gpuMilli };
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[randomIndex(random, values.length)]!;
}
