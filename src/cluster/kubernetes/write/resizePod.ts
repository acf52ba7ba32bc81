import type { TaskRef } from '../../../core/model/moves.ts';
import type { Resources } from '../../../core/model/resources.ts';
import { ApiError } from '../../errors.ts';
import type { ActOptions, ActResult, MoveRecord } from '../../port.ts';
import { refuse, refuseChanged, resizing } from '../../refused.ts';
import type { Connection } from '../api/connection.ts';
import type { Pod } from '../api/objects.ts';
import { isOver, ORIGINAL_REQUEST, originalRequestText } from '../model/pod.ts';
import { RECORD } from '../model/records.ts';
import { getPod, podPath } from './pods.ts';
import { done, patched, send, trying, unchanged } from './request.ts';
import { resizeSpec } from './resizeSpec.ts';

/**
 * S308: requests and limits of the pod's containers. The resize subresource takes no metadata (Kubernetes 1.36 resets
 * it), so our record and the original request are written just before; they are taken back when the resize is refused,
 * and stay where nobody knows what became of it.
 */
export function resizePod(
  connection: Connection,
  task: TaskRef,
  to: Resources,
  record: MoveRecord,
  options: ActOptions,
): Promise<ActResult> {
  const attempt = resizing(task.id);
  return trying(attempt, options, async () => {
    const { pod, refused } = await getPod(connection, task, attempt, options);
    if (refused) return refused;
    if (pod.metadata?.deletionTimestamp || isOver(pod)) {
      return refuse('notFound', attempt, { code: 'ended' });
    }
    const spec = resizeSpec(pod, to);
    if (!spec) return done(pod);
    if ('kind' in spec) return spec;
    const changed = refuseChanged(attempt, task.generation, pod.metadata?.generation);
    if (changed) return changed;
    const path = podPath(task.id);
    const noted = await send<Pod>(connection, { path, type: 'merge', body: noting(pod, record) }, options);
    // A dry run has written nothing, so the resize is tried on the pod as it was.
    const metadata = unchanged(options.dryRun ? pod : noted);
    try {
      const patch = { path: `${path}/resize`, type: 'strategic', body: { metadata, spec } } as const;
      return await patched(connection, patch, options);
    } catch (error) {
      if (error instanceof ApiError && !error.isPassing && !options.dryRun) {
        await send(connection, { path, type: 'merge', body: forgetting(pod) }, options);
      }
      throw error;
    }
  });
}

/** A patch that writes a resize's record and, once and for all, the original request. */
function noting(pod: Pod, record: MoveRecord): object {
  const annotations: Record<string, string> = { [RECORD]: JSON.stringify(record) };
  if (record.request) annotations[ORIGINAL_REQUEST] = originalRequestText(record.request);
  return { metadata: { ...unchanged(pod), annotations } };
}

/** A patch that makes both annotations what they were on `pod`. */
function forgetting({ metadata }: Pod): object {
  const before = (name: string) => metadata?.annotations?.[name] ?? null;
  const annotations = { [RECORD]: before(RECORD), [ORIGINAL_REQUEST]: before(ORIGINAL_REQUEST) };
  return { metadata: { uid: metadata?.uid, annotations } };
}
