import type { OwnerRef } from '../../../core/model/moves.ts';
import type { Resources } from '../../../core/model/resources.ts';
import { ApiError } from '../../errors.ts';
import type { ActOptions, ActResult, Pin, ResumeOptions } from '../../port.ts';
import { acting, refuse, refuseChanged } from '../../refused.ts';
import type { Connection } from '../api/connection.ts';
import type { Job, Pod } from '../api/objects.ts';
import { pause } from '../api/pause.ts';
import { jobOwnership } from '../model/owner.ts';
import { affinityPatch, PINNED, pinned, pinOn, unpinned } from '../model/pin.ts';
import { ORIGINAL_REQUEST, originalRequestText } from '../model/pod.ts';
import { RECORD } from '../model/records.ts';
import { podRequests, toResources } from '../model/requests.ts';
import { conditionHolds, getJob, isHeld, jobPath } from './jobs.ts';
import { refuseOther } from './refusal.ts';
import { withoutRecord } from './releaseJob.ts';
import { done, patched, send, trying, unchanged } from './request.ts';
import { resizeSpec } from './resizeSpec.ts';

/**
 * Second half of S410: pin, allocation, record and suspension change in one patch of the very version that was read. Of
 * a Job that runs already only the record is taken off; one that something else steers stays as it is, unless we have
 * suspended it. A server that does not let the template change (before 1.36, once it ran) first gets `status.startTime`
 * taken away, as Kueue does. What such a server refuses all the same is left out, for a Job that stays suspended is
 * worse: first the allocation, then the removal of an old pin.
 */
export function resumeJob(
  connection: Connection,
  owner: OwnerRef,
  pin: Pin,
  options: ResumeOptions,
): Promise<ActResult> {
  const attempt = acting('resume', owner);
  return trying(attempt, options, async () => {
    const { job: found, refused } = await getJob(connection, owner, attempt, options);
    if (refused) return refused;
    const { steering } = jobOwnership(found);
    if (found.spec?.suspend && steering && !isHeld(found)) {
      return refuse('notMovable', attempt, { code: 'steered', by: steering });
    }
    const changes = (of: Job) => repinned(of, pin) ?? (options.allocation && resizedTemplate(of, options.allocation));
    const job = found.spec?.suspend && changes(found) ? await changeable(connection, owner, found, options) : found;
    const other = refuseOther(attempt, owner.uid, job);
    if (other) return other;
    const patch = (body: object) => patched(connection, { path: jobPath(owner), type: 'strategic', body }, options);
    if (!job.spec?.suspend) return RECORD in (job.metadata?.annotations ?? {}) ? patch(withoutRecord(job)) : done(job);
    const { generation = job.metadata?.generation ?? 0 } = options;
    const changed = refuseChanged(attempt, generation, job.metadata?.generation);
    return changed ?? firstTaken(patch, resumed(job, pin, options));
  });
}

/** The patches that resume a Job, the one that changes all that it should before those that leave something out. */
function resumed(job: Job, pin: Pin, { allocation, dryRun }: ResumeOptions): readonly object[] {
  const plain = { metadata: { ...unchanged(job), annotations: { [RECORD]: null } }, spec: { suspend: false } };
  // Such a server takes the template only once the start time is gone, which a dry run leaves there.
  if (dryRun && job.status?.startTime) return [plain];
  const pinning = repinned(job, pin);
  const sized = allocation && resizedTemplate(job, allocation);
  const annotations = { [RECORD]: null, ...(pinning && { [PINNED]: pinning.written }) };
  const metadata = { ...unchanged(job), annotations };
  const spec = pinning && { affinity: pinning.affinity };
  const withTemplate = (template: object) => ({ metadata, spec: { suspend: false, template } });
  return [
    ...(sized ? [withTemplate({ ...sized, spec: { ...sized.spec, ...spec } })] : []),
    ...(spec ? [withTemplate({ spec })] : []),
    ...(spec === undefined || pin.kind === 'none' ? [plain] : []),
  ];
}

/** A patch of the affinity that takes our last pin away and sets the new one, and how that is remembered. */
function repinned(
  job: Job,
  pin: Pin,
): { readonly affinity: object | null; readonly written: string | null } | undefined {
  const old = pinOn(job);
  if (pin.kind === 'none' && !old) return undefined;
  const { affinity, written } = pinned(unpinned(job.spec?.template?.spec?.affinity, old), pin);
  return { affinity: affinityPatch(affinity), written: written ? JSON.stringify(written) : null };
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
 * The Job once its template may change, which is when its controller has confirmed the suspension; or as it is by then.
 */
async function changeable(connection: Connection, owner: OwnerRef, job: Job, options: ActOptions): Promise<Job> {
  let present = job;
  for (let waited = 0; waited < CONFIRMATION.milliseconds; waited += CONFIRMATION.pollMilliseconds) {
    const settled = conditionHolds(present, 'Suspended') && (present.status?.active ?? 0) === 0;
    if (settled || !present.spec?.suspend || !present.status?.startTime) break;
    await pause(CONFIRMATION.pollMilliseconds, options.signal);
    present = await connection.send<Job>(jobPath(owner), { signal: options.signal });
  }
  if (options.dryRun || !present.spec?.suspend || !present.status?.startTime) return present;
  const body = { metadata: unchanged(present), status: { startTime: null } };
  return send<Job>(connection, { path: `${jobPath(owner)}/status`, type: 'merge', body }, options);
}
