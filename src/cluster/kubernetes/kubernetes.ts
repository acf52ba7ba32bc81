import { errorMessage } from '../../core/model/errorMessage.ts';
import type { FinishedTask } from '../../core/model/finished.ts';
import type { OwnerRef, TaskRef } from '../../core/model/moves.ts';
import { DEFAULT_SETTINGS, type UsageWindows } from '../../core/model/settings.ts';
import type { Rights, Snapshot } from '../../core/model/snapshot.ts';
import type { Usage } from '../../core/model/usage.ts';
import type { Cluster, ObjectRecord, OwnerState, ParameterKeys, TaskState } from '../port.ts';
import { ApiError, Connection, type ConnectionOptions } from './api/connection.ts';
import { readContext } from './api/kubeconfig.ts';
import { type ApiObject, idOf, type Job, type Pod, type PodMetrics, secondsOf } from './api/objects.ts';
import { readRights } from './api/rights.ts';
import { untilAborted } from './api/untilAborted.ts';
import { finishedTasks } from './model/history.ts';
import { usageOf } from './model/metrics.ts';
import { withUsualKeys } from './model/parameters.ts';
import { isOver } from './model/pod.ts';
import { readRecord } from './model/records.ts';
import { KnownObjects, makeSnapshot } from './model/snapshot.ts';
import { UsageRecord } from './model/usage.ts';
import { ObjectCache } from './watch/cache.ts';
import { prometheusAt, prometheusHistory, prometheusUsage, type Query } from './watch/prometheus.ts';
import { readableNamespaces, readObjects, readSource } from './watch/read.ts';
import { RunRecord } from './watch/runs.ts';
import { type Source, type Sources, sourcesOf } from './watch/sources.ts';
import { Transforms } from './watch/transform.ts';
import { jobPath } from './write/jobs.ts';
import { placePod } from './write/placePod.ts';
import { podPath, podsOfJob } from './write/pods.ts';
import { resizePod } from './write/resizePod.ts';
import { resumeJob } from './write/resumeJob.ts';
import { ownerRef, ownerState, taskRef, taskState } from './write/state.ts';
import { suspendJob } from './write/suspendJob.ts';

export type KubernetesOptions = ConnectionOptions & {
  /** A kubeconfig file, or several joined by the path separator; default: `KUBECONFIG`, then `~/.kube/config`. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What to read; default: all namespaces, or the context's own where not all may be read. */
  readonly namespaces?: readonly string[] | undefined;
  /** Labels and annotations that hold a task's parameters, looked at before the usual ones. */
  readonly parameterKeys?: Partial<ParameterKeys> | undefined;
  /** Over how long readings are averaged (S306, S408), asked at each snapshot; default: the default settings'. */
  readonly windows?: (() => UsageWindows) | undefined;
  /** Where a Prometheus is: `http://HOST:PORT`, or `service:NAMESPACE/NAME:PORT` through the API server. */
  readonly prometheus?: string | undefined;
  /** Where the record of finished runs is kept across sessions; absent: none is kept. */
  readonly runsDirectory?: string | undefined;
};

/**
 * Opens a cluster of a kubeconfig. The server has answered before this resolves.
 * @throws InputError when the kubeconfig cannot be used; ClusterUnreachable when the server does not answer within 10 s or
 * does not take the credentials; the signal's reason when it is aborted
 */
