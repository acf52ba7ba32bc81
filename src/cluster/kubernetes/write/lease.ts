import { ApiError } from '../../errors.ts';
import type { Lease, LeaseResult, LeaseTaken } from '../../port.ts';
import type { Connection } from '../api/connection.ts';
import { type ApiObject, secondsOf } from '../api/objects.ts';
import { pause } from '../api/pause.ts';
import { podsPath } from './pods.ts';

/** A Lease of coordination.k8s.io/v1, as far as we read and write it. */
type LeaseObject = ApiObject & {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
};

/** One in each namespace with moves. */
const NAME = 'stowage';
const LEASE_SECONDS = 15;
const RENEWAL_MILLISECONDS = 5000;
/** A renewal of this age is renewed before anything is done under it. */
const FRESH_MILLISECONDS = 10_000;
/** The server's clock is known to some seconds (`Connection.nowSeconds`). */
const CLOCK_SLACK_SECONDS = 3;
/** No lease of ours says that it lasts longer, or that it was renewed in the future. */
const MOST_SECONDS = 60;
const RELEASE_MILLISECONDS = 5000;

/**
 * Takes the Lease of each namespace, and renews them until they are released. One that another machine holds is taken
 * over once it has expired, which is waited for; a machine that renews its lease meanwhile is at work. A namespace that
 * may hold no Lease of ours is passed over.
 * @param writer who holds it: the same one takes it again at once, after a crash for one
 * @throws ClusterUnreachable; ApiError; the signal's reason
 */
export async function holdLeases(
  connection: Connection,
  namespaces: readonly string[],
  writer: string,
  signal?: AbortSignal,
): Promise<LeaseResult> {
  const held = new HeldLeases(connection, writer);
  const without: string[] = [];
  try {
    for (const namespace of namespaces) {
      const taken = await acquire(connection, namespace, writer, signal);
      if (taken === undefined) without.push(namespace);
      else if ('holder' in taken) {
        await held.release();
        return { kind: 'taken', ...taken };
      } else held.add(namespace, taken);
    }
  } catch (error) {
    await held.release();
    throw error;
  }
  return { kind: 'held', lease: held, without };
}

/**
 * @returns undefined where there is no right to
 * @throws ApiError 403 where the server does not know yet who has which right
 */
async function acquire(
  connection: Connection,
  namespace: string,
  writer: string,
  signal: AbortSignal | undefined,
): Promise<LeaseObject | LeaseTaken | undefined> {
  let first: LeaseObject['spec'];
  for (;;) {
    try {
      const found = await read(connection, namespace, signal);
      const { holderIdentity: holder = '', renewTime } = found?.spec ?? {};
      if (holder === '' || holder === writer || isExpired(found!, connection.nowSeconds())) {
        return await write(connection, namespace, leaseOf(namespace, writer, found, connection.nowSeconds()), signal);
      }
      first ??= found?.spec;
      if (first?.holderIdentity !== holder || first.renewTime !== renewTime) return { namespace, holder };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 403 && !(await knowsRoles(connection, namespace, signal))) throw error;
      if (error.status === 403 || error.status === 404) return undefined;
      if (error.status !== 409) throw error; // else somebody else was first; look again
    }
    await pause(1000, signal);
  }
}

/**
 * Whether a server says of the pods that they may be read, as everybody may who moves them. One that has just begun
 * refuses them too, until it knows the roles.
 */
async function knowsRoles(
  connection: Connection,
  namespace: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await connection.send(podsPath(namespace), { query: { limit: '1' }, signal });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return false;
    throw error;
  }
}

function isExpired({ spec = {} }: LeaseObject, nowSeconds: number): boolean {
  const renewed = secondsOf(spec.renewTime) ?? 0;
  const lasts = Math.min(spec.leaseDurationSeconds ?? LEASE_SECONDS, MOST_SECONDS);
  return nowSeconds > renewed + lasts + CLOCK_SLACK_SECONDS || renewed > nowSeconds + MOST_SECONDS;
}

function leaseOf(
  namespace: string,
  writer: string,
  found: LeaseObject | undefined,
  nowSeconds: number,
): LeaseObject & Record<string, unknown> {
  const before = found?.spec ?? {};
  const isSame = before.holderIdentity === writer;
  const { acquireTime: since, leaseTransitions: transitions = 0 } = before;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...found?.metadata, name: NAME, namespace },
    spec: {
      holderIdentity: writer,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: isSame && since !== undefined ? since : microTime(nowSeconds),
      renewTime: microTime(nowSeconds),
      leaseTransitions: transitions + (isSame ? 0 : 1),
    },
  };
}

