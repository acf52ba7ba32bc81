import type { Task } from '../model/task.ts';
import type { AvailableTime, TimeBand } from './availableTime.ts';
import type { NodeRoom } from './room.ts';

/** The nodes that passed the filter, with what they have in space and in time, in the same order. */
export type Candidates = {
  readonly nodes: readonly NodeRoom[];
  readonly times: readonly AvailableTime[];
  /** The task's runtime t1; `Infinity` where it never ends or nothing is known of it. */
  readonly runtime: TimeBand;
};

/**
 * A score of live nodes: a number in 0…1 for each candidate, in their order; larger is better. It may look at all
 * candidates at once (to normalise), at nothing else.
 */
export type NodePolicy = (task: Task, candidates: Candidates) => Float64Array;
