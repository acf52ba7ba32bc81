import { randomUUID } from 'node:crypto';
import type { Cluster, Lease, LeaseTaken } from '../cluster/port.ts';
import type { Failure } from '../core/model/failure.ts';
import { type Move, namespaceOf } from '../core/model/moves.ts';
import type { Journal } from './journal.ts';
import { StateError } from './stateError.ts';

/** What is told while moves are carried out, and is no step of one; `text/operation.ts` has the sentences. */
export type Notice =
  /** The cluster has stopped answering; it is asked again. */
  | { readonly code: 'silent'; readonly why: Failure }
  /** There is no right to a Lease there, so other machines are not told of the moves. */
  | { readonly code: 'withoutLease'; readonly namespaces: readonly string[] }
  /** What another machine has begun there is left to it, since it is at work. */
  | ({ readonly code: 'leftToOther' } & LeaseTaken);

export type LeaseOptions = {
  readonly journal: Journal;
  readonly signal?: AbortSignal;
  readonly onNotice?: (notice: Notice) => void;
};

/** Of a process whose journal names no writer. */
const OWN_NAME = randomUUID();

/** The namespaces in which this machine carries out moves; on a cluster that knows no leases, all. */
export class Leases {
  readonly #cluster: Cluster;
  readonly #options: LeaseOptions;
  readonly #namespaces = new Set<string>();
  readonly #held: Lease[] = [];
  /** What was told of already. */
  readonly #leftToOthers = new Set<string>();
  #isToldWithout = false;

  constructor(cluster: Cluster, options: LeaseOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Holds these, too. @returns who holds one of them already, and then none of them is ours */
  async take(namespaces: Iterable<string>): Promise<LeaseTaken | undefined> {
    const wanted = [...new Set(namespaces)].filter((namespace) => !this.#namespaces.has(namespace)).sort();
    if (wanted.length === 0) return undefined;
    const { journal, signal } = this.#options;
    const result = await this.#cluster.holdLease?.(wanted, journal.writer ?? OWN_NAME, signal);
    if (result?.kind === 'taken') return { namespace: result.namespace, holder: result.holder };
    for (const namespace of wanted) this.#namespaces.add(namespace);
    if (result) {
      this.#held.push(result.lease);
      this.#tellWithout(result.without);
    }
    return undefined;
  }

  /** The same for what another machine may have left, or be at: told of, and left to it where it is. */
  async mayTouch(namespace: string): Promise<boolean> {
    if (this.#leftToOthers.has(namespace)) return false;
    const taken = await this.take([namespace]);
    if (!taken) return true;
    this.#leftToOthers.add(namespace);
    this.#options.onNotice?.({ code: 'leftToOther', ...taken });
    return false;
  }

  /** @throws StateError when another machine has taken over meanwhile */
  async check(): Promise<void> {
    for (const lease of this.#held) {
      const lost = await lease.lost();
      if (lost) throw new StateError({ code: 'leaseLost', ...lost });
    }
  }

  async release(): Promise<void> {
    for (const lease of this.#held.splice(0)) await lease.release();
    this.#namespaces.clear();
  }

  #tellWithout(namespaces: readonly string[]): void {
    if (namespaces.length === 0 || this.#isToldWithout) return;
    this.#isToldWithout = true;
    this.#options.onNotice?.({ code: 'withoutLease', namespaces });
  }
}

/** In which namespaces some moves write. */
export function namespacesOf(moves: readonly Move[]): string[] {
  return moves.map(namespaceOf);
}
