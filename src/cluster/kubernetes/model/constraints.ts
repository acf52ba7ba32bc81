import type {
  Constraints,
  LabelSelector,
  NodeSelectorTerm,
  PodAffinityTerm,
  SelectorRequirement,
  TaintEffect,
  Toleration,
  TopologySpread,
} from '../../../core/model/constraints.ts';
import type {
  ApiPodTerm,
  ApiSelector,
  ApiSpread,
  ApiToleration,
  Pod,
  Requirement,
  SelectorTerm,
  Strings,
} from '../api/objects.ts';

/** A pod's own constraints, in the order of its fields; those of its volumes are joined where volumes are known. */
export function podConstraints(pod: Pod): Constraints {
  const spec = pod.spec ?? {};
  const { nodeAffinity, podAffinity, podAntiAffinity } = spec.affinity ?? {};
  const required = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const near = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const far = podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const spreads = spec.topologySpreadConstraints ?? [];
  const ports = hostPorts(pod);
  return {
    ...(spec.nodeSelector && Object.keys(spec.nodeSelector).length > 0 ? { nodeSelector: spec.nodeSelector } : {}),
    ...(required ? { nodeAffinity: (required.nodeSelectorTerms ?? []).map(selectorTerm) } : {}),
    ...(spec.tolerations && spec.tolerations.length > 0 ? { tolerations: spec.tolerations.map(toleration) } : {}),
    ...(near.length > 0 ? { podAffinity: near.map(podTerm) } : {}),
    ...(far.length > 0 ? { podAntiAffinity: far.map(podTerm) } : {}),
    ...(spreads.length > 0
      ? { topologySpread: spreads.map((entry) => spread(entry, pod.metadata?.labels ?? {})) }
      : {}),
    ...(ports.length > 0 ? { hostPorts: ports } : {}),
  };
}

export function selectorTerm(term: SelectorTerm): NodeSelectorTerm {
  return {
    expressions: (term.matchExpressions ?? []).map(requirement),
    fields: (term.matchFields ?? []).map(requirement),
  };
}

function labelSelector(selector: ApiSelector | undefined): LabelSelector | undefined {
  if (!selector) return undefined;
  return {
    ...(selector.matchLabels ? { matchLabels: selector.matchLabels } : {}),
    ...(selector.matchExpressions ? { expressions: selector.matchExpressions.map(requirement) } : {}),
  };
}

/** Whether a label selector takes a set of labels; none takes nothing, an empty one everything. */
export function selects(selector: ApiSelector | undefined, labels: Strings): boolean {
  if (!selector) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key = '', operator, values = [] }) => {
      const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      if (operator === 'In') return value !== undefined && values.includes(value);
      return operator === 'NotIn' && (value === undefined || !values.includes(value));
    })
  );
}

function requirement({ key = '', operator, values = [] }: Requirement): SelectorRequirement {
  return { key, operator: operator as SelectorRequirement['operator'], values };
}

function toleration(entry: ApiToleration): Toleration {
  return {
    ...(entry.key === undefined ? {} : { key: entry.key }),
    ...(entry.operator === undefined ? {} : { operator: entry.operator as NonNullable<Toleration['operator']> }),
    ...(entry.value === undefined ? {} : { value: entry.value }),
    ...(entry.effect === undefined ? {} : { effect: entry.effect as TaintEffect }),
    ...(entry.tolerationSeconds === undefined ? {} : { tolerationSeconds: entry.tolerationSeconds }),
  };
}

function podTerm(term: ApiPodTerm): PodAffinityTerm {
  const namespaceSelector = labelSelector(term.namespaceSelector);
  return {
    selector: labelSelector(term.labelSelector),
    namespaces: term.namespaces ?? [],
    ...(namespaceSelector ? { namespaceSelector } : {}),
    topologyKey: term.topologyKey ?? '',
  };
}

/** `matchLabelKeys` select by the pod's own values of those labels (KEP-3243). */
function spread(entry: ApiSpread, labels: Strings): TopologySpread {
  const own = Object.fromEntries(
    (entry.matchLabelKeys ?? []).flatMap((key) => (Object.hasOwn(labels, key) ? [[key, labels[key]!] as const] : [])),
  );
  const selector = labelSelector(entry.labelSelector);
  const merged =
    selector && Object.keys(own).length > 0
      ? { ...selector, matchLabels: { ...selector.matchLabels, ...own } }
      : selector;
  return {
    maxSkew: entry.maxSkew ?? 1,
    topologyKey: entry.topologyKey ?? '',
    whenUnsatisfiable: entry.whenUnsatisfiable === 'ScheduleAnyway' ? 'ScheduleAnyway' : 'DoNotSchedule',
    selector: merged,
    ...(entry.minDomains === undefined ? {} : { minDomains: entry.minDomains }),
    ...(entry.nodeAffinityPolicy === 'Ignore' ? { nodeAffinityPolicy: 'Ignore' as const } : {}),
    ...(entry.nodeTaintsPolicy === 'Honor' ? { nodeTaintsPolicy: 'Honor' as const } : {}),
  };
}

function hostPorts(pod: Pod): { ip: string; protocol: string; port: number }[] {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const lasting = [...containers, ...initContainers.filter((container) => container.restartPolicy === 'Always')];
  return lasting.flatMap((container) =>
    (container.ports ?? []).flatMap(({ hostPort = 0, hostIP = '', protocol = 'TCP' }) =>
      hostPort > 0 ? [{ ip: hostIP || '0.0.0.0', protocol, port: hostPort }] : [],
    ),
  );
}
