import type { Constraints, NodeSelectorTerm } from '../../../core/model/constraints.ts';
import type { Node } from '../../../core/model/node.ts';
import type { Problem } from '../../../core/model/problem.ts';
import type { DisruptionBudget, Rights, Snapshot } from '../../../core/model/snapshot.ts';
import type { Task } from '../../../core/model/task.ts';
import type { Usage } from '../../../core/model/usage.ts';
import type { ParameterKeys } from '../../port.ts';
import {
  type ApiNode,
  type ApiObject,
  type Budget,
  controllerOf,
  type Job,
  type NodeClaim,
  type OwnerReference,
  type Pod,
  type QuotaObject,
  type Strings,
  type Volume,
  type VolumeClaim,
} from '../api/objects.ts';
import { selectorTerm, selects } from './constraints.ts';
import { markProblems } from './marks.ts';
import { nodeOf, nodeProblems } from './node.ts';
import type { OwnerIndex } from './owner.ts';
import { isOver, taskOf } from './pod.ts';
import { quotasOf } from './quotas.ts';

/** Everything a snapshot is made from, as read from the API server. */
export type ClusterObjects = {
  readonly nodes: Iterable<ApiNode>;
  readonly pods: Iterable<Pod>;
  readonly jobs: Iterable<Job>;
  /** Controller of each ReplicaSet, by the ReplicaSet's uid. */
  readonly replicaSets: ReadonlyMap<string, OwnerReference>;
  readonly budgets: Iterable<Budget>;
  readonly quotas: Iterable<QuotaObject>;
  readonly claims: Iterable<VolumeClaim>;
  readonly volumes: Iterable<Volume>;
  readonly nodeClaims: Iterable<NodeClaim>;
  readonly namespaces: Iterable<ApiObject>;
};

export type SnapshotContext = {
  readonly cluster: string;
  readonly takenAtSeconds: number;
  readonly keys: ParameterKeys;
  readonly usage: Readonly<Record<string, Usage>>;
  readonly rights: Rights;
  readonly problems: readonly Problem[];
};

/** Joins what was read into one value: owners to tasks, volumes to constraints, budgets to the tasks they cover. */
export function makeSnapshot(objects: ClusterObjects, context: SnapshotContext, known?: KnownObjects): Snapshot {
  const problems = [...markProblems(objects.jobs, objects), ...context.problems];
  const claimOf = new Map([...objects.nodeClaims].map((claim) => [claim.status?.nodeName ?? '', claim]));
  const nodes = [...objects.nodes].map((node) => {
    const claim = claimOf.get(node.metadata?.name ?? '');
    const make = (): ReadNode => ({ node: nodeOf(node, context.takenAtSeconds, claim), problems: nodeProblems(node) });
    const read = known ? known.made(node, [claim], make) : make();
    problems.push(...read.problems);
    return read.node;
  });
  const index = { jobs: byUid(objects.jobs), replicaSets: objects.replicaSets };
  const terms = volumeTerms(objects, known);
  const tasks: Task[] = [];
  for (const pod of objects.pods) {
    if (isOver(pod)) continue;
    const affinity = volumeAffinity(pod, terms);
    const make = () => taskOf(pod, index, context.keys, affinity);
    tasks.push(known ? known.made(pod, [ownerObject(pod, index), ...affinity], make) : make());
  }
  const quotas = quotasOf(objects.quotas, objects.pods);
  nodes.sort((a, b) => compare(a.name, b.name));
  tasks.sort((a, b) => compare(a.id, b.id));
  return {
    cluster: context.cluster,
    takenAtSeconds: context.takenAtSeconds,
    nodes,
    namespaceLabels: labelsOf(objects.namespaces),
    tasks,
    usage: usageOfTasks(context.usage, tasks),
    budgets: budgetsOf(objects.budgets, tasks),
    ...(quotas.length > 0 && { quotas }),
    rights: context.rights,
    problems,
  };
}

/** Labels of each namespace, by its name. */
function labelsOf(namespaces: Iterable<ApiObject>): Record<string, Strings> {
  const labels: Record<string, Strings> = {};
  for (const { metadata } of namespaces) labels[metadata?.name ?? ''] = metadata?.labels ?? {};
  return labels;
}

/** A node with what of its own statement cannot be used. */
type ReadNode = { readonly node: Node; readonly problems: readonly Problem[] };

/**
 * What was made before, by the very objects it was made from. Of a large cluster, only what has changed since the last
 * snapshot is made again, and whoever compares by identity sees no change in the rest.
 */
