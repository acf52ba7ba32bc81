import type { Cluster, TaskState } from '../../src/cluster/port.ts';
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
  for (const name of ['place', 'resize', 'suspend', 'resume', 'readOwner', 'readRecords', 'readHistory'] as const) {
    Object.defineProperty(other, name, { value: cluster[name].bind(cluster), configurable: true });
  }
  return other;
}

/** The snapshot with a node whose capacity is all taken by somebody new. */
export function filled(snapshot: Snapshot, node: string): Snapshot {
  const { allocatable } = snapshot.nodes.find(({ name }) => name === node)!;
  const like = snapshot.tasks.find((task) => task.node === node)!;
  const all: Task = {
    ...like,
    id: `zzz/filler-of-${node}`,
    uid: `filler-of-${node}`,
    allocation: allocatable,
    desired: allocatable,
    gpuCount: allocatable.gpuMilli / 1000,
  };
  return { ...snapshot, tasks: [...snapshot.tasks, all] };
}
