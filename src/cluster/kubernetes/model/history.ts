import type { FinishedTask } from '../../../core/model/finished.ts';
import type { Problem } from '../../../core/model/problem.ts';
import type { Resources } from '../../../core/model/resources.ts';
import type { ParameterKeys, PastRead } from '../../port.ts';
import { controllerOf, idOf, type Job, type Pod, secondsOf } from '../api/objects.ts';
import { jobOwnership, type OwnerIndex, ownershipOf } from './owner.ts';
import { taskParameters } from './parameters.ts';
import { podRequests, toResources } from './requests.ts';

/**
 * The runs that the API server still knows of: finished pods of owners whose work ends, and finished Jobs whose pods
 * are gone. Sorted by their end. A run without a start or an end is named in `problems`.
 */
export function finishedTasks(
  pods: readonly Pod[],
  jobs: readonly Job[],
  index: OwnerIndex,
  keys: ParameterKeys,
): PastRead {
  const tasks: FinishedTask[] = [];
  const problems: Problem[] = [];
  const seenJobs = new Set<string>();
  for (const pod of pods) {
    const run = finishedPod(pod, index, keys);
    if (run && 'code' in run) problems.push(run);
    else if (run) {
      tasks.push(run);
      seenJobs.add(controllerOf(pod)?.uid ?? '');
    }
  }
  for (const job of jobs) {
    if (seenJobs.has(job.metadata?.uid ?? '')) continue;
    const run = finishedJob(job, keys);
    if (run) tasks.push(run);
  }
  return { tasks: tasks.sort((a, b) => a.endedAtSeconds - b.endedAtSeconds), problems };
}

/** A finished pod as a run; undefined when it has no owner or never ran; a problem when its times are missing. */
function finishedPod(pod: Pod, index: OwnerIndex, keys: ParameterKeys): FinishedTask | Problem | undefined {
  const { metadata = {}, status = {}, spec = {} } = pod;
  const controller = controllerOf(pod);
  if (!controller || controller.kind === 'DaemonSet' || controller.kind === 'Node') return undefined;
  const startedAtSeconds = secondsOf(status.startTime);
  if (startedAtSeconds === undefined) return undefined; // never reached a kubelet
  const ends = (status.containerStatuses ?? []).map(({ state }) => secondsOf(state?.terminated?.finishedAt));
  const endedAtSeconds = Math.max(...ends.filter((end) => end !== undefined));
  if (!(endedAtSeconds >= startedAtSeconds)) return { code: 'runWithoutEnd', task: idOf(pod) };
  const request = toResources(podRequests(pod, 'spec')).resources;
  return {
    id: idOf(pod),
    parameters: taskParameters(metadata, ownershipOf(pod, index), spec.activeDeadlineSeconds, keys),
    request,
    size: sizeOf(request),
    submittedAtSeconds: secondsOf(metadata.creationTimestamp) ?? startedAtSeconds,
    startedAtSeconds,
    endedAtSeconds,
    outcome: outcomeOf(pod),
  };
}

function finishedJob(job: Job, keys: ParameterKeys): FinishedTask | undefined {
  const { metadata = {}, spec = {}, status = {} } = job;
  const end = status.conditions?.find(
    ({ type, status: holds }) => (type === 'Complete' || type === 'Failed') && holds === 'True',
  );
  const startedAtSeconds = secondsOf(status.startTime);
  const endedAtSeconds = secondsOf(status.completionTime) ?? secondsOf(end?.lastTransitionTime);
  if (!end || startedAtSeconds === undefined || endedAtSeconds === undefined) return undefined;
  const template = { metadata: spec.template?.metadata ?? {}, spec: spec.template?.spec ?? {} };
  const request = toResources(podRequests(template, 'spec')).resources;
  const described = {
    ...metadata,
    labels: { ...metadata.labels, ...template.metadata.labels },
    annotations: { ...metadata.annotations, ...template.metadata.annotations },
  };
  return {
    id: idOf(job),
    parameters: taskParameters(described, jobOwnership(job), spec.activeDeadlineSeconds, keys),
    request,
    size: sizeOf(request),
    submittedAtSeconds: secondsOf(metadata.creationTimestamp) ?? startedAtSeconds,
    startedAtSeconds,
    endedAtSeconds,
    outcome: end.type === 'Complete' ? 'succeeded' : 'failed',
  };
}

/**
 * A pod that was deleted, evicted or preempted did not end by itself: its time is only a lower bound of its runtime.
 */
function outcomeOf(pod: Pod): FinishedTask['outcome'] {
  const disrupted = pod.status?.conditions?.some(
    ({ type, status }) => type === 'DisruptionTarget' && status === 'True',
  );
  if (disrupted || pod.metadata?.deletionTimestamp) return 'cancelled';
  return pod.status?.phase === 'Succeeded' ? 'succeeded' : 'failed';
}

/** GPUs where it asks for any, else cores. */
function sizeOf(request: Resources): number {
  return (request.gpuMilli > 0 ? request.gpuMilli : request.milliCpu) / 1000;
}
