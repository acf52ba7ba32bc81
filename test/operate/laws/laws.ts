import { ApiError, ClusterUnreachable } from '../../../src/cluster/errors.ts';
import type { Affinity, Job, Pod, SelectorTerm } from '../../../src/cluster/kubernetes/api/objects.ts';
import { RECORD, readRecord } from '../../../src/cluster/kubernetes/model/records.ts';
import { podRequests, toResources } from '../../../src/cluster/kubernetes/model/requests.ts';
import type { Move } from '../../../src/core/model/moves.ts';
import { sameResources } from '../../../src/core/model/resources.ts';
import {
  isFinal,
  type MoveState,
  type Operation,
  operationsOf,
  stateOf,
  unfinished,
} from '../../../src/operate/journal.ts';
import { isFinished, nodesFor } from './controllers.ts';
import { snapshotOf } from './modelCluster.ts';
import type { Machine, Process, Ran, Schedule, State } from './run.ts';
import { jobsOf, nodesOf, pathOf, podsOfJob, type World } from './world.ts';

/** The laws of docs/safety.md, each as what must hold at one kind of moment. */
export const LAWS = {
  // 1. Ours is only what we did and nobody touched since.
  "a user's stop or start stays": atRest(({ state: { world } }) => jobsWith(world, 'stopped').every(isSuspended)),
  "a user's resize stays": atRest(({ state: { world } }) => resizesStay(world)),
  'no record is left': atRest(({ state: { world }, byHand }) => byHand || ![...world.objects.values()].some(hasRecord)),
  // 2. Unknown is not refused.
  'the journal never says "not done" of what is done': afterRun(({ ran, process }) => saysTheTruth(ran, process)),
  'the ledger says what the journal says': atRest(({ state: { here, there } }) => [here, there].every(ledgerAgrees)),
  'a passing fault ends no process once it has begun': afterRun(({ ran }) => !(isFault(ran) && hasBegun(ran))),
  // 3. No end leaves a task stopped.
  'no task is lost': atRest(({ state: { world }, start }) =>
    jobsWith(world, 'running').every(hasItsTasks(world, start)),
  ),
  'no task is left stopped': atRest(
    (rest) => rest.byHand || !jobsWith(rest.state.world, 'running').some(isOursStopped(rest.state)),
  ),
  'no process that ends leaves a task stopped': afterRun((each) => !leavesStopped(each)),
  'no process crashes': afterRun(({ ran }) => ran.end.kind !== 'threw' || isExpected(ran.end.error)),
  // 4. A pin lives as long as its node is good.
  "a pin is not read as its user's will": atRest(({ state: { world } }) => pinsAreOurs(world)),
  'no task waits for a node that does not take it': atRest(
    ({ state: { world } }) => !jobsWith(world, 'running').some(waits(world)),
  ),
  // 5. What the user wrote comes back byte for byte.
  "a user's affinity comes back": atRest(({ state: { world } }) =>
    jobsOf(world).every((job) => isAsWished(world, job)),
  ),
  "an undo gives back each container's amounts": atRest(undoIsExact),
} as const satisfies Record<string, Check>;

export type Law = keyof typeof LAWS | 'every move comes to an end';

type Check =
  | { readonly when: 'atRest'; readonly holds: (rest: AtRest) => boolean }
  | { readonly when: 'afterRun'; readonly holds: (run: AfterRun) => boolean };

type AfterRun = { readonly ran: Ran; readonly process: Process; readonly schedule: Schedule };

/**
 * A state in which nothing is under way any more. `start`: the scenario's world before any move; `byHand`: the last
 * processes have told their user of something that only a hand can end.
 */
export type AtRest = { readonly state: State; readonly start: World; readonly byHand: boolean };

function atRest(holds: (rest: AtRest) => boolean): Check {
  return { when: 'atRest', holds };
}

function afterRun(holds: (run: AfterRun) => boolean): Check {
  return { when: 'afterRun', holds };
}

export function brokenAtRest(rest: AtRest): Law[] {
  return names().filter((law) => {
    const check: Check = LAWS[law];
    return check.when === 'atRest' && !check.holds(rest);
  });
}

/** Laws that one process breaks on its way or at its end. */
export function brokenByRun(run: AfterRun): Law[] {
  return names().filter((law) => {
    const check: Check = LAWS[law];
    return check.when === 'afterRun' && !check.holds(run);
  });
}

function names(): (keyof typeof LAWS)[] {
  return Object.keys(LAWS) as (keyof typeof LAWS)[];
}

/** Unfinished Jobs of which users want this. */
function jobsWith(world: World, wish: World['wishes']['jobs'][string]): Job[] {
  return Object.entries(world.wishes.jobs).flatMap(([path, wanted]) => {
    const job = world.objects.get(path) as Job | undefined;
    if (wanted !== wish || (job && isFinished(job))) return [];
    return [job ?? { metadata: { name: path } }];
  });
}

