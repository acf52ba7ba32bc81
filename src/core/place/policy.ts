import type { Task } from '../model/task.ts';
import type { NodeRoom } from './room.ts';
import type { TimeFit } from './timeFit.ts';

/** A node that passed the filter, with how the task's runtime fits it. */
export type Candidate = { readonly held: NodeRoom; readonly fit: TimeFit };

/**
 * A score of live nodes: a number in 0…1 for each candidate, in their order; larger is better. It may look at all
 * candidates at once (to normalise), at nothing else.
 */
export type NodePolicy = (task: Task, candidates: readonly Candidate[]) => Float64Array;
