import { request } from 'undici';
import { kubeStateMetricsReader } from '../../../core/history/kubeStateMetrics.ts';
import { errorMessage } from '../../../core/model/errorMessage.ts';
import type { FinishedTask } from '../../../core/model/finished.ts';
import { InputError } from '../../../core/model/input.ts';
import { NO_RESOURCES } from '../../../core/model/resources.ts';
import type { Usage } from '../../../core/model/usage.ts';
import type { Connection } from '../api/connection.ts';

/** One series of an instant query: its labels and its value. */
export type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

/** Asks Prometheus one instant query. Rejects with an Error whose message says what Prometheus or the way to it said. */
export type Query = (promql: string, signal?: AbortSignal) => Promise<Sample[]>;

/**
 * The way to a Prometheus: `http://…` by address, or `service:NAMESPACE/NAME:PORT` through the API server's service proxy,
 * which needs the right to `get` `services/proxy` there and no other way into the cluster.
 * @throws InputError when it is neither
 */
export function prometheusAt(address: string, connection: Connection): Query {
  const service = /^service:([a-z0-9-]+)\/([a-z0-9-]+:[a-z0-9-]+)\/?$/.exec(address);
  if (service) {
    const [, namespace, name] = service;
    const path = `/api/v1/namespaces/${namespace}/services/${name}/proxy/api/v1/query`;
    return async (promql, signal) => samplesOf(await connection.send(path, { query: { query: promql }, signal }));
  }
  if (!URL.canParse(address) || !/^https?:/.test(address)) {
    throw new InputError(
      `"${address}" is no address of a Prometheus. Write http://HOST:PORT, or service:NAMESPACE/NAME:PORT to reach it through the API server.`,
    );
  }
  const url = new URL(`${address.replace(/\/$/, '')}/api/v1/query`);
  return async (promql, signal) => {
    const answer = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ query: promql }).toString(),
      headersTimeout: QUERY_MILLISECONDS,
      bodyTimeout: QUERY_MILLISECONDS,
      ...(signal ? { signal } : {}),
    });
    return samplesOf(JSON.parse(await answer.body.text()));
  };
}

/** In how many steps the beginning of what Prometheus saw is sought within the window. */
const WINDOW_STEPS = 120;

/**
 * Mean and peak use of each pod over a window before now (S306), the window pushed down into the queries: CPU from the
 * difference of its counter, memory from its working set, GPUs from DCGM's utilisation where it is exported.
 * `rate` divides by the whole window, so the mean is taken over the part of it in which the task ran and Prometheus saw it:
 * else one that was installed a minute ago would tell of busy tasks that they use next to nothing.
 * @param startedAtSeconds by task id
 * @returns by task id
 */
export async function prometheusUsage(
  query: Query,
  windowSeconds: number,
  nowSeconds: number,
  startedAtSeconds: ReadonlyMap<string, number>,
  signal?: AbortSignal,
): Promise<Map<string, Usage>> {
  const window = `${Math.round(windowSeconds)}s`;
  const memory = `container_memory_working_set_bytes{${CONTAINERS}}`;
  const rate = `rate(container_cpu_usage_seconds_total{${CONTAINERS}}[${window}])`;
  const burst = `rate(container_cpu_usage_seconds_total{${CONTAINERS}}[2m])`;
  const gpu = `avg_over_time(DCGM_FI_DEV_GPU_UTIL[${window}])`;
  const seen = `min_over_time(timestamp(${memory})[${window}:${Math.ceil(windowSeconds / WINDOW_STEPS)}s])`;
  const ask = (promql: string) => query(promql, signal);
  const [cpu, cpuPeak, bytes, bytesPeak, readings, firstSeen, gpus] = await Promise.all([
    ask(`1000 * sum by (namespace,pod) (${rate})`),
    ask(`max_over_time((1000 * sum by (namespace,pod) (${burst}))[${window}:1m])`),
    ask(`sum by (namespace,pod) (avg_over_time(${memory}[${window}]))`),
    ask(`max_over_time((sum by (namespace,pod) (${memory}))[${window}:15s])`),
    ask(`max by (namespace,pod) (count_over_time(${memory}[${window}]))`),
    ask(`min by (namespace,pod) (${seen})`),
    ask(`10 * sum by (namespace,pod) (${ofTask(ofTask(gpu, 'pod'), 'namespace')})`),
  ]);
  const usage = new Map<string, Usage>();
  const of = (samples: readonly Sample[]) => new Map(samples.map(({ labels, value }) => [idOf(labels), value]));
  const [peaks, means, memoryPeaks, counts, seenFrom, gpuMeans] = [
    cpuPeak,
    bytes,
    bytesPeak,
    readings,
    firstSeen,
    gpus,
  ].map(of);
  for (const { labels, value } of cpu) {
    const id = idOf(labels);
    const fromSeconds = Math.max(nowSeconds - windowSeconds, startedAtSeconds.get(id) ?? 0, seenFrom?.get(id) ?? 0);
    const milliCpu = Math.round((value * windowSeconds) / Math.max(1, nowSeconds - fromSeconds));
    const memoryBytes = Math.round(means?.get(id) ?? 0);
    const gpuMilli = Math.round(gpuMeans?.get(id) ?? 0);
    usage.set(id, {
      mean: { ...NO_RESOURCES, milliCpu, memoryBytes, gpuMilli },
      peak: {
        ...NO_RESOURCES,
        milliCpu: Math.max(milliCpu, Math.round(peaks?.get(id) ?? 0)),
        memoryBytes: Math.max(memoryBytes, Math.round(memoryPeaks?.get(id) ?? 0)),
        gpuMilli,
      },
      fromSeconds,
      toSeconds: nowSeconds,
      readings: counts?.get(id) ?? 1,
      source: 'prometheus',
    });
  }
  return usage;
}

