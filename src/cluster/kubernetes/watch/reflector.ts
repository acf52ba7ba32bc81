import { setTimeout as pause } from 'node:timers/promises';
import type { Failure } from '../../../core/model/failure.ts';
import { ApiError, ClusterUnreachable, failureOf } from '../../errors.ts';
import type { Connection } from '../api/connection.ts';
import type { ApiObject } from '../api/objects.ts';
import type { Message } from '../api/wire.ts';

export type ReflectorOptions<T extends ApiObject> = {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** What a list asks for in the binary form; absent: JSON. A watch is JSON: it carries little. */
  readonly fields?: Message;
  /** Takes from an object what is kept of it; called for every object and change. */
  readonly transform: (object: T) => T;
  /** Called after each change that is not an echo, and when the state changes. */
  readonly onChange: () => void;
  /** Called with the last form of an object that has left the selection: deleted, or finished. */
  readonly onGone?: (object: T) => void;
};

/**
 * `starting`: the first list is being read. `live`: a watch follows the server. `lagging`: it was cut off and is coming
 * back; what is held may be old. `absent`: the server does not know the kind. `forbidden`: it may not be read; `message`
 * is the server's own.
 */
export type ReflectorState =
  | { readonly kind: 'starting' | 'live' | 'absent' }
  | { readonly kind: 'lagging'; readonly why: Failure; readonly sinceMilliseconds: number }
  | { readonly kind: 'forbidden'; readonly message: string; readonly sinceMilliseconds: number };

/**
 * A copy of all objects of one kind that follows the server: a list in pages, then watches from where it stands, with
 * bookmarks, so that a quiet one can go on where it was. What is too old to go on from (410) is listed again;
 * everything else is tried again after 0.5–30 s with jitter.
 *
 * It stands in place of the informer of @kubernetes/client-node (2.0.1). That one stores every object whole, and only
 * as JSON; it asks for no bookmarks; at any error but 410 and its own time-out it stops until somebody starts it again;
 * and it does not tell whether it follows or lags, which a plan must know.
 */
export class Reflector<T extends ApiObject> {
  readonly #connection: Connection;
  readonly #options: ReflectorOptions<T>;
  #objects = new Map<string, T>();
  #state: ReflectorState = { kind: 'starting' };
  #resourceVersion: string | undefined;
  #listedAtMilliseconds = 0;
  #heardAtMilliseconds = 0;
  #lists = 0;
  readonly #start = Promise.withResolvers<void>();

  constructor(connection: Connection, options: ReflectorOptions<T>) {
    this.#connection = connection;
    this.#options = options;
  }

  get objects(): ReadonlyMap<string, T> {
    return this.#objects;
  }

  get state(): ReflectorState {
    return this.#state;
  }

  /** Resolves when the first list is there, has failed, or will never come. */
  get started(): Promise<void> {
    return this.#start.promise;
  }

  /** When the server was last heard from, in epoch milliseconds; 0 before the first answer. */
  get heardAtMilliseconds(): number {
    return this.#heardAtMilliseconds;
  }

  /** How often the whole list was read. */
  get lists(): number {
    return this.#lists;
  }

