import { errorMessage } from '../core/model/errorMessage.ts';
import type { Failure, Unreachable } from '../core/model/failure.ts';
import { InputError } from '../core/model/input.ts';

/**
 * What a cluster throws. Each error carries a code with what a sentence needs; its `message` is for logs. `text/error.ts`
 * has the sentences.
 */

/** The cluster did not answer, or not as a cluster would. */
export class ClusterUnreachable extends Error {
  override readonly name = 'ClusterUnreachable';
  readonly why: Unreachable;

  constructor(why: Unreachable, options?: ErrorOptions) {
    super(`${why.code}: ${why.server}`, options);
    this.why = why;
  }
}

/** An answer of the API server that is not a success. `message` is the server's own. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly reason: string;
  readonly causes: readonly { readonly reason: string; readonly message: string; readonly field: string }[];

  constructor(status: number, reason: string, message: string, causes: ApiError['causes'] = []) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.causes = causes;
  }
}

/** What answers where a Prometheus should be is none. */
export class NotPrometheus extends Error {
  override readonly name = 'NotPrometheus';
}

/** What was thrown, as plain data. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof ClusterUnreachable) return thrown.why;
  if (thrown instanceof ApiError) return { code: 'answer', status: thrown.status, message: beginning(thrown.message) };
  // Of several attempts to connect, the first tells why; what bundles them says nothing.
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return failureOf(thrown.errors[0]);
  if (thrown instanceof InputError) return { code: 'said', message: thrown.message };
  if (thrown instanceof NotPrometheus) return { code: 'notPrometheus' };
  return { code: 'said', message: beginning(errorMessage(thrown)) };
}

/** A server or a proxy may answer with a whole page. */
function beginning(message: string): string {
  return message.slice(0, 300);
}
