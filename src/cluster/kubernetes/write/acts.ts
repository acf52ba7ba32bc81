import { setTimeout as pause } from 'node:timers/promises';
import type { OwnerRef, TaskRef } from '../../../core/model/moves.ts';
import type { Resources } from '../../../core/model/resources.ts';
import type { ActOptions, ActResult, MoveRecord, Pin, Refused, ResumeOptions } from '../../port.ts';
import { ApiError, type Connection, type PatchType, type RequestOptions } from '../api/connection.ts';
import type { Affinity, ApiObject, Budget, Job, Pod, Requirement, SelectorTerm } from '../api/objects.ts';
import { selects } from '../model/constraints.ts';
import { jobOwnership } from '../model/owner.ts';
import { isOver, ORIGINAL_REQUEST, PLACEMENT_GATE } from '../model/pod.ts';
import { RECORD, readRecord } from '../model/records.ts';
import { podRequests, toResources } from '../model/requests.ts';
import { refusalOf, refuse } from './refusal.ts';
import { resizeSpec } from './resize.ts';

/** Which node we pinned a Job's template to, so that the next move can take that pin away and nothing else. */
const PINNED = 'stowage.dev/pinned';

/** S205 for a gated pod: one patch narrows its affinity to the node and lifts our gate; the scheduler then binds it. */
export function placePod(connection: Connection, task: TaskRef, to: string, options: ActOptions): Promise<ActResult> {
  const attempt = `Place pod ${task.id} on node ${to}`;
  return acting(attempt, async () => {
    const { pod, refused } = await getPod(connection, task, attempt, options);
    if (refused) return refused;
    const { metadata = {}, spec = {} } = pod;
    const terms = requiredTerms(spec.affinity);
    if (spec.nodeName === to) return done(pod);
    const gates = spec.schedulingGates ?? [];
    const gated = gates.some(({ name }) => name === PLACEMENT_GATE);
    if (!gated && terms.length > 0 && terms.every((term) => isPinnedTo(term, to))) return done(pod);
    if (spec.nodeName) return refuse('conflict', `${attempt}: it already runs on ${spec.nodeName}. Plan again.`);
    if (!gated) {
      return refuse(
        'notMovable',
        `${attempt}: it has no scheduling gate "${PLACEMENT_GATE}", so the scheduler places it. Create pods with that gate to have them placed here.`,
      );
    }
    const changed = refuseChanged(attempt, task.generation, metadata.generation);
    if (changed) return changed;
    const patch = {
      metadata: unchanged(pod),
      spec: {
        schedulingGates: gates.filter(({ name }) => name !== PLACEMENT_GATE),
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: pinTerms(terms, to) },
          },
        },
      },
    };
    return patched(connection, podPath(task.id), patch, MERGE, options);
  });
}

/**
 * S308: requests and limits of the pod's containers. The resize subresource takes no metadata (Kubernetes 1.36 resets it),
 * so our record and the original request are written just before; they are taken back when the resize is refused.
 */
export function resizePod(
  connection: Connection,
  task: TaskRef,
  to: Resources,
  record: MoveRecord,
  options: ActOptions,
): Promise<ActResult> {
  const attempt = `Resize pod ${task.id}`;
  return acting(attempt, async () => {
    const { pod, refused } = await getPod(connection, task, attempt, options);
    if (refused) return refused;
    if (pod.metadata?.deletionTimestamp || isOver(pod)) {
      return refuse('notFound', `${attempt}: it is ending. Plan again.`);
    }
    const spec = resizeSpec(pod, to);
    if (!spec) return done(pod);
    if ('kind' in spec) return spec;
    const changed = refuseChanged(attempt, task.generation, pod.metadata?.generation);
    if (changed) return changed;
    const path = podPath(task.id);
    const noted = await send<Pod>(connection, path, noting(pod, record), MERGE, options);
    // A dry run has written nothing, so the resize is tried on the pod as it was.
    const metadata = unchanged(options.dryRun ? pod : noted);
    try {
      return await patched(connection, `${path}/resize`, { metadata, spec }, STRATEGIC, options);
    } catch (error) {
      if (error instanceof ApiError && !options.dryRun) await send(connection, path, forgetting(pod), MERGE, options);
      throw error;
    }
  });
}

