import type { Constraints, NodeSelectorTerm } from '../../core/model/constraints.ts';
import type { DisruptionBudget, Rights, Snapshot } from '../../core/model/snapshot.ts';
import type { Task } from '../../core/model/task.ts';
import type { Usage } from '../../core/model/usage.ts';
import { selectorTerm, selects } from './constraints.ts';
import { nodeOf, nodeProblems } from './node.ts';
import type { ApiNode, Budget, Job, NodeClaim, OwnerReference, Pod, Volume, VolumeClaim } from './objects.ts';
import type { ParameterKeys } from './parameters.ts';
import { isOver, taskOf } from './pod.ts';

/** Everything a snapshot is made from, as read from the API server. */
export type ClusterObjects = {
  readonly nodes: Iterable<ApiNode>;
  readonly pods: Iterable<Pod>;
  readonly jobs: Iterable<Job>;
  /** Controller of each ReplicaSet, by the ReplicaSet's uid. */
  readonly replicaSets: ReadonlyMap<string, OwnerReference>;
  readonly budgets: Iterable<Budget>;
  readonly claims: Iterable<VolumeClaim>;
  readonly volumes: Iterable<Volume>;
  readonly nodeClaims: Iterable<NodeClaim>;
};

export type SnapshotContext = {
  readonly cluster: string;
  readonly takenAtSeconds: number;
  readonly keys: ParameterKeys;
  readonly usage: Readonly<Record<string, Usage>>;
  readonly rights: Rights;
  readonly problems: readonly string[];
};

/** Joins what was read into one value: owners to tasks, volumes to constraints, budgets to the tasks they cover. Pure. */
export function makeSnapshot(objects: ClusterObjects, context: SnapshotContext): Snapshot {
  const problems = [...context.problems];
  const claimOf = new Map([...objects.nodeClaims].map((claim) => [claim.status?.nodeName ?? '', claim]));
  const nodes = [...objects.nodes].map((node) => {
    problems.push(...nodeProblems(node));
    return nodeOf(node, context.takenAtSeconds, claimOf.get(node.metadata?.name ?? ''));
  });
  const index = { jobs: byUid(objects.jobs), replicaSets: objects.replicaSets };
  const terms = volumeTerms(objects);
  const tasks: Task[] = [];
  for (const pod of objects.pods) {
    if (isOver(pod)) continue;
    tasks.push(taskOf(pod, index, context.keys, volumeAffinity(pod, terms)));
  }
  nodes.sort((a, b) => compare(a.name, b.name));
  tasks.sort((a, b) => compare(a.id, b.id));
  return {
    cluster: context.cluster,
    takenAtSeconds: context.takenAtSeconds,
    nodes,
    tasks,
    usage: context.usage,
    budgets: budgetsOf(objects.budgets, tasks),
    rights: context.rights,
    problems,
  };
}

function byUid(jobs: Iterable<Job>): Map<string, Job> {
  const index = new Map<string, Job>();
  for (const job of jobs) index.set(job.metadata?.uid ?? '', job);
  return index;
}

function budgetsOf(budgets: Iterable<Budget>, tasks: readonly Task[]): DisruptionBudget[] {
  return [...budgets].map((budget) => {
    const { namespace = '', name = '' } = budget.metadata ?? {};
    const covered = tasks.filter((task) => task.namespace === namespace && selects(budget.spec?.selector, task.labels));
    return {
      namespace,
      name,
      disruptionsAllowed: budget.status?.disruptionsAllowed ?? 0,
      taskIds: covered.map((task) => task.id),
    };
  });
}

/** What each bound claim demands of its pod's node, by `namespace/claim`. */
function volumeTerms(objects: ClusterObjects): Map<string, readonly (readonly NodeSelectorTerm[])[]> {
  const volumes = new Map([...objects.volumes].map((volume) => [volume.metadata?.name ?? '', volume]));
  const terms = new Map<string, readonly (readonly NodeSelectorTerm[])[]>();
  for (const claim of objects.claims) {
    const volume = volumes.get(claim.spec?.volumeName ?? '');
    if (!volume) continue;
    const required = volume.spec?.nodeAffinity?.required?.nodeSelectorTerms?.map(selectorTerm);
    const zones = zoneTerm(volume);
    const demands = [...(required ? [required] : []), ...(zones ? [[zones]] : [])];
    if (demands.length > 0) terms.set(`${claim.metadata?.namespace ?? ''}/${claim.metadata?.name ?? ''}`, demands);
  }
  return terms;
}

/** Volumes of old carry their zones as labels, several joined by `__`; kube-scheduler's VolumeZone reads them still. */
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
