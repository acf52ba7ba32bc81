import { request } from 'undici';
import { kubeStateMetricsReader } from '../../../core/history/kubeStateMetrics.ts';
import { soundRow } from '../../../core/history/rows.ts';
import { type FinishedTask, isRowFault } from '../../../core/model/finished.ts';
import { InputError } from '../../../core/model/input.ts';
import { isRecord } from '../../../core/model/isRecord.ts';
import { withoutPasswords } from '../../../core/model/plain.ts';
import type { Problem } from '../../../core/model/problem.ts';
import { NO_RESOURCES, type Resources } from '../../../core/model/resources.ts';
import type { UsageWindows } from '../../../core/model/settings.ts';
import type { Usage } from '../../../core/model/usage.ts';
import { failureOf, NotPrometheus } from '../../errors.ts';
import type { PastRead } from '../../port.ts';
import type { Connection } from '../api/connection.ts';
import { basic, splitLogin } from '../api/secrets.ts';

/** One series of an instant query: its labels and its value. */
export type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

/**
 * Asks Prometheus one instant query. Rejects with what Prometheus or the way to it said, or with `NotPrometheus`.
 */
export type Query = (promql: string, signal?: AbortSignal) => Promise<Sample[]>;

/**
 * The way to a Prometheus: `http://…` by address, or `service:NAMESPACE/NAME:PORT` through the API server's service
 * proxy, which needs the right to `get` `services/proxy` there and no other way into the cluster.
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
      `"${shownAddress(address)}" is no address of a Prometheus. Write http://HOST:PORT, or service:NAMESPACE/NAME:PORT to reach it through the API server.`,
    );
  }
  const { url, login } = splitLogin(`${address.replace(/\/$/, '')}/api/v1/query`);
  const authorization = login === undefined ? {} : { authorization: basic(login) };
  return async (promql, signal) => {
    const answer = await request(url, {
      method: 'POST',
      headers: { ...authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ query: promql }).toString(),
      headersTimeout: QUERY_MILLISECONDS,
      bodyTimeout: QUERY_MILLISECONDS,
      ...(signal ? { signal } : {}),
    });
    return samplesOf(parse(await answer.body.text()));
  };
}

/** An address as it may be shown: without a name and a password, with a scheme before them or not. */
export function shownAddress(address: string): string {
  return withoutPasswords(address).replace(/^[^\s/]*@/, '');
}

/**
 * Mean and peak use of each pod over the usage window before now (S306), and the mean over the node's (S408), the
 * windows pushed down into the queries: CPU from the difference of its counter, memory from its working set, GPUs from
 * DCGM's utilisation where it is exported.
 * @param startedAtSeconds by task id
 * @returns by task id
 */
export async function prometheusUsage(
  query: Query,
  { usageWindowSeconds, nodeUsageWindowSeconds }: UsageWindows,
  nowSeconds: number,
  startedAtSeconds: ReadonlyMap<string, number>,
  signal?: AbortSignal,
): Promise<Map<string, Usage>> {
  const window = `${Math.round(usageWindowSeconds)}s`;
  const burst = `rate(${CPU}[2m])`;
  const ask = async (promql: string) => byTask(await query(promql, signal));
  const over = (windowSeconds: number) => meansOver(windowSeconds, ask, nowSeconds, startedAtSeconds);
  const [means, nodeMeans, cpuPeaks, memoryPeaks, counts] = await Promise.all([
    over(usageWindowSeconds),
    nodeUsageWindowSeconds === usageWindowSeconds ? undefined : over(nodeUsageWindowSeconds),
    ask(`max_over_time((1000 * sum by (namespace,pod) (${burst}))[${window}:1m])`),
    ask(`max_over_time((sum by (namespace,pod) (${MEMORY}))[${window}:15s])`),
    ask(`max by (namespace,pod) (count_over_time(${MEMORY}[${window}]))`),
  ]);
  const usage = new Map<string, Usage>();
  for (const [id, { mean, fromSeconds }] of means) {
    const nodeMean = nodeMeans?.get(id)?.mean;
    usage.set(id, {
      mean,
      peak: {
        ...mean,
        milliCpu: Math.max(mean.milliCpu, Math.round(cpuPeaks.get(id) ?? 0)),
        memoryBytes: Math.max(mean.memoryBytes, Math.round(memoryPeaks.get(id) ?? 0)),
      },
      ...(nodeMean && { nodeWindowMean: nodeMean }),
      fromSeconds,
      toSeconds: nowSeconds,
      readings: counts.get(id) ?? 1,
      source: 'prometheus',
    });
  }
  return usage;
}

/** In how many steps the beginning of what Prometheus saw is sought within the window. */
const WINDOW_STEPS = 120;

/**
 * Means of one window, and from when on. `rate` divides by the whole window, so the mean is taken over the part of it
 * in which the task ran and Prometheus saw it: else one that was installed a minute ago would tell of busy tasks that
 * they use next to nothing.
 */