function isSuspended({ spec }: Job): boolean {
  return spec?.suspend === true;
}

/** Suspended, and somebody can know that we did it: a record says so, or a journal that is not lost. */
function isOursStopped({ here, there }: State): (job: Job) => boolean {
  const moves = [here, there].flatMap(({ journal }) => operationsOf(journal).flatMap((each) => each.moves));
  const named = new Set(moves.flatMap((move) => (move.kind === 'migration' ? [move.owner.uid] : [])));
  return (job) => isSuspended(job) && (hasRecord(job) || named.has(job.metadata?.uid ?? ''));
}

/** As many pods as its user asked for at first, if it is not suspended. */
function hasItsTasks(world: World, start: World): (job: Job) => boolean {
  return (job) => {
    const wanted = start.objects.get(pathOf.job(job.metadata?.name ?? '')) as Job | undefined;
    if (!job.spec) return false;
    return isSuspended(job) || podsOfJob(world, job).length === (wanted?.spec?.parallelism ?? 1);
  };
}

function hasRecord({ metadata }: Job): boolean {
  return metadata?.annotations?.[RECORD] !== undefined;
}

function resizesStay(world: World): boolean {
  return Object.entries(world.wishes.amounts).every(([path, wanted]) => {
    const pod = world.objects.get(path) as Pod | undefined;
    return (pod?.spec?.containers ?? []).every(({ name = '', resources }) => {
      const wish = wanted[name];
      return wish === undefined || same(wish, resources);
    });
  });
}

/** At each final entry: what it calls not done is not there, unless it says how the move has ended. */
function saysTheTruth({ points, state }: Ran, { site }: Process): boolean {
  return points.every(({ kind, what }, index) => {
    if (kind !== 'journal' || what !== 'failed') return true;
    const after = points[index + 1]?.state ?? state;
    const entry = after[site].journal.at(-1);
    if (entry?.type !== 'step' || entry.state.kind !== 'failed' || entry.state.ending) return true;
    const operation = operationsOf(after[site].journal).find(({ planId }) => planId === entry.planId)!;
    const move = operation.moves.find(({ id }) => id === entry.moveId)!;
    return !isDone(after.world, operation, move);
  });
}

/** Whether what a move writes stands on its object now. */
function isDone(world: World, { planId }: Operation, move: Move): boolean {
  if (move.kind === 'migration') {
    const job = world.objects.get(pathOf.job(move.owner.name)) as Job | undefined;
    return job !== undefined && isSuspended(job) && readRecord(job)?.planId === planId;
  }
  const pod = world.objects.get(pathOf.pod(move.task.id.split('/')[1] ?? '')) as Pod | undefined;
  if (!pod || pod.metadata?.uid !== move.task.uid || pod.metadata.deletionTimestamp) return false;
  if (move.kind === 'resize') {
    const desired = toResources(podRequests(pod, 'spec')).resources;
    return sameResources(desired, move.to) && world.wishes.amounts[pathOf.pod(pod.metadata.name ?? '')] === undefined;
  }
  return pod.spec?.nodeName === move.to || (pod.spec?.schedulingGates ?? []).length === 0;
}

function ledgerAgrees({ journal, ledger }: Machine): boolean {
  return operationsOf(journal).every((operation) =>
    operation.moves.every(({ id }) => {
      const state: MoveState = stateOf(operation, id);
      const row = ledger.find(({ planId, moveId }) => planId === operation.planId && moveId === id);
      return !isFinal(state) || row?.outcome?.kind === state.kind;
    }),
  );
}

function isFault({ end }: Ran): boolean {
  return end.kind === 'threw' && (end.error instanceof ApiError || end.error instanceof ClusterUnreachable);
}

/** Whether a move was under way when the process ended. */
function hasBegun({ state: { world, here, there } }: Ran): boolean {
  const isUnderWay = ({ journal }: Machine) => operationsOf(journal).some((each) => unfinished(each).length > 0);
  return isUnderWay(here) || isUnderWay(there) || [...world.objects.values()].some(hasRecord);
}

function isExpected(error: Error): boolean {
  return error instanceof ApiError || error instanceof ClusterUnreachable || 'code' in error;
}

/**
 * Without a fault there is no reason to; with one, its last words must say what is stopped. A process that its user
 * interrupts before it has looked has stopped nothing.
 */
function leavesStopped({ ran: { end, state, points }, schedule }: AfterRun): boolean {
  if (end.kind !== 'ended' && end.kind !== 'threw') return false;
  if (end.kind === 'threw' && end.error.name === 'AbortError' && points.every(({ kind }) => kind === 'read'))
    return false;
  if (!jobsWith(state.world, 'running').some((job) => isSuspended(job) && hasRecord(job))) return false;
  const saysSo = end.kind === 'ended' && 'steps' in end.outcome && end.outcome.steps.some((step) => 'stopped' in step);
  return !isByHand(end) && !(saysSo && schedule.some(([, { error }]) => error));
}

