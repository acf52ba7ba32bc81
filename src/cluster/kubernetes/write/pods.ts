import type { OwnerRef, TaskRef } from '../../../core/model/moves.ts';
import type { ActOptions } from '../../port.ts';
import type { Attempt } from '../../refused.ts';
import type { Connection } from '../api/connection.ts';
import type { Pod } from '../api/objects.ts';
import { type OrRefused, refuseOther } from './refusal.ts';
import { lookAt } from './request.ts';

/** Where the API server has a pod. @param id `namespace/name` */
export function podPath(id: string): string {
  const [namespace = '', name = ''] = id.split('/');
  return `${podsPath(namespace)}/${encodeURIComponent(name)}`;
}

/** Where it has the pods of a namespace. */
export function podsPath(namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
}

/** The pod a move is about, as it is now, or why it is not. */
export async function getPod(
  connection: Connection,
  task: TaskRef,
  attempt: Attempt,
  options: ActOptions,
): Promise<OrRefused<{ readonly pod: Pod }>> {
  const pod = await lookAt<Pod>(connection, podPath(task.id), options);
  const refused = refuseOther(attempt, task.uid, pod);
  return refused ? { refused } : { pod };
}

/** The pods of a Job, finished ones too. */
export async function podsOfJob(
  connection: Connection,
  owner: Pick<OwnerRef, 'namespace' | 'uid'>,
  signal?: AbortSignal,
): Promise<Pod[]> {
  const pods: Pod[] = [];
  await connection.list<Pod>(podsPath(owner.namespace), (page) => pods.push(...page), {
    query: { labelSelector: `batch.kubernetes.io/controller-uid=${owner.uid}` },
    signal,
  });
  return pods;
}
