import type { OwnerRef } from '../../../core/model/moves.ts';
import { type ActOptions, type ActResult, type MoveName, sameMove } from '../../port.ts';
import { acting, refuse } from '../../refused.ts';
import type { Connection } from '../api/connection.ts';
import type { Job } from '../api/objects.ts';
import { jobOwnership } from '../model/owner.ts';
import { RECORD, readRecord } from '../model/records.ts';
import { getJob, isFinished, isHeld, isSuspensionKept, jobPath } from './jobs.ts';
import { done, patched, trying, unchanged } from './request.ts';

/** Takes a move's record off its Job, where it says nothing any more. */
export function releaseJob(
  connection: Connection,
  owner: OwnerRef,
  move: MoveName,
  options: ActOptions,
): Promise<ActResult> {
  const attempt = acting('release', owner);
  return trying(attempt, options, async () => {
    const { job, refused } = await getJob(connection, owner, attempt, options);
    if (refused) return refused;
    const record = readRecord(job);
    if (!record || !sameMove(record, move)) return done(job);
    const { steering } = jobOwnership(job);
    // What something else steers is suspended by that, whatever a record says.
    const holds = steering ? isSuspensionKept(job) : isHeld(job, move);
    if (holds && !isFinished(job)) {
      return refuse('conflict', attempt, { code: 'suspended', byPlan: record.planId });
    }
    return patched(connection, { path: jobPath(owner), type: 'merge', body: withoutRecord(job) }, options);
  });
}

/** A patch that takes the record off a Job as it was read. */
export function withoutRecord(job: Job): object {
  return { metadata: { ...unchanged(job), annotations: { [RECORD]: null } } };
}
