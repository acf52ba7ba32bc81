import type { FinishedTask } from '../../../core/model/finished.ts';
import type { Problem } from '../../../core/model/problem.ts';
import type { ParameterKeys, PastRead } from '../../port.ts';
import type { ApiObject, Job, Pod } from '../api/objects.ts';
import { finishedTasks } from '../model/history.ts';
import { isOver } from '../model/pod.ts';
import { prometheusHistory, type Query } from './prometheus.ts';
import { readSource } from './read.ts';
import type { RunRecord } from './runs.ts';
import type { Scope, Source, Sources } from './sources.ts';

/** How far back Prometheus is asked for finished runs; its own retention is often less. */
const HISTORY_DAYS = 30;

export type HistoryOptions = {
  readonly sources: Sources;
  readonly keys: ParameterKeys;
  readonly prometheus: Query | undefined;
  /** Our own record across sessions; absent: none is kept. */
  readonly runs: RunRecord | undefined;
};

/** The finished runs of a cluster: what the API server still has, what Prometheus knows, and what we have recorded. */
export class HistoryReader {
  readonly #scope: Scope;
  readonly #options: HistoryOptions;

  constructor(scope: Scope, options: HistoryOptions) {
    this.#scope = scope;
    this.#options = options;
  }

  async read(signal?: AbortSignal): Promise<PastRead> {
    const { sources, keys, prometheus, runs } = this.#options;
    const problems: Problem[] = [];
    const read = <T extends ApiObject>(source: Source<T>) => readSource(this.#scope, source, problems, signal);
    const finished = (phase: string): Source<Pod> => ({
      ...sources.pods,
      name: 'finishedPods',
      query: { fieldSelector: `status.phase=${phase}` },
    });
    const [succeeded, failed, jobs] = await Promise.all([
      read(finished('Succeeded')),
      read(finished('Failed')),
      read(whole(sources.jobs)),
    ]);
    const history = finishedTasks([...succeeded, ...failed], jobs, indexOf(jobs), keys);
    const older = prometheus && (await prometheusHistory(prometheus, HISTORY_DAYS, signal));
    const found = mergeRuns(older?.tasks ?? [], history.tasks);
    const tasks = (await runs?.merge(found)) ?? found;
    return { tasks, problems: [...problems, ...history.problems, ...(older?.problems ?? [])] };
  }

  /** Records a pod that has finished or was deleted, if it was a run. @param jobs asked for only then */
  keep(pod: Pod, jobs: () => Iterable<Job>): void {
    const { keys, runs } = this.#options;
    if (runs && isOver(pod)) void runs.merge(finishedTasks([pod], [], indexOf(jobs()), keys).tasks);
  }
}

function indexOf(jobs: Iterable<Job>) {
  const byUid = new Map<string, Job>();
  for (const job of jobs) byUid.set(job.metadata?.uid ?? '', job);
  return { jobs: byUid, replicaSets: new Map() };
}

/** The source with its objects as the server sends them. */
function whole<T extends ApiObject>({ fields: _, ...source }: Source<T>): Source<T> {
  return { ...source, transform: (object) => object };
}

/** Both lists by their end, each run once; where both know it, the API's word, which knows more of it. */
function mergeRuns(older: readonly FinishedTask[], newer: readonly FinishedTask[]): FinishedTask[] {
  const known = new Set(newer.map(({ id }) => id));
  const all = [...older.filter(({ id }) => !known.has(id)), ...newer];
  return all.sort((a, b) => a.endedAtSeconds - b.endedAtSeconds);
}
