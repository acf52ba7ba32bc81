import type { FinishedTask, RowFault } from '../model/finished.ts';
import { type LineReader, requestOf, timeFault } from './rows.ts';

/** True for a line of an export of kube-state-metrics (Prometheus text format). */
export function isKubeStateMetrics(line: string): boolean {
  return /^(# (HELP|TYPE) )?kube_\w+/.test(line);
}

/**
 * Reads finished pods from kube-state-metrics: `kube_pod_created`, `_start_time`, `_completion_time`, `_info`,
 * `_owner`, `_container_resource_requests`, `_status_phase`, `_labels`, and `kube_job_spec_active_deadline_seconds`. A
 * pod's lines are scattered, so its task comes from `end`. The owner without its suffix is what recurs; the namespace
 * stands in for a creator that no label names.
 */
export function kubeStateMetricsReader(): { readonly read: LineReader; end(): (FinishedTask | RowFault)[] } {
  const pods = new Map<string, Pod>();
  const deadlines = new Map<string, number>();
  const read: LineReader = (text) => {
    if (text.trim() === '' || text.startsWith('#')) return undefined;
    const sample = parseSample(text);
    if (!sample) return { code: 'notASample', reason: 'it is no sample of the Prometheus text format' };
    const { metric, labels, value } = sample;
    if (metric === 'kube_job_spec_active_deadline_seconds') {
      deadlines.set(`${labels['namespace']}/${labels['job_name']}`, value);
    }
    if (!metric.startsWith('kube_pod_')) return undefined;
    const id = `${labels['namespace']}/${labels['pod']}`;
    const pod = pods.get(id) ?? { id, namespace: labels['namespace'] ?? '', labels: {}, requests: {} };
    pods.set(id, pod);
    note(pod, metric, labels, value);
    return undefined;
  };
  return { read, end: () => [...pods.values()].map((pod) => taskOf(pod, deadlines)) };
}

type MetricLabels = Readonly<Record<string, string>>;

type Pod = {
  readonly id: string;
  readonly namespace: string;
  created?: number;
  started?: number;
  completed?: number;
  owner?: { readonly kind: string; readonly name: string };
  phase?: string;
  labels: MetricLabels;
  readonly requests: Record<string, number>;
};

function note(pod: Pod, metric: string, labels: MetricLabels, value: number): void {
  switch (metric) {
    case 'kube_pod_created':
      pod.created = value;
      break;
    case 'kube_pod_start_time':
      pod.started = value;
      break;
    case 'kube_pod_completion_time':
      pod.completed = value;
      break;
    case 'kube_pod_owner':
      pod.owner = { kind: labels['owner_kind'] ?? '', name: labels['owner_name'] ?? '' };
      break;
    case 'kube_pod_labels':
      pod.labels = labels;
      break;
    case 'kube_pod_status_phase':
      if (value === 1) pod.phase = labels['phase'] ?? '';
      break;
    case 'kube_pod_container_resource_requests': {
      const resource = labels['resource'] ?? '';
      pod.requests[resource] = (pod.requests[resource] ?? 0) + value;
    }
  }
}

function taskOf(pod: Pod, deadlines: ReadonlyMap<string, number>): FinishedTask | RowFault {
  const { id, created, started, completed, owner, requests } = pod;
  const fault = timeFault(created ?? Number.NaN, started ?? Number.NaN, completed ?? Number.NaN);
  if (fault) return { ...fault, reason: `pod ${id}: ${fault.reason}` };
  const gpus = Object.entries(requests).reduce((sum, [name, count]) => sum + (/gpu$/.test(name) ? count : 0), 0);
  const cores = requests['cpu'] ?? 0;
  const deadline = owner ? deadlines.get(`${pod.namespace}/${owner.name}`) : undefined;
  const label = (name: string) => pod.labels[`label_${name}`] || undefined;
  const type = label('app_kubernetes_io_component');
  const framework = label('stowage_dev_framework');
  const queue = label('kueue_x_k8s_io_queue_name');
  return {
    id,
    parameters: {
      creator: label('stowage_dev_creator') ?? pod.namespace,
      name: recurringName(owner && owner.name !== '' ? owner.name : id.slice(id.indexOf('/') + 1)),
      ...(type ? { type } : {}),
      ...(framework ? { framework } : {}),
      ...(queue ? { queue } : {}),
      ...(deadline !== undefined && deadline > 0 ? { requestedRuntimeSeconds: deadline } : {}),
    },
    request: requestOf({ milliCpu: cores * 1000, memoryBytes: requests['memory'] ?? 0, gpuMilli: gpus * 1000 }),
    size: gpus > 0 ? gpus : Math.max(cores, 0.001),
    submittedAtSeconds: created!,
    startedAtSeconds: started!,
    endedAtSeconds: completed!,
    outcome: pod.phase === 'Succeeded' ? 'succeeded' : pod.phase === 'Failed' ? 'failed' : 'unknown',
  };
}

/** A name without its generated ends: a CronJob's minute, a Job's or ReplicaSet's random letters, a trailing index. */
function recurringName(name: string): string {
  const parts = name.split('-');
  while (parts.length > 1 && GENERATED.test(parts.at(-1)!)) parts.pop();
  return parts.join('-') || name;
}

/** Asked of one part after the other: one pattern for a whole name takes years for a name that was made for it. */
const GENERATED = /^(?:\d+|[bcdfghjklmnpqrstvwxz2456789]{5,10})$/;

/** `metric{label="value",…} number [timestamp]`; undefined where it is not that. */
function parseSample(text: string): { metric: string; labels: MetricLabels; value: number } | undefined {
  const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+\d+)?\s*$/.exec(text);
  if (!match) return undefined;
  const value = Number(match[3]);
  if (Number.isNaN(value)) return undefined;
  const labels: Record<string, string> = {};
  for (const [, name, quoted] of (match[2] ?? '').matchAll(/(?<!\w)([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
    labels[name!] = quoted!.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
  }
  return { metric: match[1]!, labels, value };
}
