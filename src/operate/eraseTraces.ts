import { ClusterUnreachable } from '../cluster/errors.ts';
import type { EraseResult, Traces } from '../cluster/port.ts';
import type { Failure } from '../core/model/failure.ts';
import { mayLoseSome, type TracedObject } from '../core/model/traces.ts';
import { silenceOf } from './patience.ts';

/** What came of an object's traces; `unanswered`: nobody knows, or nobody was asked after that. */
export type Erased = {
  readonly object: TracedObject;
  readonly result: EraseResult | { readonly kind: 'unanswered'; readonly why: Failure };
};

/**
 * Takes traces off their objects, one after the other: those that may go; with the others nothing is done. An erasure
 * may be repeated without harm, so of what the cluster leaves open nothing is said but that.
 * @returns one for each object with traces that may go; fewer once the signal aborts
 */
export async function eraseTraces(
  cluster: Traces,
  objects: readonly TracedObject[],
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Erased[]> {
  const erased: Erased[] = [];
  let silent: Failure | undefined;
  for (const object of objects.filter(mayLoseSome)) {
    if (signal?.aborted) break;
    try {
      const result = silent
        ? ({ kind: 'unanswered', why: silent } as const)
        : await cluster.eraseTraces(object, { dryRun: false });
      erased.push({ object, result });
    } catch (error) {
      const why = silenceOf(error);
      if (!why) throw error;
      if (error instanceof ClusterUnreachable) silent = why;
      erased.push({ object, result: { kind: 'unanswered', why } });
    }
  }
  return erased;
}
