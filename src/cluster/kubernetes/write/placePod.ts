import type { TaskRef } from '../../../core/model/moves.ts';
import type { ActOptions, ActResult } from '../../port.ts';
import { placing, refuse, refuseChanged } from '../../refused.ts';
import type { Connection } from '../api/connection.ts';
import { affinityPatch, isPinnedTo, PINNED, pinned, requiredTerms } from '../model/pin.ts';
import { PLACEMENT_GATE } from '../model/pod.ts';
import { getPod, podPath } from './pods.ts';
import { done, patched, trying, unchanged } from './request.ts';

/** S205 for a gated pod: one patch narrows its affinity to the node and lifts our gate; the scheduler then binds it. */
export function placePod(connection: Connection, task: TaskRef, to: string, options: ActOptions): Promise<ActResult> {
  const attempt = placing(task, to);
  return trying(attempt, options, async () => {
    const { pod, refused } = await getPod(connection, task, attempt, options);
    if (refused) return refused;
    const { metadata = {}, spec = {} } = pod;
    const terms = requiredTerms(spec.affinity);
    if (spec.nodeName === to) return done(pod);
    const gates = spec.schedulingGates ?? [];
    const gated = gates.some(({ name }) => name === PLACEMENT_GATE);
    if (!gated && terms.length > 0 && terms.every((term) => isPinnedTo(term, to))) return done(pod);
    if (spec.nodeName) return refuse('conflict', attempt, { code: 'runsOn', node: spec.nodeName });
    if (!gated) return refuse('notMovable', attempt, { code: 'notGated' });
    const changed = refuseChanged(attempt, task.generation, metadata.generation);
    if (changed) return changed;
    const { affinity, written } = pinned(spec.affinity, { kind: 'required', node: to });
    const body = {
      metadata: { ...unchanged(pod), annotations: { [PINNED]: JSON.stringify(written) } },
      spec: {
        schedulingGates: gates.filter(({ name }) => name !== PLACEMENT_GATE),
        affinity: affinityPatch(affinity),
      },
    };
    return patched(connection, { path: podPath(task.id), type: 'merge', body }, options);
  });
}