/** A time as `MicroTime` has it: `2026-11-28T22:00:00.000000Z`. */
function microTime(atSeconds: number): string {
  return new Date(atSeconds * 1000).toISOString().replace('Z', '000Z');
}

function pathOf(namespace: string): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
}

async function read(
  connection: Connection,
  namespace: string,
  signal: AbortSignal | undefined,
): Promise<LeaseObject | undefined> {
  try {
    return await connection.send<LeaseObject>(`${pathOf(namespace)}/${NAME}`, { signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** The server refuses it (409) where another has written it since it was read. */
function write(
  connection: Connection,
  namespace: string,
  lease: LeaseObject,
  signal: AbortSignal | undefined,
): Promise<LeaseObject> {
  const isNew = lease.metadata?.resourceVersion === undefined;
  return connection.send<LeaseObject>(isNew ? pathOf(namespace) : `${pathOf(namespace)}/${NAME}`, {
    method: isNew ? 'POST' : 'PUT',
    query: { fieldManager: 'stowage' },
    body: lease,
    signal,
  });
}

type Held = { lease: LeaseObject; renewedAtMilliseconds: number };

/** Leases that are held. Nothing here throws: an outage passes, or somebody else takes over. */
class HeldLeases implements Lease {
  readonly #connection: Connection;
  readonly #writer: string;
  readonly #held = new Map<string, Held>();
  readonly #timer: NodeJS.Timeout;
  readonly #lost = new Map<string, LeaseTaken>();
  readonly #end = new AbortController();
  /** The renewal that is under way. */
  #renewal: Promise<void> | undefined;

  constructor(connection: Connection, writer: string) {
    this.#connection = connection;
    this.#writer = writer;
    this.#timer = setInterval(() => void this.#renew(0), RENEWAL_MILLISECONDS).unref();
  }

  add(namespace: string, lease: LeaseObject): void {
    this.#held.set(namespace, { lease, renewedAtMilliseconds: Date.now() });
  }

  async lost(namespace: string): Promise<LeaseTaken | undefined> {
    await this.#renew(FRESH_MILLISECONDS);
    return this.#lost.get(namespace);
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    this.#end.abort();
    await this.#renewal;
    const signal = AbortSignal.timeout(RELEASE_MILLISECONDS);
    const releases = [...this.#held].map(([namespace, { lease }]) => {
      const free = { ...lease, spec: { ...lease.spec, holderIdentity: '' } };
      return write(this.#connection, namespace, free, signal).catch(() => {}); // it expires by itself
    });
    await Promise.all(releases);
    this.#held.clear();
  }

  /** Those that were renewed longer ago, side by side; while they are, nobody begins again. */
  #renew(ageMilliseconds: number): Promise<void> {
    this.#renewal ??= this.#renewAll(ageMilliseconds).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #renewAll(ageMilliseconds: number): Promise<void> {
    const due = [...this.#held].filter(([, held]) => Date.now() - held.renewedAtMilliseconds >= ageMilliseconds);
    await Promise.all(due.map(([namespace, held]) => this.#renewOne(namespace, held)));
  }

  async #renewOne(namespace: string, held: Held): Promise<void> {
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(RENEWAL_MILLISECONDS)]);
    const renewed = (found: LeaseObject) =>
      write(
        this.#connection,
        namespace,
        leaseOf(namespace, this.#writer, found, this.#connection.nowSeconds()),
        signal,
      );
    try {
      held.lease = await renewed(held.lease).catch(async (error: unknown) => {
        if (!(error instanceof ApiError && (error.status === 409 || error.status === 404))) throw error;
        const found = await read(this.#connection, namespace, signal);
        const { holderIdentity: holder = '' } = found?.spec ?? {};
        if (holder === '' || holder === this.#writer) {
          return renewed(found ?? {});
        }
        this.#lost.set(namespace, { namespace, holder });
        this.#held.delete(namespace);
        return held.lease;
      });
      held.renewedAtMilliseconds = Date.now();
    } catch {
      // The next renewal tries again.
    }
  }
}
