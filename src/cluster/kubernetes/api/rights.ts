import type { Action, Rights } from '../../../core/model/snapshot.ts';
import type { Connection } from './connection.ts';

/** What an action asks of RBAC, as a Role would name it. */
type Right = {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
};

const PATCH_PODS: Right = { verb: 'patch', group: '', resource: 'pods' };

const NEEDED: Readonly<Record<Action, readonly Right[]>> = {
  place: [PATCH_PODS],
  resize: [{ ...PATCH_PODS, subresource: 'resize' }, PATCH_PODS],
  migrate: [{ verb: 'patch', group: 'batch', resource: 'jobs' }],
};

/**
 * What the user may do, by one SelfSubjectAccessReview a right. Where a right does not hold in all namespaces, each is
 * asked about alone.
 */
export async function readRights(
  connection: Connection,
  namespaces: readonly string[],
  signal?: AbortSignal,
): Promise<Rights> {
  const asked = new Map<Right, Promise<Record<string, string>>>();
  const ask = (right: Right) => {
    const refused = asked.get(right) ?? refusals(connection, right, namespaces, signal);
    asked.set(right, refused);
    return refused;
  };
  const entries = await Promise.all(
    Object.entries(NEEDED).map(async ([action, rights]) => {
      const refused = await Promise.all(rights.map(ask));
      return [action as Action, Object.assign({}, ...refused.reverse()) as Record<string, string>] as const;
    }),
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
  const missing = rightName(right);
  const allowed = await Promise.all(namespaces.map((namespace) => isAllowed(connection, right, namespace, signal)));
  const refused = namespaces.filter((_, index) => !allowed[index]);
  if (refused.length === namespaces.length) return { '*': missing };
  return Object.fromEntries(refused.map((namespace) => [namespace, missing]));
}

/** As RBAC names it: `patch pods/resize`, `patch jobs.batch`. */
function rightName({ verb, group, resource, subresource }: Right): string {
  const path = subresource === undefined ? resource : `${resource}/${subresource}`;
  return `${verb} ${group === '' ? path : `${path}.${group}`}`;
}
