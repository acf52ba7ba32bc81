import type { Problem, ReaderRole, SourceName } from '../../../core/model/problem.ts';
import type { Connection } from '../api/connection.ts';
import type {
  ApiNode,
  ApiObject,
  Budget,
  Job,
  NodeClaim,
  Pod,
  QuotaObject,
  Volume,
  VolumeClaim,
} from '../api/objects.ts';
import { JOB_FIELDS, METADATA_FIELDS, NODE_FIELDS, POD_FIELDS } from './fields.ts';
import type { ReflectorOptions } from './reflector.ts';
import type { Transforms } from './transform.ts';

/** What is read of a server: some namespaces, or all of them where `namespaces` is absent. */
export type Scope = { readonly connection: Connection; readonly namespaces: readonly string[] | undefined };

/** One kind of object that a snapshot is made from. */
export type Source<T extends ApiObject> = Pick<ReflectorOptions<T>, 'query' | 'fields' | 'transform'> & {
  readonly name: SourceName;
  /** The API group's path, `/apis/batch/v1`. */
  readonly group: string;
  readonly resource: string;
  readonly namespaced: boolean;
  /** The problem that it is where the server does not know the kind; default: none, it is not needed. */
  readonly absent?: Problem;
};

export type Sources = {
  readonly nodes: Source<ApiNode>;
  readonly pods: Source<Pod>;
  readonly jobs: Source<Job>;
  readonly replicaSets: Source<ApiObject>;
  readonly budgets: Source<Budget>;
  readonly quotas: Source<QuotaObject>;
  readonly claims: Source<VolumeClaim>;
  readonly volumes: Source<Volume>;
  readonly nodeClaims: Source<NodeClaim>;
  readonly namespaces: Source<ApiObject>;
};

/** All that is read of a cluster, with what is kept of it. Finished pods are left to the history. */
export function sourcesOf(transforms: Transforms): Sources {
  return {
    nodes: {
      name: 'nodes',
      group: '/api/v1',
      resource: 'nodes',
      namespaced: false,
      fields: NODE_FIELDS,
      transform: transforms.node,
    },
    pods: {
      name: 'pods',
      group: '/api/v1',
      resource: 'pods',
      namespaced: true,
      query: { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' },
      fields: POD_FIELDS,
      transform: transforms.pod,
    },
    jobs: {
      name: 'jobs',
      group: '/apis/batch/v1',
      resource: 'jobs',
      namespaced: true,
      fields: JOB_FIELDS,
      transform: transforms.job,
    },
    replicaSets: {
      name: 'replicaSets',
      group: '/apis/apps/v1',
      resource: 'replicasets',
      namespaced: true,
      fields: METADATA_FIELDS,
      transform: transforms.owned,
    },
    budgets: {
      name: 'budgets',
      group: '/apis/policy/v1',
      resource: 'poddisruptionbudgets',
      namespaced: true,
      transform: transforms.budget,
    },
    quotas: {
      name: 'quotas',
      group: '/api/v1',
      resource: 'resourcequotas',
      namespaced: true,
      transform: transforms.quota,
    },
    claims: {
      name: 'claims',
      group: '/api/v1',
      resource: 'persistentvolumeclaims',
      namespaced: true,
      transform: transforms.claim,
    },
    volumes: {
      name: 'volumes',
      group: '/api/v1',
      resource: 'persistentvolumes',
      namespaced: false,
      transform: transforms.volume,
    },
    nodeClaims: {
      name: 'nodeClaims',
      group: '/apis/karpenter.sh/v1',
      resource: 'nodeclaims',
      namespaced: false,
      transform: (claim) => claim,
    },
    namespaces: {
      name: 'namespaces',
      group: '/api/v1',
      resource: 'namespaces',
      namespaced: false,
      fields: METADATA_FIELDS,
      transform: transforms.owned,
    },
  };
}

/** The role that lets a user read a source. */
export function readerRole({ namespaced }: Pick<Source<ApiObject>, 'namespaced'>): ReaderRole {
  return namespaced ? 'stowage-reader' : 'stowage-nodes';
}

/** The paths that together hold all objects of a source: one, or one for each namespace that may be read. */
export function pathsOf(
  { group, resource, namespaced }: Pick<Source<ApiObject>, 'group' | 'resource' | 'namespaced'>,
  namespaces: readonly string[] | undefined,
): string[] {
  if (!namespaced || namespaces === undefined) return [`${group}/${resource}`];
  return namespaces.map((namespace) => `${group}/namespaces/${encodeURIComponent(namespace)}/${resource}`);
}
