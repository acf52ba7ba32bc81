import type { Problem } from '../../../core/model/problem.ts';
import type { Action, Rights } from '../../../core/model/snapshot.ts';
import { ApiError } from '../../errors.ts';
import type { Connection } from './connection.ts';
import type { ApiObject } from './objects.ts';

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

/** Rights change seldom, snapshots are taken often: answers of this age still count. */
const RIGHTS_SECONDS = 60;

/** The user's rights in the namespaces of a cluster, asked again only once in `RIGHTS_SECONDS`. */
export class RightsReader {
  readonly #connection: Connection;
  #known: { readonly rights: Rights; readonly namespaces: string; readonly readAtSeconds: number } | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Rights in the namespaces of these objects. A server that does not tell is a problem, and then all may be tried. */
  async read(objects: Iterable<ApiObject>, problems: Problem[], signal?: AbortSignal): Promise<Rights> {
    const present = new Set<string>();
    for (const { metadata } of objects) present.add(metadata?.namespace ?? '');
    const namespaces = [...present].sort();
    const key = namespaces.join(' ');
    const now = this.#connection.nowSeconds();
    const known = this.#known;
    if (known?.namespaces === key && now - known.readAtSeconds < RIGHTS_SECONDS) return known.rights;
    try {
      const rights = await readRights(this.#connection, namespaces, signal);
      this.#known = { rights, namespaces: key, readAtSeconds: now };
      return rights;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problems.push({ code: 'rightsUnknown', message: error.message });
      return {};
    }
  }
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
