import type { ApiNode, Condition, Job, Pod, SelectorTerm } from '../../../src/cluster/kubernetes/api/objects.ts';
import { podRequests, toResources } from '../../../src/cluster/kubernetes/model/requests.ts';
import { jobsOf, NAMESPACE, nodesOf, pathOf, podsOf, podsOfJob, removed, type World, written } from './world.ts';

/**
 * What Kubernetes does by itself. One turn of all of it: what was asked for before a turn is done in it, so that every
 * state in between is there to be met: a pod that stops, one that is bound and does not run yet, a resize not granted.
 */
export function turned(world: World): World {
  return [collectLostPods, runKubelets, makePods, schedule].reduce((state, controller) => controller(state), world);
}

/** Turns until nothing changes any more. */
export function settled(world: World): World {
  for (let state = world, turn = 0; ; turn += 1) {
    const next = turned(state);
    if (next.version === state.version && next.objects.size === state.objects.size) return next;
    if (turn > 20) throw new Error('The controllers of the model never rest.');
    state = next;
  }
}

/** A suspended Job: the controller deletes its pods, and says at once that it has (1.36 clears the start time itself). */
export function stopSuspended(world: World): World {
  let state = world;
  for (const job of jobsOf(world)) {
    if (!job.spec?.suspend || isFinished(job) || conditionOf(job, 'Suspended') === 'True') continue;
    for (const pod of podsOfJob(state, job)) state = deleting(state, pod);
    const { startTime: _, ...status } = job.status ?? {};
    state = withStatus(state, { ...job, status: { ...status, conditions: [{ type: 'Suspended', status: 'True' }] } });
  }
  return withCounts(state);
}

/** A pod that is told to stop: gone at the next turn but one of its kubelet; one that never had a node, at once. */
export function deleting(world: World, pod: Pod): World {
  const path = pathOf.pod(pod.metadata?.name ?? '');
  if (!pod.spec?.nodeName) return removed(world, path);
  if (pod.metadata?.deletionTimestamp) return world;
  return written(world, path, { ...pod, metadata: { ...pod.metadata, deletionTimestamp: timeOf(world) } });
}

/** Pods of a node that is gone are told to stop, and are still listed for a turn. */
function collectLostPods(world: World): World {
  const names = new Set(nodesOf(world).map(({ metadata }) => metadata?.name));
  return podsOf(world)
    .filter(({ spec }) => spec?.nodeName && !names.has(spec.nodeName))
    .reduce((state, pod) => {
      const isStopping = pod.metadata?.deletionTimestamp !== undefined;
      return isStopping ? removed(state, pathOf.pod(pod.metadata?.name ?? '')) : deleting(state, pod);
    }, world);
}

function runKubelets(world: World): World {
  let state = world;
  for (const pod of podsOf(world)) {
    const path = pathOf.pod(pod.metadata?.name ?? '');
    if (!state.objects.has(path)) continue;
    const node = nodesOf(state).find(({ metadata }) => metadata?.name === pod.spec?.nodeName);
    if (!node) continue;
    if (pod.metadata?.deletionTimestamp) state = removed(state, path);
    else if (pod.status?.phase !== 'Running') state = written(state, path, granted(running(pod, timeOf(state))));
    else if (pod.status.observedGeneration !== pod.metadata?.generation || isDeferred(pod)) {
      const next = fits(state, node, pod) ? granted(pod) : deferred(pod);
      if (next !== pod) state = written(state, path, next);
    }
  }
  return withCounts(state);
}

function running(pod: Pod, startTime: string): Pod {
  return { ...pod, status: { ...pod.status, phase: 'Running', startTime } };
}

/** A pod with all that its spec asks for. */
function granted(pod: Pod): Pod {
  const containerStatuses = (pod.spec?.containers ?? []).map(({ name = '', resources = {} }) => ({
    name,
    resources,
    ...(resources.requests && { allocatedResources: resources.requests }),
  }));
  const { generation = 0 } = pod.metadata ?? {};
  return { ...pod, status: { ...pod.status, containerStatuses, observedGeneration: generation, conditions: [] } };
}

function deferred(pod: Pod): Pod {
  if (isDeferred(pod) && pod.status?.observedGeneration === pod.metadata?.generation) return pod;
  const condition = { type: 'PodResizePending', status: 'True', reason: 'Deferred', message: 'no room' };
  const { generation = 0 } = pod.metadata ?? {};
  return { ...pod, status: { ...pod.status, observedGeneration: generation, conditions: [condition] } };
}

function isDeferred(pod: Pod): boolean {
  return conditionOf(pod, 'PodResizePending') === 'True';
}

