import type { Node } from '../../src/core/model/node.ts';
import { NO_RESOURCES, type Resources } from '../../src/core/model/resources.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { Task } from '../../src/core/model/task.ts';
import type { Usage } from '../../src/core/model/usage.ts';
import { distributionOf } from '../../src/core/predict/distribution.ts';
import type { Predictions } from '../../src/core/predict/prediction.ts';

/** Small hand-made snapshots: what a test does not say is plain and harmless. */

export const NOW = 1_000_000;
export const GIB = 2 ** 30;
export const HOUR = 3600;

/** Amounts in cores, GiB and whole GPUs. */
export function amounts(cores: number, gib = 0, gpus = 0): Resources {
  return { ...NO_RESOURCES, milliCpu: cores * 1000, memoryBytes: gib * GIB, gpuMilli: gpus * 1000 };
}

export function aNode(name: string, allocatable: Resources, more: Partial<Node> = {}): Node {
  const plain = { labels: {}, taints: [], unschedulable: false, ready: true, maxTasks: 110 };
  return { name, uid: `node-${name}`, ...plain, allocatable, ...more };
}

/** A running Job's task, an hour old, on `node`; pending and gated where `node` is undefined. */
export function aTask(name: string, node: string | undefined, request: Resources, more: Partial<Task> = {}): Task {
  const owner = {
    kind: 'Job',
    apiVersion: 'batch/v1',
    name,
    uid: `job-${name}`,
    generation: 1,
    parallelism: 1,
    suspended: false,
  };
  const where = node === undefined ? {} : { node, startedAtSeconds: NOW - HOUR };
  return {
    id: `default/${name}`,
    uid: `uid-${name}`,
    namespace: 'default',
    name,
    labels: {},
    owner,
    phase: node === undefined ? 'pending' : 'running',
    ...where,
    gpuCount: Math.ceil(request.gpuMilli / 1000),
    request,
    allocation: request,
    desired: request,
    qosClass: 'Burstable',
    parameters: {},
    constraints: {},
    priority: 0,
    createdAtSeconds: NOW - 2 * HOUR,
    gated: node === undefined,
    endless: false,
    infrastructure: false,
    generation: 1,
    problems: [],
    ...more,
  };
}

export function aSnapshot(nodes: readonly Node[], tasks: readonly Task[], more: Partial<Snapshot> = {}): Snapshot {
  const plain = { usage: {}, budgets: [], rights: {}, problems: [] };
  return { cluster: 'test', takenAtSeconds: NOW, nodes, tasks, ...plain, ...more };
}

/** Readings over the last half hour; the peak equals the mean where it is not given. */
export function used(mean: Resources, peak: Resources = mean, readings = 30): Usage {
  return { mean, peak, fromSeconds: NOW - HOUR / 2, toSeconds: NOW, readings, source: 'sample' };
}

/** The same snapshot with every running task's usage known: 70 % of what it holds, which no resize is for. */
export function measured(snapshot: Snapshot): Snapshot {
  const seventy = (held: Resources) => ({
    ...held,
    milliCpu: 0.7 * held.milliCpu,
    memoryBytes: 0.7 * held.memoryBytes,
    gpuMilli: 0.7 * held.gpuMilli,
  });
  const running = snapshot.tasks.filter(({ phase }) => phase === 'running');
  const usage = Object.fromEntries(running.map(({ id, allocation }) => [id, used(seventy(allocation))]));
  return { ...snapshot, usage: { ...usage, ...snapshot.usage } };
}

/** Predictions of certain runtimes, in seconds from the task's start, by task id. */
export function certain(runtimes: Readonly<Record<string, number>>): Predictions {
  return Object.fromEntries(
    Object.entries(runtimes).map(([id, seconds]) => [
      id,
      { runtime: distributionOf([seconds]), predictor: 'certain', basis: 'a test' },
    ]),
  );
}
