import type { Task } from '../core/model/task.ts';

/** The line that shows a node or a task; names are quoted, since they come from a cluster. */
export function describeLine(what: { readonly node: string } | { readonly namespace: string; readonly name: string }) {
  return 'node' in what
    ? `kubectl describe node ${quote(what.node)}`
    : `kubectl describe pod --namespace ${quote(what.namespace)} ${quote(what.name)}`;
}

/**
 * The line by which its user can move a running task that we do not move: it restarts the rollout of a Deployment or
 * StatefulSet, or suspends the owner until its user resumes it elsewhere. Undefined where there is no such line, and
 * for a Job, which we move.
 */
export function moveLine({ namespace, owner }: Task): string | undefined {
  if (!owner) return undefined;
  const [group = ''] = owner.apiVersion.split('/');
  const what = `${owner.kind.toLowerCase()}.${group}`;
  const where = `--namespace ${quote(namespace)} ${quote(`${what}/${owner.name}`)}`;
  if (ROLLED_OVER.has(what)) return `kubectl rollout restart ${where}`;
  const spec = SUSPENDED.has(what) ? { suspend: true } : group === 'kubeflow.org' ? KUBEFLOW : undefined;
  return spec && `kubectl patch ${where} --type merge --patch '${JSON.stringify({ spec })}'`;
}

const ROLLED_OVER: ReadonlySet<string> = new Set(['deployment.apps', 'statefulset.apps']);

/** Owners with a `suspend` of their own, as a Job's. */
const SUSPENDED: ReadonlySet<string> = new Set([
  'jobset.jobset.x-k8s.io',
  'rayjob.ray.io',
  'raycluster.ray.io',
  'trainjob.trainer.kubeflow.org',
]);

/** PyTorchJob, TFJob, MPIJob and the like. */
const KUBEFLOW = { runPolicy: { suspend: true } };

function quote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