/** Jobs that may run get the pods that they lack. */
function makePods(world: World): World {
  let state = world;
  for (const job of jobsOf(world)) {
    if (job.spec?.suspend || isFinished(job)) continue;
    const living = podsOfJob(state, job).filter(({ metadata }) => !metadata?.deletionTimestamp).length;
    for (let count = living; count < (job.spec?.parallelism ?? 1); count += 1) state = withNewPod(state, job);
    if (conditionOf(job, 'Suspended') === 'True' || !job.status?.startTime) {
      const conditions = [{ type: 'Suspended', status: 'False' }];
      state = withStatus(state, { ...job, status: { ...job.status, startTime: timeOf(state), conditions } });
    }
  }
  return withCounts(state);
}

function withNewPod(world: World, job: Job): World {
  const made = world.made + 1;
  const name = `${job.metadata?.name}-${made}`;
  const { annotations = {} } = job.spec?.template?.metadata ?? {};
  const owner = { apiVersion: 'batch/v1', kind: 'Job', controller: true };
  const metadata = {
    ...{ namespace: NAMESPACE, name, uid: `uid of ${name}`, generation: 1, annotations },
    creationTimestamp: timeOf(world),
    labels: { 'batch.kubernetes.io/controller-uid': job.metadata?.uid ?? '' },
    ownerReferences: [{ ...owner, name: job.metadata?.name ?? '', uid: job.metadata?.uid ?? '' }],
  };
  const pod: Pod = { metadata, spec: job.spec?.template?.spec ?? {}, status: { phase: 'Pending' } };
  return written({ ...world, made }, pathOf.pod(name), pod);
}

/** Job counts, which its controller keeps. */
function withCounts(world: World): World {
  return jobsOf(world).reduce((state, job) => {
    const pods = podsOfJob(state, job);
    const terminating = pods.filter(({ metadata }) => metadata?.deletionTimestamp).length;
    const active = pods.length - terminating;
    if ((job.status?.active ?? 0) === active && (job.status?.terminating ?? 0) === terminating) return state;
    return withStatus(state, { ...job, status: { ...job.status, active, terminating } });
  }, world);
}

function withStatus(world: World, job: Job): World {
  return written(world, pathOf.job(job.metadata?.name ?? ''), job);
}

/** Binds pods that wait to a node that takes them: the most preferred, then the first by name. */
function schedule(world: World): World {
  let state = world;
  for (const pod of podsOf(world)) {
    if (pod.spec?.nodeName || (pod.spec?.schedulingGates ?? []).length > 0) continue;
    const [node] = nodesFor(state, pod).sort((a, b) => preference(pod, b) - preference(pod, a));
    if (!node) continue;
    const bound = { ...pod, spec: { ...pod.spec, nodeName: node.metadata?.name ?? '' } };
    state = written(state, pathOf.pod(pod.metadata?.name ?? ''), bound);
  }
  return state;
}

/** The nodes that would take a pod now. */
export function nodesFor(world: World, pod: Pod): ApiNode[] {
  return nodesOf(world)
    .filter((node) => !node.spec?.unschedulable && admits(pod, node) && fits(world, node, pod))
    .sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1));
}

function admits({ spec }: Pod, node: ApiNode): boolean {
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || (required.nodeSelectorTerms ?? []).some((term) => matches(term, node));
}

function preference({ spec }: Pod, node: ApiNode): number {
  const terms = spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.reduce((sum, { weight = 0, preference: term = {} }) => sum + (matches(term, node) ? weight : 0), 0);
}

/** All that a term asks; one that asks nothing matches no node. Only `In`, which is all that the model writes. */
function matches({ matchExpressions = [], matchFields = [] }: SelectorTerm, { metadata }: ApiNode): boolean {
  const values = { ...metadata?.labels, 'metadata.name': metadata?.name ?? '' };
  const all = [...matchExpressions, ...matchFields];
  return all.length > 0 && all.every(({ key = '', values: wanted = [] }) => wanted.includes(Object(values)[key]));
}

/** Whether a node has what a pod asks for, beside the others that are on it. */
function fits(world: World, node: ApiNode, pod: Pod): boolean {
  const others = podsOf(world).filter(
    ({ spec, metadata }) => spec?.nodeName === node.metadata?.name && metadata?.uid !== pod.metadata?.uid,
  );
  const taken = others.reduce((sum, other) => sum + milliCpu(other, 'held'), 0);
  return taken + milliCpu(pod, 'spec') <= Number(node.status?.allocatable?.['cpu']) * 1000;
}

function milliCpu(pod: Pod, figures: 'held' | 'spec'): number {
  return toResources(podRequests(pod, figures)).resources.milliCpu;
}

export function isFinished(job: Job): boolean {
  return conditionOf(job, 'Complete') === 'True';
}

export function conditionOf(
  object: { readonly status?: { readonly conditions?: readonly Condition[] } },
  type: string,
) {
  return object.status?.conditions?.find((condition) => condition.type === type)?.status;
}

function timeOf({ nowSeconds }: World): string {
  return new Date(nowSeconds * 1000).toISOString();
}
