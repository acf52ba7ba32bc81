import type { Problem } from '../../../core/model/problem.ts';
import { coalesced } from '../../../io/coalesce.ts';
import { type ApiObject, controllerOf, type OwnerReference, type Pod } from '../api/objects.ts';
import type { ClusterObjects } from '../model/snapshot.ts';
import { Reflector } from './reflector.ts';
import { pathsOf, readerRole, type Scope, type Source, type Sources } from './sources.ts';

type Reflectors = { readonly [name in keyof Sources]: readonly Reflector<ApiObject>[] };

export type CacheOptions = {
  readonly sources: Sources;
  /** Called back after changes, at most once in `COALESCE_MILLISECONDS`. */
  readonly onChange: () => void;
  /** Called with each pod that has finished or was deleted. */
  readonly onGone: (pod: Pod) => void;
  /** Ends the following. */
  readonly signal: AbortSignal;
};

/** A live copy of everything a snapshot is made from: one reflector for each source and namespace. */
export class ObjectCache {
  readonly #reflectors: Reflectors;
  readonly #sources: Sources;

  constructor({ connection, namespaces }: Scope, { sources, onChange, onGone, signal }: CacheOptions) {
    this.#sources = sources;
    const notify = coalesced(onChange, { delayMilliseconds: COALESCE_MILLISECONDS, signal });
    const follow = (source: Source<ApiObject>, gone?: (object: ApiObject) => void) =>
      pathsOf(source, namespaces).map((path) => {
        const { fields, transform, query } = source;
        const reflector = new Reflector<ApiObject>(connection, {
          path,
          transform,
          ...(query ? { query } : {}),
          ...(fields ? { fields } : {}),
          onChange: notify,
          ...(gone ? { onGone: gone } : {}),
        });
        void reflector.run(signal);
        return reflector;
      });
    const entries = Object.entries(sources).map(([name, source]) => [
      name,
      follow(source as Source<ApiObject>, name === 'pods' ? onGone : undefined),
    ]);
    this.#reflectors = Object.fromEntries(entries) as Reflectors;
  }

  /** Resolves when every source has its first list, or cannot have one. */
  async started(): Promise<void> {
    await Promise.all(this.#all().map(({ started }) => started));
  }

  /** True when every source follows the server, or is known not to be there. */
  get isLive(): boolean {
    return this.#all().every(({ state }) => state.kind !== 'starting' && state.kind !== 'lagging');
  }

  /** What is held of each source; complete once `started` has resolved. */
  objects(): ClusterObjects {
    const of = <T>(name: keyof Sources) => everyOf(this.#reflectors[name]) as Iterable<T>;
    return {
      nodes: of('nodes'),
      pods: of('pods'),
      jobs: of('jobs'),
      replicaSets: controllersOf(of('replicaSets')),
      budgets: of('budgets'),
      quotas: of('quotas'),
      claims: of('claims'),
      volumes: of('volumes'),
      nodeClaims: of('nodeClaims'),
      namespaces: of('namespaces'),
    };
  }

  /** What may not be read. */
  problems(): Problem[] {
    return (Object.keys(this.#sources) as (keyof Sources)[]).flatMap((name) => {
      const state = this.#reflectors[name].find((reflector) => reflector.state.kind === 'forbidden')?.state;
      return state?.kind === 'forbidden' ? [unreadable(this.#sources[name], state.message)] : [];
    });
  }

  /** State, age and number of objects of each source, for the doctor. */
  report(): {
    source: keyof Sources;
    state: Reflector<ApiObject>['state'];
    objects: number;
    heardAtMilliseconds: number;
  }[] {
    return (Object.keys(this.#sources) as (keyof Sources)[]).map((name) => {
      const reflectors = this.#reflectors[name];
      const worst = reflectors.find(({ state }) => state.kind !== 'live') ?? reflectors[0]!;
      return {
        source: name,
        state: worst.state,
        objects: reflectors.reduce((sum, { objects }) => sum + objects.size, 0),
        heardAtMilliseconds: Math.min(...reflectors.map(({ heardAtMilliseconds }) => heardAtMilliseconds)),
      };
    });
  }

  #all(): Reflector<ApiObject>[] {
    return Object.values(this.#reflectors).flat();
  }
}

/** A source that may not be read. @param message the server's own */
export function unreadable(source: Pick<Source<ApiObject>, 'name' | 'namespaced'>, message: string): Problem {
  return { code: 'unreadable', source: source.name, role: readerRole(source), message };
}

/** Each ReplicaSet's own controller, by the ReplicaSet's uid. */
export function controllersOf(replicaSets: Iterable<ApiObject>): Map<string, OwnerReference> {
  const controllers = new Map<string, OwnerReference>();
  for (const set of replicaSets) {
    const controller = controllerOf(set);
    if (controller) controllers.set(set.metadata?.uid ?? '', controller);
  }
  return controllers;
}

/** Short enough that a change is seen at once, long enough that a burst is one. */
const COALESCE_MILLISECONDS = 50;

/** A large cluster has one reflector a kind, whose own iterator is several times as fast as a generator. */
function everyOf(reflectors: readonly Reflector<ApiObject>[]): Iterable<ApiObject> {
  const [first, ...others] = reflectors;
  return {
    [Symbol.iterator]: () => (others.length === 0 ? first!.objects.values() : eachOf(reflectors)),
  };
}

function* eachOf(reflectors: readonly Reflector<ApiObject>[]): Generator<ApiObject> {
  for (const { objects } of reflectors) yield* objects.values();
}