export class KnownObjects {
  readonly #made = new WeakMap<object, { readonly beside: readonly unknown[]; readonly value: unknown }>();

  /** What is made of an object and of a few others: made again when any of them is another. */
  made<T>(object: object, beside: readonly unknown[], make: () => T): T {
    const known = this.#made.get(object);
    if (known && known.beside.length === beside.length && known.beside.every((each, index) => each === beside[index])) {
      return known.value as T;
    }
    const value = make();
    this.#made.set(object, { beside, value });
    return value;
  }
}

function ownerObject(pod: Pod, index: OwnerIndex): object | undefined {
  const uid = controllerOf(pod)?.uid ?? '';
  return index.jobs.get(uid) ?? index.replicaSets.get(uid);
}

function byUid(jobs: Iterable<Job>): Map<string, Job> {
  const index = new Map<string, Job>();
  for (const job of jobs) index.set(job.metadata?.uid ?? '', job);
  return index;
}

function budgetsOf(budgets: Iterable<Budget>, tasks: readonly Task[]): DisruptionBudget[] {
  const all = [...budgets];
  const inNamespace = all.length > 0 ? Map.groupBy(tasks, (task) => task.namespace) : new Map<string, Task[]>();
  return all.map((budget) => {
    const { namespace = '', name = '' } = budget.metadata ?? {};
    const { selector } = budget.spec ?? {};
    const covered = (inNamespace.get(namespace) ?? []).filter((task) => selects(selector, task.labels));
    return {
      namespace,
      name,
      disruptionsAllowed: budget.status?.disruptionsAllowed ?? 0,
      taskIds: covered.map((task) => task.id),
    };
  });
}

/** Readings of tasks that are here; one that is older than the task was another's of the same name. */
function usageOfTasks(usage: Readonly<Record<string, Usage>>, tasks: readonly Task[]): Record<string, Usage> {
  const found: Record<string, Usage> = {};
  for (const { id, startedAtSeconds } of tasks) {
    const used = usage[id];
    if (used && startedAtSeconds !== undefined && used.toSeconds >= startedAtSeconds) found[id] = used;
  }
  return found;
}

/** What each bound claim demands of its pod's node, by `namespace/claim`. */
function volumeTerms(
  objects: ClusterObjects,
  known: KnownObjects | undefined,
): Map<string, readonly (readonly NodeSelectorTerm[])[]> {
  const volumes = new Map([...objects.volumes].map((volume) => [volume.metadata?.name ?? '', volume]));
  const terms = new Map<string, readonly (readonly NodeSelectorTerm[])[]>();
  for (const claim of objects.claims) {
    const volume = volumes.get(claim.spec?.volumeName ?? '');
    if (!volume) continue;
    const make = () => demandsOf(volume);
    const demands = known ? known.made(volume, [], make) : make();
    if (demands.length > 0) terms.set(`${claim.metadata?.namespace ?? ''}/${claim.metadata?.name ?? ''}`, demands);
  }
  return terms;
}

function demandsOf(volume: Volume): readonly (readonly NodeSelectorTerm[])[] {
  const required = volume.spec?.nodeAffinity?.required?.nodeSelectorTerms?.map(selectorTerm);
  const zones = zoneTerm(volume);
  return [...(required ? [required] : []), ...(zones ? [[zones]] : [])];
}

/** Old volumes carry their zones as labels, several joined by `__`; kube-scheduler's VolumeZone still reads them. */
function zoneTerm(volume: Volume): NodeSelectorTerm | undefined {
  const labels = volume.metadata?.labels ?? {};
  const expressions = ZONE_LABELS.flatMap((key) =>
    labels[key] === undefined ? [] : [{ key, operator: 'In' as const, values: labels[key].split('__') }],
  );
  return expressions.length > 0 ? { expressions, fields: [] } : undefined;
}

const ZONE_LABELS: readonly string[] = [
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
];

function volumeAffinity(
  pod: Pod,
  terms: ReadonlyMap<string, readonly (readonly NodeSelectorTerm[])[]>,
): NonNullable<Constraints['volumeAffinity']> {
  if (terms.size === 0) return [];
  const { namespace = '', name: podName = '' } = pod.metadata ?? {};
  return (pod.spec?.volumes ?? []).flatMap(({ name = '', persistentVolumeClaim, ephemeral }) => {
    const claim = persistentVolumeClaim?.claimName ?? (ephemeral ? `${podName}-${name}` : undefined);
    return claim === undefined ? [] : (terms.get(`${namespace}/${claim}`) ?? []);
  });
}

/** By code units: the same order everywhere, whatever the machine's language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
