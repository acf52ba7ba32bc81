import type { Node, NodeDeadline } from '../../../core/model/node.ts';
import type { Problem } from '../../../core/model/problem.ts';
import type { ApiNode, NodeClaim } from '../api/objects.ts';
import { secondsOf } from '../api/objects.ts';
import { parseQuantity, wholeValue } from '../api/quantity.ts';
import { parseDuration } from './parameters.ts';
import { amountsOf, toResources } from './requests.ts';

/** When an administrator says that a node ends: an RFC 3339 time. */
export const AVAILABLE_UNTIL = 'stowage.dev/available-until';

/** A Node as the planner sees it. One without a status offers nothing and is not ready. */
export function nodeOf(node: ApiNode, nowSeconds: number, claim?: NodeClaim): Node {
  const { name = '', uid = '', labels = {}, creationTimestamp } = node.metadata ?? {};
  const allocatable = amountsOf(node.status?.allocatable);
  const { resources, gpuResource } = toResources(allocatable);
  const gpuModel = GPU_MODEL_LABELS.map((label) => labels[label]).find((value) => value !== undefined);
  const createdAtSeconds = secondsOf(creationTimestamp);
  const deadline = deadlineOf(node, nowSeconds, claim);
  return {
    name,
    uid,
    labels,
    taints: (node.spec?.taints ?? []).map(({ key = '', value = '', effect }) => ({
      key,
      value,
      effect: effect as 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute',
    })),
    unschedulable: node.spec?.unschedulable ?? false,
    ready: node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    allocatable: resources,
    maxTasks: wholeValue(allocatable.get('pods') ?? 0n),
    ...(gpuResource === undefined ? {} : { gpuResource }),
    ...(gpuResource !== undefined && gpuModel !== undefined ? { gpuModel } : {}),
    ...(createdAtSeconds === undefined ? {} : { createdAtSeconds }),
    ...(deadline ? { deadline } : {}),
  };
}

/** What of a node's own statement cannot be used. */
export function nodeProblems(node: ApiNode): Problem[] {
  const { name = '', annotations = {} } = node.metadata ?? {};
  const problems: Problem[] = [];
  if (!node.status?.allocatable) problems.push({ code: 'nodeWithoutAmounts', node: name });
  for (const [resource, quantity] of Object.entries(node.status?.allocatable ?? {})) {
    if ((parseQuantity(quantity) ?? -1n) >= 0n) continue;
    problems.push({ code: 'nodeAmount', node: name, resource, quantity: String(quantity).slice(0, 40) });
  }
  const until = annotations[AVAILABLE_UNTIL];
  if (until !== undefined && secondsOf(until) === undefined) {
    problems.push({ code: 'nodeEnd', node: name, annotation: AVAILABLE_UNTIL, value: until.slice(0, 40) });
  }
  return problems;
}

const GPU_MODEL_LABELS: readonly string[] = [
  'nvidia.com/gpu.product',
  'amd.com/gpu.product-name',
  'gpu.intel.com/product',
  'cloud.google.com/gke-accelerator',
  'k8s.amazonaws.com/accelerator',
  'karpenter.k8s.aws/instance-gpu-name',
];

