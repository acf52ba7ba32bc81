import type {
  ApiNode,
  ApiObject,
  Budget,
  Condition,
  Container,
  ContainerStatus,
  Job,
  ManagedFields,
  Metadata,
  Pod,
  PodVolume,
  QuotaObject,
  Strings,
  Volume,
  VolumeClaim,
} from '../api/objects.ts';
import { managersOf, NODE_AFFINITY } from '../model/managers.ts';
import { AVAILABLE_UNTIL, AZURE_CONDITIONS } from '../model/node.ts';
import { PINNED } from '../model/pin.ts';
import { LAST_SHRINK, ORIGINAL_REQUEST } from '../model/pod.ts';
import { RECORD } from '../model/records.ts';

/**
 * What is kept of the API's objects (client-go's TransformFunc): only the fields that a snapshot reads, and equal parts
 * once. Pods of one Job share nearly all of their spec, so a cluster's pods take a small part of what their JSON takes.
 */
export class Transforms {
  readonly #annotations: ReadonlySet<string>;
  readonly #texts = new Map<string, string>();
  #shared = new Map<string, object>();

  /** @param annotations names of annotations that parameters are read from, beside our own */
  constructor(annotations: Iterable<string>) {
    this.#annotations = new Set([...OWN_ANNOTATIONS, ...annotations]);
  }

  readonly pod = (pod: Pod): Pod => {
    const { spec = {}, status = {} } = pod;
    return {
      metadata: this.#metadata(pod.metadata),
      spec: defined({
        nodeName: spec.nodeName,
        containers: this.#share(spec.containers?.map(trimContainer)),
        initContainers: this.#share(spec.initContainers?.map(trimContainer)),
        overhead: this.#share(spec.overhead),
        resources: this.#share(spec.resources),
        nodeSelector: this.#share(spec.nodeSelector),
        affinity: this.#share(spec.affinity),
        tolerations: this.#share(spec.tolerations),
        topologySpreadConstraints: this.#share(spec.topologySpreadConstraints),
        schedulingGates: this.#share(spec.schedulingGates),
        volumes: this.#share(spec.volumes?.flatMap(trimVolume)),
        priority: spec.priority,
        priorityClassName: this.#text(spec.priorityClassName),
        restartPolicy: spec.restartPolicy,
        activeDeadlineSeconds: spec.activeDeadlineSeconds,
      }),
      status: defined({
        phase: status.phase,
        startTime: status.startTime,
        observedGeneration: status.observedGeneration,
        qosClass: status.qosClass,
        conditions: status.conditions?.filter(({ type }) => POD_CONDITIONS.has(type ?? '')).map(trimCondition),
        containerStatuses: this.#share(status.containerStatuses?.map(trimStatus)),
        initContainerStatuses: this.#share(status.initContainerStatuses?.map(trimStatus)),
        resources: this.#share(status.resources),
        allocatedResources: this.#share(status.allocatedResources),
      }),
    };
  };

  readonly node = (node: ApiNode): ApiNode => ({
    metadata: this.#metadata(node.metadata),
    ...defined({ spec: node.spec && defined({ unschedulable: node.spec.unschedulable, taints: node.spec.taints }) }),
    status: defined({
      allocatable: this.#share(node.status?.allocatable),
      conditions: node.status?.conditions?.flatMap(trimNodeCondition),
    }),
  });

