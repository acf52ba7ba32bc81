import type { Node } from './node.ts';
import type { Problem } from './problem.ts';
import type { Task } from './task.ts';
import type { Usage } from './usage.ts';

/**
 * All that a plan is made from, read at one moment. Plain data; nodes and tasks in the order of their names and ids.
 */
export type Snapshot = {
  /** Names the cluster: context and server, or `sample seed 7`. */
  readonly cluster: string;
  readonly takenAtSeconds: number;
  readonly nodes: readonly Node[];
  readonly tasks: readonly Task[];
  /** Usage by task id over the usage window (S306), as far as readings reach. */
  readonly usage: Readonly<Record<string, Usage>>;
  readonly budgets: readonly DisruptionBudget[];
  /** What namespaces may still ask for; absent where nothing bounds them. */
  readonly quotas?: readonly Quota[];
  /**
   * Labels by namespace, for affinity terms that select namespaces; where absent a namespace has only its name's label.
   */
  readonly namespaceLabels?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What may be done here, by action; absent means it was not asked. */
  readonly rights: Rights;
  /** What could not be read or understood. */
  readonly problems: readonly Problem[];
};

export type DisruptionBudget = {
  readonly namespace: string;
  readonly name: string;
  readonly disruptionsAllowed: number;
  /** Ids of the tasks it covers. */
  readonly taskIds: readonly string[];
};

/** A bound on what tasks of a namespace request together. */
export type Quota = {
  readonly namespace: string;
  readonly name: string;
  /** What of it is left, by resource that it bounds; 0 when more is used than it allows now. */
  readonly left: { readonly [resource in 'milliCpu' | 'memoryBytes']?: number };
  /** The tasks it counts; absent: all of its namespace. */
  readonly taskIds?: readonly string[];
};

export type Action = 'place' | 'resize' | 'migrate';

/** Per action, the namespaces in which it is refused and the missing right in words; `*` stands for every namespace. */
export type Rights = { readonly [action in Action]?: Readonly<Record<string, string>> };