/** The earliest end that anyone states for the node (`kubernetes.io` knows no field for it). */
function deadlineOf(node: ApiNode, nowSeconds: number, claim: NodeClaim | undefined): NodeDeadline | undefined {
  const found: NodeDeadline[] = [];
  const note = (atSeconds: number | undefined, source: NodeDeadline['source']) => {
    if (atSeconds !== undefined) found.push({ atSeconds, source });
  };
  const annotations = node.metadata?.annotations ?? {};
  note(secondsOf(annotations[AVAILABLE_UNTIL]), 'annotation');
  for (const taint of node.spec?.taints ?? []) {
    // Cluster Autoscaler and spot handlers write the moment the node was chosen to end.
    if (taint.key === 'ToBeDeletedByClusterAutoscaler') note(unixSeconds(taint.value), 'termination');
    const notice = NOTICES[taint.key ?? ''];
    if (notice) note(unixSeconds(taint.value) ?? (secondsOf(taint.timeAdded) ?? nowSeconds) + NOTICE_SECONDS, notice);
  }
  for (const { type = '', status, message, lastTransitionTime } of node.status?.conditions ?? []) {
    const event = status === 'True' ? azureEvent(type, message) : undefined;
    if (!event) continue;
    const { source, noticeSeconds } = AZURE_EVENTS[event.kind];
    note(event.atSeconds ?? (secondsOf(lastTransitionTime) ?? nowSeconds) + noticeSeconds, source);
  }
  note(unixSeconds(node.metadata?.labels?.[SCHEDULED_MAINTENANCE]), 'maintenance');
  if (claim) {
    note(secondsOf(claim.metadata?.annotations?.[NODE_CLAIM_TERMINATION]), 'termination');
    const created = secondsOf(claim.metadata?.creationTimestamp);
    const lifetime = parseDuration(claim.spec?.expireAfter);
    if (created !== undefined && lifetime !== undefined) note(created + lifetime, 'expiry');
  }
  return found.sort((a, b) => a.atSeconds - b.atSeconds)[0];
}

const NODE_CLAIM_TERMINATION = 'karpenter.sh/nodeclaim-termination-timestamp';

/** Taints by which the handlers of AWS, Azure, GCP and Karpenter announce that a node is taken away. */
const NOTICES: Readonly<Record<string, NodeDeadline['source']>> = {
  'aws-node-termination-handler/spot-itn': 'spot',
  'aws-node-termination-handler/asg-lifecycle-termination': 'termination',
  'aws-node-termination-handler/scheduled-maintenance': 'maintenance',
  'cloud.google.com/impending-node-termination': 'spot',
  'remediation.azure.com/unschedulable': 'maintenance',
  'remediator.kubernetes.azure.com/unschedulable': 'maintenance',
  'remediator.aks.microsoft.com/unschedulable': 'maintenance',
  'karpenter.sh/disrupted': 'termination',
  'karpenter.sh/disruption': 'termination',
};
/** Where GKE says when it will take a node with accelerators down, in epoch seconds. */
const SCHEDULED_MAINTENANCE = 'cloud.google.com/scheduled-maintenance-time';
/** The longest of the clouds' notices (AWS): a taint that states no time leaves at most this much. */
const NOTICE_SECONDS = 120;

/**
 * Azure's scheduled events that end what runs on a node (a freeze pauses it for seconds), with the shortest notice that
 * Azure gives of each (learn.microsoft.com, "Scheduled Events").
 */
const AZURE_EVENTS = {
  Reboot: { source: 'maintenance', noticeSeconds: 900 },
  Redeploy: { source: 'maintenance', noticeSeconds: 600 },
  Preempt: { source: 'spot', noticeSeconds: 30 },
  Terminate: { source: 'termination', noticeSeconds: 300 },
} as const;

type AzureEvent = keyof typeof AZURE_EVENTS;

/** What AKS tells of an event as a condition of the node. */
export const AZURE_CONDITIONS: ReadonlySet<string> = new Set([
  'VMEventScheduled',
  ...Object.keys(AZURE_EVENTS).map((kind) => `${kind}Scheduled`),
]);

/**
 * The event of a condition: by its type, or for `VMEventScheduled`, which stands for any, by its message
 * (`Preempt Scheduled: Mon, 03 Aug 2026 08:18:16 GMT. DurationInSeconds: -1. …`).
 */
function azureEvent(type: string, message = ''): { kind: AzureEvent; atSeconds?: number } | undefined {
  if (!AZURE_CONDITIONS.has(type)) return undefined;
  const [, said = '', time = ''] = /^(\w+) (?:Scheduled|Started): *([^.]*)/.exec(message.slice(0, 200)) ?? [];
  const kind = type === 'VMEventScheduled' ? said : type.slice(0, -'Scheduled'.length);
  if (!Object.hasOwn(AZURE_EVENTS, kind)) return undefined;
  const milliseconds = Date.parse(time);
  return { kind: kind as AzureEvent, ...(Number.isFinite(milliseconds) && { atSeconds: milliseconds / 1000 }) };
}

function unixSeconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{9,11}$/.test(text) ? Number(text) : undefined;
}