export async function openKubernetesCluster(options: KubernetesOptions = {}): Promise<KubernetesCluster> {
  const connection = new Connection(readContext(options.kubeconfig, options.context), options);
  try {
    const namespaces = await readableNamespaces(connection, options.namespaces, options.signal);
    return new KubernetesCluster(connection, namespaces, options);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Between two readings of usage while the cluster is watched, so that the window fills. */
const USAGE_POLL_MILLISECONDS = 30_000;

/** How far back Prometheus is asked for finished runs; its own retention is often less. */
const HISTORY_DAYS = 30;

export type { KubernetesCluster };

class KubernetesCluster implements Cluster {
  readonly name: string;
  readonly #connection: Connection;
  readonly #namespaces: readonly string[] | undefined;
  readonly #keys: ParameterKeys;
  readonly #sources: Sources;
  readonly #usage = new UsageRecord();
  readonly #runs: RunRecord | undefined;
  readonly #prometheus: Query | undefined;
  readonly #windows: () => UsageWindows;
  readonly #known = new KnownObjects();
  readonly #listeners = new Set<() => void>();
  #usageReadAtMilliseconds = 0;
  #usageProblem: string | undefined;
  #following: { readonly cache: ObjectCache; readonly stop: AbortController } | undefined;
  #rights: { readonly rights: Rights; readonly namespaces: string; readonly readAtSeconds: number } | undefined;

  constructor(connection: Connection, namespaces: readonly string[] | undefined, options: KubernetesOptions) {
    this.name = `${connection.context.name} (${connection.context.server})`;
    this.#connection = connection;
    this.#namespaces = namespaces;
    this.#keys = withUsualKeys(options.parameterKeys);
    this.#sources = sourcesOf(new Transforms(Object.values(this.#keys).flat()));
    this.#runs = options.runsDirectory === undefined ? undefined : new RunRecord(options.runsDirectory, this.name);
    this.#prometheus = options.prometheus ? prometheusAt(options.prometheus, connection) : undefined;
    this.#windows = options.windows ?? (() => DEFAULT_SETTINGS);
  }

  nowSeconds(): number {
    return this.#connection.nowSeconds();
  }

  /** From the live copy while `watch` follows the server (its first list is waited for), else read anew. */
  async readSnapshot(signal?: AbortSignal): Promise<Snapshot> {
    const problems: string[] = [];
    const cache = this.#following?.cache;
    if (cache) await untilAborted(cache.started(), signal);
    const live = cache?.isLive ? cache : undefined;
    if (live) problems.push(...live.problems());
    const [objects] = await Promise.all([
      live?.objects() ?? readObjects(this.#connection, this.#sources, this.#namespaces, problems, signal),
      this.#readUsage(signal),
    ]);
    const rights = await this.#readRights(objects.pods, problems, signal);
    const takenAtSeconds = this.nowSeconds();
    const usage = {
      ...this.#usage.usage(takenAtSeconds, this.#windows()),
      ...(await this.#askPrometheus(objects.pods, problems, signal)),
    };
    if (this.#usageProblem) problems.push(this.#usageProblem);
    return makeSnapshot(
      objects,
      { cluster: this.name, takenAtSeconds, keys: this.#keys, usage, rights, problems },
      this.#known,
    );
  }

  /** Every source with its state, number of objects and age, while `watch` follows them; for the doctor and for tests. */
  inspect(): ReturnType<ObjectCache['report']> {
    return this.#following?.cache.report() ?? [];
  }

  async readHistory(signal?: AbortSignal): Promise<{ tasks: FinishedTask[]; problems: string[] }> {
    const problems: string[] = [];
    const read = <T extends ApiObject>(source: Source<T>) =>
      readSource(this.#connection, source, this.#namespaces, problems, signal);
    const finished = (phase: string): Source<Pod> => ({
      ...this.#sources.pods,
      what: 'finished pods',
      query: { fieldSelector: `status.phase=${phase}` },
    });
    const [succeeded, failed, jobs] = await Promise.all([
      read(finished('Succeeded')),
      read(finished('Failed')),
      read(whole(this.#sources.jobs)),
    ]);
    const index = { jobs: new Map(jobs.map((job) => [job.metadata?.uid ?? '', job])), replicaSets: new Map() };
    const history = finishedTasks([...succeeded, ...failed], jobs, index, this.#keys);
    const older = this.#prometheus && (await prometheusHistory(this.#prometheus, HISTORY_DAYS, signal));
    const found = mergeRuns(older?.tasks ?? [], history.tasks);
    const tasks = (await this.#runs?.merge(found)) ?? found;
    return { tasks, problems: [...problems, ...history.problems, ...(older?.problems ?? [])] };
  }

  watch(onChange: () => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#listeners.add(onChange);
    signal.addEventListener('abort', () => this.#leave(onChange), { once: true });
    if (this.#following) return;
    const stop = new AbortController();
    const cache = new ObjectCache(this.#connection, {
      sources: this.#sources,
      namespaces: this.#namespaces,
      onChange: () => {
        for (const listener of this.#listeners) listener();
      },
      onGone: (pod) => this.#keepRun(pod),
      signal: stop.signal,
    });
    this.#following = { cache, stop };
    const poll = setInterval(() => void this.#readUsage(stop.signal).catch(() => {}), USAGE_POLL_MILLISECONDS);
    stop.signal.addEventListener('abort', () => clearInterval(poll), { once: true });
  }

  place(...[task, to, options]: Parameters<Cluster['place']>) {
    return placePod(this.#connection, task, to, options);
  }

  resize(...[task, to, record, options]: Parameters<Cluster['resize']>) {
    return resizePod(this.#connection, task, to, record, options);
  }

  suspend(...[owner, record, options]: Parameters<Cluster['suspend']>) {
    return suspendJob(this.#connection, owner, record, options);
  }

  resume(...[owner, pin, options]: Parameters<Cluster['resume']>) {
    return resumeJob(this.#connection, owner, pin, options);
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
    const read = <T extends ApiObject>(source: Source<T>) =>
      readSource(this.#connection, source, this.#namespaces, [], signal);
    const [jobs, pods] = await Promise.all([read(this.#sources.jobs), read(this.#sources.pods)]);
    return [
      ...jobs.flatMap((job) => {
        const record = readRecord(job);
        return record ? [{ record, owner: ownerRef(job) }] : [];
      }),
      ...pods.flatMap((pod) => {
        const record = readRecord(pod);
        return record && !isOver(pod) ? [{ record, task: taskRef(pod) }] : [];
      }),
    ];
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    this.#following?.stop.abort();
    this.#following = undefined;
    await this.#connection.close();
  }

  #leave(onChange: () => void): void {
    this.#listeners.delete(onChange);
    if (this.#listeners.size > 0) return;
    this.#following?.stop.abort();
    this.#following = undefined;
  }

  /** What Prometheus says of the window is a mean over all of it, so it stands before our own few readings. */
  async #askPrometheus(
    pods: Iterable<Pod>,
    problems: string[],
    signal: AbortSignal | undefined,
  ): Promise<Record<string, Usage>> {
    if (!this.#prometheus) return {};
    const starts = new Map<string, number>();
    for (const pod of pods) starts.set(idOf(pod), secondsOf(pod.status?.startTime) ?? 0);
    try {
      const usage = await prometheusUsage(this.#prometheus, this.#windows(), this.nowSeconds(), starts, signal);
      return Object.fromEntries(usage);
    } catch (error) {
      signal?.throwIfAborted();
      const said = errorMessage(error).slice(0, 300);
      problems.push(`Prometheus cannot be asked, so usage comes from elsewhere: ${said}. Check its address.`);
      return {};
    }
  }

  /** A pod that has left the live copy has finished, or was deleted: if it was a run, it is kept. */
  #keepRun(pod: Pod): void {
    if (!this.#runs || !isOver(pod)) return;
    const jobs = new Map<string, Job>();
    for (const job of this.#following?.cache.objects().jobs ?? []) jobs.set(job.metadata?.uid ?? '', job);
    const { tasks } = finishedTasks([pod], [], { jobs, replicaSets: new Map() }, this.#keys);
    void this.#runs.merge(tasks);
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

  /** Reads metrics.k8s.io into our record, at most every 10 s: it says something new only every 15 s or so. */
  async #readUsage(signal: AbortSignal | undefined): Promise<void> {
    if (Date.now() - this.#usageReadAtMilliseconds < 10_000) return;
    this.#usageReadAtMilliseconds = Date.now();
    const readings = new Map<string, Usage>();
    const problems: string[] = [];
    const source: Source<PodMetrics> = {
      what: 'usage of pods',
      group: '/apis/metrics.k8s.io/v1beta1',
      resource: 'pods',
      namespaced: true,
      absent:
        'This cluster has no metrics.k8s.io, so usage is not known and nothing is resized. Install metrics-server.',
      transform: (metrics) => {
        const reading = usageOf(metrics);
        if (reading) readings.set(reading.id, reading.usage);
        return {};
      },
    };
    try {
      await readSource(this.#connection, source, this.#namespaces, problems, signal);
    } catch (error) {
      this.#usageReadAtMilliseconds = 0;
      if (!(error instanceof ApiError)) throw error;
      const said = error.message.slice(0, 200);
      problems.push(
        `metrics.k8s.io does not answer (${error.status} ${said}), so there is no usage. Is metrics-server well?`,
      );
    }
    this.#usageProblem = problems[0];
    this.#usage.add(readings);
  }

  /** Asked anew every minute: rights change seldom, snapshots are taken often. */
  async #readRights(pods: Iterable<Pod>, problems: string[], signal: AbortSignal | undefined): Promise<Rights> {
    const present = new Set<string>();
    for (const pod of pods) present.add(pod.metadata?.namespace ?? '');
    const namespaces = [...present].sort();
    const key = namespaces.join(' ');
    const now = this.nowSeconds();
    if (this.#rights?.namespaces === key && now - this.#rights.readAtSeconds < 60) return this.#rights.rights;
    try {
      const rights = await readRights(this.#connection, namespaces, signal);
      this.#rights = { rights, namespaces: key, readAtSeconds: now };
      return rights;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problems.push(`It is not known what may be done here: ${error.message}`);
      return {};
    }
  }
}

/** The source with its objects as the server sends them. */
function whole<T extends ApiObject>({ fields: _, ...source }: Source<T>): Source<T> {
  return { ...source, transform: (object) => object };
}

/** Both lists by their end, each run once; where both know it, the API's word, which knows more of it. */
function mergeRuns(older: readonly FinishedTask[], newer: readonly FinishedTask[]): FinishedTask[] {
  const known = new Set(newer.map(({ id }) => id));
  const all = [...older.filter(({ id }) => !known.has(id)), ...newer];
  return all.sort((a, b) => a.endedAtSeconds - b.endedAtSeconds);
}