  readonly job = (job: Job): Job => ({
    metadata: defined({ ...this.#metadata(job.metadata), managedFields: this.#share(affinityAppliedBy(job)) }),
    spec: defined({
      suspend: job.spec?.suspend,
      parallelism: job.spec?.parallelism,
      activeDeadlineSeconds: job.spec?.activeDeadlineSeconds,
      managedBy: job.spec?.managedBy,
    }),
  });

  readonly budget = (budget: Budget): Budget => ({
    metadata: this.#metadata(budget.metadata),
    spec: defined({ selector: budget.spec?.selector }),
    status: defined({ disruptionsAllowed: budget.status?.disruptionsAllowed }),
  });

  readonly quota = (quota: QuotaObject): QuotaObject => ({
    metadata: this.#metadata(quota.metadata),
    spec: defined({ scopes: quota.spec?.scopes, scopeSelector: quota.spec?.scopeSelector }),
    status: defined({ hard: quota.status?.hard, used: quota.status?.used }),
  });

  readonly claim = (claim: VolumeClaim): VolumeClaim => ({
    metadata: this.#metadata(claim.metadata),
    spec: defined({ volumeName: claim.spec?.volumeName }),
  });

  readonly volume = (volume: Volume): Volume => ({
    metadata: this.#metadata(volume.metadata),
    spec: defined({ nodeAffinity: this.#share(volume.spec?.nodeAffinity) }),
  });

  /** Of an object of which only its place and its owner matter. */
  readonly owned = (object: ApiObject): ApiObject => ({ metadata: this.#metadata(object.metadata) });

  #metadata(metadata: Metadata = {}): Metadata {
    return defined({
      name: metadata.name,
      namespace: this.#text(metadata.namespace),
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      generation: metadata.generation,
      generateName: this.#text(metadata.generateName),
      creationTimestamp: this.#text(metadata.creationTimestamp),
      deletionTimestamp: metadata.deletionTimestamp,
      labels: this.#share(metadata.labels),
      annotations: this.#share(this.#known(metadata.annotations)),
      ownerReferences: this.#share(metadata.ownerReferences?.filter((owner) => owner.controller === true)),
    });
  }

  #known(annotations: Strings | undefined): Strings | undefined {
    const names = annotations ? Object.keys(annotations).filter((name) => this.#annotations.has(name)) : [];
    return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, annotations![name]!]));
  }

  #share<T extends object>(value: T | undefined): T | undefined {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return undefined;
    const key = JSON.stringify(value);
    const known = this.#shared.get(key);
    if (known) return known as T;
    if (this.#shared.size >= MOST_SHARED) this.#shared = new Map();
    this.#shared.set(key, value);
    return value;
  }

  #text(value: string | undefined): string | undefined {
    if (value === undefined) return undefined;
    const known = this.#texts.get(value);
    if (known !== undefined) return known;
    if (this.#texts.size >= MOST_SHARED) this.#texts.clear();
    this.#texts.set(value, value);
    return value;
  }
}

/** Bounds what is remembered for sharing; what is in use stays in use, it is only no longer found. */
const MOST_SHARED = 20_000;

const OWN_ANNOTATIONS: readonly string[] = [
  RECORD,
  ORIGINAL_REQUEST,
  PINNED,
  LAST_SHRINK,
  AVAILABLE_UNTIL,
  'stowage.dev/checkpoint',
  'stowage.dev/checkpoint-saved-at',
  'kubernetes.io/config.mirror',
  'karpenter.sh/nodeclaim-termination-timestamp',
];

const POD_CONDITIONS = new Set(['PodScheduled', 'PodResizePending', 'PodResizeInProgress', 'DisruptionTarget']);

/** Of who wrote what, only who applies the node affinity; the rest is longer than all else of a Job. */
function affinityAppliedBy(job: Job): ManagedFields[] {
  return managersOf(job, NODE_AFFINITY).flatMap(({ manager, operation }) =>
    operation === 'Apply' ? [defined({ manager, operation, fieldsV1: AFFINITY_FIELDS })] : [],
  );
}

const AFFINITY_FIELDS: object = NODE_AFFINITY.reduceRight((fields, name) => ({ [`f:${name}`]: fields }), {});

function trimContainer({ name, resources, restartPolicy, resizePolicy, ports }: Container): Container {
  const hostPorts = ports?.flatMap(({ hostPort, hostIP, protocol }) =>
    hostPort ? [defined({ hostPort, hostIP, protocol })] : [],
  );
  return defined({
    name,
    resources: resources && defined({ requests: resources.requests, limits: resources.limits }),
    restartPolicy,
    resizePolicy,
    ports: hostPorts && hostPorts.length > 0 ? hostPorts : undefined,
  });
}

function trimVolume({ name, persistentVolumeClaim, ephemeral }: PodVolume): PodVolume[] {
  if (persistentVolumeClaim)
    return [defined({ name, persistentVolumeClaim: defined({ claimName: persistentVolumeClaim.claimName }) })];
  return ephemeral ? [defined({ name, ephemeral: {} })] : [];
}

function trimNodeCondition(condition: Condition): Condition[] {
  const { type = '', status } = condition;
  if (type === 'Ready') return [defined({ type, status })];
  return AZURE_CONDITIONS.has(type) && status === 'True' ? [trimCondition(condition)] : [];
}

function trimCondition({ type, status, reason, message, lastTransitionTime }: Condition): Condition {
  return defined({ type, status, reason, message, lastTransitionTime });
}

function trimStatus({ name, resources, allocatedResources, state }: ContainerStatus): ContainerStatus {
  const terminated = state?.terminated;
  return defined({
    name,
    resources,
    allocatedResources,
    state: terminated && { terminated: defined({ exitCode: terminated.exitCode, finishedAt: terminated.finishedAt }) },
  });
}

type Defined<T> = { [key in keyof T as undefined extends T[key] ? never : key]: T[key] } & {
  [key in keyof T as undefined extends T[key] ? key : never]?: Exclude<T[key], undefined>;
};

/** A copy without the fields that are not there. */
function defined<T extends object>(object: T): Defined<T> {
  const copy: Record<string, unknown> = {};
  for (const key in object) if (object[key] !== undefined) copy[key] = object[key];
  return copy as Defined<T>;
}
