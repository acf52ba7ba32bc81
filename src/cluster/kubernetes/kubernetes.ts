import type { FinishedTask } from '../../core/model/finished.ts';
import type { OwnerRef, TaskRef } from '../../core/model/moves.ts';
import type { Rights, Snapshot } from '../../core/model/snapshot.ts';
import type { Usage } from '../../core/model/usage.ts';
import type { Cluster, OwnerState, StandingRecord, TaskState } from '../cluster.ts';
import { isFinished, jobPath, placePod, podPath, podsOfJob, resizePod, resumeJob, suspendJob } from './acts.ts';
import { ApiError, Connection, type ConnectionOptions } from './connection.ts';
import { finishedTasks } from './history.ts';
import { readContext } from './kubeconfig.ts';
import { usageOf } from './metrics.ts';
import {
  type ApiNode,
  type ApiObject,
  type Budget,
  controllerOf,
  idOf,
  type Job,
  type NodeClaim,
  type OwnerReference,
  type Pod,
  type PodMetrics,
  type Volume,
  type VolumeClaim,
} from './objects.ts';
import { DEFAULT_PARAMETER_KEYS, type ParameterKeys } from './parameters.ts';
import { isOver, resizeStateOf } from './pod.ts';
import { parseQuantity } from './quantity.ts';
import { readRecord } from './records.ts';
import { podRequests, toResources } from './requests.ts';
import { readRights } from './rights.ts';
import { makeSnapshot } from './snapshot.ts';

export type KubernetesOptions = ConnectionOptions & {
  /** A kubeconfig file, or several joined by the path separator; default: `KUBECONFIG`, then `~/.kube/config`. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Labels and annotations that hold a task's parameters. */
  readonly parameterKeys?: ParameterKeys;
};

/**
 * Opens a cluster of a kubeconfig. The server has answered once before this resolves.
 * @throws InputError when the kubeconfig cannot be used; ClusterUnreachable when the server does not answer within 10 s or
 * does not take the credentials; the signal's reason when it is aborted
 */
export async function openKubernetesCluster(options: KubernetesOptions = {}): Promise<Cluster> {
  const connection = new Connection(readContext(options.kubeconfig, options.context), options);
  try {
    await connection.send('/version', { signal: options.signal });
  } catch (error) {
    if (!(error instanceof ApiError)) {
      await connection.close();
      throw error;
    } // 403: the server is there, and hides its version
  }
  return new KubernetesCluster(connection, options.parameterKeys ?? DEFAULT_PARAMETER_KEYS);
}

class KubernetesCluster implements Cluster {
  readonly name: string;
  readonly #connection: Connection;
  readonly #keys: ParameterKeys;

  constructor(connection: Connection, keys: ParameterKeys) {
    this.name = `${connection.context.name} (${connection.context.server})`;
    this.#connection = connection;
    this.#keys = keys;
  }

  nowSeconds(): number {
    return this.#connection.nowSeconds();
  }

