/**
 * The parts of API objects that we read, as raw JSON. Everything may be missing, since anybody may have written the
 * object. The client's own types would not do: they hold times as dates in lists and as strings in watches.
 */

export type ApiObject = {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: Metadata;
};

export type Metadata = {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly generateName?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Strings;
  readonly annotations?: Strings;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFields[];
};

/** Who wrote which fields, and how; a field `spec` stands as `f:spec`, with its own fields in it. */
export type ManagedFields = {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: object;
};

export type OwnerReference = {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly controller?: boolean;
};

export type Strings = Readonly<Record<string, string>>;
export type Quantities = Readonly<Record<string, unknown>>;

export type Condition = {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly observedGeneration?: number;
};

export type ResourceList = { readonly requests?: Quantities; readonly limits?: Quantities };

export type Container = {
  readonly name?: string;
  readonly resources?: ResourceList;
  readonly restartPolicy?: string;
  readonly resizePolicy?: readonly { readonly resourceName?: string; readonly restartPolicy?: string }[];
  readonly ports?: readonly { readonly hostPort?: number; readonly hostIP?: string; readonly protocol?: string }[];
};

export type ContainerStatus = {
  readonly name?: string;
  readonly resources?: ResourceList;
  readonly allocatedResources?: Quantities;
  readonly state?: { readonly terminated?: { readonly exitCode?: number; readonly finishedAt?: string } };
};

export type Pod = ApiObject & { readonly spec?: PodSpec; readonly status?: PodStatus };

export type PodSpec = {
  readonly nodeName?: string;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly overhead?: Quantities;
  readonly resources?: ResourceList;
  readonly nodeSelector?: Strings;
  readonly affinity?: Affinity;
  readonly tolerations?: readonly ApiToleration[];
  readonly topologySpreadConstraints?: readonly ApiSpread[];
  readonly schedulingGates?: readonly { readonly name?: string }[];
  readonly schedulerName?: string;
  readonly priority?: number;
  readonly priorityClassName?: string;
  readonly restartPolicy?: string;
  readonly activeDeadlineSeconds?: number;
  readonly hostNetwork?: boolean;
  readonly os?: { readonly name?: string };
  readonly volumes?: readonly PodVolume[];
};

export type PodVolume = {
  readonly name?: string;
  readonly persistentVolumeClaim?: { readonly claimName?: string };
  readonly ephemeral?: object;
};

export type PodStatus = {
  readonly phase?: string;
  readonly reason?: string;
  readonly startTime?: string;
  readonly observedGeneration?: number;
  readonly qosClass?: string;
  readonly conditions?: readonly Condition[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly resources?: ResourceList;
  readonly allocatedResources?: Quantities;
};

export type Affinity = {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms?: readonly SelectorTerm[] };
    readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly PreferredTerm[];
  };
  readonly podAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly ApiPodTerm[] };
  readonly podAntiAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly ApiPodTerm[] };
};

export type SelectorTerm = {
  readonly matchExpressions?: readonly Requirement[];
  readonly matchFields?: readonly Requirement[];
};

export type PreferredTerm = { readonly weight?: number; readonly preference?: SelectorTerm };

export type Requirement = { readonly key?: string; readonly operator?: string; readonly values?: readonly string[] };

export type ApiSelector = { readonly matchLabels?: Strings; readonly matchExpressions?: readonly Requirement[] };

export type ApiPodTerm = {
  readonly labelSelector?: ApiSelector;
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: ApiSelector;
  readonly topologyKey?: string;
};

export type ApiSpread = {
  readonly maxSkew?: number;
  readonly topologyKey?: string;
  readonly whenUnsatisfiable?: string;
  readonly labelSelector?: ApiSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly minDomains?: number;
  readonly nodeAffinityPolicy?: string;
  readonly nodeTaintsPolicy?: string;
};

export type ApiToleration = {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
};

export type ApiNode = ApiObject & {
  readonly spec?: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly ApiTaint[];
  };
  readonly status?: { readonly allocatable?: Quantities; readonly conditions?: readonly Condition[] };
};

export type ApiTaint = {
  readonly key?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly timeAdded?: string;
};

/** Which exit codes of a container a rule is for: those `In` its values, or all but them and 0. */
export type ExitCodeRule = {
  readonly operator?: string;
  readonly values?: readonly number[];
  /** Only of this container; absent: of any. */
  readonly containerName?: string;
};

export type Job = ApiObject & {
  readonly spec?: {
    readonly suspend?: boolean;
    readonly parallelism?: number;
    readonly completions?: number;
    readonly activeDeadlineSeconds?: number;
    readonly managedBy?: string;
    readonly podFailurePolicy?: {
      readonly rules?: readonly { readonly action?: string; readonly onExitCodes?: ExitCodeRule }[];
    };
    readonly template?: { readonly metadata?: Metadata; readonly spec?: PodSpec };
  };
  readonly status?: {
    readonly active?: number;
    readonly terminating?: number;
    readonly startTime?: string;
    readonly completionTime?: string;
    readonly conditions?: readonly Condition[];
  };
};

export type Budget = ApiObject & {
  readonly spec?: { readonly selector?: ApiSelector };
  readonly status?: { readonly disruptionsAllowed?: number };
};

export type QuotaObject = ApiObject & {
  readonly spec?: {
    readonly scopes?: readonly string[];
    readonly scopeSelector?: { readonly matchExpressions?: readonly QuotaScope[] };
  };
  readonly status?: { readonly hard?: Quantities; readonly used?: Quantities };
};

export type QuotaScope = {
  readonly scopeName?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
};

export type VolumeClaim = ApiObject & { readonly spec?: { readonly volumeName?: string } };

export type Volume = ApiObject & {
  readonly spec?: {
    readonly nodeAffinity?: { readonly required?: { readonly nodeSelectorTerms?: readonly SelectorTerm[] } };
  };
};

export type NodeClaim = ApiObject & {
  readonly spec?: { readonly expireAfter?: string };
  readonly status?: { readonly nodeName?: string };
};

export type PodMetrics = ApiObject & {
  readonly timestamp?: string;
  readonly window?: string;
  readonly containers?: readonly { readonly name?: string; readonly usage?: Quantities }[];
};

/** Epoch seconds of an API time; undefined when there is none or it is not one. */
export function secondsOf(time: string | undefined): number | undefined {
  if (time === undefined) return undefined;
  const milliseconds = Date.parse(time);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}

/** `namespace/name`, or the name alone for what has no namespace. */
export function idOf(object: ApiObject): string {
  const { namespace, name = '' } = object.metadata ?? {};
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The owner that steers the object, if any. */
export function controllerOf(object: ApiObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((owner) => owner.controller === true);
}
