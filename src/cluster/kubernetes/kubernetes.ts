import type { ClusterIdentity } from '../../core/model/clusterIdentity.ts';
import type { OwnerRef, TaskRef } from '../../core/model/moves.ts';
import type { Problem } from '../../core/model/problem.ts';
import { DEFAULT_SETTINGS, type UsageWindows } from '../../core/model/settings.ts';
import type { Snapshot } from '../../core/model/snapshot.ts';
import { ApiError } from '../errors.ts';
import type {
  Cluster,
  ObjectRecord,
  OwnerState,
  ParameterKeys,
  PastRead,
  TaskState,
  Traces,
  TracesRead,
} from '../port.ts';
import { Connection, type ConnectionOptions } from './api/connection.ts';
import { readIdentity } from './api/identity.ts';
import { readContext } from './api/kubeconfig.ts';
import type { ApiObject, Job, Pod } from './api/objects.ts';
import { RightsReader } from './api/rights.ts';
import { untilAborted } from './api/untilAborted.ts';
import { withUsualKeys } from './model/parameters.ts';
import { recordsOn } from './model/records.ts';
import { KnownObjects, makeSnapshot } from './model/snapshot.ts';
import { ObjectCache } from './watch/cache.ts';
import { HistoryReader } from './watch/history.ts';
import { prometheusAt } from './watch/prometheus.ts';
import { readableNamespaces, readObjects, readSource } from './watch/read.ts';
import { RunRecord } from './watch/runs.ts';
import { type Scope, type Source, type Sources, sourcesOf } from './watch/sources.ts';
import { Transforms } from './watch/transform.ts';
import { UsageReader } from './watch/usage.ts';
import { jobPath } from './write/jobs.ts';
import { holdLeases } from './write/lease.ts';
import { placePod } from './write/placePod.ts';
import { podPath, podsOfJob } from './write/pods.ts';
import { releaseJob } from './write/releaseJob.ts';
import { releasePod, resizePod, restorePod } from './write/resizePod.ts';
import { resumeJob } from './write/resumeJob.ts';
import { ownerState, taskState } from './write/state.ts';
import { suspendJob } from './write/suspendJob.ts';
import { eraseTraces, tracesOnJob, tracesOnPod } from './write/traces.ts';

export type KubernetesOptions = ConnectionOptions & {
  /** A kubeconfig file, or several joined by the path separator; default: `KUBECONFIG`, then `~/.kube/config`. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What to read; default: all namespaces, or the context's own where not all may be read. */
  readonly namespaces?: readonly string[] | undefined;
  /** Labels and annotations that hold a task's parameters, read before the usual ones. */
  readonly parameterKeys?: Partial<ParameterKeys> | undefined;
  /** Over how long readings are averaged (S306, S408), asked at each snapshot; default: the default settings'. */
  readonly windows?: (() => UsageWindows) | undefined;
  /** Where a Prometheus is: `http://HOST:PORT`, or `service:NAMESPACE/NAME:PORT` through the API server. */
  readonly prometheus?: string | undefined;
  /** Where finished runs and usage are kept across sessions; absent: neither is kept. */
  readonly runsDirectory?: string | undefined;
};

/**
 * Opens a cluster of a kubeconfig. The server has answered before this resolves.
 * @throws InputError when the kubeconfig cannot be used; ClusterUnreachable when the server does not answer within 10 s
 * or does not take the credentials; the signal's reason when it is aborted
 */