/** First half of S410: stops all pods of a Job; its record stands on it from the same request on. */
export function suspendJob(
  connection: Connection,
  owner: OwnerRef,
  record: MoveRecord,
  options: ActOptions,
): Promise<ActResult> {
  const attempt = `Suspend ${owner.kind} ${owner.namespace}/${owner.name}`;
  return acting(attempt, async () => {
    const { job, refused } = await getJob(connection, owner, attempt, options);
    if (refused) return refused;
    const standing = readRecord(job);
    if (job.spec?.suspend) {
      if (standing?.moveId === record.moveId && standing.planId === record.planId) return done(job);
      const by = standing ? `by another move (plan ${standing.planId})` : 'by someone else';
      return refuse('conflict', `${attempt}: it is already suspended ${by}. Finish or undo that first.`);
    }
    if (isFinished(job)) return refuse('notFound', `${attempt}: it has finished. Plan again.`);
    const { fixed } = jobOwnership(job);
    if (fixed) return refuse('notMovable', `${attempt}: ${fixed}. Move it through that instead.`);
    const changed = refuseChanged(attempt, owner.generation, job.metadata?.generation);
    if (changed) return changed;
    const spent = await spentBudget(connection, owner, attempt, options);
    if (spent) return spent;
    const patch = {
      metadata: { ...unchanged(job), annotations: { [RECORD]: JSON.stringify(record) } },
      spec: { suspend: true },
    };
    return patched(connection, jobPath(owner), patch, MERGE, options);
  });
}

/**
 * Second half of S410: pin, allocation, record and suspension change in one patch. A server that does not let the template
 * change (before 1.36, once it ran) first gets `status.startTime` taken away, as Kueue does. What such a server refuses
 * all the same is left out, for a Job that stays suspended is worse: first the allocation, then the removal of an old pin.
 */
export function resumeJob(
  connection: Connection,
  owner: OwnerRef,
  pin: Pin,
  options: ResumeOptions,
): Promise<ActResult> {
  const attempt = `Resume ${owner.kind} ${owner.namespace}/${owner.name}`;
  return acting(attempt, async () => {
    const { job, refused } = await getJob(connection, owner, attempt, options);
    if (refused) return refused;
    const suspended = job.spec?.suspend === true;
    if (!suspended && !readRecord(job)) return done(job);
    const affinity = repinned(job, pin);
    const sized = options.allocation && resizedTemplate(job, options.allocation);
    const released = { uid: owner.uid, annotations: { [RECORD]: null } };
    const metadata = { ...released, annotations: { [RECORD]: null, [PINNED]: pin.kind === 'none' ? null : pin.node } };
    const resumed = (template?: object) => ({ metadata, spec: { suspend: false, ...(template && { template }) } });
    const unchangeable = !suspended && options.dryRun; // it will be suspended when it comes to that
    if (unchangeable || !(affinity || sized)) {
      return patched(connection, jobPath(owner), resumed(), STRATEGIC, options);
    }
    if (!suspended) {
      return refuse('conflict', `${attempt}: it runs, so its pods cannot be given another node. Suspend it first.`);
    }
    const { status } = await stopped(connection, owner, job, options);
    if (status?.startTime && !options.dryRun) await clearStartTime(connection, owner, options);
    const pinned = affinity && { spec: { affinity } };
    const patches = [
      ...(sized ? [resumed({ ...sized, spec: { ...sized.spec, ...pinned?.spec } })] : []),
      ...(pinned ? [resumed(pinned)] : []),
      ...(pin.kind === 'none' ? [{ metadata: released, spec: { suspend: false } }] : []),
    ];
    for (const [index, patch] of patches.entries()) {
      try {
        return await patched(connection, jobPath(owner), patch, STRATEGIC, options);
      } catch (error) {
        const isLast = index === patches.length - 1;
        if (isLast || !(error instanceof ApiError) || error.status !== 422) throw error;
      }
    }
    throw new Error('unreachable');
  });
}

/** True once a Job has come to its end, whichever. */
export function isFinished(job: Job): boolean {
  return conditionHolds(job, 'Complete') || conditionHolds(job, 'Failed');
}

export function podPath(id: string): string {
  const [namespace = '', name = ''] = id.split('/');
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
}

export function jobPath(owner: Pick<OwnerRef, 'namespace' | 'name'>): string {
  return `/apis/batch/v1/namespaces/${encodeURIComponent(owner.namespace)}/jobs/${encodeURIComponent(owner.name)}`;
}

/** The pods of a Job, finished ones too. */
export async function podsOfJob(
  connection: Connection,
  owner: Pick<OwnerRef, 'namespace' | 'uid'>,
  signal?: AbortSignal,
): Promise<Pod[]> {
  const pods: Pod[] = [];
  await connection.list<Pod>(
    `/api/v1/namespaces/${encodeURIComponent(owner.namespace)}/pods`,
    (page) => pods.push(...page),
    { query: { labelSelector: `batch.kubernetes.io/controller-uid=${owner.uid}` }, signal },
  );
  return pods;
}

const MERGE: PatchType = 'application/merge-patch+json';
const STRATEGIC: PatchType = 'application/strategic-merge-patch+json';

