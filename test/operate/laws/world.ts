import { hash } from 'node:crypto';
import type {
  Affinity,
  ApiNode,
  ApiObject,
  Job,
  Pod,
  ResourceList,
} from '../../../src/cluster/kubernetes/api/objects.ts';

/**
 * The state of the model's cluster: objects as the API server stores them, its clock, and what its users want. A plain
 * value: every change makes another one, so that a state can be gone back to, compared and kept.
 */
export type World = {
  /** By the path of their API. */
  readonly objects: ReadonlyMap<string, ApiObject>;
  /** The last resource version given out. */
  readonly version: number;
  /** Pods made so far, for their names. */
  readonly made: number;
  readonly nowSeconds: number;
  readonly wishes: Wishes;
};

/** What users wanted last, as far as they said so by an act of their own; the laws compare it with what is. */
export type Wishes = {
  /** Of each Job by its path: stopped, running or gone. */
  readonly jobs: Readonly<Record<string, 'stopped' | 'running' | 'gone'>>;
  /** The affinity that users gave each Job's template. */
  readonly affinity: Readonly<Record<string, Affinity | undefined>>;
  /** What the containers of a pod were to have, by its path and the containers' names, where a user resized it. */
  readonly amounts: Readonly<Record<string, Readonly<Record<string, ResourceList>>>>;
};

export const NAMESPACE = 'team';
const JOBS = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs/`;
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods/`;
const NODES = '/api/v1/nodes/';

export const pathOf = {
  job: (name: string) => `${JOBS}${name}`,
  pod: (name: string) => `${PODS}${name}`,
  node: (name: string) => `${NODES}${name}`,
};

export function jobsOf(world: World): Job[] {
  return under<Job>(world, JOBS);
}

export function podsOf(world: World): Pod[] {
  return under<Pod>(world, PODS);
}

export function nodesOf(world: World): ApiNode[] {
  return under<ApiNode>(world, NODES);
}

/** Pods that a Job has made, in the order of their making. */
export function podsOfJob(world: World, job: Job): Pod[] {
  return podsOf(world).filter(({ metadata }) => metadata?.ownerReferences?.[0]?.uid === job.metadata?.uid);
}

function under<T extends ApiObject>(world: World, prefix: string): T[] {
  return [...world.objects].flatMap(([path, object]) => (path.startsWith(prefix) ? [object as T] : []));
}

/** The world with an object written, under a new resource version. */
export function written(world: World, path: string, object: ApiObject): World {
  const version = world.version + 1;
  const metadata = { ...object.metadata, resourceVersion: String(version) };
  return { ...world, version, objects: new Map(world.objects).set(path, { ...object, metadata }) };
}

export function removed(world: World, path: string): World {
  const objects = new Map(world.objects);
  objects.delete(path);
  return { ...world, objects };
}

/**
 * Names a world: equal for worlds between which nothing that acts on them can tell a difference.
 * @param of `content`: resource versions do not count, as where nobody remembers one
 */
export function digestOfWorld(world: World, of: 'all' | 'content' = 'all'): string {
  return known(of === 'all' ? worlds : contentsOfWorlds, world, () => {
    const { objects, nowSeconds, wishes } = world;
    const name = of === 'all' ? digestOf : digestOfContent;
    const parts = [...objects].map(([path, object]) => `${path} ${name(object)}`);
    return hash('sha1', `${parts.sort().join('\n')} ${nowSeconds} ${digestOf(wishes)}`, 'base64');
  });
}

const worlds = new WeakMap<World, string>();
const contentsOfWorlds = new WeakMap<World, string>();
const digests = new WeakMap<object, string>();
const contents = new WeakMap<object, string>();

/** Names a plain value that is never changed; reckoned once for each. */
export function digestOf(value: object): string {
  return known(digests, value, () => hash('sha1', JSON.stringify(value), 'base64'));
}

function digestOfContent(object: ApiObject): string {
  return known(contents, object, () => {
    const { resourceVersion: _, ...metadata } = object.metadata ?? {};
    return hash('sha1', JSON.stringify({ ...object, metadata }), 'base64');
  });
}

function known<T>(cache: WeakMap<object, T>, key: object, make: () => T): T {
  const found = cache.get(key);
  if (found !== undefined) return found;
  const made = make();
  cache.set(key, made);
  return made;
}