export async function openKubernetesCluster(options: KubernetesOptions = {}): Promise<KubernetesCluster> {
  const connection = new Connection(readContext(options.kubeconfig, options.context), options);
  try {
    const [namespaces, identity] = await Promise.all([
      readableNamespaces(connection, options.namespaces, options.signal),
      readIdentity(connection, options.signal),
    ]);
    return new KubernetesCluster(connection, identity, namespaces, options);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Between two readings of usage while the cluster is watched, so that the window fills. */
const USAGE_POLL_MILLISECONDS = 30_000;

export type { KubernetesCluster };

class KubernetesCluster implements Cluster, Traces {
  readonly name: string;
  readonly identity: ClusterIdentity;
  readonly #connection: Connection;
  readonly #scope: Scope;
  readonly #keys: ParameterKeys;
  readonly #sources: Sources;
  readonly #usage: UsageReader;
  readonly #rights: RightsReader;
  readonly #history: HistoryReader;
  readonly #known = new KnownObjects();
  readonly #listeners = new Set<() => void>();
  #following: { readonly cache: ObjectCache; readonly stop: AbortController } | undefined;

  constructor(
    connection: Connection,
    identity: ClusterIdentity,
    namespaces: readonly string[] | undefined,
    options: KubernetesOptions,
  ) {
    const { parameterKeys, windows = () => DEFAULT_SETTINGS, runsDirectory } = options;
    this.name = `${connection.context.name} (${connection.context.server})`;
    this.identity = identity;
    this.#connection = connection;
    this.#scope = { connection, namespaces };
    this.#keys = withUsualKeys(parameterKeys);
    this.#sources = sourcesOf(new Transforms(Object.values(this.#keys).flat()));
    const prometheus = options.prometheus ? prometheusAt(options.prometheus, connection) : undefined;
    const runs = runsDirectory === undefined ? undefined : new RunRecord(runsDirectory, this.name);
    const keep = runsDirectory === undefined ? undefined : { directory: runsDirectory, cluster: identity };
    this.#usage = new UsageReader(this.#scope, prometheus, windows, keep);
    this.#rights = new RightsReader(connection);
    this.#history = new HistoryReader(this.#scope, { sources: this.#sources, keys: this.#keys, prometheus, runs });
  }

  nowSeconds(): number {
    return this.#connection.nowSeconds();
  }

  /** From the live copy while `watch` follows the server (its first list is awaited), else read from the server. */
  async readSnapshot(signal?: AbortSignal): Promise<Snapshot> {
    const problems: Problem[] = [];
    const cache = this.#following?.cache;
    if (cache) await untilAborted(cache.started(), signal);
    const live = cache?.isLive ? cache : undefined;
    if (live) problems.push(...live.problems());
    const [objects] = await Promise.all([
      live?.objects() ?? readObjects(this.#scope, this.#sources, problems, signal),
      this.#usage.poll(signal),
    ]);
    const rights = await this.#rights.read(objects.pods, problems, signal);
    const takenAtSeconds = this.nowSeconds();
    const usage = await this.#usage.usage(objects.pods, takenAtSeconds, problems, signal);
    const about = { cluster: this.name, takenAtSeconds, keys: this.#keys, usage, rights, problems };
    const snapshot = makeSnapshot(objects, about, this.#known);
    await this.#usage.observe(snapshot.tasks, takenAtSeconds);
    return snapshot;
  }

  readHistory(signal?: AbortSignal): Promise<PastRead> {
    return this.#history.read(signal);
  }

  watch(onChange: () => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#listeners.add(onChange);
    signal.addEventListener('abort', () => this.#leave(onChange), { once: true });
    this.#following ??= this.#follow();
  }

  /** Every source with its state, number of objects and age, while `watch` follows them. */
  inspect(): ReturnType<ObjectCache['report']> {
    return this.#following?.cache.report() ?? [];
  }

  place(...[task, to, options]: Parameters<Cluster['place']>) {
    return placePod(this.#connection, task, to, options);
  }

  resize(...[task, to, record, options]: Parameters<Cluster['resize']>) {
    return resizePod(this.#connection, task, to, record, options);
  }

  restore(...[task, resized, options]: Parameters<Cluster['restore']>) {
    return restorePod(this.#connection, task, resized, options);
  }

  releaseTask(...[task, move, options]: Parameters<Cluster['releaseTask']>) {
    return releasePod(this.#connection, task, move, options);
  }

  suspend(...[owner, record, options]: Parameters<Cluster['suspend']>) {
    return suspendJob(this.#connection, owner, record, options);
  }

  resume(...[owner, pin, options]: Parameters<Cluster['resume']>) {
    return resumeJob(this.#connection, owner, pin, options);
  }

  release(...[owner, move, options]: Parameters<Cluster['release']>) {
    return releaseJob(this.#connection, owner, move, options);
  }

  async readTask(task: TaskRef, signal?: AbortSignal): Promise<TaskState | undefined> {
    const pod = await this.#get<Pod>(podPath(task.id), task.uid, signal);
    return pod && taskState(pod);
  }

  async readOwner(owner: OwnerRef, signal?: AbortSignal): Promise<OwnerState | undefined> {
    if (owner.kind !== 'Job') return undefined;
    const job = await this.#get<Job>(jobPath(owner), owner.uid, signal);
    return job && ownerState(job, await podsOfJob(this.#connection, owner, signal));
  }

  /** Read from the server, never from the live copy: what another machine has begun decides what we may do. */
  async readRecords(signal?: AbortSignal): Promise<readonly ObjectRecord[]> {
    const { jobs, pods } = this.#sources;
    return recordsOn(
      ...(await Promise.all([readSource(this.#scope, jobs, [], signal), readSource(this.#scope, pods, [], signal)])),
    );
  }

  /** Whole objects from the server, those of finished tasks, too: the live copy leaves out what a plan does not need. */
  async readTraces(signal?: AbortSignal): Promise<TracesRead> {
    const problems: Problem[] = [];
    const [jobs, pods] = await Promise.all([
      readSource(this.#scope, whole(this.#sources.jobs), problems, signal),
      readSource(this.#scope, whole(this.#sources.pods), problems, signal),
    ]);
    return { objects: [...jobs.flatMap(tracesOnJob), ...pods.flatMap(tracesOnPod)], problems };
  }

  eraseTraces(...[object, options]: Parameters<Traces['eraseTraces']>) {
    return eraseTraces(this.#connection, object, options);
  }

  holdLease(...[namespaces, writer, signal]: Parameters<NonNullable<Cluster['holdLease']>>) {
    return holdLeases(this.#connection, namespaces, writer, signal);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    this.#unfollow();
    await this.#usage.close();
    await this.#connection.close();
  }

  #follow(): { cache: ObjectCache; stop: AbortController } {
    const stop = new AbortController();
    const cache = new ObjectCache(this.#scope, {
      sources: this.#sources,
      onChange: () => {
        for (const listener of this.#listeners) listener();
      },
      onGone: (pod) => this.#history.keep(pod, () => cache.objects().jobs),
      signal: stop.signal,
    });
    const poll = setInterval(() => void this.#usage.poll(stop.signal).catch(() => {}), USAGE_POLL_MILLISECONDS);
    stop.signal.addEventListener('abort', () => clearInterval(poll), { once: true });
    return { cache, stop };
  }

  #unfollow(): void {
    this.#following?.stop.abort();
    this.#following = undefined;
  }

  #leave(onChange: () => void): void {
    this.#listeners.delete(onChange);
    if (this.#listeners.size === 0) this.#unfollow();
  }

  async #get<T extends ApiObject>(path: string, uid: string, signal?: AbortSignal): Promise<T | undefined> {
    try {
      const object = await this.#connection.send<T>(path, { signal });
      return object.metadata?.uid === uid ? object : undefined;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }
}

/** A source with all of its objects, and all of each. */
function whole<T extends ApiObject>({ query: _, fields: __, ...source }: Source<T>): Source<T> {
  return { ...source, transform: (object) => object };
}
