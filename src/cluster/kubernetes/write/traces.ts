import { isDeepStrictEqual } from 'node:util';
import { partTraces, type Trace, type TracedObject, type TraceName, type WhyKept } from '../../../core/model/traces.ts';
import type { ActOptions, EraseResult } from '../../port.ts';
import type { Attempt } from '../../refused.ts';
import type { Connection } from '../api/connection.ts';
import { type ApiObject, type Job, type Pod, type Strings, secondsOf } from '../api/objects.ts';
import { PINNED, pinOn, unpinned } from '../model/pin.ts';
import { isOver, LAST_SHRINK, ORIGINAL_REQUEST, parseOriginal } from '../model/pod.ts';
import { RECORD, readRecord } from '../model/records.ts';
import { isFinished, jobPath } from './jobs.ts';
import { podPath } from './pods.ts';
import { lookAt, send, trying, unchanged } from './request.ts';

/** What of ours stands on a Job, and on the template of its pods: for each of the two that has traces, one object. */
export function tracesOnJob(job: Job): TracedObject[] {
  const ended = isFinished(job);
  const held = underWay(job, ended);
  const { template, suspend } = job.spec ?? {};
  const isFixed = ended || !suspend || (job.status?.active ?? 0) > 0;
  const fixed: WhyKept | undefined = isFixed ? { code: 'templateFixed' } : undefined;
  const own = tracesIn(job.metadata?.annotations, {
    [RECORD]: () => foreign(readRecord(job)) ?? held,
    [PINNED]: () => foreign(pinOn(job)) ?? held ?? (ended ? undefined : pinOfJob(job)),
  });
  const onTemplate = tracesIn(template?.metadata?.annotations, {
    [ORIGINAL_REQUEST]: (text) => foreign(parseOriginal(text)) ?? held ?? fixed,
  });
  return [...tracedObject('Job', job, false, own), ...tracedObject('Job', job, true, onTemplate)];
}

/** What of ours stands on a pod; none or one object. */
export function tracesOnPod(pod: Pod): TracedObject[] {
  const ended = isOver(pod);
  const held = underWay(pod, ended);
  // An affinity sends nobody anywhere once its pod is on a node.
  const isPlaced = ended || pod.spec?.nodeName !== undefined;
  const traces = tracesIn(pod.metadata?.annotations, {
    [RECORD]: () => foreign(readRecord(pod)) ?? held,
    [ORIGINAL_REQUEST]: (text) => foreign(parseOriginal(text)) ?? held,
    [LAST_SHRINK]: (text) => foreign(secondsOf(text)) ?? held,
    [PINNED]: () => foreign(pinOn(pod)) ?? held ?? (isPlaced ? undefined : pinHolds(pod)),
  });
  return tracedObject('Pod', pod, false, traces);
}

/** Takes traces off an object in one patch of the very version of which they were found to be as they were read. */
export async function eraseTraces(
  connection: Connection,
  object: TracedObject,
  options: ActOptions,
): Promise<EraseResult> {
  const { kind, namespace, name, uid, isTemplate } = object;
  const attempt: Attempt = { act: 'eraseTraces', object: { kind, namespace, name } };
  const path = kind === 'Job' ? jobPath(object) : podPath(`${namespace}/${name}`);
  const result = await trying<EraseResult>(attempt, options, async () => {
    const found = await lookAt<ApiObject>(connection, path, options);
    const now = (kind === 'Job' ? tracesOnJob(found) : tracesOnPod(found)).find(
      (each) => each.uid === uid && each.isTemplate === isTemplate,
    );
    const { off, kept } = partTraces(object.traces, now?.traces ?? []);
    if (off.length > 0) await send(connection, { path, type: 'merge', body: without(found, off, isTemplate) }, options);
    return { kind: 'done', kept };
  });
  if (result.kind === 'done' || result.why.code !== 'server') return result;
  if (result.why.kind === 'gone') return { kind: 'done', kept: [] };
  // A server before 1.36 holds the template of a Job that has run, too.
  if (!isTemplate || result.why.kind !== 'template') return result;
  return { kind: 'done', kept: object.traces.map((trace) => ({ ...trace, kept: { code: 'templateFixed' } })) };
}

function without(object: ApiObject, traces: readonly Trace[], isTemplate: boolean): object {
  const annotations = Object.fromEntries(traces.map(({ name }) => [name, null]));
  const metadata = unchanged(object);
  return isTemplate
    ? { metadata, spec: { template: { metadata: { annotations } } } }
    : { metadata: { ...metadata, annotations } };
}

type WhyKeptByName = { readonly [name in TraceName]?: (text: string) => WhyKept | undefined };

function tracesIn(annotations: Strings | undefined, whyKept: WhyKeptByName): Trace[] {
  return (Object.keys(whyKept) as TraceName[]).flatMap((name) => {
    const text = annotations?.[name];
    if (text === undefined) return [];
    const kept = whyKept[name]?.(text);
    return [{ name, text, ...(kept && { kept }) }];
  });
}

function tracedObject(
  kind: 'Job' | 'Pod',
  { metadata }: ApiObject,
  isTemplate: boolean,
  traces: readonly Trace[],
): TracedObject[] {
  const { namespace = '', name = '', uid = '' } = metadata ?? {};
  return traces.length > 0 ? [{ kind, namespace, name, uid, isTemplate, traces }] : [];
}

/** A record stays until its move is over, and so does all that the move's end needs. */
function underWay(object: ApiObject, ended: boolean): WhyKept | undefined {
  return !ended && readRecord(object) ? { code: 'underWay' } : undefined;
}

/** Why a value stays that nobody can read as one of ours. */
function foreign(value: unknown): WhyKept | undefined {
  return value === undefined ? { code: 'notOurs' } : undefined;
}

/** A pin that its Job's affinity does not hold any more sends nobody anywhere. */
function pinOfJob(job: Job): WhyKept | undefined {
  const affinity = job.spec?.template?.spec?.affinity;
  return isDeepStrictEqual(unpinned(affinity, pinOn(job)), affinity) ? undefined : pinHolds(job);
}

function pinHolds(object: ApiObject): WhyKept | undefined {
  const pin = pinOn(object);
  return pin && { code: 'pinHolds', node: pin.node };
}
