import { isRunInformation } from '../../../core/model/moveShape.ts';
import type { OwnerRef, TaskRef } from '../../../core/model/moves.ts';
import { isResources } from '../../../core/model/resources.ts';
import { isSeconds } from '../../../core/model/shape.ts';
import { isResized } from '../../../core/model/stated.ts';
import type { MoveRecord, ObjectRecord } from '../../port.ts';
import { type ApiObject, idOf, type Job, type Pod } from '../api/objects.ts';
import { isOver } from './pod.ts';

/** Where the record of a move stands on the object it touches. */
export const RECORD = 'stowage.dev/move';

/** The record of ours on an object; undefined when there is none, or it is not one that we wrote. */
export function readRecord(object: ApiObject): MoveRecord | undefined {
  const text = object.metadata?.annotations?.[RECORD];
  if (text === undefined || text.length > LONGEST) return undefined;
  try {
    const record: unknown = JSON.parse(text);
    return isMoveRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Whether something stands in the place of a record that is none: nobody can tell what it was. */
export function hasUnreadableRecord(object: ApiObject): boolean {
  return object.metadata?.annotations?.[RECORD] !== undefined && !readRecord(object);
}

/** The records of ours on Jobs and pods. One on a finished pod tells nothing any more. */
export function recordsOn(jobs: readonly Job[], pods: readonly Pod[]): ObjectRecord[] {
  const onJobs = jobs.flatMap((job) => {
    const record = readRecord(job);
    return record ? [{ record, owner: ownerRef(job) }] : [];
  });
  const onPods = pods.flatMap((pod) => {
    const record = readRecord(pod);
    return record && !isOver(pod) ? [{ record, task: taskRef(pod) }] : [];
  });
  return [...onJobs, ...onPods];
}

/** A pod as a move refers to it. */
function taskRef(pod: Pod): TaskRef {
  const { uid = '', generation = 0 } = pod.metadata ?? {};
  const node = pod.spec?.nodeName;
  return node ? { id: idOf(pod), uid, generation, node } : { id: idOf(pod), uid, generation };
}

/** A Job as a move refers to it. */
function ownerRef(job: Job): OwnerRef {
  const { namespace = '', name = '', uid = '', generation = 0 } = job.metadata ?? {};
  return { kind: 'Job', namespace, name, uid, generation };
}

/** In characters: a record names each container of its pod twice. The API lets annotations have 256 KiB in all. */
const LONGEST = 100_000;

function isMoveRecord(value: unknown): value is MoveRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { planId, moveId, kind, startedAtSeconds, ...more } = value as Record<string, unknown>;
  const { before, request, allocation, run, from, to, generation, resized } = more;
  return (
    [before, request, allocation].every((amounts) => amounts === undefined || isResources(amounts)) &&
    (resized === undefined || isResized(resized)) &&
    typeof planId === 'string' &&
    typeof moveId === 'string' &&
    [from, to].every((node) => node === undefined || typeof node === 'string') &&
    (generation === undefined || Number.isSafeInteger(generation)) &&
    (kind === 'resize' || kind === 'migration') &&
    (run === undefined || isRunInformation(run)) &&
    isSeconds(startedAtSeconds)
  );
}