async function meansOver(
  windowSeconds: number,
  ask: (promql: string) => Promise<ReadonlyMap<string, number>>,
  nowSeconds: number,
  startedAtSeconds: ReadonlyMap<string, number>,
): Promise<Map<string, { readonly mean: Resources; readonly fromSeconds: number }>> {
  const window = `${Math.round(windowSeconds)}s`;
  const gpu = `avg_over_time(DCGM_FI_DEV_GPU_UTIL[${window}])`;
  const seen = `min_over_time(timestamp(${MEMORY})[${window}:${Math.ceil(windowSeconds / WINDOW_STEPS)}s])`;
  const [cpu, memory, firstSeen, gpus] = await Promise.all([
    ask(`1000 * sum by (namespace,pod) (rate(${CPU}[${window}]))`),
    ask(`sum by (namespace,pod) (avg_over_time(${MEMORY}[${window}]))`),
    ask(`min by (namespace,pod) (${seen})`),
    ask(`10 * sum by (namespace,pod) (${ofTask(ofTask(gpu, 'pod'), 'namespace')})`),
  ]);
  const means = new Map<string, { readonly mean: Resources; readonly fromSeconds: number }>();
  for (const [id, rate] of cpu) {
    const fromSeconds = Math.max(nowSeconds - windowSeconds, startedAtSeconds.get(id) ?? 0, firstSeen.get(id) ?? 0);
    const mean = {
      ...NO_RESOURCES,
      milliCpu: Math.min(LARGEST, Math.round((rate * windowSeconds) / Math.max(1, nowSeconds - fromSeconds))),
      memoryBytes: Math.round(memory.get(id) ?? 0),
      gpuMilli: Math.round(gpus.get(id) ?? 0),
    };
    means.set(id, { mean, fromSeconds });
  }
  return means;
}

function byTask(samples: readonly Sample[]): ReadonlyMap<string, number> {
  return new Map(samples.filter(({ value }) => value >= 0).map(({ labels, value }) => [idOf(labels), value]));
}

/**
 * Finished pods that kube-state-metrics told Prometheus of, day by day backwards from now, so that months come in
 * pages.
 * @returns the runs by their end, and the days that could not be read
 */
export async function prometheusHistory(query: Query, days: number, signal?: AbortSignal): Promise<PastRead> {
  const found = new Map<string, FinishedTask>();
  const problems: Problem[] = [];
  for (let day = 0; day < days; day++) {
    const offset = day === 0 ? '' : ` offset ${day}d`;
    try {
      for (const run of await oneDay(query, offset, signal)) found.set(`${run.id} ${run.startedAtSeconds}`, run);
    } catch (error) {
      signal?.throwIfAborted();
      problems.push({ code: 'prometheusRuns', daysAgo: day, why: failureOf(error) });
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
  return reader
    .end()
    .map(soundRow)
    .filter((run): run is FinishedTask => !isRowFault(run));
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
const CPU = `container_cpu_usage_seconds_total{${CONTAINERS}}`;
const MEMORY = `container_memory_working_set_bytes{${CONTAINERS}}`;

/** Where Prometheus does not honour an exporter's labels, the task's are `exported_pod` and `exported_namespace`. */
function ofTask(series: string, label: string): string {
  return `label_replace(${series},"${label}","$1","exported_${label}","(.+)")`;
}

function idOf({ namespace = '', pod = '' }: Sample['labels']): string {
  return `${namespace}/${pod}`;
}

function samplesOf(answer: unknown): Sample[] {
  if (!isRecord(answer)) throw new NotPrometheus();
  const { status, error, data } = answer;
  if (status !== 'success') throw error === undefined ? new NotPrometheus() : new Error(String(error));
  const series: unknown = isRecord(data) ? (data['result'] ?? []) : [];
  if (!Array.isArray(series)) throw new NotPrometheus();
  return series.flatMap((each) => sampleOf(each) ?? []);
}

/** A series with its value; undefined for what has none, or one that is beyond all that is measured. */
function sampleOf(series: unknown): Sample | undefined {
  const { metric = {}, value } = isRecord(series) ? series : {};
  const number = Array.isArray(value) && typeof value[1] === 'string' ? Number(value[1]) : Number.NaN;
  if (!isRecord(metric) || !(Math.abs(number) <= LARGEST)) return undefined;
  const labels = Object.entries(metric).filter((label): label is [string, string] => typeof label[1] === 'string');
  return { labels: Object.fromEntries(labels), value: number };
}

/** An exbibyte. */
const LARGEST = 2 ** 60;

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new NotPrometheus();
  }
}

/** Labels as the text format writes them. */
function written(labels: Sample['labels']): string {
  return Object.entries(labels)
    .filter(([name]) => name !== '__name__')
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',');
}