  async readSnapshot(signal?: AbortSignal): Promise<Snapshot> {
    const problems: string[] = [];
    const read = <T extends ApiObject>(what: string, path: string, query?: Record<string, string>) =>
      this.#readAll<T>(what, path, problems, query, signal);
    const [nodes, pods, jobs, replicaSets, budgets, nodeClaims, usage] = await Promise.all([
      read<ApiNode>('nodes', '/api/v1/nodes'),
      read<Pod>('pods', '/api/v1/pods', { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' }),
      read<Job>('Jobs', '/apis/batch/v1/jobs'),
      read<ApiObject>('ReplicaSets', '/apis/apps/v1/replicasets'),
      read<Budget>('disruption budgets', '/apis/policy/v1/poddisruptionbudgets'),
      read<NodeClaim>('Karpenter node claims', '/apis/karpenter.sh/v1/nodeclaims'),
      this.#readUsage(problems, signal),
    ]);
    const claimed = pods.some((pod) =>
      pod.spec?.volumes?.some((volume) => volume.persistentVolumeClaim || volume.ephemeral),
    );
    const [claims, volumes] = claimed
      ? await Promise.all([
          read<VolumeClaim>('volume claims', '/api/v1/persistentvolumeclaims'),
          read<Volume>('volumes', '/api/v1/persistentvolumes'),
        ])
      : [[], []];
    const rights = await this.#readRights(pods, problems, signal);
    return makeSnapshot(
      { nodes, pods, jobs, replicaSets: controllersOf(replicaSets), budgets, claims, volumes, nodeClaims },
      { cluster: this.name, takenAtSeconds: this.nowSeconds(), keys: this.#keys, usage, rights, problems },
    );
  }

  async readHistory(signal?: AbortSignal): Promise<{ tasks: FinishedTask[]; problems: string[] }> {
    const problems: string[] = [];
    const ofPhase = (phase: string) =>
      this.#readAll<Pod>('finished pods', '/api/v1/pods', problems, { fieldSelector: `status.phase=${phase}` }, signal);
    const [succeeded, failed, jobs] = await Promise.all([
      ofPhase('Succeeded'),
      ofPhase('Failed'),
      this.#readAll<Job>('Jobs', '/apis/batch/v1/jobs', problems, {}, signal),
    ]);
    const index = {
      jobs: new Map(jobs.map((job) => [job.metadata?.uid ?? '', job])),
      replicaSets: new Map<string, OwnerReference>(),
    };
    const history = finishedTasks([...succeeded, ...failed], jobs, index, this.#keys);
    return { tasks: history.tasks, problems: [...problems, ...history.problems] };
  }

  watch(_onChange: () => void, _signal: AbortSignal): void {}

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

  async readRecords(signal?: AbortSignal): Promise<readonly StandingRecord[]> {
    const problems: string[] = [];
    const [jobs, pods] = await Promise.all([
      this.#readAll<Job>('Jobs', '/apis/batch/v1/jobs', problems, {}, signal),
      this.#readAll<Pod>('pods', '/api/v1/pods', problems, {}, signal),
    ]);
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

  close(): Promise<void> {
    return this.#connection.close();
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

  /** All objects of a kind; what may not be read or does not exist here becomes a problem or nothing. */
  async #readAll<T extends ApiObject>(
    what: string,
    path: string,
    problems: string[],
    query: Record<string, string> | undefined,
    signal: AbortSignal | undefined,
  ): Promise<T[]> {
    const items: T[] = [];
    try {
      await this.#connection.list<T>(path, (page) => items.push(...page), {
        ...(query ? { query } : {}),
        signal,
        onRestart: () => {
          items.length = 0;
        },
      });
      return items;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 403) problems.push(`The ${what} cannot be read: ${error.message}`);
      else if (error.status !== 404) throw error;
      return items;
    }
  }

  async #readUsage(problems: string[], signal: AbortSignal | undefined): Promise<Record<string, Usage>> {
    const usage: Record<string, Usage> = {};
    try {
      const metrics = await this.#readAll<PodMetrics>(
        'usage',
        '/apis/metrics.k8s.io/v1beta1/pods',
        problems,
        {},
        signal,
      );
      for (const reading of metrics) {
        const found = usageOf(reading);
        if (found) usage[found.id] = found.usage;
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problems.push(
        `metrics.k8s.io does not answer (${error.status} ${error.message.slice(0, 200)}); there is no usage.`,
      );
    }
    return usage;
  }

  async #readRights(pods: readonly Pod[], problems: string[], signal: AbortSignal | undefined): Promise<Rights> {
    const namespaces = [...new Set(pods.map((pod) => pod.metadata?.namespace ?? ''))].sort();
    try {
      return await readRights(this.#connection, namespaces, signal);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problems.push(`It is not known what may be done here: ${error.message}`);
      return {};
    }
  }
}

function controllersOf(replicaSets: readonly ApiObject[]): Map<string, OwnerReference> {
  const controllers = new Map<string, OwnerReference>();
  for (const set of replicaSets) {
    const controller = controllerOf(set);
    if (controller) controllers.set(set.metadata?.uid ?? '', controller);
  }
  return controllers;
}

function taskRef(pod: Pod): TaskRef {
  const { uid = '', generation = 0 } = pod.metadata ?? {};
  const node = pod.spec?.nodeName;
  return node ? { id: idOf(pod), uid, generation, node } : { id: idOf(pod), uid, generation };
}

function ownerRef(job: Job): OwnerRef {
  const { namespace = '', name = '', uid = '', generation = 0 } = job.metadata ?? {};
  return { kind: 'Job', namespace, name, uid, generation };
}

/**
 * A pod's state for whoever follows a resize. A resize is done when the kubelet has seen this generation, has no resize
 * condition left and has allocated what the spec asks for; only then does `actual` equal `desired` (upstream's own rule).
 */
function taskState(pod: Pod): TaskState {
  const { metadata = {}, spec = {}, status = {} } = pod;
  const desired = toResources(podRequests(pod, 'spec')).resources;
  const state = resizeStateOf(pod);
  const settled = !spec.nodeName || isOver(pod) || (!state && isActuated(pod));
  const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled');
  const message = state?.message || (scheduled?.status === 'False' ? scheduled.message : undefined);
  return {
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    phase: phaseOf(pod),
    ...(spec.nodeName ? { node: spec.nodeName } : {}),
    desired,
    actual: settled ? desired : toResources(podRequests(asActuated(pod), 'spec')).resources,
    resize: state?.kind ?? (settled ? 'none' : 'inProgress'),
    ...(message ? { message } : {}),
  };
}

function phaseOf(pod: Pod): TaskState['phase'] {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded') return 'succeeded';
  if (phase === 'Failed') return 'failed';
  if (pod.metadata?.deletionTimestamp) return 'ending';
  return phase === 'Running' ? 'running' : 'pending';
}

function isActuated(pod: Pod): boolean {
  const { observedGeneration } = pod.status ?? {};
  if (observedGeneration !== undefined && observedGeneration < (pod.metadata?.generation ?? 0)) return false;
  if (pod.status?.phase !== 'Running') return true;
  const statuses = new Map((pod.status.containerStatuses ?? []).map((status) => [status.name, status]));
  return (pod.spec?.containers ?? []).every((container) => {
    const allocated = statuses.get(container.name)?.allocatedResources;
    return (
      allocated === undefined ||
      (['cpu', 'memory'] as const).every((name) => {
        const wanted = container.resources?.requests?.[name];
        return wanted === undefined || parseQuantity(allocated[name]) === parseQuantity(wanted);
      })
    );
  });
}

/** The pod as if its spec said what its containers have really been given. */
function asActuated(pod: Pod): Pod {
  const statuses = new Map((pod.status?.containerStatuses ?? []).map((status) => [status.name, status]));
  const containers = (pod.spec?.containers ?? []).map((container) => {
    const resources = statuses.get(container.name)?.resources;
    return resources
      ? {
          ...container,
          resources: { ...container.resources, requests: { ...container.resources?.requests, ...resources.requests } },
        }
      : container;
  });
  return { ...pod, spec: { ...pod.spec, containers } };
}

function ownerState(job: Job, pods: readonly Pod[]): OwnerState {
  const living = pods.filter((pod) => !isOver(pod));
  const ending = living.filter((pod) => pod.metadata?.deletionTimestamp).length;
  const record = readRecord(job);
  return {
    uid: job.metadata?.uid ?? '',
    generation: job.metadata?.generation ?? 0,
    suspended: job.spec?.suspend ?? false,
    active: Math.max(job.status?.active ?? 0, living.length - ending),
    terminating: Math.max(job.status?.terminating ?? 0, ending),
    finished: isFinished(job),
    ...(record ? { record } : {}),
    tasks: pods.map((pod) => ({
      id: idOf(pod),
      uid: pod.metadata?.uid ?? '',
      phase: phaseOf(pod),
      ...(pod.spec?.nodeName ? { node: pod.spec.nodeName } : {}),
    })),
  };
}
