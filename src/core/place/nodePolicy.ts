import type { Band } from '../model/band.ts';
import type { Task } from '../model/task.ts';
import type { AvailableTime } from './availableTime.ts';
import type { ClusterCapacity, NodeCapacity } from './capacity.ts';
import type { PolicyReason } from './policies/reason.ts';

/** The nodes that passed the filter, with what they have in space and in time, in the same order. */
export type Candidates = {
  readonly nodes: readonly NodeCapacity[];
  readonly times: readonly AvailableTime[];
  /** The task's runtime t1; `Infinity` where it never ends or nothing is known of it. */
  readonly runtime: Band;
  /** All nodes, those that were refused included. */
  readonly capacity: ClusterCapacity;
  readonly nowSeconds: number;
};

/** A score of live nodes. It may look at all candidates at once (to normalise), at nothing else. */
export type NodePolicy = (task: Task, candidates: Candidates) => PolicyScores;

export type PolicyScores = {
  /** A number in 0…1 for each candidate, in their order; larger is better. */
  readonly scores: Float64Array;
  /** Why a candidate has its score; absent where its `TimeFit` tells that. */
  readonly explain?: (candidate: number) => PolicyReason;
};
