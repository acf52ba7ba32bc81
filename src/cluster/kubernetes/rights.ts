import type { Action, Rights } from '../../core/model/snapshot.ts';
import type { Connection } from './connection.ts';

/** What an action asks of RBAC, as a Role would name it. */
type Right = {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
};

const NEEDED: Readonly<Record<Action, Right>> = {
  place: { verb: 'patch', group: '', resource: 'pods' },
  resize: { verb: 'patch', group: '', resource: 'pods', subresource: 'resize' },
  migrate: { verb: 'patch', group: 'batch', resource: 'jobs' },
};

/**
 * What the user may do, by one SelfSubjectAccessReview for each action and namespace; namespaces are asked one by one only
 * where the action is not allowed in all of them.
 */
export async function readRights(
  connection: Connection,
  namespaces: readonly string[],
  signal?: AbortSignal,
): Promise<Rights> {
  const actions = Object.entries(NEEDED) as [Action, Right][];
  const entries = await Promise.all(
    actions.map(async ([action, right]) => [action, await refusals(connection, right, namespaces, signal)] as const),
  );
  return Object.fromEntries(entries);
}

/** Whether one request would be allowed; `namespace` absent: in all of them. */
export async function isAllowed(
  connection: Connection,
  right: Right,
  namespace: string | undefined,
  signal?: AbortSignal,
): Promise<boolean> {
  const review = await connection.send<{ status?: { allowed?: boolean } }>(
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    {
      method: 'POST',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { ...right, ...(namespace === undefined ? {} : { namespace }) } },
      },
      signal,
    },
  );
  return review.status?.allowed === true;
}

async function refusals(
  connection: Connection,
  right: Right,
  namespaces: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Record<string, string>> {
  if (await isAllowed(connection, right, undefined, signal)) return {};
  const missing = inWords(right);
  const allowed = await Promise.all(namespaces.map((namespace) => isAllowed(connection, right, namespace, signal)));
  const refused = namespaces.filter((_, index) => !allowed[index]);
  if (refused.length === namespaces.length) return { '*': missing };
  return Object.fromEntries(refused.map((namespace) => [namespace, missing]));
}

function inWords({ verb, group, resource, subresource }: Right): string {
  const path = subresource === undefined ? resource : `${resource}/${subresource}`;
  return `the right to ${verb} ${group === '' ? path : `${path}.${group}`}`;
}
