import type { Owner } from '../../../core/model/task.ts';
import type { Steering } from '../../refused.ts';
import { controllerOf, type Job, type Metadata, type OwnerReference, type Pod } from '../api/objects.ts';
import { FIELD_MANAGER, managersOf, NODE_AFFINITY } from './managers.ts';

/** What stands above a task, and whether the work ends by itself. */
export type Ownership = {
  readonly owner?: Owner;
  /** Name of what recurs: the CronJob, the template, the Job without its generated suffix. */
  readonly recurringName: string;
  /** Who steers its Job and would undo a move; absent where nobody does, and for other owners. */
  readonly steering?: Steering;
};

/** How pods' controllers are looked up: Jobs by uid, ReplicaSets' owners by the ReplicaSet's uid. */
export type OwnerIndex = {
  readonly jobs: ReadonlyMap<string, Job>;
  readonly replicaSets: ReadonlyMap<string, OwnerReference>;
};

/** The owner through which the pod's task may be acted on: its Job, or what steers that Job, or its controller. */
export function ownershipOf(pod: Pod, index: OwnerIndex): Ownership {
  const controller = controllerOf(pod);
  if (!controller) return { recurringName: templateName(pod.metadata) };
  const job = controller.kind === 'Job' ? index.jobs.get(controller.uid ?? '') : undefined;
  if (job) return jobOwnership(job);
  const owner = foreignOwner(topOf(pod, controller, index));
  return { owner, recurringName: withoutSuffix(owner.name) };
}

/** What owns a pod's controller, as far as objects say: a Deployment its ReplicaSet, a RayJob its cluster. */
function topOf({ metadata }: Pod, controller: OwnerReference, index: OwnerIndex): OwnerReference {
  if (controller.kind === 'ReplicaSet') return index.replicaSets.get(controller.uid ?? '') ?? controller;
  const kind = metadata?.labels?.['ray.io/originated-from-crd'];
  const name = metadata?.labels?.['ray.io/originated-from-cr-name'];
  return controller.kind === 'RayCluster' && kind && name ? { ...controller, kind, name } : controller;
}

/** The same for a Job itself, be it running or done. */
export function jobOwnership(job: Job): Ownership {
  const controller = controllerOf(job);
  const recurringName = controller ? withoutSuffix(controller.name ?? '') : templateName(job.metadata);
  const steered = steeredBy(job);
  if (!steered) return { owner: jobOwner(job), recurringName };
  return { ...steered, recurringName };
}

/** Whether what it belongs to comes to an end by itself; what restarts for ever does not. */
export function endsByItself(pod: Pod, ownership: Ownership): boolean {
  const kind = ownership.owner?.kind;
  if (kind !== undefined && (/Job(?:\.|$)/.test(kind) || ENDING_KINDS.has(kind))) return true;
  return pod.spec?.restartPolicy !== undefined && pod.spec.restartPolicy !== 'Always';
}

/** Custom kinds whose work ends, beside all whose name ends in `Job`. */
const ENDING_KINDS = new Set([
  'JobSet',
  'Workflow',
  'Workload',
  'TaskRun',
  'PipelineRun',
  'SparkApplication',
  'AppWrapper',
]);

export const QUEUE_LABEL = 'kueue.x-k8s.io/queue-name';

function jobOwner(job: Job): Owner {
  const manager = managersOf(job, NODE_AFFINITY).find(({ operation }) => operation === 'Apply')?.manager;
  const { name = '', uid = '', generation = 0 } = job.metadata ?? {};
  return {
    kind: 'Job',
    apiVersion: 'batch/v1',
    name,
    uid,
    generation,
    parallelism: job.spec?.parallelism ?? 1,
    suspended: job.spec?.suspend ?? false,
    ...(manager !== undefined && manager !== FIELD_MANAGER && { affinityAppliedBy: manager }),
  };
}

/** Who would undo or fight what we do to this Job, if anyone. */
function steeredBy(job: Job): { owner: Owner; steering: Steering } | undefined {
  const controller = controllerOf(job);
  const { labels = {} } = job.metadata ?? {};
  if (controller && controller.kind !== 'CronJob') {
    const { kind = '', name = '' } = controller;
    return { owner: foreignOwner(controller), steering: { code: 'controller', kind, name } };
  }
  const queue = labels[QUEUE_LABEL];
  if (queue !== undefined) {
    const owner = { ...jobOwner(job), kind: 'Workload', apiVersion: 'kueue.x-k8s.io/v1beta1' };
    return { owner, steering: { code: 'queue', queue } };
  }
  const manager = job.spec?.managedBy;
  if (manager !== undefined && manager !== 'kubernetes.io/job-controller') {
    const owner = { ...jobOwner(job), kind: 'ManagedJob', apiVersion: manager };
    return { owner, steering: { code: 'manager', manager } };
  }
  return undefined;
}

/** A Job of another group than Kubernetes' own is another thing: `Job.batch.volcano.sh`, as kubectl would name it. */
function foreignOwner({ kind: plain = '', apiVersion = '', name = '', uid = '' }: OwnerReference): Owner {
  const [group = ''] = apiVersion.split('/');
  const kind = plain === 'Job' && group !== '' && group !== 'batch' ? `Job.${group}` : plain;
  return { kind, apiVersion, name, uid, generation: 0, parallelism: 1, suspended: false };
}

function templateName(metadata: Metadata | undefined): string {
  return metadata?.generateName?.replace(/-$/, '') || withoutSuffix(metadata?.name ?? '');
}

/**
 * A name without what was generated: a CronJob's minute, a time stamp, Kubernetes' five random letters (which hold no
 * vowel). `train-resnet-29174405` → `train-resnet`, `etl-x7k2p` → `etl`; a name that would vanish stays.
 */
function withoutSuffix(name: string): string {
  const shortened = name.replace(/(?:-(?:\d{6,}|[bcdfghjklmnpqrstvwxz2456789]{5}))+$/, '');
  return shortened || name;
}
