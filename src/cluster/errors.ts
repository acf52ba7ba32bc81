import { errorMessage } from '../core/model/errorMessage.ts';
import type { Failure, Unreachable } from '../core/model/failure.ts';
import { InputError } from '../core/model/input.ts';
import { plainLine, plainValue, withoutPasswords } from '../core/model/plain.ts';

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
    this.why = plainValue(why);
  }
}

/** An answer of the API server that is not a success. `message` is the server's own. */
export class ApiError extends Error {
  override readonly name: string = 'ApiError';
  readonly status: number;
  readonly reason: string;
  readonly causes: readonly { readonly reason: string; readonly message: string; readonly field: string }[];
  /** How long the server wants to be left alone; absent where it does not say. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: number,
    reason: string,
    message: string,
    { causes = [], retryAfterSeconds }: Partial<Pick<ApiError, 'causes' | 'retryAfterSeconds'>> = {},
  ) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.causes = causes;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The server was too busy and has not begun. A disruption budget's 429 is an answer. */
  get isThrottle(): boolean {
    return this.status === 429 && this.causes.length === 0;
  }

  /** The server, or a gateway before it, was busy or failed: this tells nothing of what became of a write. */
  get isPassing(): boolean {
    return this.isThrottle || this.status === 408 || (this.status >= 500 && this.status !== 501);
  }
}

/**
 * The object of an act could not be read. Nobody can tell then whether an earlier try of the act was done, so that this
 * is no refusal of it.
 */
export class Unseen extends ApiError {
  override readonly name = 'Unseen';

  constructor(error: ApiError) {
    super(error.status, error.reason, error.message, error);
    this.cause = error;
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
  if (thrown instanceof InputError) return { code: 'said', message: withoutPasswords(thrown.message) };
  if (thrown instanceof NotPrometheus) return { code: 'notPrometheus' };
  return { code: 'said', message: beginning(errorMessage(thrown)) };
}

/** Of what is said at length so much is made plain, of which the beginning is told. */
const MOST_LOOKED_AT = 2000;

/** A server or a proxy may answer with a whole page. */
function beginning(message: string): string {
  return withoutPasswords(plainLine(message.slice(0, MOST_LOOKED_AT))).slice(0, 300);
}