/** Whether a process has told its user of something that only a hand can end. */
export function isByHand(end: Ran['end']): boolean {
  if (end.kind !== 'ended' || !('steps' in end.outcome)) return false;
  return end.outcome.steps.some(({ state }) => {
    const reason = 'reason' in state ? state.reason : undefined;
    return typeof reason === 'object' && reason.code === 'byHand';
  });
}

/** The constraints of a running task, as a plan reads them, are those of its user. */
function pinsAreOurs(world: World): boolean {
  const { tasks } = snapshotOf(world);
  return jobsOf(world).every((job) => {
    const terms = requiredTerms(world.wishes.affinity[pathOf.job(job.metadata?.name ?? '')]);
    const wished = terms.map(({ matchExpressions, matchFields }) => ({
      expressions: matchExpressions ?? [],
      fields: matchFields ?? [],
    }));
    const own = tasks.filter(({ owner, node }) => owner?.uid === job.metadata?.uid && node !== undefined);
    return own.every(({ constraints: { nodeAffinity = [] } }) => same(nodeAffinity, wished));
  });
}

/** A pod without a node, though one that its user allows would take it. */
function waits(world: World): (job: Job) => boolean {
  return (job) => {
    const affinity = world.wishes.affinity[pathOf.job(job.metadata?.name ?? '')];
    return podsOfJob(world, job).some((pod) => {
      const { affinity: _, ...spec } = pod.spec ?? {};
      const asWished: Pod = { ...pod, spec: { ...spec, ...(affinity && { affinity }) } };
      return !spec.nodeName && nodesFor(world, asWished).length > 0;
    });
  };
}

/** The affinity of a Job's template is its user's, or that and our pin to one node, required or preferred. */
function isAsWished(world: World, job: Job): boolean {
  const path = pathOf.job(job.metadata?.name ?? '');
  const wish = world.wishes.affinity[path];
  const now = job.spec?.template?.spec?.affinity;
  const pins = nodeNames(world).flatMap((node) => [pinned(wish, node), drawn(wish, node)]);
  return [wish, ...pins].some((allowed) => same(allowed, now));
}

/** Nodes that are there, and those of which the scenario knows though they are gone. */
function nodeNames(world: World): string[] {
  return [...new Set([...nodesOf(world).map(({ metadata }) => metadata?.name ?? ''), 'a', 'b', 'c'])];
}

function requiredTerms(affinity: Affinity | undefined): readonly SelectorTerm[] {
  return affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
}

function named(node: string) {
  return { key: 'metadata.name', operator: 'In', values: [node] };
}

function pinned(affinity: Affinity | undefined, node: string): Affinity {
  const { nodeAffinity } = affinity ?? {};
  const terms = requiredTerms(affinity);
  const nodeSelectorTerms =
    terms.length === 0
      ? [{ matchFields: [named(node)] }]
      : terms.map((term) => ({ ...term, matchFields: [...(term.matchFields ?? []), named(node)] }));
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms };
  return { ...affinity, nodeAffinity: { ...nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution } };
}

function drawn(affinity: Affinity | undefined, node: string): Affinity {
  const { nodeAffinity } = affinity ?? {};
  const terms = nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const ours = { weight: 100, preference: { matchFields: [named(node)] } };
  return {
    ...affinity,
    nodeAffinity: { ...nodeAffinity, preferredDuringSchedulingIgnoredDuringExecution: [...terms, ours] },
  };
}

/** Where the journal says that an undo is done, containers ask again for what they asked for before any move. */
function undoIsExact({ state: { world, here }, start }: AtRest): boolean {
  return operationsOf(here.journal)
    .filter(({ undoes }) => undoes !== undefined)
    .every((operation) =>
      operation.moves.every(({ id, task }) => {
        const state = stateOf(operation, id);
        if (state.kind !== 'done' || typeof state.outcome === 'string' || state.outcome.code !== 'resized') return true;
        const path = pathOf.pod(task.id.split('/')[1] ?? '');
        const [now, before] = [world, start].map(({ objects }) => objects.get(path) as Pod | undefined);
        const isUsers = world.wishes.amounts[path] !== undefined;
        return !now || isUsers || same(amountsOf(now), amountsOf(before));
      }),
    );
}

function amountsOf(pod: Pod | undefined): unknown {
  return pod?.spec?.containers?.map(({ name, resources }) => ({ name, resources }));
}

/** Equal but for the order of keys, and for what is empty, which the API server drops. */
function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(plain(left)) === JSON.stringify(plain(right));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.length > 0 ? value.map(plain) : undefined;
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([key, field]) => [key, plain(field)] as const);
  const stated = fields.filter(([, field]) => field !== undefined);
  return stated.length > 0 ? Object.fromEntries(stated.sort(([a], [b]) => (a < b ? -1 : 1))) : undefined;
}
