import type { Failure } from './failure.ts';
import { isRecord } from './isRecord.ts';

/**
 * What could not be read or understood of a cluster, as a code with what a sentence about it needs. `text/problem.ts`
 * has the sentences. Nodes, containers and resources are named as the cluster names them; `message` is the server's own.
 */
export type Problem =
  /** A source that may not be read, and the role that would let it be. */
  | { readonly code: 'unreadable'; readonly source: SourceName; readonly role: ReaderRole; readonly message: string }
  | { readonly code: 'rightsUnknown'; readonly message: string }
  /** Usage: there is no metrics.k8s.io; it fails; Prometheus does not answer. */
  | { readonly code: 'noMetrics' }
  | { readonly code: 'metricsFailed'; readonly status: number; readonly message: string }
  | { readonly code: 'prometheusFailed'; readonly why: Failure }
  /** Of a node: it states no amounts; one is none; when it ends is no time. */
  | { readonly code: 'nodeWithoutAmounts'; readonly node: string }
  | { readonly code: 'nodeAmount'; readonly node: string; readonly resource: string; readonly quantity: string }
  | { readonly code: 'nodeEnd'; readonly node: string; readonly annotation: string; readonly value: string }
  /** Of a task: gates of others; an amount that is none; its first request cannot be read. */
  | { readonly code: 'heldBack'; readonly gates: readonly string[] }
  | { readonly code: 'taskAmount'; readonly container: string; readonly resource: string; readonly quantity: string }
  | { readonly code: 'originalRequest'; readonly annotation: string }
  /**
   * Of our marks on an owner (`namespace/name`): it is pinned to a node that takes no tasks, or has no room, and some
   * wait for it; its record is unreadable.
   */
  | {
      readonly code: 'deadPin';
      readonly owner: string;
      readonly node: string;
      readonly why: 'gone' | 'cordoned' | 'full';
      readonly tasks: number;
    }
  | { readonly code: 'recordUnreadable'; readonly owner: string; readonly annotation: string }
  /** Of the history: a finished task that does not say when it ended; runs of so many days ago, and all before. */
  | { readonly code: 'runWithoutEnd'; readonly task: string }
  | { readonly code: 'prometheusRuns'; readonly daysAgo: number; readonly why: Failure };

/** The kinds of objects that are read of a cluster. */
export type SourceName =
  | 'nodes'
  | 'pods'
  | 'finishedPods'
  | 'jobs'
  | 'replicaSets'
  | 'budgets'
  | 'quotas'
  | 'claims'
  | 'volumes'
  | 'nodeClaims'
  | 'namespaces'
  | 'usage';

/** Roles that let a user read (`media/rbac`): what is in namespaces, and what is in none. */
export type ReaderRole = 'stowage-reader' | 'stowage-nodes';

/** True for a problem that a file gives back, or the sentence that version 0.1.0 wrote in its place. */
export function isWrittenProblem(value: unknown): boolean {
  return typeof value === 'string' || (isRecord(value) && typeof value['code'] === 'string');
}
