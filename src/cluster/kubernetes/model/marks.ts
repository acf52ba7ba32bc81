import type { Problem } from '../../../core/model/problem.ts';
import { type Resources, shortage, subtractResources, sumResources } from '../../../core/model/resources.ts';
import { type ApiNode, controllerOf, idOf, type Job, type Pod } from '../api/objects.ts';
import { nodeOf } from './node.ts';
import { isPinnedTo, pinOn, requiredTerms, type WrittenPin } from './pin.ts';
import { isOver } from './pod.ts';
import { hasUnreadableRecord, RECORD } from './records.ts';
import { podRequests, toResources } from './requests.ts';

/**
 * What our marks on Jobs say of trouble: a pin to a node that takes no tasks any more, while tasks wait for it, who would
 * wait for ever; one to a node without room for them, once its move is over; and a suspended Job whose record cannot be
 * read, which nobody resumes.
 */
export function markProblems(
  jobs: Iterable<Job>,
  { pods, nodes }: { readonly pods: Iterable<Pod>; readonly nodes: Iterable<ApiNode> },
): Problem[] {
  const problems: Problem[] = [];
  for (const job of jobs) {
    if (job.spec?.suspend && hasUnreadableRecord(job)) {
      problems.push({ code: 'recordUnreadable', owner: idOf(job), annotation: RECORD });
    }
  }
  const pinnedJobs = pinnedOf(jobs);
  const waiting = waitingPods(pods, pinnedJobs);
  if (waiting.size === 0) return problems;
  // Where no node may be read, all would look gone.
  const there = new Map([...nodes].map((node) => [node.metadata?.name ?? '', node]));
  for (const [uid, waits] of there.size === 0 ? [] : waiting) {
    const { job, pin } = pinnedJobs.get(uid)!;
    const why = whyDead(job, there.get(pin.node), waits, pods);
    if (why) problems.push({ code: 'deadPin', owner: idOf(job), node: pin.node, why, tasks: waits.length });
  }
  return problems;
}

/** The nodes that pods wait for because a move has pinned them there. */
export function nodesWaitedFor(jobs: Iterable<Job>, pods: Iterable<Pod>): string[] {
  const pinnedJobs = pinnedOf(jobs);
  return [...new Set([...waitingPods(pods, pinnedJobs).keys()].map((uid) => pinnedJobs.get(uid)!.pin.node))];
}

type PinnedJobs = ReadonlyMap<string, { readonly job: Job; readonly pin: WrittenPin }>;

/** Jobs that a move has bound to a node, by uid. */
function pinnedOf(jobs: Iterable<Job>): PinnedJobs {
  const found = new Map<string, { readonly job: Job; readonly pin: WrittenPin }>();
  for (const job of jobs) {
    const pin = pinOn(job);
    if (pin && pin.kind !== 'preferred') found.set(job.metadata?.uid ?? '', { job, pin });
  }
  return found;
}

/** Why a node does not take pods that wait for it; undefined where it does, or a move that is under way will see to it. */
function whyDead(
  job: Job,
  node: ApiNode | undefined,
  waiting: readonly Pod[],
  pods: Iterable<Pod>,
): 'gone' | 'cordoned' | 'full' | undefined {
  if (!node) return 'gone';
  if (node.spec?.unschedulable) return 'cordoned';
  if (job.metadata?.annotations?.[RECORD] !== undefined) return undefined;
  const free = freeOn(node, pods);
  const fits = (pod: Pod) => free && !shortage(toResources(podRequests(pod, 'spec')).resources, free);
  return waiting.some(fits) ? undefined : 'full';
}

/** What a node has beside the pods that stay on it; undefined where it takes no more of them. */
function freeOn(node: ApiNode, pods: Iterable<Pod>): Resources | undefined {
  const { name, allocatable, maxTasks } = nodeOf(node, 0);
  const staying: Resources[] = [];
  for (const pod of pods) {
    if (pod.spec?.nodeName !== name || pod.metadata?.deletionTimestamp || isOver(pod)) continue;
    staying.push(toResources(podRequests(pod, 'held')).resources);
  }
  return staying.length < maxTasks ? subtractResources(allocatable, sumResources(staying)) : undefined;
}

/** The pods of each Job that wait for a node and are pinned as it is, by the Job's uid. */
function waitingPods(pods: Iterable<Pod>, pinnedJobs: PinnedJobs): ReadonlyMap<string, readonly Pod[]> {
  const waiting = new Map<string, Pod[]>();
  if (pinnedJobs.size === 0) return waiting;
  for (const pod of pods) {
    if (pod.spec?.nodeName || pod.metadata?.deletionTimestamp || isOver(pod)) continue;
    const uid = controllerOf(pod)?.uid ?? '';
    const node = pinnedJobs.get(uid)?.pin.node;
    if (node === undefined || !requiredTerms(pod.spec?.affinity).some((term) => isPinnedTo(term, node))) continue;
    const own = waiting.get(uid);
    if (own) own.push(pod);
    else waiting.set(uid, [pod]);
  }
  return waiting;
}
