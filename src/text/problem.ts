import type { Problem, ReaderRole, SourceName } from '../core/model/problem.ts';
import type { Written } from '../core/model/written.ts';
import { describeFailure } from './failure.ts';
import { ended, list, plural } from './format.ts';

/** Every sentence about what could not be read or understood of a cluster: what, why, and what follows or fixes it. */
export function describeProblem(problem: Written<Problem>): string {
  if (typeof problem === 'string') return problem;
  switch (problem.code) {
    case 'unreadable':
      return `The ${SOURCE_TITLES[problem.source]} cannot be read: ${ended(problem.message)} ${askForRole(problem.role)}`;
    case 'rightsUnknown':
      return `It is not known what may be done here: ${ended(problem.message)}`;
    case 'noMetrics':
      return 'This cluster has no metrics.k8s.io, so usage is not known and nothing is resized. Install metrics-server.';
    case 'metricsFailed':
      return `metrics.k8s.io does not answer (${problem.status} ${problem.message}), so usage is not known. Look at metrics-server.`;
    case 'prometheusFailed':
      return `Prometheus cannot be asked for usage: ${describeFailure(problem.why)} Check its address.`;
    case 'nodeWithoutAmounts':
      return `Node ${problem.node} reports no allocatable resources; nothing is placed on it.`;
    case 'nodeAmount':
      return `Node ${problem.node} offers "${problem.quantity}" of ${problem.resource}, which is no amount; it counts as 0.`;
    case 'nodeEnd':
      return `Node ${problem.node}: annotation ${problem.annotation} "${problem.value}" is not a time such as 2027-01-31T18:00:00Z.`;
    case 'heldBack':
      return plural(problem.gates.length, {
        one: `It is held back by ${list(problem.gates)}; it starts only when that is lifted, too.`,
        other: `It is held back by ${list(problem.gates)}; it starts only when those are lifted, too.`,
      });
    case 'taskAmount':
      return `Container ${problem.container} requests "${problem.quantity}" of ${problem.resource}, which is no amount; it counts as 0.`;
    case 'originalRequest':
      return `Annotation ${problem.annotation} is not understood; the present request counts as the original one.`;
    case 'deadPin':
      return `${describeDeadPin(problem)} "stowage apply" and Resume Waiting Moves offer to take the pin off.`;
    case 'recordUnreadable':
      return `${problem.owner} is suspended, and its annotation ${problem.annotation} cannot be read: if a move has stopped it, nobody resumes it. Look at it; ${resumeByHand(problem.owner)} resumes it.`;
    case 'runWithoutEnd':
      return `Finished pod ${problem.task} does not say when it ended; it is left out.`;
    case 'prometheusRuns':
      return `${describeRunsUntold(problem.daysAgo)} ${describeFailure(problem.why)}`;
  }
}

/** "2 tasks of team/train wait for node l1b, which is cordoned: an earlier move has pinned them to it." */
function describeDeadPin({ owner, node, why, tasks }: Extract<Problem, { code: 'deadPin' }>): string {
  const where = `node ${node}, which is ${why}: an earlier move has pinned`;
  return plural(tasks, {
    one: `# task of ${owner} waits for ${where} it there.`,
    other: `# tasks of ${owner} wait for ${where} them there.`,
  });
}

/** What a user runs to resume a Job. @param owner `namespace/name` */
export function resumeByHand(owner: string): string {
  const [namespace, name] = owner.split('/');
  return `kubectl -n ${namespace} patch job ${name} --type=merge -p '{"spec":{"suspend":false}}'`;
}

function describeRunsUntold(daysAgo: number): string {
  if (daysAgo === 0) return 'Prometheus could not tell which tasks have finished:';
  return plural(daysAgo, {
    one: 'Prometheus could not tell which tasks finished more than # day ago:',
    other: 'Prometheus could not tell which tasks finished more than # days ago:',
  });
}

/** Kinds of objects, in the plural. */
export const SOURCE_TITLES: Readonly<Record<SourceName, string>> = {
  nodes: 'nodes',
  pods: 'pods',
  finishedPods: 'finished pods',
  jobs: 'Jobs',
  replicaSets: 'ReplicaSets',
  budgets: 'disruption budgets',
  quotas: 'resource quotas',
  claims: 'volume claims',
  volumes: 'volumes',
  nodeClaims: 'Karpenter node claims',
  namespaces: 'namespaces',
  usage: 'usage of pods',
};

export function askForRole(role: ReaderRole): string {
  return `Ask an administrator for the role ${role} (media/rbac).`;
}
