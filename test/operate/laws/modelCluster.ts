import { ApiError } from '../../../src/cluster/errors.ts';
import type { Connection, RequestOptions } from '../../../src/cluster/kubernetes/api/connection.ts';
import type { ApiObject, Job, Pod } from '../../../src/cluster/kubernetes/api/objects.ts';
import { DEFAULT_PARAMETER_KEYS } from '../../../src/cluster/kubernetes/model/parameters.ts';
import { recordsOn } from '../../../src/cluster/kubernetes/model/records.ts';
import { makeSnapshot } from '../../../src/cluster/kubernetes/model/snapshot.ts';
import { jobPath } from '../../../src/cluster/kubernetes/write/jobs.ts';
import { placePod } from '../../../src/cluster/kubernetes/write/placePod.ts';
import { podPath, podsOfJob } from '../../../src/cluster/kubernetes/write/pods.ts';
import { releaseJob } from '../../../src/cluster/kubernetes/write/releaseJob.ts';
import { releasePod, resizePod, restorePod } from '../../../src/cluster/kubernetes/write/resizePod.ts';
import { resumeJob } from '../../../src/cluster/kubernetes/write/resumeJob.ts';
import { ownerState, taskState } from '../../../src/cluster/kubernetes/write/state.ts';
import { suspendJob } from '../../../src/cluster/kubernetes/write/suspendJob.ts';
import type { Cluster } from '../../../src/cluster/port.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import { type Change, changed, got, listed } from './apiServer.ts';
import { jobsOf, nodesOf, podsOf, type World } from './world.ts';

export const CLUSTER = 'the model';

/** A world that others change too, and the way to it: each request is a point at which something may happen. */
export type Way = {
  readonly world: () => World;
  readonly read: <T>(what: string, answer: (world: World) => T) => Promise<T>;
  readonly write: (what: string, change: (world: World) => { world: World; answer: ApiObject }) => Promise<ApiObject>;
};

export type WayAlteration = {
  readonly sent?: (change: Change) => Change;
  readonly told?: (error: unknown) => unknown;
  readonly shown?: (object: ApiObject) => ApiObject;
};

/**
 * The Kubernetes side of the port, on the model's API server: the real writes, records, states and snapshots; only the
 * connection is another. What the port gains gets a line here.
 */
export function modelCluster(way: Way, alteration: WayAlteration = {}): Cluster {
  const { shown = asItIs } = alteration;
  const connection = connectionOn(way, alteration);
  const ifThere = async <T extends ApiObject>(path: string, uid: string): Promise<T | undefined> => {
    const object = await connection.send<T>(path).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    });
    return object?.metadata?.uid === uid ? object : undefined;
  };
  const reading = async <T>(what: string, signal: AbortSignal | undefined, answer: (world: World) => T): Promise<T> => {
    const said = await way.read(what, answer);
    signal?.throwIfAborted();
    return said;
  };
  return {
    name: CLUSTER,
    identity: { key: 'model', name: CLUSTER },
    nowSeconds: () => way.world().nowSeconds,
    readSnapshot: (signal) => reading('snapshot', signal, snapshotOf),
    readHistory: (signal) => reading('history', signal, () => ({ tasks: [], problems: [] })),
    watch() {},
    place: (...words) => placePod(connection, ...words),
    resize: (...words) => resizePod(connection, ...words),
    restore: (...words) => restorePod(connection, ...words),
    releaseTask: (...words) => releasePod(connection, ...words),
    suspend: (...words) => suspendJob(connection, ...words),
    resume: (...words) => resumeJob(connection, ...words),
    release: (...words) => releaseJob(connection, ...words),
    async readTask({ id, uid }) {
      const pod = await ifThere<Pod>(podPath(id), uid);
      return pod && taskState(pod);
    },
    async readOwner(owner) {
      const job = await ifThere<Job>(jobPath(owner), owner.uid);
      return job && ownerState(job, await podsOfJob(connection, owner));
    },
    readRecords: (signal) =>
      reading('records', signal, (world) => recordsOn(jobsOf(world).map(shown), podsOf(world).map(shown))),
    async close() {},
  };
}

function asItIs<T>(object: T): T {
  return object;
}

function connectionOn({ world, read, write }: Way, { sent, told, shown = asItIs }: WayAlteration): Connection {
  const answered = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw told ? told(error) : error;
    });
  const connection = {
    nowSeconds: () => world().nowSeconds,
    send(path: string, { method = 'GET', query, body, contentType }: RequestOptions = {}) {
      const name = path.split('/').slice(-2).join(' ');
      if (method === 'GET') return answered(read(name, (state) => shown(got(state, path))));
      if (method !== 'PATCH') throw new Error(`The model's API server does not know ${method}.`);
      const dryRun = query?.['dryRun'] === 'All';
      const strategic = contentType === 'application/strategic-merge-patch+json';
      const asked: Change = { path, body, dryRun, strategic, manager: String(query?.['fieldManager']) };
      const change = sent ? sent(asked) : asked;
      if (dryRun) return answered(read(`${name} tried`, (state) => changed(state, change).answer));
      return answered(write(name, (state) => changed(state, change)));
    },
    async list(path: string, onPage: (items: Iterable<ApiObject>) => void, options: RequestOptions = {}) {
      const selector = options.query?.['labelSelector']?.toString();
      onPage(await read(`${path.split('/').at(-1)}`, (state) => listed(state, path, selector)));
      return '';
    },
  };
  return connection as unknown as Connection;
}

/** The real snapshot of what is there. */
export function snapshotOf(world: World): Snapshot {
  const none = { replicaSets: new Map(), budgets: [], quotas: [], claims: [], volumes: [], nodeClaims: [] };
  const objects = { ...none, namespaces: [], nodes: nodesOf(world), pods: podsOf(world), jobs: jobsOf(world) };
  const about = { cluster: CLUSTER, takenAtSeconds: world.nowSeconds, keys: DEFAULT_PARAMETER_KEYS, rights: {} };
  return makeSnapshot(objects, { ...about, usage: {}, problems: [] });
}
