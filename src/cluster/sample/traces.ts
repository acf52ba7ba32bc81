import type { Trace, TracedObject, WhyKept } from '../../core/model/traces.ts';
import type { LiveOwner, LiveTask, World } from './world.ts';

/**
 * What of ours stands on the sample's tasks, and on its owners that have not ended. What a task asked for at first is
 * no trace here: the sample's tasks know that themselves.
 */
export function tracesIn({ tasks, owners }: World): TracedObject[] {
  const living = [...owners.values()].filter(({ members }) => members.some(({ done }) => !done));
  return [...living.flatMap(tracesOnOwner), ...[...tasks.values()].flatMap(tracesOnTask)];
}

function tracesOnOwner({ kind, namespace, name, uid, record, pin }: LiveOwner): TracedObject[] {
  const traces: Trace[] = [];
  if (record) traces.push({ name: 'stowage.dev/move', text: JSON.stringify(record), kept: UNDER_WAY });
  if (pin.kind !== 'none') {
    const kept: WhyKept = record ? UNDER_WAY : { code: 'pinHolds', node: pin.node };
    traces.push({ name: 'stowage.dev/pinned', text: JSON.stringify(pin), kept });
  }
  return traces.length > 0 ? [{ kind, namespace, name, uid, isTemplate: false, traces }] : [];
}

function tracesOnTask({ task, record }: LiveTask): TracedObject[] {
  const { lastShrunkAtSeconds: shrunk, uid } = task;
  const traces: Trace[] = [];
  if (record) traces.push({ name: 'stowage.dev/move', text: JSON.stringify(record), kept: UNDER_WAY });
  if (shrunk !== undefined) {
    traces.push({ name: 'stowage.dev/last-shrink', text: String(shrunk), ...(record && { kept: UNDER_WAY }) });
  }
  return traces.length > 0 ? [{ ...podNamed(task.id), uid, isTemplate: false, traces }] : [];
}

const UNDER_WAY: WhyKept = { code: 'underWay' };

/** A task's id as what names its object. */
export function podNamed(id: string): Pick<TracedObject, 'kind' | 'namespace' | 'name'> {
  const [namespace = '', name = ''] = id.split('/');
  return { kind: 'Pod', namespace, name };
}
