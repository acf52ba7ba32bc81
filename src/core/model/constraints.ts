/**
 * Where a task may run, in the terms of kube-scheduler's filters. Everything is optional: an empty object allows
 * every node. Lists keep the order of the API object.
 */
export type Constraints = {
  readonly nodeName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /**
   * Required node affinity: terms are ORed, the expressions and fields inside a term ANDed; an empty term matches none.
   */
  readonly nodeAffinity?: readonly NodeSelectorTerm[];
  readonly tolerations?: readonly Toleration[];
  readonly podAffinity?: readonly PodAffinityTerm[];
  readonly podAntiAffinity?: readonly PodAffinityTerm[];
  readonly topologySpread?: readonly TopologySpread[];
  /** Labels and values a bound volume demands of its node, one entry a volume; terms as in `nodeAffinity`. */
  readonly volumeAffinity?: readonly (readonly NodeSelectorTerm[])[];
  /** GPU models that are admissible; absent or empty: any. */
  readonly gpuModels?: readonly string[];
  readonly hostPorts?: readonly { readonly ip: string; readonly protocol: string; readonly port: number }[];
};

export type NodeSelectorTerm = {
  readonly expressions: readonly SelectorRequirement[];
  /** Only key `metadata.name` exists. */
  readonly fields: readonly SelectorRequirement[];
};

export type SelectorRequirement = {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values: readonly string[];
};

export type Toleration = {
  readonly key?: string;
  readonly operator?: 'Exists' | 'Equal' | 'Lt' | 'Gt';
  readonly value?: string;
  readonly effect?: TaintEffect;
  readonly tolerationSeconds?: number;
};

export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';

export type Taint = { readonly key: string; readonly value: string; readonly effect: TaintEffect };

/** A label selector; `undefined` selects nothing, an empty one everything. */
export type LabelSelector = {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly expressions?: readonly SelectorRequirement[];
};

export type PodAffinityTerm = {
  readonly selector: LabelSelector | undefined;
  /** Namespaces the term looks at; empty with no namespace selector: the task's own. */
  readonly namespaces: readonly string[];
  readonly namespaceSelector?: LabelSelector;
  readonly topologyKey: string;
};

export type TopologySpread = {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway';
  readonly selector: LabelSelector | undefined;
  readonly minDomains?: number;
  readonly nodeAffinityPolicy?: 'Honor' | 'Ignore';
  readonly nodeTaintsPolicy?: 'Honor' | 'Ignore';
};
