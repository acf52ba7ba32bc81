import type { Node } from '../../../src/core/model/node.ts';
import { NO_RESOURCES, type Resources } from '../../../src/core/model/resources.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import type { Task } from '../../../src/core/model/task.ts';
import { distributionOf } from '../../../src/core/predict/distribution.ts';
import type { RuntimePrediction } from '../../../src/core/predict/prediction.ts';

const GIB = 2 ** 30;

/** 8 cores, 32 GiB, 110 tasks, no GPU, ready; anything else as given. */
export function node(name: string, given: Partial<Node> = {}): Node {
  return {
    name,
    uid: `uid-${name}`,
    labels: { 'kubernetes.io/hostname': name },
    taints: [],
    unschedulable: false,
    ready: true,
    allocatable: amounts({ milliCpu: 8000, memoryBytes: 32 * GIB }),
    maxTasks: 110,
    ...given,
  };
}

/** A pending task of 1 core and 1 GiB in `default`; with a node it runs since 0. `request` is also what it holds. */
export function task(name: string, given: Partial<Task> = {}): Task {
  const namespace = given.namespace ?? 'default';
  const request = given.request ?? amounts({ milliCpu: 1000, memoryBytes: GIB });
  return {
    id: `${namespace}/${name}`,
    uid: `uid-${namespace}-${name}`,
    namespace,
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
    createdAtSeconds: 0,
    ...(given.node !== undefined && { startedAtSeconds: 0 }),
    gated: false,
    endless: false,
    infrastructure: false,
    generation: 1,
    problems: [],
    ...given,
  };
}

export function amounts(given: Partial<Resources>): Resources {
  return { ...NO_RESOURCES, ...given };
}

export function snapshot(nodes: readonly Node[], tasks: readonly Task[], given: Partial<Snapshot> = {}): Snapshot {
  return {
    cluster: 'test',
    takenAtSeconds: 0,
    nodes,
    tasks,
    usage: {},
    budgets: [],
    rights: {},
    problems: [],
    ...given,
  };
}

/** A prediction that is sure: every quantile is the one runtime. */
export function sure(runtimeSeconds: number): RuntimePrediction {
  return prediction([runtimeSeconds]);
}

/** A prediction from a few past runtimes. */
export function prediction(runtimes: readonly number[]): RuntimePrediction {
  return { runtime: distributionOf(runtimes), predictor: 'test', basis: `${runtimes.length} runs` };
}
