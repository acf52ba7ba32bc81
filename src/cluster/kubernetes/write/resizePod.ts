import type { TaskRef } from '../../../core/model/moves.ts';
import type { Resources } from '../../../core/model/resources.ts';
import { partAdded, type Resized, sameParts } from '../../../core/model/stated.ts';
import {
  type ActOptions,
  type ActResult,
  type MoveName,
  type MoveRecord,
  type ResizeOptions,
  sameMove,
} from '../../port.ts';
import { type Attempt, type Refused, refuse, refuseChanged, resizing } from '../../refused.ts';
import type { Connection } from '../api/connection.ts';
import { idOf, type Pod } from '../api/objects.ts';
import { apiTime } from '../api/wire.ts';
import { isOver, LAST_SHRINK, ORIGINAL_REQUEST, originalRequestText } from '../model/pod.ts';
import { RECORD, readRecord } from '../model/records.ts';
import { podRequests, toResources } from '../model/requests.ts';
import { statedParts } from '../model/stated.ts';
import { getPod, podPath } from './pods.ts';
import type { OrRefused } from './refusal.ts';
import { done, send, trying, unchanged } from './request.ts';
import { type ResizeSpec, resizeSpec, restoringSpec } from './resizeSpec.ts';

/**
 * S308: requests and limits of the pod's containers. The resize subresource takes no metadata (Kubernetes 1.36 resets
 * it), so our record and the original request are written just before; they are taken back when the resize is refused,
 * and stay where nobody knows what became of it.
 * The server's dry run tells what the write will leave, and so what the record says of it.
 */
export async function resizePod(
  connection: Connection,
  task: TaskRef,
  to: Resources,
  record: MoveRecord,
  options: ResizeOptions,
): Promise<ActResult> {
  const attempt = resizing(task.id);
  let unnoted: Pod | undefined;
  const result = await trying(attempt, options, async () => {
    const { pod, refused } = await runningPod(connection, task, attempt, options);
    if (refused) return refused;
    const spec = resizeSpec(pod, to, options.needs);
    if (!spec) return resizedBefore(pod, record);
    if ('kind' in spec) return spec;
    const changed = refuseChanged(attempt, task.generation, pod.metadata?.generation);
    if (changed) return changed;
    const left = await tryResize(connection, pod, spec, options);
    if (left.kind === 'refused' || options.dryRun) return left;
    unnoted ??= pod;
    const noted = { ...record, generation: left.generation, resized: left.resized };
    const annotated = await annotate(connection, pod, annotationsOf(connection, pod, to, noted), options);
    return sendResize(connection, annotated, spec, options);
  });
  if (unnoted && result.kind === 'refused') {
    await replaceNotes(connection, task, { move: record, annotations: notesOn(unnoted) }, options);
  }
  return result;
}

/** Our annotations as a pod has them. */
function notesOn({ metadata }: Pod): Annotations {
  const names = [RECORD, ORIGINAL_REQUEST, LAST_SHRINK];
  return Object.fromEntries(names.map((name) => [name, metadata?.annotations?.[name] ?? null]));
}

/** Each container gets back what it had before a resize, while it still has what that left it. */
export function restorePod(
  connection: Connection,
  task: TaskRef,
  resized: Resized,
  options: ActOptions,
): Promise<ActResult> {
  const attempt = resizing(task.id);
  return trying(attempt, options, async () => {
    const { pod, refused } = await runningPod(connection, task, attempt, options);
    if (refused) return refused;
    const parts = statedParts(pod);
    const { before, after } = resized;
    if (sameParts(parts, before)) return { ...done(pod), resized: { before: after, after: before } };
    if (!sameParts(parts, after)) return refuse('conflict', attempt, { code: 'resizedByOther' });
    const spec = restoringSpec(pod, resized);
    const left = await tryResize(connection, pod, spec, options);
    return left.kind === 'refused' || options.dryRun ? left : sendResize(connection, pod, spec, options);
  });
}

/** Takes our record off a pod; one of another move stays. */
export function releasePod(
  connection: Connection,
  task: TaskRef,
  move: MoveName,
  options: ActOptions,
): Promise<ActResult> {
  return replaceNotes(connection, task, { move, annotations: { [RECORD]: null } }, options);
}

/** Other annotations in place of a move's, while its record stands on the pod. */
function replaceNotes(
  connection: Connection,
  task: TaskRef,
  { move, annotations }: { readonly move: MoveName; readonly annotations: Annotations },
  options: ActOptions,
): Promise<ActResult> {
  const attempt = resizing(task.id);
  return trying(attempt, options, async () => {
    const { pod, refused } = await getPod(connection, task, attempt, options);
    if (refused) return refused;
    const standing = readRecord(pod);
    if (!standing || !sameMove(standing, move)) return done(pod);
    return done(await annotate(connection, pod, annotations, options));
  });
}

async function runningPod(
  connection: Connection,
  task: TaskRef,
  attempt: Attempt,
  options: ActOptions,
): Promise<OrRefused<{ readonly pod: Pod }>> {
  const found = await getPod(connection, task, attempt, options);
  if (found.refused) return found;
  const isEnded = found.pod.metadata?.deletionTimestamp || isOver(found.pod);
  return isEnded ? { refused: refuse('notFound', attempt, { code: 'ended' }) } : found;
}

/** A resize that is asked for once more: what its record says that it did. */
function resizedBefore(pod: Pod, move: MoveName): ActResult {
  const standing = readRecord(pod);
  const resized = standing && sameMove(standing, move) ? standing.resized : undefined;
  return { ...done(pod), ...(resized && { resized }) };
}

type Left = Extract<ActResult, { kind: 'done' }> & { readonly resized: Resized };

/** The server's dry run, and refused where it would leave what no later write can take off again. */
async function tryResize(
  connection: Connection,
  pod: Pod,
  spec: ResizeSpec,
  options: ActOptions,
): Promise<Left | Refused> {
  const left = await sendResize(connection, pod, spec, { ...options, dryRun: true });
  const added = partAdded(left.resized);
  if (!added) return left;
  const { name: container } = added;
  return refuse('invalid', resizing(idOf(pod)), { code: 'wouldAdd', ...(container !== undefined && { container }) });
}

async function sendResize(connection: Connection, pod: Pod, spec: ResizeSpec, options: ActOptions): Promise<Left> {
  const path = `${podPath(idOf(pod))}/resize`;
  const body = { metadata: unchanged(pod), spec };
  const left = await send<Pod>(connection, { path, type: 'strategic', body }, options);
  return { ...done(left), resized: { before: statedParts(pod), after: statedParts(left) } };
}

type Annotations = Readonly<Record<string, string | null>>;

/** What stands on a pod that we resize: the record, once and for all the original request, and when it last shrank. */
function annotationsOf(connection: Connection, pod: Pod, to: Resources, record: MoveRecord): Annotations {
  const { milliCpu, memoryBytes } = toResources(podRequests(pod, 'spec')).resources;
  const shrinks = to.milliCpu < milliCpu || to.memoryBytes < memoryBytes;
  return {
    [RECORD]: JSON.stringify(record),
    ...(record.request && { [ORIGINAL_REQUEST]: originalRequestText(record.request) }),
    ...(shrinks && { [LAST_SHRINK]: apiTime(connection.nowSeconds()) }),
  };
}

/** Sets annotations of the pod as it was read; null takes one off. */
function annotate(connection: Connection, pod: Pod, annotations: Annotations, options: ActOptions): Promise<Pod> {
  const body = { metadata: { ...unchanged(pod), annotations } };
  return send<Pod>(connection, { path: podPath(idOf(pod)), type: 'merge', body }, options);
}
