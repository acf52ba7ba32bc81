import type { Json } from './admin.ts';

/** What Stowage writes on objects, spelled here again: the storm looks at a cluster without Stowage's code. */
export const RECORD = 'stowage.dev/move';
export const PINNED = 'stowage.dev/pinned';
export const ORIGINAL_REQUEST = 'stowage.dev/original-request';

export function recordOn({ metadata }: Json): string | undefined {
  return metadata.annotations?.[RECORD];
}

/** Whether a move of ours has stopped this Job, as far as its record tells. */
export function isStoppedByUs(job: Json): boolean {
  return job['spec'].suspend === true && recordOn(job) !== undefined;
}

/** The Job of a pod, or the pod's own name. */
export function ownerOf({ metadata }: Json): string {
  return metadata.labels?.['job-name'] ?? metadata.name;
}

/** A pod that has ended. */
export function isOver({ status }: Json): boolean {
  return status.phase === 'Succeeded' || status.phase === 'Failed';
}

/** A Job that has ended. */
export function isFinished(job: Json): boolean {
  return Boolean(conditionOf(job, 'Complete') ?? conditionOf(job, 'Failed'));
}

/** A condition that is true; undefined where it is not, or not stated. */
export function conditionOf({ status = {} }: Json, type: string): Json | undefined {
  return status.conditions?.find((each: Json) => each['type'] === type && each['status'] === 'True');
}
