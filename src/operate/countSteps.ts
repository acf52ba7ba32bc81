import type { ActOptions, ActResult, Cluster } from '../cluster/port.ts';
import type { Journal } from './journal.ts';

/**
 * The same cluster and journal, but `after` is told after each step that lasts: an entry in the journal, a request that
 * was not a dry run. For tests that stop a process between any two steps.
 */
export function countSteps(
  cluster: Cluster,
  journal: Journal,
  after: (steps: number) => void,
): { readonly cluster: Cluster; readonly journal: Journal } {
  let steps = 0;
  const counted = async (request: Promise<ActResult>, { dryRun }: ActOptions) => {
    const result = await request;
    if (!dryRun) after(++steps);
    return result;
  };
  return {
    journal: {
      operations: () => journal.operations(),
      close: () => journal.close(),
      async append(entry) {
        await journal.append(entry);
        after(++steps);
      },
    },
    cluster: {
      name: cluster.name,
      nowSeconds: () => cluster.nowSeconds(),
      readSnapshot: (signal) => cluster.readSnapshot(signal),
      readHistory: (signal) => cluster.readHistory(signal),
      readTask: (task, signal) => cluster.readTask(task, signal),
      readOwner: (owner, signal) => cluster.readOwner(owner, signal),
      readRecords: (signal) => cluster.readRecords(signal),
      watch: (onChange, signal) => cluster.watch(onChange, signal),
      close: () => cluster.close(),
      place: (task, to, options) => counted(cluster.place(task, to, options), options),
      resize: (task, to, record, options) => counted(cluster.resize(task, to, record, options), options),
      suspend: (owner, record, options) => counted(cluster.suspend(owner, record, options), options),
      resume: (owner, pin, options) => counted(cluster.resume(owner, pin, options), options),
    },
  };
}
