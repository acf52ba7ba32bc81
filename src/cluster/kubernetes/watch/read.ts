import type { Problem } from '../../../core/model/problem.ts';
import { ApiError } from '../../errors.ts';
import type { Connection } from '../api/connection.ts';
import type { ApiObject } from '../api/objects.ts';
import { isAllowed } from '../api/rights.ts';
import type { ClusterObjects } from '../model/snapshot.ts';
import { controllersOf, unreadable } from './cache.ts';
import { pathsOf, type Scope, type Source, type Sources } from './sources.ts';

/**
 * Reads every source once, page by page. What may not be read becomes a problem; what the server does not know does
 * not.
 */
export async function readObjects(
  scope: Scope,
  sources: Sources,
  problems: Problem[],
  signal?: AbortSignal,
): Promise<ClusterObjects> {
  const read = <T extends ApiObject>(source: Source<T>) => readSource(scope, source, problems, signal);
  const [nodes, pods, jobs, replicaSets, budgets, quotas, claims, volumes, nodeClaims, namespaceObjects] =
    await Promise.all([
      read(sources.nodes),
      read(sources.pods),
      read(sources.jobs),
      read(sources.replicaSets),
      read(sources.budgets),
      read(sources.quotas),
      read(sources.claims),
      read(sources.volumes),
      read(sources.nodeClaims),
      read(sources.namespaces),
    ]);
  return {
    nodes,
    pods,
    jobs,
    replicaSets: controllersOf(replicaSets),
    budgets,
    quotas,
    claims,
    volumes,
    nodeClaims,
    namespaces: namespaceObjects,
  };
}

/** One source; see `readObjects`. */
export async function readSource<T extends ApiObject>(
  { connection, namespaces }: Scope,
  source: Source<T>,
  problems: Problem[],
  signal?: AbortSignal,
): Promise<T[]> {
  const lists = await Promise.all(
    pathsOf(source, namespaces).map(async (path) => {
      let items: T[] = [];
      const take = (page: Iterable<T>) => {
        for (const item of page) items.push(source.transform(item));
      };
      const restart = () => {
        items = [];
      };
      try {
        const query = source.query ? { query: { ...source.query } } : {};
        await connection.list<T>(path, take, { ...query, fields: source.fields, signal, onRestart: restart });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status === 403) problems.push(unreadable(source, error.message));
        else if (error.status !== 404) throw error;
        else if (source.absent) problems.push(source.absent);
      }
      return items;
    }),
  );
  return lists.length === 1 ? lists[0]! : lists.flat();
}

/**
 * The namespaces that are read: undefined for all, where the user may list pods in all of them; else the given ones,
 * else the context's own.
 */
export async function readableNamespaces(
  connection: Connection,
  wanted: readonly string[] | undefined,
  signal?: AbortSignal,
): Promise<readonly string[] | undefined> {
  if (wanted && wanted.length > 0) return wanted;
  try {
    const everywhere = await isAllowed(connection, { verb: 'list', group: '', resource: 'pods' }, undefined, signal);
    return everywhere ? undefined : [connection.context.namespace];
  } catch (error) {
    if (error instanceof ApiError) return undefined; // no reviews here: the lists themselves will tell
    throw error;
  }
}