/**
 * What the server refuses becomes a value; that it cannot be reached, and a cancelled call, are thrown on. An act that met
 * another's write (a kubelet's status, most often) begins anew: it reads again, and sees itself whether that write matters.
 */
async function acting(attempt: string, act: () => Promise<ActResult>): Promise<ActResult> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (error instanceof ApiError && error.status === 409 && tries < 4) continue;
      return refusalOf(error, attempt);
    }
  }
}

/** A patch that writes a resize's record and, once and for all, the original request. */
function noting(pod: Pod, record: MoveRecord): object {
  const annotations: Record<string, string> = { [RECORD]: JSON.stringify(record) };
  if (record.request) annotations[ORIGINAL_REQUEST] = statedRequest(record.request);
  return { metadata: { ...unchanged(pod), annotations } };
}

/** The original request as its annotation states it: what a resize can change, nothing else. */
function statedRequest({ milliCpu, memoryBytes }: Resources): string {
  return JSON.stringify({ milliCpu, memoryBytes });
}

/** A patch that makes both annotations what they were on `pod`. */
function forgetting({ metadata }: Pod): object {
  const before = (name: string) => metadata?.annotations?.[name] ?? null;
  const annotations = { [RECORD]: before(RECORD), [ORIGINAL_REQUEST]: before(ORIGINAL_REQUEST) };
  return { metadata: { uid: metadata?.uid, annotations } };
}

async function patched(
  connection: Connection,
  path: string,
  body: object,
  contentType: PatchType,
  options: ActOptions,
): Promise<ActResult> {
  return done(await send(connection, path, body, contentType, options));
}

function send<T extends ApiObject>(
  connection: Connection,
  path: string,
  body: object,
  contentType: PatchType,
  options: ActOptions,
): Promise<T> {
  return connection.send<T>(path, { method: 'PATCH', body, contentType, ...writing(options) });
}

function writing({ dryRun, signal }: ActOptions): Pick<RequestOptions, 'query' | 'signal'> {
  const query = { fieldManager: 'stowage', fieldValidation: 'Strict', dryRun: dryRun ? 'All' : undefined };
  return { query, signal };
}

function done(object: ApiObject): ActResult {
  return { kind: 'done', generation: object.metadata?.generation ?? 0 };
}

type Found<Kind extends string, T> = { readonly refused?: undefined } & Readonly<Record<Kind, T>>;
type NotFound<Kind extends string> = { readonly refused: Refused } & { readonly [kind in Kind]?: undefined };

async function getPod(
  connection: Connection,
  task: TaskRef,
  attempt: string,
  options: ActOptions,
): Promise<Found<'pod', Pod> | NotFound<'pod'>> {
  const pod = await connection.send<Pod>(podPath(task.id), { signal: options.signal });
  const refused = refuseOther(attempt, task.uid, pod);
  return refused ? { refused } : { pod };
}

async function getJob(
  connection: Connection,
  owner: OwnerRef,
  attempt: string,
  options: ActOptions,
): Promise<Found<'job', Job> | NotFound<'job'>> {
  if (owner.kind !== 'Job') {
    return {
      refused: refuse(
        'notMovable',
        `${attempt}: only Jobs can be suspended and resumed on another node; a ${owner.kind} is moved by what steers it.`,
      ),
    };
  }
  const job = await connection.send<Job>(jobPath(owner), { signal: options.signal });
  const refused = refuseOther(attempt, owner.uid, job);
  return refused ? { refused } : { job };
}

function refuseOther(attempt: string, uid: string, object: ApiObject): Refused | undefined {
  if (object.metadata?.uid === uid) return undefined;
  return refuse('notFound', `${attempt}: it is gone, and another of the same name has taken its place. Plan again.`);
}

function refuseChanged(attempt: string, planned: number, generation = 0): Refused | undefined {
  if (planned === generation) return undefined;
  return refuse(
    'conflict',
    `${attempt}: it was changed since the plan was made (generation ${generation}, planned at ${planned}). Plan again.`,
  );
}

/** Makes the server refuse a patch of an object that has changed since we read it. */
function unchanged({ metadata }: ApiObject): object {
  return { uid: metadata?.uid, resourceVersion: metadata?.resourceVersion };
}

