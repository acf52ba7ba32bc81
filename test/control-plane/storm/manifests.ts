import type { Json } from './admin.ts';
import type { JobShape, PodShape, TaskShape } from './roundPlan.ts';

/** The label by which a lane has its own nodes. */
export const LANE = 'storm.test/lane';

/** Where a round takes place. */
export type Place = { readonly namespace: string; readonly lane: string; readonly nodes: readonly string[] };

export function jobManifest(shape: JobShape, place: Place): Json {
  const { name, parallelism, completions, indexed, backoffLimit, deadlineSeconds, ttlSeconds, replacement } = shape;
  const labels = { app: name };
  const signals = { operator: 'In', values: [137, 143] };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: place.namespace, labels },
    spec: {
      parallelism,
      backoffLimit,
      ...(completions !== undefined && { completions }),
      ...(indexed && { completionMode: 'Indexed' }),
      ...(deadlineSeconds !== undefined && { activeDeadlineSeconds: deadlineSeconds }),
      ...(ttlSeconds !== undefined && { ttlSecondsAfterFinished: ttlSeconds }),
      ...(replacement && !shape.failsAtSignals && { podReplacementPolicy: replacement }),
      ...(shape.failsAtSignals && { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: signals }] } }),
      ...(shape.gitOps === 'says' && { suspend: false }),
      template: {
        metadata: { labels, annotations: behaviour(shape, shape.runtimeSeconds) },
        spec: { ...podSpec(shape, place), ...affinityOf(shape, place) },
      },
    },
  };
}

export function podManifest(shape: PodShape, place: Place): Json {
  const { name, gated } = shape;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: place.namespace, annotations: behaviour(shape) },
    spec: { ...podSpec(shape, place), ...(gated && { schedulingGates: [{ name: 'stowage.dev/placement' }] }) },
  };
}

export function budgetManifest({ name, budget }: JobShape, { namespace }: Place): Json {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace },
    spec: { maxUnavailable: budget, selector: { matchLabels: { app: name } } },
  };
}

/** A user's pod that leaves a node little room. */
export function fillerManifest(name: string, { namespace }: Place, node: string): Json {
  const resources = { requests: { cpu: '6500m', memory: '1Gi' } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { 'storm.test/filler': 'true' } },
    spec: {
      terminationGracePeriodSeconds: 0,
      nodeSelector: { 'kubernetes.io/hostname': node },
      containers: [{ name: 'main', image: 'example.test/pretended', resources }],
    },
  };
}

function podSpec(shape: TaskShape, { lane }: Place): Json {
  const container = (name: string, share: number) => ({
    name,
    image: 'example.test/pretended',
    resources: resources(shape, share),
  });
  const parts = Array.from({ length: shape.containers }, (_, index) => index + 1);
  const all = parts.reduce((sum, part) => sum + part, 0);
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: shape.graceSeconds,
    nodeSelector: { [LANE]: lane },
    containers: parts.map((part) => container(`part-${part}`, part / all)),
    ...(shape.sidecar && { initContainers: [{ ...container('sidecar', 0.5), restartPolicy: 'Always' }] }),
  };
}

function resources({ milliCpu, mebibytes, limits }: TaskShape, share: number): Json {
  const amounts = (factor: number) => ({
    cpu: `${Math.ceil(milliCpu * share) * factor}m`,
    memory: `${Math.ceil(mebibytes * share) * factor}Mi`,
  });
  if (limits === 'none') return { requests: amounts(1) };
  return { requests: amounts(1), limits: amounts(limits === 'equal' ? 1 : 2) };
}

function behaviour({ stopSeconds }: TaskShape, runtimeSeconds?: number): Record<string, string> {
  return {
    'stowage.dev/test-stop-seconds': String(stopSeconds),
    ...(runtimeSeconds !== undefined && { 'stowage.dev/test-runtime-seconds': String(runtimeSeconds) }),
  };
}

/** The user's own affinity, which every node of the lane meets, or which prefers one. */
function affinityOf({ affinity }: JobShape, { nodes, lane }: Place): Json {
  if (affinity === 'preferred') {
    const preference = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodes[0]] }] };
    const terms = [{ weight: 40, preference }];
    return { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: terms } } };
  }
  if (affinity === 'required') {
    const nodeSelectorTerms = [{ matchExpressions: [{ key: LANE, operator: 'In', values: [lane] }] }];
    return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } };
  }
  return {};
}
