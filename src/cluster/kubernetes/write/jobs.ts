import type { OwnerRef } from '../../../core/model/moves.ts';
import { type ActOptions, type MoveName, sameMove } from '../../port.ts';
import { type Attempt, refuse } from '../../refused.ts';
import type { Connection } from '../api/connection.ts';
import type { Job } from '../api/objects.ts';
import { FIELD_MANAGER, managersOf } from '../model/managers.ts';
import { readRecord } from '../model/records.ts';
import { type OrRefused, refuseOther } from './refusal.ts';
import { lookAt } from './request.ts';

/** Where the API server has a Job. */
export function jobPath(owner: Pick<OwnerRef, 'namespace' | 'name'>): string {
  return `/apis/batch/v1/namespaces/${encodeURIComponent(owner.namespace)}/jobs/${encodeURIComponent(owner.name)}`;
}

/** The Job a move is about, as it is now, or why it is not. */
export async function getJob(
  connection: Connection,
  owner: OwnerRef,
  attempt: Attempt,
  options: ActOptions,
): Promise<OrRefused<{ readonly job: Job }>> {
  if (owner.kind !== 'Job') return { refused: refuse('notMovable', attempt, { code: 'ownerKind', kind: owner.kind }) };
  const job = await lookAt<Job>(connection, jobPath(owner), options);
  const refused = refuseOther(attempt, owner.uid, job);
  return refused ? { refused } : { job };
}

/** True once a Job has succeeded or failed. */
export function isFinished(job: Job): boolean {
  return conditionHolds(job, 'Complete') || conditionHolds(job, 'Failed');
}

/** Whether a condition of the Job is true; one that is not stated is not. */
export function conditionHolds(job: Job, type: string): boolean {
  return job.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}

/** Whether we have suspended a Job, and nobody has set that anew since: the server keeps who wrote each field last. */
export function isSuspensionKept(job: Job): boolean {
  const managers = managersOf(job, ['spec', 'suspend']);
  return job.spec?.suspend === true && managers.some(({ manager }) => manager === FIELD_MANAGER);
}

/**
 * Whether a Job stands as our suspend has left it: by a record of that generation, or because nobody else has set it.
 * @param move the record must be this move's, or gone; without it any record counts
 */
export function isHeld(job: Job, move?: MoveName): boolean {
  if (job.spec?.suspend !== true) return false;
  const record = readRecord(job);
  if (move && record && !sameMove(record, move)) return false;
  return isSuspensionKept(job) || (record !== undefined && record.generation === job.metadata?.generation);
}