  /** Follows until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        if (this.#isDueForList()) await this.#list(signal);
        this.#enter({ kind: 'live' });
        failures = 0;
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) break;
        failures += 1;
        const wait = this.#failed(error, failures);
        await pause(wait, undefined, { signal }).catch(() => {});
      }
    }
    this.#start.resolve();
  }

  #isDueForList(): boolean {
    return this.#resourceVersion === undefined || Date.now() - this.#listedAtMilliseconds > RELIST_MILLISECONDS;
  }

  async #list(signal: AbortSignal): Promise<void> {
    const objects = new Map<string, T>();
    const { path, query, fields, transform } = this.#options;
    const take = (page: Iterable<T>) => {
      for (const object of page) objects.set(keyOf(object), this.#same(transform(object)));
      this.#heardAtMilliseconds = Date.now();
    };
    const resourceVersion = await this.#connection.list<T>(path, take, {
      ...(query ? { query: { ...query } } : {}),
      fields,
      signal,
      onRestart: () => objects.clear(),
    });
    const before = this.#objects;
    this.#objects = objects;
    this.#resourceVersion = resourceVersion;
    this.#listedAtMilliseconds = Date.now();
    this.#lists += 1;
    for (const [key, object] of before) if (!objects.has(key)) this.#options.onGone?.(object);
    this.#options.onChange();
  }

  /** The object as held, when it is the same version: whoever compares by identity sees no change. */
  #same(object: T): T {
    const held = this.#objects.get(keyOf(object));
    return held?.metadata?.resourceVersion === object.metadata?.resourceVersion && held ? held : object;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { path, query } = this.#options;
    // The server ends a watch after a random while; ours is shorter, so that a dead proxy is noticed.
    const timeoutSeconds = Math.round(WATCH_SECONDS * (1 + Math.random()));
    const lines = this.#connection.lines(
      path,
      {
        query: {
          ...query,
          watch: true,
          allowWatchBookmarks: true,
          resourceVersion: this.#resourceVersion,
          timeoutSeconds,
        },
        signal,
      },
      SILENCE_MILLISECONDS,
    );
    const startedAt = Date.now();
    let events = 0;
    for await (const line of lines) {
      this.#heardAtMilliseconds = Date.now();
      this.#apply(line);
      events += 1;
    }
    // A server that hangs up at once, without a word, is not asked again at once.
    if (events === 0 && Date.now() - startedAt < 1000) {
      const { server, name: context } = this.#connection.context;
      throw new ClusterUnreachable({ server, context, code: 'watchEnded' });
    }
  }

  #apply(line: string): void {
    const event = JSON.parse(line) as {
      type?: string;
      object?: T & { code?: number; message?: string; reason?: string };
    };
    const { type, object } = event;
    if (!object) return;
    if (type === 'ERROR') throw new ApiError(object.code ?? 500, object.reason ?? '', object.message ?? '');
    this.#resourceVersion = object.metadata?.resourceVersion ?? this.#resourceVersion;
    if (type === 'BOOKMARK') return;
    const key = keyOf(object);
    if (type === 'DELETED') {
      this.#objects.delete(key);
      this.#options.onGone?.(this.#options.transform(object));
    } else {
      this.#objects.set(key, this.#options.transform(object));
    }
    this.#options.onChange();
  }

  /** Notes a failure and says how long to wait. */
  #failed(error: unknown, failures: number): number {
    if (error instanceof ApiError) {
      if (error.status === 410) {
        this.#resourceVersion = undefined;
        return backoff(failures - 1);
      }
      if (error.status === 404 || error.status === 403) {
        this.#objects = new Map();
        this.#resourceVersion = undefined;
        this.#enter(
          error.status === 404
            ? { kind: 'absent' }
            : { kind: 'forbidden', message: error.message, sinceMilliseconds: Date.now() },
        );
        return ABSENT_MILLISECONDS;
      }
    }
    // A line that is no JSON: nothing after it is sure.
    if (error instanceof SyntaxError) this.#resourceVersion = undefined;
    if (this.#state.kind !== 'lagging') {
      this.#enter({ kind: 'lagging', why: failureOf(error), sinceMilliseconds: Date.now() });
    }
    const askedSeconds = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) : 0;
    return 1000 * askedSeconds + backoff(failures);
  }

  #enter(state: ReflectorState): void {
    const changed = state.kind !== this.#state.kind;
    this.#state = state;
    this.#start.resolve();
    if (changed) this.#options.onChange();
  }
}

const RELIST_MILLISECONDS = 3600_000;
const WATCH_SECONDS = 300;
/** Bookmarks come about every minute; after more than two without a byte the connection is dead. */
const SILENCE_MILLISECONDS = 150_000;
/** What is absent or forbidden may be installed or granted while we run. */
const ABSENT_MILLISECONDS = 60_000;

/** 0.5 s doubling up to 30 s, of which half is chance. */
function backoff(failures: number): number {
  const longest = Math.min(30_000, 500 * 2 ** Math.max(0, failures - 1));
  return longest / 2 + (Math.random() * longest) / 2;
}

/** By place, not by uid: of two objects with one name the later is the one that is there. */
function keyOf(object: ApiObject): string {
  return `${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`;
}
