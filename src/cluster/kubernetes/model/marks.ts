import type { Problem } from '../../../core/model/problem.ts';
import { type ApiNode, controllerOf, idOf, type Job, type Pod } from '../api/objects.ts';
import { isPinnedTo, pinOn, requiredTerms, type WrittenPin } from './pin.ts';
import { isOver } from './pod.ts';
import { hasUnreadableRecord, RECORD } from './records.ts';

/**
 * What our marks on Jobs say of trouble: a pin to a node that takes no tasks any more, while tasks wait for it, who would
 * wait for ever; and a suspended Job whose record cannot be read, which nobody resumes.
 */
export function markProblems(
  jobs: Iterable<Job>,
  { pods, nodes }: { readonly pods: Iterable<Pod>; readonly nodes: Iterable<ApiNode> },
): Problem[] {
  const problems: Problem[] = [];
  const pinnedJobs = new Map<string, { readonly job: Job; readonly pin: WrittenPin }>();
  for (const job of jobs) {
    if (job.spec?.suspend && hasUnreadableRecord(job)) {
      problems.push({ code: 'recordUnreadable', owner: idOf(job), annotation: RECORD });
    }
    const pin = pinOn(job);
    if (pin && pin.kind !== 'preferred') pinnedJobs.set(job.metadata?.uid ?? '', { job, pin });
  }
  if (pinnedJobs.size === 0) return problems;
  const waiting = waitingPods(pods, pinnedJobs);
  if (waiting.size === 0) return problems;
  // Where no node may be read, all would look gone.
  const open = new Map([...nodes].map(({ metadata, spec }) => [metadata?.name ?? '', !spec?.unschedulable]));
  for (const [uid, tasks] of open.size === 0 ? [] : waiting) {
    const { job, pin } = pinnedJobs.get(uid)!;
    const isOpen = open.get(pin.node);
    if (isOpen) continue;
    const why = isOpen === undefined ? 'gone' : 'cordoned';
    problems.push({ code: 'deadPin', owner: idOf(job), node: pin.node, why, tasks });
  }
  return problems;
}

/** How many pods of each Job wait for a node and are pinned as it is, by the Job's uid. */
function waitingPods(
  pods: Iterable<Pod>,
  pinnedJobs: ReadonlyMap<string, { readonly pin: WrittenPin }>,
): ReadonlyMap<string, number> {
  const waiting = new Map<string, number>();
  for (const pod of pods) {
    if (pod.spec?.nodeName || pod.metadata?.deletionTimestamp || isOver(pod)) continue;
    const uid = controllerOf(pod)?.uid ?? '';
    const node = pinnedJobs.get(uid)?.pin.node;
    if (node === undefined || !requiredTerms(pod.spec?.affinity).some((term) => isPinnedTo(term, node))) continue;
    waiting.set(uid, (waiting.get(uid) ?? 0) + 1);
  }
  return waiting;
}
