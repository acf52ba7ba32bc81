import type { ClusterIdentity } from '../../../core/model/clusterIdentity.ts';
import type { Problem } from '../../../core/model/problem.ts';
import type { UsageWindows } from '../../../core/model/settings.ts';
import type { Task } from '../../../core/model/task.ts';
import type { Usage } from '../../../core/model/usage.ts';
import { ApiError, failureOf } from '../../errors.ts';
import { idOf, type Pod, type PodMetrics, secondsOf } from '../api/objects.ts';
import { usageOf } from '../model/metrics.ts';
import { UsageRecord } from '../model/usage.ts';
import { KeptUsage } from './keptUsage.ts';
import { prometheusUsage, type Query } from './prometheus.ts';
import { readSource } from './read.ts';
import type { Scope, Source } from './sources.ts';

/** Sooner than this after a reading, metrics-server has nothing new: it reads the kubelets every 15 s by default. */
const METRICS_MILLISECONDS = 10_000;

/** Usage of the tasks of a cluster: our own readings of metrics.k8s.io, and what Prometheus says where there is one. */
export class UsageReader {
  readonly #scope: Scope;
  readonly #prometheus: Query | undefined;
  readonly #windows: () => UsageWindows;
  readonly #record = new UsageRecord();
  readonly #kept: KeptUsage | undefined;
  #readAtMilliseconds = 0;
  #problem: Problem | undefined;

  /**
   * @param windows over how long usage is taken, asked each time
   * @param keep where what is read outlives the process; absent: nowhere
   */
  constructor(
    scope: Scope,
    prometheus: Query | undefined,
    windows: () => UsageWindows,
    keep?: { readonly directory: string; readonly cluster: ClusterIdentity },
  ) {
    this.#scope = scope;
    this.#prometheus = prometheus;
    this.#windows = windows;
    this.#kept = keep && new KeptUsage(keep.directory, keep.cluster, this.#record);
  }

  /**
   * Usage over the windows before `nowSeconds`, by task id. What cannot be had becomes a problem; that of metrics.k8s.io
   * is none while Prometheus tells usage.
   */
  async usage(
    pods: Iterable<Pod>,
    nowSeconds: number,
    problems: Problem[],
    signal?: AbortSignal,
  ): Promise<Record<string, Usage>> {
    await this.#kept?.load();
    this.#record.own(startsOf(pods));
    const read = this.#record.usage(nowSeconds, this.#windows());
    const asked = await this.#askPrometheus(pods, nowSeconds, problems, signal);
    if (this.#problem && Object.keys(asked).length === 0) problems.push(this.#problem);
    // What Prometheus says is a mean over the whole window, so it goes before our own few readings; it adds containers up.
    for (const [id, usage] of Object.entries(asked)) {
      const containers = read[id]?.containers;
      read[id] = { ...usage, ...(containers && { containers }) };
    }
    return read;
  }

  /** Takes what was read of these tasks into what is kept. */
  async observe(tasks: readonly Task[], nowSeconds: number): Promise<void> {
    await this.#kept?.observe(tasks, nowSeconds);
  }

  /** Keeps what there is; nothing is read after that. */
  async close(): Promise<void> {
    await this.#kept?.write();
  }

  /** Reads metrics.k8s.io into our record, unless it was read just now. */
  async poll(signal?: AbortSignal): Promise<void> {
    if (Date.now() - this.#readAtMilliseconds < METRICS_MILLISECONDS) return;
    this.#readAtMilliseconds = Date.now();
    const readings = new Map<string, Usage>();
    const problems: Problem[] = [];
    try {
      await readSource(this.#scope, readingsInto(readings), problems, signal);
    } catch (error) {
      this.#readAtMilliseconds = 0;
      if (!(error instanceof ApiError)) throw error;
      problems.push({ code: 'metricsFailed', status: error.status, message: error.message.slice(0, 200) });
    }
    this.#problem = problems[0];
    this.#record.add(readings);
  }

  async #askPrometheus(
    pods: Iterable<Pod>,
    nowSeconds: number,
    problems: Problem[],
    signal: AbortSignal | undefined,
  ): Promise<Record<string, Usage>> {
    if (!this.#prometheus) return {};
    const starts = new Map<string, number>();
    for (const pod of pods) starts.set(idOf(pod), secondsOf(pod.status?.startTime) ?? 0);
    try {
      return Object.fromEntries(await prometheusUsage(this.#prometheus, this.#windows(), nowSeconds, starts, signal));
    } catch (error) {
      signal?.throwIfAborted();
      problems.push({ code: 'prometheusFailed', why: failureOf(error) });
      return {};
    }
  }
}

function startsOf(pods: Iterable<Pod>): Map<string, { readonly uid: string; readonly startedAtSeconds?: number }> {
  const starts = new Map<string, { readonly uid: string; readonly startedAtSeconds?: number }>();
  for (const pod of pods) {
    const startedAtSeconds = secondsOf(pod.status?.startTime);
    const start = startedAtSeconds !== undefined && { startedAtSeconds };
    starts.set(idOf(pod), { uid: pod.metadata?.uid ?? '', ...start });
  }
  return starts;
}

/** Each reading goes into the map as it is read; nothing else of it is kept. */
function readingsInto(readings: Map<string, Usage>): Source<PodMetrics> {
  return {
    name: 'usage',
    group: '/apis/metrics.k8s.io/v1beta1',
    resource: 'pods',
    namespaced: true,
    absent: { code: 'noMetrics' },
    transform: (metrics) => {
      const reading = usageOf(metrics);
      if (reading) readings.set(reading.id, reading.usage);
      return {};
    },
  };
}
