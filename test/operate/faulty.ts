import type { ActOptions, ActResult, Cluster } from '../../src/cluster/port.ts';

/** What is asked of a cluster: which of its methods, and whether the server is only to try. */
export type Call = {
  readonly method: 'readSnapshot' | 'readHistory' | 'readTask' | 'readOwner' | 'readRecords' | Write;
  readonly dryRun?: boolean;
};

export type Write = 'place' | 'resize' | 'restore' | 'releaseTask' | 'suspend' | 'resume' | 'release';

/** What happens to a call: nothing; it is not passed on; it is done, and its answer is lost; another answer comes. */
export type Fault = undefined | { readonly before: Error } | { readonly after: Error } | { readonly answer: ActResult };

/** The same cluster, but a fault may come in the way of what is asked of it. */
export function faulty(cluster: Cluster, faultOf: (call: Call) => Fault): Cluster {
  const ask = async <T>(call: Call, work: () => Promise<T>): Promise<T> => {
    const fault = faultOf(call);
    if (fault && 'before' in fault) throw fault.before;
    if (fault && 'answer' in fault) return fault.answer as T;
    const answer = await work();
    if (fault) throw fault.after;
    return answer;
  };
  const act = (method: Write, { dryRun }: ActOptions, work: () => Promise<ActResult>) => ask({ method, dryRun }, work);
  return {
    name: cluster.name,
    identity: cluster.identity,
    nowSeconds: () => cluster.nowSeconds(),
    watch: (onChange, signal) => cluster.watch(onChange, signal),
    close: () => cluster.close(),
    readSnapshot: (signal) => ask({ method: 'readSnapshot' }, () => cluster.readSnapshot(signal)),
    readHistory: (signal) => ask({ method: 'readHistory' }, () => cluster.readHistory(signal)),
    readTask: (task, signal) => ask({ method: 'readTask' }, () => cluster.readTask(task, signal)),
    readOwner: (owner, signal) => ask({ method: 'readOwner' }, () => cluster.readOwner(owner, signal)),
    readRecords: (signal) => ask({ method: 'readRecords' }, () => cluster.readRecords(signal)),
    place: (task, to, options) => act('place', options, () => cluster.place(task, to, options)),
    resize: (task, to, record, options) => act('resize', options, () => cluster.resize(task, to, record, options)),
    restore: (task, resized, options) => act('restore', options, () => cluster.restore(task, resized, options)),
    releaseTask: (task, move, options) => act('releaseTask', options, () => cluster.releaseTask(task, move, options)),
    suspend: (owner, record, options) => act('suspend', options, () => cluster.suspend(owner, record, options)),
    resume: (owner, pin, options) => act('resume', options, () => cluster.resume(owner, pin, options)),
    release: (owner, move, options) => act('release', options, () => cluster.release(owner, move, options)),
  };
}
