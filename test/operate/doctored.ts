import type { Cluster, TaskState } from '../../src/cluster/port.ts';
import type { Resources } from '../../src/core/model/resources.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { Task } from '../../src/core/model/task.ts';

/** The same cluster, but what is read of it is changed on the way. */
export function doctored(
  cluster: Cluster,
  change: {
    readonly snapshot?: (snapshot: Snapshot) => Snapshot;
    readonly task?: (state: TaskState) => TaskState;
  },
): Cluster {
  const other: Cluster = Object.create(cluster);
  other.nowSeconds = () => cluster.nowSeconds();
  other.readSnapshot = async (signal) => {
    const snapshot = await cluster.readSnapshot(signal);
    return change.snapshot?.(snapshot) ?? snapshot;
  };
  other.readTask = async (task, signal) => {
    const state = await cluster.readTask(task, signal);
    return state && (change.task?.(state) ?? state);
  };
  for (const name of BOUND) {
    Object.defineProperty(other, name, { value: cluster[name].bind(cluster), configurable: true });
  }
  return other;
}

const BOUND = [
  'place',
  'resize',
  'restore',
  'releaseTask',
  'suspend',
  'resume',
  'release',
  'readOwner',
  'readRecords',
  'readHistory',
] as const;

/** The snapshot with a node of which somebody new holds an amount, all that it has where none is said. */
export function filled(snapshot: Snapshot, node: string, amount?: Resources): Snapshot {
  const { allocatable } = snapshot.nodes.find(({ name }) => name === node)!;
  const like = snapshot.tasks.find((task) => task.node === node)!;
  const allocation = amount ?? allocatable;
  const filler: Task = {
    ...like,
    id: `zzz/filler-of-${node}`,
    uid: `filler-of-${node}`,
    allocation,
    desired: allocation,
    gpuCount: allocation.gpuMilli / 1000,
  };
  return { ...snapshot, tasks: [...snapshot.tasks, filler] };
}
