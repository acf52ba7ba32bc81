import type { NodeDeadline } from '../core/model/node.ts';
import type { Resources } from '../core/model/resources.ts';
import type { Action } from '../core/model/snapshot.ts';

/** What the trees show of a cluster: plain rows, made off the editor's thread. */
export type ClusterView = {
  readonly cluster: string;
  readonly takenAtSeconds: number;
  readonly nodes: readonly NodeRow[];
  readonly tasks: readonly TaskRow[];
  /** Refused everywhere, in words, by action. */
  readonly refused: Readonly<Partial<Record<Action, string>>>;
  readonly problems: readonly string[];
  /** Predictor in use and what it was made from. */
  readonly predictor: string;
};

export type NodeRow = {
  readonly name: string;
  readonly total: Resources;
  readonly free: Resources;
  /** Mean usage of its tasks over its allocatable amount, dominant resource; absent where there are no readings. */
  readonly usageFraction?: number;
  readonly available: { readonly seconds: number; readonly source: string };
  readonly deadline?: NodeDeadline;
  readonly state: 'ready' | 'notReady' | 'unschedulable';
  readonly taskIds: readonly string[];
};

export type TaskRow = {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly kind: 'pending' | 'running' | 'ending';
  readonly node?: string;
  /** `Job train-resnet`; absent for a bare task. */
  readonly owner?: string;
  readonly creator?: string;
  readonly allocation: Resources;
  readonly usage?: Resources;
  readonly elapsedSeconds?: number;
  /** Absent for a task that never ends by itself. */
  readonly runtime?: Band;
  readonly remaining?: Band;
  readonly basis?: string;
  /** "predictor med5; 79 % of 214 outcomes inside the band" */
  readonly trackRecord?: string;
  readonly endless: boolean;
  readonly infrastructure: boolean;
  /** Per action: '' when it can be done, else why not. */
  readonly actions: Readonly<Record<Action, string>>;
  readonly resize?: string;
  readonly problems: readonly string[];
};

/** Seconds at 10 %, 50 % and 90 %. */
export type Band = { readonly low: number; readonly median: number; readonly high: number };