/** Suspending a Job deletes its pods past every budget; so the budgets are asked here. */
async function spentBudget(
  connection: Connection,
  owner: OwnerRef,
  attempt: string,
  options: ActOptions,
): Promise<Refused | undefined> {
  const budgets: Budget[] = [];
  const path = `/apis/policy/v1/namespaces/${encodeURIComponent(owner.namespace)}/poddisruptionbudgets`;
  await connection.list<Budget>(path, (page) => budgets.push(...page), { signal: options.signal });
  if (budgets.length === 0) return undefined;
  const running = (await podsOfJob(connection, owner, options.signal)).filter(
    (pod) => !isOver(pod) && pod.spec?.nodeName,
  );
  for (const budget of budgets) {
    const covered = running.filter((pod) => selects(budget.spec?.selector, pod.metadata?.labels ?? {})).length;
    const allowed = budget.status?.disruptionsAllowed ?? 0;
    if (covered > allowed) {
      return refuse(
        'budget',
        `${attempt}: its ${covered} running pods are covered by the disruption budget ${budget.metadata?.name ?? ''}, which allows ${allowed} to stop now. Wait, or ask who set the budget.`,
      );
    }
  }
  return undefined;
}

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
    metadata?.annotations?.[ORIGINAL_REQUEST] ?? statedRequest(toResources(podRequests(pod, 'spec')).resources);
  return { metadata: { annotations: { [ORIGINAL_REQUEST]: original } }, spec: resized };
}

/** Waits, a few seconds at most, until the Job's controller has confirmed the suspension; only then may the template change. */
async function stopped(connection: Connection, owner: OwnerRef, job: Job, options: ActOptions): Promise<Job> {
  let present = job;
  for (let waited = 0; waited < 20; waited++) {
    const settled = conditionHolds(present, 'Suspended') && (present.status?.active ?? 0) === 0;
    if (settled || !present.status?.startTime) return present;
    await pause(250, undefined, options.signal ? { signal: options.signal } : {});
    present = await connection.send<Job>(jobPath(owner), { signal: options.signal });
  }
  return present;
}

async function clearStartTime(connection: Connection, owner: OwnerRef, options: ActOptions): Promise<void> {
  await connection.send(`${jobPath(owner)}/status`, {
    method: 'PATCH',
    contentType: MERGE,
    body: { metadata: { uid: owner.uid }, status: { startTime: null } },
    ...writing(options),
  });
}

function conditionHolds(job: Job, type: string): boolean {
  return job.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}

/**
 * A merge patch of the template's affinity that takes our last pin away and sets the new one; undefined when it is as it
 * should be already. What others wrote stays.
 */
function repinned(job: Job, pin: Pin): object | undefined {
  const affinity = job.spec?.template?.spec?.affinity;
  const old = job.metadata?.annotations?.[PINNED];
  const required = unpinTerms(requiredTerms(affinity), old);
  const preferred = (affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).filter(
    ({ preference }) => !(old !== undefined && preference !== undefined && isPinnedTo(preference, old)),
  );
  if (pin.kind === 'none' && old === undefined) return undefined;
  const nextRequired = pin.kind === 'required' ? pinTerms(required, pin.node) : required;
  const nextPreferred =
    pin.kind === 'preferred'
      ? [...preferred, { weight: 100, preference: { matchFields: [nodeField(pin.node)] } }]
      : preferred;
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution:
        nextRequired.length > 0 ? { nodeSelectorTerms: nextRequired } : null,
      preferredDuringSchedulingIgnoredDuringExecution: nextPreferred.length > 0 ? nextPreferred : null,
    },
  };
}

function requiredTerms(affinity: Affinity | undefined): readonly SelectorTerm[] {
  return affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
}

/** Terms are ORed, so every one is narrowed to the node; an empty one matches no node and stays so. */
function pinTerms(terms: readonly SelectorTerm[], node: string): SelectorTerm[] {
  if (terms.length === 0) return [{ matchFields: [nodeField(node)] }];
  return terms.map((term) =>
    isEmpty(term) || isPinnedTo(term, node)
      ? term
      : { ...term, matchFields: [...(term.matchFields ?? []), nodeField(node)] },
  );
}

function unpinTerms(terms: readonly SelectorTerm[], node: string | undefined): SelectorTerm[] {
  if (node === undefined) return [...terms];
  return terms
    .map((term) =>
      isPinnedTo(term, node)
        ? { ...term, matchFields: term.matchFields?.filter((field) => !names(field, node)) ?? [] }
        : term,
    )
    .filter((term, index) => !isEmpty(term) || isEmpty(terms[index]!));
}

/** By name, not by a host label: the label may differ from the node's name. */
function nodeField(node: string): Requirement {
  return { key: 'metadata.name', operator: 'In', values: [node] };
}

function isPinnedTo(term: SelectorTerm, node: string): boolean {
  return term.matchFields?.some((field) => names(field, node)) ?? false;
}

function names({ key, operator, values }: Requirement, node: string): boolean {
  return key === 'metadata.name' && operator === 'In' && values?.length === 1 && values[0] === node;
}

function isEmpty(term: SelectorTerm): boolean {
  return (term.matchExpressions ?? []).length === 0 && (term.matchFields ?? []).length === 0;
}