/**
 * Finished pods that kube-state-metrics told Prometheus of, day by day backwards from now, so that months come in pages.
 * @returns the runs by their end, and the days that could not be read
 */
export async function prometheusHistory(
  query: Query,
  days: number,
  signal?: AbortSignal,
): Promise<{ tasks: FinishedTask[]; problems: string[] }> {
  const found = new Map<string, FinishedTask>();
  const problems: string[] = [];
  for (let day = 0; day < days; day++) {
    const offset = day === 0 ? '' : ` offset ${day}d`;
    try {
      for (const run of await oneDay(query, offset, signal)) found.set(`${run.id} ${run.startedAtSeconds}`, run);
    } catch (error) {
      signal?.throwIfAborted();
      problems.push(`Prometheus could not tell the runs of ${day} days ago: ${messageOf(error)}`);
      break; // a Prometheus that fails for one day fails for those before it
    }
  }
  return { tasks: [...found.values()].sort((a, b) => a.endedAtSeconds - b.endedAtSeconds), problems };
}

async function oneDay(query: Query, offset: string, signal: AbortSignal | undefined): Promise<FinishedTask[]> {
  const finished = `last_over_time(kube_pod_completion_time[1d]${offset})`;
  const reader = kubeStateMetricsReader();
  for (const metric of HISTORY_METRICS) {
    const series = `last_over_time(${metric}[1d]${offset})`;
    const promql = metric === 'kube_pod_completion_time' ? finished : `${series} and on (namespace,pod) ${finished}`;
    for (const { labels, value } of await query(promql, signal)) reader.read(`${metric}{${written(labels)}} ${value}`);
  }
  return reader.end().filter((run) => typeof run !== 'string');
}

const HISTORY_METRICS: readonly string[] = [
  'kube_pod_completion_time',
  'kube_pod_start_time',
  'kube_pod_created',
  'kube_pod_info',
  'kube_pod_owner',
  'kube_pod_labels',
  'kube_pod_container_resource_requests',
  'kube_pod_status_phase',
];

const QUERY_MILLISECONDS = 30_000;
/** A container's own series: not the pod's sum, not its sandbox. */
const CONTAINERS = 'container!="",container!="POD"';

/** Where Prometheus does not honour an exporter's labels, the task's are `exported_pod` and `exported_namespace`. */
function ofTask(series: string, label: string): string {
  return `label_replace(${series},"${label}","$1","exported_${label}","(.+)")`;
}

function idOf({ namespace = '', pod = '' }: Sample['labels']): string {
  return `${namespace}/${pod}`;
}

function samplesOf(answer: unknown): Sample[] {
  const { status, error, data } = answer as { status?: string; error?: string; data?: { result?: unknown } };
  if (status !== 'success') throw new Error(error ?? 'it did not answer as a Prometheus does');
  const series = (data?.result ?? []) as { metric?: Record<string, string>; value?: [number, string] }[];
  return series.flatMap(({ metric = {}, value }) => {
    const number = Number(value?.[1]);
    return Number.isFinite(number) ? [{ labels: metric, value: number }] : [];
  });
}

/** Labels as the text format writes them. */
function written(labels: Sample['labels']): string {
  return Object.entries(labels)
    .filter(([name]) => name !== '__name__')
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',');
}

function messageOf(error: unknown): string {
  return errorMessage(error).slice(0, 300);
}
