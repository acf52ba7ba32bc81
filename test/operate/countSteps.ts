import type { ActOptions, ActResult, Cluster } from '../../src/cluster/port.ts';
import type { Journal } from '../../src/operate/journal.ts';

/**
 * The same cluster and journal, but `after` is told after each step that lasts: an entry in the journal, a request that
 * was not a dry run. So a test stops a process between any two steps.
 */
export function countSteps(
  cluster: Cluster,
  journal: Journal,
  after: (steps: number) => void,
): { readonly cluster: Cluster; readonly journal: Journal } {
  let steps = 0;
  const step = () => after(++steps);
  return { cluster: watchedCluster(cluster, step), journal: watchedJournal(journal, step) };
}

/** The same journal, but `onStep` is told after each entry. */
export function watchedJournal(journal: Journal, onStep: () => void): Journal {
  return {
    ...(journal.writer !== undefined && { writer: journal.writer }),
    operations: () => journal.operations(),
    close: () => journal.close(),
    async append(entry) {
      await journal.append(entry);
      onStep();
    },
  };
}

/** The same cluster, but `onStep` is told after each request that was not a dry run. */
export function watchedCluster(cluster: Cluster, onStep: () => void): Cluster {
  const watched = async (request: Promise<ActResult>, { dryRun }: ActOptions) => {
    const result = await request;
    if (!dryRun) onStep();
    return result;
  };
  return {
    name: cluster.name,
    identity: cluster.identity,
    nowSeconds: () => cluster.nowSeconds(),
    readSnapshot: (signal) => cluster.readSnapshot(signal),
    readHistory: (signal) => cluster.readHistory(signal),
    readTask: (task, signal) => cluster.readTask(task, signal),
    readOwner: (owner, signal) => cluster.readOwner(owner, signal),
    readRecords: (signal) => cluster.readRecords(signal),
    watch: (onChange, signal) => cluster.watch(onChange, signal),
    ...(cluster.holdLease && { holdLease: cluster.holdLease.bind(cluster) }),
    close: () => cluster.close(),
    place: (task, to, options) => watched(cluster.place(task, to, options), options),
    resize: (task, to, record, options) => watched(cluster.resize(task, to, record, options), options),
    restore: (task, resized, options) => watched(cluster.restore(task, resized, options), options),
    releaseTask: (task, move, options) => watched(cluster.releaseTask(task, move, options), options),
    suspend: (owner, record, options) => watched(cluster.suspend(owner, record, options), options),
    resume: (owner, pin, options) => watched(cluster.resume(owner, pin, options), options),
    release: (owner, move, options) => watched(cluster.release(owner, move, options), options),
  };
}
