import { setTimeout as pause } from 'node:timers/promises';
import type { OwnerRef } from '../../../core/model/moves.ts';
import type { Resources } from '../../../core/model/resources.ts';
import { ApiError } from '../../errors.ts';
import type { ActOptions, ActResult, Pin, ResumeOptions } from '../../port.ts';
import { acting, refuse } from '../../refused.ts';
import type { Connection } from '../api/connection.ts';
import type { Job, Pod } from '../api/objects.ts';
import { ORIGINAL_REQUEST, originalRequestText } from '../model/pod.ts';
import { RECORD, readRecord } from '../model/records.ts';
import { podRequests, toResources } from '../model/requests.ts';
import { conditionHolds, getJob, jobPath } from './jobs.ts';
import { PINNED, repinned } from './pin.ts';
import { done, patched, send, trying } from './request.ts';
import { resizeSpec } from './resizeSpec.ts';

/**
 * Second half of S410: pin, allocation, record and suspension change in one patch. A server that does not let the
 * template change (before 1.36, once it ran) first gets `status.startTime` taken away, as Kueue does. What such a
 * server refuses all the same is left out, for a Job that stays suspended is worse: first the allocation, then the
 * removal of an old pin.
 */
export function resumeJob(
  connection: Connection,
  owner: OwnerRef,
  pin: Pin,
  options: ResumeOptions,
): Promise<ActResult> {
  const attempt = acting('resume', owner);
  return trying(attempt, async () => {
    const { job, refused } = await getJob(connection, owner, attempt, options);
    if (refused) return refused;
    const suspended = job.spec?.suspend === true;
    if (!suspended && !readRecord(job)) return done(job);
    const affinity = repinned(job, pin);
    const sized = options.allocation && resizedTemplate(job, options.allocation);
    const released = { uid: owner.uid, annotations: { [RECORD]: null } };
    const metadata = { ...released, annotations: { [RECORD]: null, [PINNED]: pin.kind === 'none' ? null : pin.node } };
    const resumed = (template?: object) => ({ metadata, spec: { suspend: false, ...(template && { template }) } });
    const patch = (body: object) => patched(connection, { path: jobPath(owner), type: 'strategic', body }, options);
    const unchangeable = !suspended && options.dryRun; // it will be suspended when it comes to that
    if (unchangeable || !(affinity || sized)) return patch(resumed());
    if (!suspended) return refuse('conflict', attempt, { code: 'running' });
    const { status } = await stopped(connection, owner, job, options);
    if (status?.startTime && !options.dryRun) await clearStartTime(connection, owner, options);
    const pinned = affinity && { spec: { affinity } };
    return firstTaken(patch, [
      ...(sized ? [resumed({ ...sized, spec: { ...sized.spec, ...pinned?.spec } })] : []),
      ...(pinned ? [resumed(pinned)] : []),
      ...(pin.kind === 'none' ? [{ metadata: released, spec: { suspend: false } }] : []),
    ]);
  });
}

/** Tries one body after the other until the server takes one; what it says of the last stands. */
async function firstTaken(patch: (body: object) => Promise<ActResult>, bodies: readonly object[]): Promise<ActResult> {
  const [body = {}, ...others] = bodies;
  try {
    return await patch(body);
  } catch (error) {
    if (others.length === 0 || !(error instanceof ApiError) || error.status !== UNPROCESSABLE) throw error;
    return firstTaken(patch, others);
  }
}

/** What the server answers to a change of a template that it holds immutable. */
const UNPROCESSABLE = 422;

/**
 * A strategic merge patch of the template whose pods hold `allocation`, with the original request beside it so that it
 * stays the 100 % (S307); undefined when they do already, or when their shape does not allow it.
 */
function resizedTemplate(job: Job, allocation: Resources): { metadata: object; spec: object } | undefined {
  const { metadata, spec } = job.spec?.template ?? {};
  const pod: Pod = { ...(metadata && { metadata }), ...(spec && { spec }) };
  const resized = resizeSpec(pod, allocation);
  if (!resized || 'kind' in resized) return undefined;
  const original =
    metadata?.annotations?.[ORIGINAL_REQUEST] ?? originalRequestText(toResources(podRequests(pod, 'spec')).resources);
  return { metadata: { annotations: { [ORIGINAL_REQUEST]: original } }, spec: resized };
}

/** How long the Job's controller is awaited, and how often it is asked. */
const CONFIRMATION = { milliseconds: 5000, pollMilliseconds: 250 };

/**
 * The Job once its controller has confirmed the suspension, for only then may the template change; or as it is by then.
 */
async function stopped(connection: Connection, owner: OwnerRef, job: Job, options: ActOptions): Promise<Job> {
  let present = job;
  for (let waited = 0; waited < CONFIRMATION.milliseconds; waited += CONFIRMATION.pollMilliseconds) {
    const settled = conditionHolds(present, 'Suspended') && (present.status?.active ?? 0) === 0;
    if (settled || !present.status?.startTime) return present;
    await pause(CONFIRMATION.pollMilliseconds, undefined, options.signal ? { signal: options.signal } : {});
    present = await connection.send<Job>(jobPath(owner), { signal: options.signal });
  }
  return present;
}

async function clearStartTime(connection: Connection, owner: OwnerRef, options: ActOptions): Promise<void> {
  const body = { metadata: { uid: owner.uid }, status: { startTime: null } };
  await send(connection, { path: `${jobPath(owner)}/status`, type: 'merge', body }, options);
}
