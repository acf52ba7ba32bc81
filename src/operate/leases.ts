import { randomUUID } from 'node:crypto';
import type { Cluster, Lease, LeaseTaken } from '../cluster/port.ts';
import type { Failure } from '../core/model/failure.ts';
import { type Move, namespaceOf } from '../core/model/moves.ts';
import type { Journal } from './journal.ts';

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
  /** Whom a namespace is left to. */
  readonly #others = new Map<string, LeaseTaken>();
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

  /**
   * Which other machine is at work there: it holds the namespace, or has taken it over meanwhile; told of once. Undefined:
   * it is ours. To be asked before each step of a move, and of a mark.
   */
  async otherAt(namespace: string): Promise<LeaseTaken | undefined> {
    const known = this.#others.get(namespace);
    if (known) return known;
    const other = (await this.take([namespace])) ?? (await this.#lost(namespace));
    if (other) {
      this.#others.set(namespace, other);
      this.#options.onNotice?.({ code: 'leftToOther', ...other });
    }
    return other;
  }

  async #lost(namespace: string): Promise<LeaseTaken | undefined> {
    for (const lease of this.#held) {
      const lost = await lease.lost(namespace);
      if (lost) return lost;
    }
    return undefined;
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
